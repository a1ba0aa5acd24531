/** Descriptors of events: eventfd(2), timerfd_create(2), signalfd(2). */

import { LinuxError } from '../../errors.ts';
import { CLOCK, EFD_SEMAPHORE, TFD } from '../abi/events.ts';
import { O } from '../abi/files.ts';
import { EventFile } from '../events/event-file.ts';
import { SignalFile } from '../events/signal-file.ts';
import { TimerFile } from '../events/timer-file.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { install } from './descriptors.ts';
import { readTimerSetting, writeTimerSetting } from './itimerspec.ts';
import { call } from './line.ts';
import { readSet } from './signals.ts';

function demandFlags(flags: number, known: number): void {
  if ((flags & ~known) !== 0) throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)}`);
}

function eventfd2(system: System, thread: Thread, count: number, flags: number): number {
  demandFlags(flags, EFD_SEMAPHORE | O.CLOEXEC | O.NONBLOCK);
  const isSemaphore = (flags & EFD_SEMAPHORE) !== 0;
  const file = new EventFile(system.files.anonymous, count, isSemaphore, flags & O.NONBLOCK);
  return install(thread, file, (flags & O.CLOEXEC) !== 0);
}

const TIMER_CLOCKS: readonly number[] = [
  ...[CLOCK.REALTIME, CLOCK.MONOTONIC, CLOCK.BOOTTIME],
  ...[CLOCK.REALTIME_ALARM, CLOCK.BOOTTIME_ALARM],
];

function timerfdCreate(system: System, thread: Thread, clock: number, flags: number): number {
  demandFlags(flags, O.CLOEXEC | O.NONBLOCK);
  if (!TIMER_CLOCKS.includes(clock)) throw new LinuxError('EINVAL', `clock ${clock} of timerfd_create`);
  const isAlarm = clock === CLOCK.REALTIME_ALARM || clock === CLOCK.BOOTTIME_ALARM;
  if (isAlarm && thread.credentials.euid !== 0) throw new LinuxError('EPERM', 'only root wakes the system');
  const isRealtime = clock === CLOCK.REALTIME || clock === CLOCK.REALTIME_ALARM;
  const file = new TimerFile(system.files.anonymous, system.time, isRealtime, flags & O.NONBLOCK);
  return install(thread, file, (flags & O.CLOEXEC) !== 0);
}

function timerOf(thread: Thread, fd: number): TimerFile {
  const file = thread.files.get(fd);
  if (!(file instanceof TimerFile)) throw new LinuxError('EINVAL', `descriptor ${fd} is no timer`);
  return file;
}

function timerfdSettime(
  { time }: System,
  thread: Thread,
  fd: number,
  flags: number,
  newAt: number,
  oldAt: number,
): number {
  demandFlags(flags, TFD.TIMER_ABSTIME | TFD.TIMER_CANCEL_ON_SET);
  const { memory } = thread.space;
  const setting = readTimerSetting(memory, newAt);
  const { timer, isRealtime } = timerOf(thread, fd);
  const old = { left: timer.left, interval: timer.interval };
  timer.set(setting.first(time, (flags & TFD.TIMER_ABSTIME) !== 0, isRealtime), setting.interval);
  if (oldAt !== 0) writeTimerSetting(memory, oldAt, old);
  return 0;
}

function timerfdGettime(_: System, thread: Thread, fd: number, at: number): number {
  writeTimerSetting(thread.space.memory, at, timerOf(thread, fd).timer);
  return 0;
}

function signalfd4(
  system: System,
  thread: Thread,
  fd: number,
  maskAt: number,
  maskSize: number,
  flags: number,
): number {
  demandFlags(flags, O.CLOEXEC | O.NONBLOCK);
  const mask = readSet(thread, maskAt, maskSize);
  if (fd !== -1) {
    const file = thread.files.get(fd);
    if (!(file instanceof SignalFile)) throw new LinuxError('EINVAL', `descriptor ${fd} is no signalfd`);
    file.mask = mask;
    file.queue.wake();
    return fd;
  }
  const file = new SignalFile(
    system.files.anonymous,
    mask,
    system,
    thread.handlers.queue,
    flags & O.NONBLOCK,
  );
  return install(thread, file, (flags & O.CLOEXEC) !== 0);
}

/** The system calls that make descriptors of events. */
export const EVENT_FILE_CALLS = [
  call('eventfd', 'uint', (system, thread, count) => eventfd2(system, thread, count!, 0)),
  call('eventfd2', 'uint uint', eventfd2),
  call('timerfd_create', 'int flags:O', timerfdCreate),
  call(
    'timerfd_settime',
    'fd int addr addr',
    timerfdSettime,
    'a change of CLOCK_REALTIME does not change timers that run',
  ),
  call('timerfd_gettime', 'fd addr', timerfdGettime),
  call('signalfd', 'fd addr size', (system, thread, fd, at, size) =>
    signalfd4(system, thread, fd!, at!, size!, 0),
  ),
  call('signalfd4', 'fd addr size flags:O', signalfd4),
];
