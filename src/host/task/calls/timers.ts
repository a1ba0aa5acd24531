/** Timers that send signals: setitimer(2), alarm(2), timer_create(2). */

import { LinuxError } from '../../errors.ts';
import { CLOCK } from '../abi/events.ts';
import { NSIG, SI, SIG } from '../abi/signals.ts';
import { IntervalTimer, type TimerClock } from '../interval-timer.ts';
import { ITIMER, PosixTimer } from '../process/process-timers.ts';
import type { Process, Thread } from '../process/task.ts';
import type { SignalInfo } from '../signals/pending-signals.ts';
import { sendToProcess, sendToThread } from '../signals/send.ts';
import type { System } from '../system.ts';
import {
  readTimerSetting,
  readTimerValue,
  type TimerSetting,
  type TimerState,
  writeTimerSetting,
  writeTimerValue,
} from './itimerspec.ts';
import { call } from './line.ts';
import { isRealtime } from './time.ts';

const SECOND = 1_000_000_000;
const TIMER_ABSTIME = 1;
/** A signal that nobody wants is sent again after a jiffy at the earliest. */
const JIFFY = 10_000_000;
/** Timers of one process. */
const TIMERS_MAX = 4096;

const SIGNALS: Record<number, number> = {
  [ITIMER.REAL]: SIG.ALRM,
  [ITIMER.VIRTUAL]: SIG.VTALRM,
  [ITIMER.PROF]: SIG.PROF,
};

/** Returns an interval timer of a process. It is made if it is not there. @throws LinuxError EINVAL */
function intervalTimer({ time }: System, process: Process, which: number): IntervalTimer {
  const signal = SIGNALS[which];
  if (signal === undefined) throw new LinuxError('EINVAL', `there is no interval timer ${which}`);
  const found = process.timers.interval(which);
  if (found !== null) return found;
  const isReal = which === ITIMER.REAL;
  const timer = new IntervalTimer(isReal ? time : process.workClock, () => {
    sendToProcess(process, { signal, code: SI.KERNEL });
    // ITIMER_REAL goes on when the signal is taken, as in Linux; the others at the next unit of work that counts.
    if (!isReal && timer.forward() > 0) timer.start();
  });
  process.timers.setInterval(which, timer);
  return timer;
}

function stateOf({ left, interval }: TimerState): TimerState {
  return { left, interval };
}

function setitimer(system: System, thread: Thread, which: number, newAt: number, oldAt: number): number {
  const { memory } = thread.space;
  const setting = newAt === 0 ? null : readTimerValue(memory, newAt);
  const timer = intervalTimer(system, thread.process, which);
  const old = stateOf(timer);
  if (setting === null) timer.stop();
  else timer.set(firstOf(setting, timer.clock), setting.isOff ? 0 : setting.interval);
  if (oldAt !== 0) writeTimerValue(memory, oldAt, old);
  return 0;
}

function firstOf(setting: TimerSetting, clock: TimerClock): number {
  return setting.first({ now: () => clock.now(), realtime: () => 0n }, false, false);
}

function getitimer(system: System, thread: Thread, which: number, at: number): number {
  writeTimerValue(thread.space.memory, at, intervalTimer(system, thread.process, which));
  return 0;
}

/** Returns the seconds that were left, rounded as Linux does: never 0 for a timer that runs. */
function alarm(system: System, { process }: Thread, seconds: number): number {
  const timer = intervalTimer(system, process, ITIMER.REAL);
  const { left } = timer;
  timer.set(seconds === 0 ? Infinity : system.time.now() + seconds * SECOND, 0);
  const rounded = Math.round(left / SECOND);
  return left > 0 ? Math.max(1, rounded) : 0;
}

/** How a timer tells that it has expired. */
const NOTIFY = { SIGNAL: 0, NONE: 1, THREAD: 2, THREAD_ID: 4 } as const;
/** Parts of struct sigevent. */
const EVENT = { VALUE: 0, SIGNAL: 8, NOTIFY: 12, THREAD: 16, SIZE: 64 } as const;

/** Whom a timer tells, and how; null for nobody. */
interface Notification {
  readonly signal: number;
  readonly value: bigint | null;
  readonly thread: Thread | null;
}

function clockOf(system: System, thread: Thread, clock: number): TimerClock {
  const { time } = system;
  switch (clock) {
    case CLOCK.REALTIME:
    case CLOCK.MONOTONIC:
    case CLOCK.BOOTTIME:
    case CLOCK.TAI:
      return time;
    case CLOCK.REALTIME_ALARM:
    case CLOCK.BOOTTIME_ALARM:
      if (thread.credentials.euid !== 0) throw new LinuxError('EPERM', 'only root wakes the system');
      return time;
    case CLOCK.PROCESS_CPUTIME:
      return thread.process.workClock;
    case CLOCK.THREAD_CPUTIME:
      return thread.workClock;
    case CLOCK.MONOTONIC_RAW:
    case CLOCK.REALTIME_COARSE:
    case CLOCK.MONOTONIC_COARSE:
      throw new LinuxError('EOPNOTSUPP', `timers do not run on clock ${clock}`);
    default:
      return workClockOf(system, thread, clock);
  }
}

