/** System calls that make and copy descriptors: open(2), close(2), dup(2), pipe(2), fcntl(2). */

import { LinuxError } from '../../errors.ts';
import { AT } from '../abi/at.ts';
import { F_ADD_SEALS, F_GET_SEALS } from '../abi/events.ts';
import { O, PATH_MAX } from '../abi/files.ts';
import { RLIMIT } from '../abi/processes.ts';
import type { Dentry } from '../files/dentry.ts';
import { makePipe, type OpenFile, open, type PathContext, PipeEnd } from '../files/index.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { type CallResult, call } from './line.ts';
import { LOCK_COMMAND, lockRecord } from './locks.ts';
import { sealFile } from './seals.ts';

/** Flags that fcntl can change. */
const SETTABLE = O.APPEND | O.NONBLOCK | O.ASYNC | O.DIRECT | O.NOATIME;
const F = {
  DUPFD: 0,
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  SETOWN: 8,
  GETOWN: 9,
  DUPFD_CLOEXEC: 1030,
  SETPIPE_SZ: 1031,
  GETPIPE_SZ: 1032,
} as const;
const FD_CLOEXEC = 1;

/** Returns a path that a program passes. @throws LinuxError EFAULT, ENAMETOOLONG */
export function pathAt({ space }: Thread, address: number): string {
  return space.memory.string(address, PATH_MAX - 1);
}

/** Where a path is followed from. @param dirfd a descriptor of a directory, or `AT.FDCWD`. @throws LinuxError EBADF, ENOTDIR */
export function contextOf(thread: Thread, dirfd: number, path: string): PathContext {
  const { fs, credentials, files } = thread;
  if (dirfd === AT.FDCWD || path.startsWith('/')) return { root: fs.root, start: fs.working, credentials };
  return { root: fs.root, start: dentryOf(files.get(dirfd), dirfd), credentials };
}

/** Returns the name that a descriptor refers to. @throws LinuxError ENOTDIR */
export function dentryOf({ dentry }: OpenFile, fd: number): Dentry {
  if (dentry === null) throw new LinuxError('ENOTDIR', `descriptor ${fd} is no directory`);
  return dentry;
}

/** Gives an open file a number. @throws LinuxError EMFILE */
export function install(thread: Thread, file: OpenFile, closeOnExec: boolean, least = 0): number {
  return thread.files.add(file, closeOnExec, descriptorLimit(thread), least);
}

function descriptorLimit({ process }: Thread): number {
  return Number(process.limits[RLIMIT.NOFILE]!.current);
}

/** Tells a file who has opened it. Returns the file to use. @throws LinuxError; the file is released then */
function openedFor(thread: Thread, file: OpenFile): OpenFile {
  let used: OpenFile | null = null;
  try {
    used = file.opened(thread);
  } finally {
    if (used !== file) file.release();
  }
  used.dentry = file.dentry;
  used.credentials = file.credentials;
  return used;
}

function* openat(
  system: System,
  thread: Thread,
  dirfd: number,
  pathname: number,
  flags: number,
  mode: number,
): Blocking<number> {
  const path = pathAt(thread, pathname);
  const context = contextOf(thread, dirfd, path);
  const file = openedFor(thread, open(context, path, flags, mode & 0o7777 & ~thread.fs.umask));
  while (file.opening) {
    const what = { queues: [file.queue], what: `the other end of ${path}` };
    if ((yield* sleep(system.time, thread, what)) !== 'signal') continue;
    file.release();
    return RESTART.SYS;
  }
  return install(thread, file, (flags & O.CLOEXEC) !== 0);
}

/** Size of struct open_how. */
const OPEN_HOW = 24;

function openat2(
  system: System,
  thread: Thread,
  dirfd: number,
  pathname: number,
  how: number,
  size: number,
): Blocking<number> {
  if (size < OPEN_HOW) throw new LinuxError('EINVAL', `open_how of ${size} bytes`);
  if (size > 4096) throw new LinuxError('E2BIG', `open_how of ${size} bytes`);
  const bytes = thread.space.memory.read(how, size);
  if (bytes.subarray(OPEN_HOW).some((byte) => byte !== 0)) throw new LinuxError('E2BIG', 'unknown open_how');
  const [flags, mode] = [thread.space.memory.u64(how), thread.space.memory.u64(how + 8)];
  if (thread.space.memory.u64(how + 16) !== 0)
    throw new LinuxError('EINVAL', 'ways to resolve are not implemented');
  if (flags > 0xffff_ffff || mode > 0o7777) throw new LinuxError('EINVAL', 'unknown flags of openat2');
  return openat(system, thread, dirfd, pathname, flags, mode);
}

function close(_: System, thread: Thread, fd: number): number {
  thread.files.close(fd);
  return 0;
}

const CLOSE_RANGE = { UNSHARE: 2, CLOEXEC: 4 } as const;

function closeRange(_: System, thread: Thread, first: number, last: number, flags: number): number {
  if (first > last || (flags & ~6) !== 0) throw new LinuxError('EINVAL', `descriptors ${first} to ${last}`);
  if ((flags & CLOSE_RANGE.UNSHARE) !== 0 && thread.files.users > 1) {
    const copy = thread.files.copy();
    thread.files.release();
    thread.files = copy;
  }
  for (const fd of thread.files.numbers) {
    if (fd < first || fd > last) continue;
    if ((flags & CLOSE_RANGE.CLOEXEC) !== 0) thread.files.setCloseOnExec(fd, true);
    else thread.files.close(fd);
  }
  return 0;
}

