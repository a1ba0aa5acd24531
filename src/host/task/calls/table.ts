/** The table of system calls: a line each, by family. */

import { SYSTEM_CALLS } from '../abi/system-calls.ts';
import { DESCRIPTOR_CALLS } from './descriptors.ts';
import { EPOLL_CALLS } from './epoll.ts';
import { EVENT_FILE_CALLS } from './event-files.ts';
import { EXEC_CALLS } from './exec.ts';
import { FUTEX_CALLS } from './futex.ts';
import { IDENTITY_CALLS } from './identity.ts';
import { IOCTL_CALLS } from './ioctl.ts';
import type { CallLine } from './line.ts';
import { LOCK_CALLS } from './locks.ts';
import { MEMFD_CALLS } from './memfd.ts';
import { MEMORY_CALLS } from './memory.ts';
import { PATH_CALLS } from './paths.ts';
import { PIDFD_CALLS } from './pidfds.ts';
import { POLL_CALLS } from './poll.ts';
import { PROCESS_CALLS } from './processes.ts';
import { PROCESSOR_CALLS } from './processors.ts';
import { READ_WRITE_CALLS } from './read-write.ts';
import { SIGNAL_CALLS } from './signals.ts';
import { SOCKET_CALLS } from './sockets.ts';
import { STAT_CALLS } from './stat.ts';
import { SYSTEM_INFO_CALLS } from './system.ts';
import { TIME_CALLS } from './time.ts';
import { TIMER_CALLS } from './timers.ts';
import { USERFAULT_CALLS } from './userfaultfd.ts';

/** The system calls that are implemented, by number. */
export const CALLS: ReadonlyMap<number, CallLine> = new Map(
  [
    ...PROCESS_CALLS,
    ...EXEC_CALLS,
    ...MEMORY_CALLS,
    ...DESCRIPTOR_CALLS,
    ...READ_WRITE_CALLS,
    ...LOCK_CALLS,
    ...PATH_CALLS,
    ...STAT_CALLS,
    ...IOCTL_CALLS,
    ...POLL_CALLS,
    ...EPOLL_CALLS,
    ...EVENT_FILE_CALLS,
    ...MEMFD_CALLS,
    ...USERFAULT_CALLS,
    ...PIDFD_CALLS,
    ...TIMER_CALLS,
    ...SOCKET_CALLS,
    ...SIGNAL_CALLS,
    ...TIME_CALLS,
    ...FUTEX_CALLS,
    ...IDENTITY_CALLS,
    ...SYSTEM_INFO_CALLS,
    ...PROCESSOR_CALLS,
  ].map((line) => [SYSTEM_CALLS[line.name], line]),
);
