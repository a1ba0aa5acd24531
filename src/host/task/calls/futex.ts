/** futex(2). */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import type { Blocking } from '../process/blocking.ts';
import type { FutexKey } from '../process/futexes.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { type CallResult, call } from './line.ts';
import { readBigTimespec, readTimespec } from './timespec.ts';

/** Operations. Linux: include/uapi/linux/futex.h. */
const OP = {
  WAIT: 0,
  WAKE: 1,
  REQUEUE: 3,
  CMP_REQUEUE: 4,
  WAKE_OP: 5,
  WAIT_BITSET: 9,
  WAKE_BITSET: 10,
} as const;
const PRIVATE = 128;
const CLOCK_REALTIME = 256;
const ALL_BITS = 0xffff_ffff;
const PAGE = 4096;

/** Returns the word at an address: that of the file behind a shared mapping, or of the address space. */
export function futexKey({ space }: Thread, address: number, isPrivate: boolean): FutexKey {
  if (address % 4 !== 0) throw new LinuxError('EINVAL', `futex ${address} is not a multiple of 4`);
  if (!isPrivate) {
    const page = Math.floor(address / PAGE);
    const backing = space.mm.mappings.at(page)?.backing;
    if (backing?.shared && backing.file !== null) {
      return { owner: backing.file, place: (page + backing.shift) * PAGE + (address % PAGE) };
    }
  }
  return { owner: space, place: address };
}

function futex(
  system: System,
  thread: Thread,
  address: number,
  operation: number,
  value: number,
  timeout: number,
  address2: number,
  value3: number,
): CallResult {
  const { memory } = thread.space;
  const isPrivate = (operation & PRIVATE) !== 0;
  const key = futexKey(thread, address, isPrivate);
  switch (operation & ~(PRIVATE | CLOCK_REALTIME)) {
    case OP.WAIT: {
      const until = timeout === 0 ? Infinity : system.time.now() + readTimespec(memory, timeout);
      return wait(system, thread, { address, key, value, bits: ALL_BITS, until });
    }
    case OP.WAIT_BITSET: {
      if (value3 === 0) throw new LinuxError('EINVAL', 'no bits to wait for');
      const until = absolute(system, thread, timeout, (operation & CLOCK_REALTIME) !== 0);
      return wait(system, thread, { address, key, value, bits: value3, until });
    }
    case OP.WAKE:
      return system.futexes.wake(key, Math.max(1, value | 0), ALL_BITS);
    case OP.WAKE_BITSET:
      if (value3 === 0) throw new LinuxError('EINVAL', 'no bits to wake');
      return system.futexes.wake(key, Math.max(1, value | 0), value3);
    case OP.CMP_REQUEUE:
      if (memory.u32(address) !== value3) return -ERRNO.EAGAIN;
      return requeue(system, key, futexKey(thread, address2, isPrivate), value, timeout, true);
    case OP.REQUEUE:
      return requeue(system, key, futexKey(thread, address2, isPrivate), value, timeout, false);
    case OP.WAKE_OP:
      return wakeOp(system, thread, { key, address2, value, value2: timeout, operation: value3, isPrivate });
    default:
      throw new LinuxError('ENOSYS', `operation ${operation} of futex`);
  }
}

function absolute({ time }: System, { space }: Thread, at: number, isReal: boolean): number {
  if (at === 0) return Infinity;
  const wanted = readBigTimespec(space.memory, at);
  return isReal ? Number(wanted - time.realtime()) + time.now() : Number(wanted);
}

interface Wait {
  readonly address: number;
  readonly key: FutexKey;
  readonly value: number;
  readonly bits: number;
  readonly until: number;
}

function* wait(system: System, thread: Thread, request: Wait): Blocking<number> {
  const { address, key, value, bits, until } = request;
  if (thread.space.memory.u32(address) !== value) return -ERRNO.EAGAIN;
  const waiter = system.futexes.add(key, bits);
  try {
    for (;;) {
      if (waiter.woken) return 0;
      const what = { queues: [waiter.queue], what: `the futex at 0x${address.toString(16)}`, until };
      const why = yield* sleep(system.time, thread, what);
      if (waiter.woken) return 0;
      if (why === 'timeout') return -ERRNO.ETIMEDOUT;
      if (why !== 'signal') continue;
      if (until === Infinity) return RESTART.SYS;
      thread.restart = () => wait(system, thread, request);
      return RESTART.BLOCK;
    }
  } finally {
    system.futexes.remove(waiter);
  }
}

/** @param most as the argument is declared: a pointer that stands for a number */
function requeue(
  { futexes }: System,
  from: FutexKey,
  to: FutexKey,
  wake: number,
  most: number,
  countsMoved: boolean,
): number {
  const moves = most | 0;
  if ((wake | 0) < 0 || moves < 0) throw new LinuxError('EINVAL', 'a negative number of waiters');
  const woken = futexes.wake(from, wake, ALL_BITS);
  const moved = futexes.requeue(from, to, moves);
  return countsMoved ? woken + moved : woken;
}

interface WakeOp {
  readonly key: FutexKey;
  readonly address2: number;
  readonly value: number;
  readonly value2: number;
  readonly operation: number;
  readonly isPrivate: boolean;
}

/** FUTEX_WAKE_OP: changes the second word, and wakes its waiters, too, if its old value compares. */
function wakeOp({ futexes }: System, thread: Thread, request: WakeOp): number {
  const { key, address2, value, value2, operation, isPrivate } = request;
  const { memory } = thread.space;
  const other = futexKey(thread, address2, isPrivate);
  const old = memory.u32(address2) | 0;
  const shifted = (operation & 0x8000_0000) !== 0;
  const operand = ((operation << 8) >> 20) | 0;
  const argument = shifted ? 1 << (operand & 31) : operand;
  memory.setU32(address2, changed((operation >>> 28) & 7, old, argument) >>> 0);
  let woken = futexes.wake(key, Math.max(1, value | 0), ALL_BITS);
  if (compares((operation >>> 24) & 15, old, (operation << 20) >> 20)) {
    woken += futexes.wake(other, Math.max(1, value2 | 0), ALL_BITS);
  }
  return woken;
}

function changed(how: number, old: number, argument: number): number {
  switch (how) {
    case 0:
      return argument;
    case 1:
      return old + argument;
    case 2:
      return old | argument;
    case 3:
      return old & ~argument;
    case 4:
      return old ^ argument;
    default:
      throw new LinuxError('ENOSYS', `change ${how} of FUTEX_WAKE_OP`);
  }
}

function compares(how: number, old: number, argument: number): boolean {
  switch (how) {
    case 0:
      return old === argument;
    case 1:
      return old !== argument;
    case 2:
      return old < argument;
    case 3:
      return old <= argument;
    case 4:
      return old > argument;
    case 5:
      return old >= argument;
    default:
      throw new LinuxError('ENOSYS', `comparison ${how} of FUTEX_WAKE_OP`);
  }
}

/** The system call for futexes. */
export const FUTEX_CALLS = [
  call('futex', 'addr int uint addr addr uint', futex, 'locks with priority inheritance (PI)'),
];
