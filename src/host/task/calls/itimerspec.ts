/** Settings of timers in the memory of programs: struct itimerspec and struct itimerval. */

import type { UserMemory } from '../memory/user-memory.ts';
import type { Time } from '../time.ts';
import { readBigTimespec, readTimespec, readTimeval, timespec, timeval } from './timespec.ts';

/** When a timer expires first and then, in nanoseconds. */
export class TimerSetting {
  readonly interval: number;
  readonly #value: bigint;

  constructor(value: bigint, interval: number) {
    this.#value = value;
    this.interval = interval;
  }

  /** Whether the timer is to stand still. */
  get isOff(): boolean {
    return this.#value === 0n;
  }

  /**
   * Returns when a timer on CLOCK_MONOTONIC expires first; Infinity for never.
   * @param isAbsolute whether the setting is a time, and not the time from now on
   * @param isRealtime whether that is a time of CLOCK_REALTIME
   */
  first(time: Pick<Time, 'now' | 'realtime'>, isAbsolute: boolean, isRealtime: boolean): number {
    if (this.isOff) return Infinity;
    if (!isAbsolute) return time.now() + Number(this.#value);
    if (!isRealtime) return Number(this.#value);
    return Number(this.#value - time.realtime()) + time.now();
  }
}

/** Reads a struct itimerspec. @throws LinuxError EINVAL, EFAULT */
export function readTimerSetting(memory: UserMemory, at: number): TimerSetting {
  return new TimerSetting(readBigTimespec(memory, at + 16), readTimespec(memory, at));
}

/** What is left until a timer expires, and its interval, in nanoseconds. */
export interface TimerState {
  readonly left: number;
  readonly interval: number;
}

/** Stores a struct itimerspec. */
export function writeTimerSetting(memory: UserMemory, at: number, { left, interval }: TimerState): void {
  memory.write(at, pair(timespec(interval), timespec(left)));
}

/** Reads a struct itimerval. @throws LinuxError EINVAL, EFAULT */
export function readTimerValue(memory: UserMemory, at: number): TimerSetting {
  return new TimerSetting(BigInt(readTimeval(memory, at + 16)), readTimeval(memory, at));
}

/** Stores a struct itimerval. What is left of a running timer is at least a microsecond. */
export function writeTimerValue(memory: UserMemory, at: number, { left, interval }: TimerState): void {
  const shown = left > 0 ? Math.max(left, 1000) : 0;
  memory.write(at, pair(timeval(interval), timeval(shown)));
}

function pair(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}
