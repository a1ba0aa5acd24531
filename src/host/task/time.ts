/**
 * The time of a Linux system: CLOCK_MONOTONIC counts nanoseconds since it was started, on the machine's TOD clock, so that it passes with
 * the work that processors do. Timers wake sleepers.
 */

import type { Clock } from '../../machine/index.ts';
import { TimerQueue } from './timer-queue.ts';
import type { Waiter } from './wait-queue.ts';

/** 1 January 1970 on the TOD clock, which began in 1900, in TOD units. Principles of Operation, chapter 4, "TOD Programming". */
const UNIX_EPOCH = 0x7d91_048b_ca00_0000n;
const TOD_PER_MICROSECOND = 4096n;
/** The TOD clock begins anew in 2042. So much before, in TOD units, time is no longer skipped: what is left is for programs that run. */
const RESERVE = 3600n * 1_000_000n * TOD_PER_MICROSECOND;

/**
 * Clocks and timers. Times are nanoseconds, as numbers: exact for a hundred days. A timer of a time that the TOD clock does not reach never
 * expires.
 */
export class Time {
  readonly #clock: Clock;
  readonly #start: bigint;
  /** The last time to which waiting advances the clocks. */
  readonly #last: number;
  /** CLOCK_REALTIME at the start, nanoseconds since 1970. */
  #realtime: bigint;
  readonly #timers = new TimerQueue();

  /** @param realtime nanoseconds since 1970 at the start: the TOD clock is set to it */
  constructor(clock: Clock, realtime: bigint) {
    this.#clock = clock;
    clock.tod = BigInt.asUintN(64, UNIX_EPOCH + (realtime * TOD_PER_MICROSECOND) / 1000n);
    this.#start = clock.tod;
    this.#last = Math.max(0, nanoseconds((1n << 64n) - RESERVE - this.#start));
    this.#realtime = realtime;
  }

  /** CLOCK_MONOTONIC. */
  now(): number {
    return nanoseconds(this.#clock.tod - this.#start);
  }

  /** CLOCK_REALTIME. */
  realtime(): bigint {
    return this.#realtime + BigInt(this.now());
  }

  /** Sets CLOCK_REALTIME. The monotonic clock does not change. */
  setRealtime(time: bigint): void {
    this.#realtime = time - BigInt(this.now());
  }

  /** Advances the clocks to a time of CLOCK_MONOTONIC, as waiting does, or as far as they go. */
  skipTo(time: number): void {
    this.#clock.skipTo(this.#todAt(Math.min(time, this.#last)));
  }

  /** Returns the time of CLOCK_MONOTONIC at which the TOD clock has a value. */
  at(tod: bigint): number {
    return Math.max(0, Math.ceil((Number(tod - this.#start) * 1000) / 4096));
  }

  /** When the next timer is due, or Infinity if there is none, or if the clocks do not go that far. */
  get due(): number {
    const { due } = this.#timers;
    return due > this.#last ? Infinity : due;
  }

  /** Returns the TOD value at which a time has come. */
  #todAt(time: number): bigint {
    return this.#start + (BigInt(Math.ceil(time)) * 4096n + 999n) / 1000n;
  }

  /** Returns the TOD value at which the next timer is due, or null. */
  get dueTod(): bigint | null {
    return this.due === Infinity ? null : this.#todAt(this.due);
  }

  /** Wakes a waiter at a time. Returns what `cancel` takes. */
  start(at: number, waiter: Waiter): object {
    return this.#timers.start(at, waiter);
  }

  /** Ends a timer, if it is still there. */
  cancel(timer: object): void {
    this.#timers.cancel(timer);
  }

  /** Wakes those whose time has come. */
  expire(): void {
    if (this.due !== Infinity) this.#timers.expire(this.now());
  }
}

function nanoseconds(tod: bigint): number {
  return Math.floor((Number(tod) * 1000) / 4096);
}
