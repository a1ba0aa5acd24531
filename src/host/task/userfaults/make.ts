/** Makes userfaultfds: for the system call, and for /dev/userfaultfd. */

import { LinuxError } from '../../errors.ts';
import { O } from '../abi/files.ts';
import { install } from '../calls/descriptors.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { UFFD_USER_MODE_ONLY } from './abi.ts';
import { UserfaultFile } from './userfault-file.ts';

/** Makes a userfaultfd for the memory of a thread. Returns its descriptor. @throws LinuxError EINVAL for unknown flags; EMFILE */
export function makeUserfaultFile(system: System, thread: Thread, flags: number): number {
  if ((flags & ~(O.CLOEXEC | O.NONBLOCK | UFFD_USER_MODE_ONLY)) !== 0)
    throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)} of userfaultfd`);
  const isUserModeOnly = (flags & UFFD_USER_MODE_ONLY) !== 0;
  const { anonymous } = system.files;
  const file = new UserfaultFile(anonymous, thread.space.mm, isUserModeOnly, flags & O.NONBLOCK);
  return install(thread, file, (flags & O.CLOEXEC) !== 0);
}