function duplicate(thread: Thread, fd: number, closeOnExec: boolean, least: number): number {
  const file = thread.files.get(fd);
  file.hold();
  return install(thread, file, closeOnExec, least);
}

function dup3(_: System, thread: Thread, from: number, to: number, flags: number): number {
  if ((flags & ~O.CLOEXEC) !== 0 || from === to) throw new LinuxError('EINVAL', `dup3 of ${from} to ${to}`);
  return replace(thread, from, to, (flags & O.CLOEXEC) !== 0);
}

function replace(thread: Thread, from: number, to: number, closeOnExec: boolean): number {
  const file = thread.files.get(from);
  if (to < 0 || to >= descriptorLimit(thread))
    throw new LinuxError('EBADF', `there can be no descriptor ${to}`);
  file.hold();
  thread.files.replace(to, file, closeOnExec);
  return to;
}

function dup2(_: System, thread: Thread, from: number, to: number): number {
  if (from !== to) return replace(thread, from, to, false);
  thread.files.get(from);
  return to;
}

function pipe2(system: System, thread: Thread, at: number, flags: number): number {
  if ((flags & ~(O.CLOEXEC | O.NONBLOCK | O.DIRECT)) !== 0)
    throw new LinuxError('EINVAL', `flags ${flags} of pipe2`);
  const { reader, writer } = makePipe(system.files.pipes, flags & O.NONBLOCK);
  const closeOnExec = (flags & O.CLOEXEC) !== 0;
  let first = -1;
  try {
    first = install(thread, reader, closeOnExec);
  } catch (error) {
    writer.release();
    throw error;
  }
  try {
    const second = install(thread, writer, closeOnExec);
    const view = new DataView(new ArrayBuffer(8));
    view.setInt32(0, first);
    view.setInt32(4, second);
    try {
      thread.space.memory.write(at, new Uint8Array(view.buffer));
    } catch (error) {
      thread.files.close(second);
      throw error;
    }
  } catch (error) {
    thread.files.close(first);
    throw error;
  }
  return 0;
}

function fcntl(system: System, thread: Thread, fd: number, command: number, argument: number): CallResult {
  const { files } = thread;
  const file = files.get(fd);
  switch (command) {
    case F.DUPFD:
    case F.DUPFD_CLOEXEC:
      if (argument >= descriptorLimit(thread)) throw new LinuxError('EINVAL', `descriptor ${argument}`);
      return duplicate(thread, fd, command === F.DUPFD_CLOEXEC, argument);
    case F.GETFD:
      return files.closesOnExec(fd) ? FD_CLOEXEC : 0;
    case F.SETFD:
      files.setCloseOnExec(fd, (argument & FD_CLOEXEC) !== 0);
      return 0;
    case F.GETFL:
      return file.flags | (file.isPath ? 0 : O.LARGEFILE);
    case F.SETFL:
      file.flags = (file.flags & ~SETTABLE) | (argument & SETTABLE);
      return 0;
    case LOCK_COMMAND.GETLK:
    case LOCK_COMMAND.SETLK:
    case LOCK_COMMAND.SETLKW:
    case LOCK_COMMAND.OFD_GETLK:
    case LOCK_COMMAND.OFD_SETLK:
    case LOCK_COMMAND.OFD_SETLKW:
      return lockRecord(system, thread, fd, command, argument);
    case F_ADD_SEALS:
    case F_GET_SEALS:
      return sealFile(system, file, command, argument);
    case F.GETOWN:
    case F.SETOWN:
      return 0;
    case F.GETPIPE_SZ:
    case F.SETPIPE_SZ:
      return pipeSize(file, command === F.SETPIPE_SZ ? argument : null);
    default:
      throw new LinuxError('EINVAL', `command ${command} of fcntl`);
  }
}

function pipeSize(file: OpenFile, wanted: number | null): number {
  if (!(file instanceof PipeEnd)) throw new LinuxError('EBADF', 'it is no pipe');
  if (wanted !== null) file.setCapacity(wanted);
  return file.capacity;
}

/** The system calls that make descriptors. */
export const DESCRIPTOR_CALLS = [
  call('open', 'path flags:O oct', (system, thread, path, flags, mode) =>
    openat(system, thread, AT.FDCWD, path!, flags!, mode!),
  ),
  call('creat', 'path oct', (system, thread, path, mode) =>
    openat(system, thread, AT.FDCWD, path!, O.CREAT | O.WRONLY | O.TRUNC, mode!),
  ),
  call('openat', 'dirfd path flags:O oct', openat),
  call('openat2', 'dirfd path addr size', openat2, 'RESOLVE flags'),
  call('close', 'fd', close),
  call('close_range', 'uint uint uint', closeRange),
  call('dup', 'fd', (_, thread, fd) => duplicate(thread, fd!, false, 0)),
  call('dup2', 'fd fd', dup2),
  call('dup3', 'fd fd flags:O', dup3),
  call('pipe', 'addr', (system, thread, at) => pipe2(system, thread, at!, 0)),
  call('pipe2', 'addr flags:O', pipe2),
  call('fcntl', 'fd int addr', fcntl, 'leases, signals of descriptors'),
];