/** The clock of the work of a process or a thread. Linux: include/linux/posix-timers.h. @throws LinuxError EINVAL */
function workClockOf({ processes, threads }: System, thread: Thread, clock: number): TimerClock {
  const id = ~(clock >> 3);
  const isThread = (clock & 4) !== 0;
  const of = isThread ? threads.get(id || thread.tid) : processes.get(id || thread.process.pid);
  if (clock >= 0 || (clock & 3) === 3 || of === undefined) {
    throw new LinuxError('EINVAL', `there is no clock ${clock}`);
  }
  return of.workClock;
}

function notification(system: System, thread: Thread, at: number): Notification | null {
  if (at === 0) return { signal: SIG.ALRM, value: null, thread: null };
  const view = thread.space.memory.struct(at, EVENT.SIZE);
  const how = view.getInt32(EVENT.NOTIFY);
  if (how === NOTIFY.NONE) return null;
  const signal = view.getInt32(EVENT.SIGNAL);
  const value = view.getBigUint64(EVENT.VALUE);
  if (signal <= 0 || signal > NSIG) throw new LinuxError('EINVAL', `there is no signal ${signal}`);
  if (how === NOTIFY.SIGNAL || how === NOTIFY.THREAD) return { signal, value, thread: null };
  if (how !== (NOTIFY.SIGNAL | NOTIFY.THREAD_ID)) throw new LinuxError('EINVAL', `notification ${how}`);
  const target = system.threads.get(view.getInt32(EVENT.THREAD));
  if (target?.process !== thread.process) throw new LinuxError('EINVAL', 'the thread is none of the process');
  return { signal, value, thread: target };
}

function timerCreate(system: System, thread: Thread, clock: number, eventAt: number, idAt: number): number {
  const { process, space } = thread;
  const { timers } = process;
  const runsOn = clockOf(system, thread, clock);
  const whom = notification(system, thread, eventAt);
  if (timers.posix.size >= TIMERS_MAX) throw new LinuxError('EAGAIN', `${TIMERS_MAX} timers`);
  const id = timers.nextId();
  space.memory.setU32(idAt, id);
  const timer = new PosixTimer(id, runsOn, isRealtime(clock), (expired) => {
    if (whom !== null) notify(process, whom, expired);
  });
  timers.posix.set(id, timer);
  return 0;
}

function notify(process: Process, { signal, value, thread }: Notification, expired: PosixTimer): void {
  const info: SignalInfo = {
    ...{ signal, code: SI.TIMER, value: value ?? BigInt(expired.id) << 32n },
    timer: { id: expired.id, overrun: 0, source: expired },
  };
  const handlers = (thread ?? process.leader)?.handlers;
  const blocked = (thread ?? process.leader)?.blocked ?? 0n;
  const isLost = handlers?.ignores(signal) === true && ((blocked >> BigInt(signal - 1)) & 1n) === 0n;
  const isSent = !isLost && (thread === null ? sendToProcess(process, info) : sendToThread(thread, info));
  if (isSent) return;
  const { timer } = expired;
  if (timer.forward() > 0) timer.start(timer.clock.now() + JIFFY);
}

function timerOf({ process }: Thread, id: number): PosixTimer {
  const timer = process.timers.posix.get(id);
  if (timer === undefined) throw new LinuxError('EINVAL', `there is no timer ${id}`);
  return timer;
}

function timerSettime(
  { time }: System,
  thread: Thread,
  id: number,
  flags: number,
  newAt: number,
  oldAt: number,
): number {
  const { memory } = thread.space;
  if (newAt === 0) throw new LinuxError('EINVAL', 'no setting');
  const setting = readTimerSetting(memory, newAt);
  const posix = timerOf(thread, id);
  const { timer } = posix;
  const old = stateOf(timer);
  const { clock } = timer;
  const times = { now: () => clock.now(), realtime: () => time.realtime() };
  timer.set(setting.first(times, (flags & TIMER_ABSTIME) !== 0, posix.isRealtime), setting.interval);
  posix.overrun = 0;
  if (oldAt !== 0) writeTimerSetting(memory, oldAt, old);
  return 0;
}

/** The system calls for timers. */
export const TIMER_CALLS = [
  call('setitimer', 'int addr addr', setitimer),
  call('getitimer', 'int addr', getitimer),
  call('alarm', 'uint', alarm),
  call('timer_create', 'int addr addr', timerCreate),
  call('timer_settime', 'int int addr addr', timerSettime),
  call('timer_gettime', 'int addr', (_, thread, id, at) => {
    writeTimerSetting(thread.space.memory, at!, timerOf(thread, id!).timer);
    return 0;
  }),
  call('timer_getoverrun', 'int', (_, thread, id) => timerOf(thread, id!).overrun),
  call('timer_delete', 'int', (_, thread, id) => {
    timerOf(thread, id!).delete();
    thread.process.timers.posix.delete(id!);
    return 0;
  }),
];
