/** userfaultfd(2). */

import { LinuxError } from '../../errors.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { UFFD_USER_MODE_ONLY } from '../userfaults/abi.ts';
import { makeUserfaultFile } from '../userfaults/make.ts';
import { call } from './line.ts';

/** As on Linux while vm.unprivileged_userfaultfd is 0. */
function userfaultfd(system: System, thread: Thread, flags: number): number {
  if ((flags & UFFD_USER_MODE_ONLY) === 0 && thread.credentials.euid !== 0)
    throw new LinuxError('EPERM', 'only root serves faults of the kernel');
  return makeUserfaultFile(system, thread, flags);
}

/** The system call to serve faults. */
export const USERFAULT_CALLS = [
  call(
    'userfaultfd',
    'flags:O',
    userfaultfd,
    'events of fork, mremap and the like, UFFDIO_MOVE, UFFDIO_POISON',
  ),
];
