/** Locks of files: flock(2), and the locks of fcntl(2). */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { SEEK } from '../abi/files.ts';
import {
  FileLocks,
  isDeadlock,
  type LockOwner,
  type LockType,
  type RecordLock,
} from '../files/file-locks.ts';
import type { OpenFile } from '../files/index.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { type CallResult, call } from './line.ts';

/** Commands of fcntl for locks. Linux: include/uapi/asm-generic/fcntl.h. */
export const LOCK_COMMAND = {
  GETLK: 5,
  SETLK: 6,
  SETLKW: 7,
  OFD_GETLK: 36,
  OFD_SETLK: 37,
  OFD_SETLKW: 38,
} as const;
const F = { RDLCK: 0, WRLCK: 1, UNLCK: 2 } as const;
const LOCK = { SH: 1, EX: 2, NB: 4, UN: 8 } as const;
/** Parts of struct flock. */
const FLOCK = { TYPE: 0, WHENCE: 2, START: 8, LENGTH: 16, PID: 24, SIZE: 32 } as const;
/** The largest offset: 2^63 - 1. */
const OFFSET_MAX = 2n ** 63n - 1n;

/** fcntl with one of `LOCK_COMMAND`. */
export function lockRecord(
  system: System,
  thread: Thread,
  fd: number,
  command: number,
  at: number,
): CallResult {
  const file = thread.files.get(fd);
  const view = thread.space.memory.struct(at, FLOCK.SIZE);
  const isOfd = command >= LOCK_COMMAND.OFD_GETLK;
  if (isOfd && view.getInt32(FLOCK.PID) !== 0) throw new LinuxError('EINVAL', 'l_pid of an OFD lock');
  const { start, end } = rangeOf(file, view);
  const type = view.getInt16(FLOCK.TYPE);
  const owner: LockOwner = isOfd ? file : thread.files;
  const locks = (file.inode.locks ??= new FileLocks());
  if (type === F.UNLCK && command !== LOCK_COMMAND.GETLK && command !== LOCK_COMMAND.OFD_GETLK) {
    locks.unset({ owner, start, end });
    return 0;
  }
  const pid = isOfd ? -1 : thread.process.pid;
  const wanted: RecordLock = { owner, pid, type: typeOf(type), start, end };
  switch (command) {
    case LOCK_COMMAND.GETLK:
    case LOCK_COMMAND.OFD_GETLK:
      tell(thread, at, locks.conflict(wanted));
      return 0;
    default:
      demandAccess(file, wanted.type);
      return setRecord(system, thread, { file, locks, wanted, command });
  }
}

function typeOf(type: number): LockType {
  if (type === F.RDLCK) return 'read';
  if (type === F.WRLCK) return 'write';
  throw new LinuxError('EINVAL', `a lock of type ${type}`);
}

/** @throws LinuxError EBADF unless the file is open for what the lock is for */
function demandAccess(file: OpenFile, type: LockType): void {
  if (type === 'read' ? file.readable : file.writable) return;
  throw new LinuxError('EBADF', `the file is not open for a ${type} lock`);
}

/** Returns the range of a struct flock, the end exclusive. @throws LinuxError EINVAL, EOVERFLOW */
function rangeOf(file: OpenFile, view: DataView): { start: number; end: number } {
  const whence = view.getInt16(FLOCK.WHENCE);
  const bases: Record<number, () => number> = {
    [SEEK.SET]: () => 0,
    [SEEK.CUR]: () => file.seek(0, SEEK.CUR),
    [SEEK.END]: () => file.inode.size,
  };
  const base = bases[whence];
  if (base === undefined) throw new LinuxError('EINVAL', `whence ${whence} of a lock`);
  const from = BigInt(base()) + view.getBigInt64(FLOCK.START);
  const to = from + view.getBigInt64(FLOCK.LENGTH);
  if (from < 0n || to < 0n) throw new LinuxError('EINVAL', 'a lock before the beginning of the file');
  if (from > OFFSET_MAX || to - 1n > OFFSET_MAX) throw new LinuxError('EOVERFLOW', 'a lock is too long');
  if (to < from) return { start: Number(to), end: Number(from) };
  return { start: Number(from), end: to === from || to > OFFSET_MAX ? Infinity : Number(to) };
}

