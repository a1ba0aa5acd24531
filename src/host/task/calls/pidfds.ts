/** Descriptors of processes: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). */

import { LinuxError } from '../../errors.ts';
import { O } from '../abi/files.ts';
import { ProcessFile } from '../events/process-file.ts';
import type { Process, Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { install } from './descriptors.ts';
import { call } from './line.ts';
import { sendWithInfo } from './signals.ts';

function pidfdOpen(system: System, thread: Thread, pid: number, flags: number): number {
  if ((flags & ~O.NONBLOCK) !== 0 || pid <= 0) throw new LinuxError('EINVAL', `pidfd_open of ${pid}`);
  const process = system.processes.get(pid);
  if (process === undefined) {
    throw system.threads.has(pid)
      ? new LinuxError('EINVAL', `thread ${pid} does not lead its process`)
      : new LinuxError('ESRCH', `there is no process ${pid}`);
  }
  return installPidfd(system, thread, process, flags);
}

/** Makes a descriptor of a process. It is closed by exec. @throws LinuxError EMFILE */
export function installPidfd(system: System, thread: Thread, process: Process, flags = 0): number {
  return install(thread, new ProcessFile(system.files.anonymous, process, flags), true);
}

/** Returns the process of a descriptor. @throws LinuxError EBADF */
export function processOfFile(thread: Thread, fd: number): ProcessFile {
  const file = thread.files.get(fd);
  if (!(file instanceof ProcessFile)) throw new LinuxError('EBADF', `descriptor ${fd} is no process`);
  return file;
}

function pidfdSendSignal(
  system: System,
  thread: Thread,
  fd: number,
  signal: number,
  infoAt: number,
  flags: number,
): number {
  if (flags !== 0) throw new LinuxError('EINVAL', `flags ${flags} of pidfd_send_signal`);
  const { process } = processOfFile(thread, fd);
  if (system.processes.get(process.pid) !== process) throw new LinuxError('ESRCH', 'the process is gone');
  return sendWithInfo(thread, process, signal, infoAt);
}

function pidfdGetfd(_: System, thread: Thread, fd: number, target: number, flags: number): number {
  if (flags !== 0) throw new LinuxError('EINVAL', `flags ${flags} of pidfd_getfd`);
  const { process } = processOfFile(thread, fd);
  const { leader } = process;
  if (leader === null || process.ended !== null) throw new LinuxError('ESRCH', 'the process has ended');
  const { euid, uid } = thread.credentials;
  const of = leader.credentials;
  const isOwn = [of.uid, of.euid, of.suid].every((one) => one === uid);
  if (euid !== 0 && !isOwn) throw new LinuxError('EPERM', "the process is another user's");
  const file = leader.files.get(target);
  file.hold();
  return install(thread, file, true);
}

/** The system calls for descriptors of processes. */
export const PIDFD_CALLS = [
  call('pidfd_open', 'int flags:O', pidfdOpen),
  call('pidfd_send_signal', 'fd sig addr uint', pidfdSendSignal),
  call('pidfd_getfd', 'fd fd uint', pidfdGetfd),
];
