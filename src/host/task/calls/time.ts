/** System calls for time: clock_gettime(2), nanosleep(2), setitimer(2) and the like. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { CLOCK } from '../abi/events.ts';
import { NANOSECONDS_PER_UNIT } from '../interval-timer.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { call } from './line.ts';
import { readBigTimespec, readTimespec, timeval, writeTimespec } from './timespec.ts';

const TIMER_ABSTIME = 1;

/** Whether a clock counts from 1970. */
export function isRealtime(clock: number): boolean {
  return ([CLOCK.REALTIME, CLOCK.REALTIME_COARSE, CLOCK.REALTIME_ALARM, CLOCK.TAI] as number[]).includes(
    clock,
  );
}

/** Whether a clock counts from the start of the system. */
export function isMonotonic(clock: number): boolean {
  const { MONOTONIC, MONOTONIC_RAW, MONOTONIC_COARSE, BOOTTIME, BOOTTIME_ALARM } = CLOCK;
  return ([MONOTONIC, MONOTONIC_RAW, MONOTONIC_COARSE, BOOTTIME, BOOTTIME_ALARM] as number[]).includes(clock);
}

/** Returns the reading of a clock in nanoseconds. @throws LinuxError EINVAL */
function read({ time, processes, threads }: System, thread: Thread, clock: number): bigint {
  if (isRealtime(clock)) return time.realtime();
  if (isMonotonic(clock)) return BigInt(time.now());
  if (clock === CLOCK.PROCESS_CPUTIME) return cpuTime(thread.process.work);
  if (clock === CLOCK.THREAD_CPUTIME) return cpuTime(thread.work);
  if (clock < 0) {
    // The clock of another process or thread: include/linux/posix-timers.h.
    const id = ~(clock >> 3);
    const isThread = (clock & 4) !== 0;
    const work = isThread
      ? threads.get(id || thread.tid)?.work
      : processes.get(id || thread.process.pid)?.work;
    if (work !== undefined && (clock & 3) < 3) return cpuTime(work);
  }
  throw new LinuxError('EINVAL', `there is no clock ${clock}`);
}

function cpuTime(work: number): bigint {
  return BigInt(Math.floor(work * NANOSECONDS_PER_UNIT));
}

function clockGettime(system: System, thread: Thread, clock: number, at: number): number {
  writeTimespec(thread.space.memory, at, read(system, thread, clock));
  return 0;
}

function clockGetres(system: System, thread: Thread, clock: number, at: number): number {
  read(system, thread, clock);
  if (at !== 0) writeTimespec(thread.space.memory, at, 1n);
  return 0;
}

function clockSettime({ time }: System, thread: Thread, clock: number, at: number): number {
  if (clock !== CLOCK.REALTIME) throw new LinuxError('EINVAL', `clock ${clock} cannot be set`);
  if (thread.credentials.euid !== 0) throw new LinuxError('EPERM', 'only root sets the clock');
  time.setRealtime(readBigTimespec(thread.space.memory, at));
  return 0;
}

function gettimeofday({ time }: System, { space }: Thread, at: number, zone: number): number {
  if (at !== 0) space.memory.write(at, timeval(time.realtime()));
  if (zone !== 0) space.memory.write(zone, new Uint8Array(8));
  return 0;
}

/** Sleeps until a time of CLOCK_MONOTONIC. @param left where what is left of a relative time is stored, or 0 */
function* sleepUntil(system: System, thread: Thread, until: number, left: number | null): Blocking<number> {
  const { time } = system;
  for (;;) {
    const why = yield* sleep(time, thread, { queues: [], what: `the time to pass`, until });
    if (why === 'timeout') return 0;
    if (why !== 'signal') continue;
    if (left === null) return RESTART.NO_HANDLER;
    if (left !== 0) writeTimespec(thread.space.memory, left, Math.max(0, until - time.now()));
    thread.restart = () => sleepUntil(system, thread, until, left);
    return RESTART.BLOCK;
  }
}

function nanosleep(system: System, thread: Thread, at: number, left: number): Blocking<number> {
  return sleepUntil(system, thread, system.time.now() + readTimespec(thread.space.memory, at), left);
}

function clockNanosleep(
  system: System,
  thread: Thread,
  clock: number,
  flags: number,
  at: number,
  left: number,
): Blocking<number> {
  const { time } = system;
  const isReal = isRealtime(clock);
  if (!isReal && !isMonotonic(clock)) {
    throw new LinuxError(
      clock === CLOCK.PROCESS_CPUTIME ? 'EOPNOTSUPP' : 'EINVAL',
      `clock ${clock} of clock_nanosleep`,
    );
  }
  if ((flags & TIMER_ABSTIME) === 0) return nanosleep(system, thread, at, left);
  const wanted = readBigTimespec(thread.space.memory, at);
  const until = isReal ? Number(wanted - time.realtime()) + time.now() : Number(wanted);
  return sleepUntil(system, thread, until, null);
}

/** The system calls for time. */
export const TIME_CALLS = [
  call('clock_gettime', 'int addr', clockGettime),
  call('clock_getres', 'int addr', clockGetres),
  call('clock_settime', 'int addr', clockSettime),
  call('gettimeofday', 'addr addr', gettimeofday),
  call('settimeofday', 'addr addr', ({ time }, thread, at) => {
    if (thread.credentials.euid !== 0) return -ERRNO.EPERM;
    const { memory } = thread.space;
    if (at !== 0)
      time.setRealtime(BigInt(memory.s64(at!)) * 1_000_000_000n + BigInt(memory.s64(at! + 8)) * 1000n);
    return 0;
  }),
  call('nanosleep', 'addr addr', nanosleep),
  call('clock_nanosleep', 'int int addr addr', clockNanosleep),
];