/** Stores the lock that F_GETLK has found, or that there is none. */
function tell({ space }: Thread, at: number, lock: RecordLock | null): void {
  if (lock === null) {
    space.memory.write(at, Uint8Array.of(0, F.UNLCK));
    return;
  }
  const view = new DataView(new ArrayBuffer(FLOCK.SIZE));
  view.setInt16(FLOCK.TYPE, lock.type === 'read' ? F.RDLCK : F.WRLCK);
  view.setInt16(FLOCK.WHENCE, SEEK.SET);
  view.setBigInt64(FLOCK.START, BigInt(lock.start));
  view.setBigInt64(
    FLOCK.LENGTH,
    lock.end === Infinity ? 0n : minimum(BigInt(lock.end), OFFSET_MAX) - BigInt(lock.start),
  );
  view.setInt32(FLOCK.PID, lock.pid);
  space.memory.write(at, new Uint8Array(view.buffer));
}

function minimum(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

interface Request {
  readonly file: OpenFile;
  readonly locks: FileLocks;
  readonly wanted: RecordLock;
  readonly command: number;
}

function setRecord(system: System, thread: Thread, request: Request): CallResult {
  const { locks, wanted, command } = request;
  if (locks.conflict(wanted) === null) {
    locks.set(wanted);
    return 0;
  }
  if (command === LOCK_COMMAND.SETLK || command === LOCK_COMMAND.OFD_SETLK) return -ERRNO.EAGAIN;
  return setLater(system, thread, request);
}

function* setLater(system: System, thread: Thread, { file, locks, wanted }: Request): Blocking<number> {
  const wait = { locks, wanted };
  // The kernel finds no deadlocks of OFD locks.
  const isPosix = wanted.owner === thread.files;
  file.hold();
  try {
    while (locks.conflict(wanted) !== null) {
      if (isPosix && isDeadlock(wait)) return -ERRNO.EDEADLK;
      wanted.owner.waits.add(wait);
      const why = yield* sleep(system.time, thread, { queues: [locks.queue], what: 'a lock of a file' });
      if (why === 'signal') return RESTART.SYS;
    }
    locks.set(wanted);
    return 0;
  } finally {
    wanted.owner.waits.delete(wait);
    file.release();
  }
}

function flock(system: System, thread: Thread, fd: number, operation: number): CallResult {
  const file = thread.files.get(fd);
  if (file.isPath) throw new LinuxError('EBADF', `descriptor ${fd} is only a name`);
  const what = operation & ~LOCK.NB;
  if (what === LOCK.UN) {
    file.inode.locks?.unlockWhole(file);
    return 0;
  }
  if (what !== LOCK.SH && what !== LOCK.EX) throw new LinuxError('EINVAL', `operation ${operation} of flock`);
  const locks = (file.inode.locks ??= new FileLocks());
  const type: LockType = what === LOCK.SH ? 'read' : 'write';
  // Linux gives up the present lock before it takes or waits for another one.
  if (locks.lockWhole(file, type)) return 0;
  locks.unlockWhole(file);
  if (locks.lockWhole(file, type)) return 0;
  if ((operation & LOCK.NB) !== 0) return -ERRNO.EAGAIN;
  return lockLater(system, thread, file, locks, type);
}

function* lockLater(
  system: System,
  thread: Thread,
  file: OpenFile,
  locks: FileLocks,
  type: LockType,
): Blocking<number> {
  file.hold();
  try {
    while (!locks.lockWhole(file, type)) {
      const why = yield* sleep(system.time, thread, { queues: [locks.queue], what: 'a lock of a file' });
      if (why === 'signal') return RESTART.SYS;
    }
    return 0;
  } finally {
    file.release();
  }
}

/** The system call for locks of whole files. */
export const LOCK_CALLS = [call('flock', 'fd int', flock)];
