/** A timer that expires at a time, and perhaps again after each interval. */

import { TimerQueue } from './timer-queue.ts';
import type { Waiter } from './wait-queue.ts';

/** A clock that timers run on. Times are nanoseconds. */
export interface TimerClock {
  now(): number;
  start(at: number, waiter: Waiter): object;
  cancel(timer: object): void;
}

/** Nanoseconds of a unit of work: one instruction. */
export const NANOSECONDS_PER_UNIT = 4000 / 4096;

/** The clock of the work of a thread or a process (Linux: CPU time). */
export class WorkClock implements TimerClock {
  readonly #units: () => number;
  readonly #timers = new TimerQueue();

  /** @param units returns the units of work done */
  constructor(units: () => number) {
    this.#units = units;
  }

  now(): number {
    return Math.floor(this.#units() * NANOSECONDS_PER_UNIT);
  }

  start(at: number, waiter: Waiter): object {
    return this.#timers.start(at, waiter);
  }

  cancel(timer: object): void {
    this.#timers.cancel(timer);
  }

  /** Units of work until the next timer is due: at least 1, or Infinity. */
  get left(): number {
    const { due } = this.#timers;
    return due === Infinity ? Infinity : Math.max(1, Math.ceil((due - this.now()) / NANOSECONDS_PER_UNIT));
  }

  /** Wakes those whose time has come. */
  expire(): void {
    if (this.#timers.due !== Infinity) this.#timers.expire(this.now());
  }
}

/**
 * A timer. After it has expired it stands still until `forward` counts the intervals that have passed, and `start` starts it
 * again: so no interval is too short.
 */
export class IntervalTimer implements Waiter {
  readonly clock: TimerClock;
  readonly #expired: () => void;
  #next = Infinity;
  #interval = 0;
  #running: object | null = null;

  /** @param expired called each time it expires */
  constructor(clock: TimerClock, expired: () => void) {
    this.clock = clock;
    this.#expired = expired;
  }

  /** In nanoseconds; 0 if it expires once. */
  get interval(): number {
    return this.#interval;
  }

  /** Whether it has expired and nobody has counted that. */
  get hasExpired(): boolean {
    return this.#next <= this.clock.now();
  }

  /** Nanoseconds until it expires next; 0 if it does not. */
  get left(): number {
    if (this.#next === Infinity) return 0;
    const left = this.#next - this.clock.now();
    if (left > 0) return left;
    return this.#interval === 0 ? 0 : this.#interval - (-left % this.#interval);
  }

  /** Sets and starts it. @param at when it expires first, or Infinity: never */
  set(at: number, interval: number): void {
    this.#next = at;
    this.#interval = interval;
    this.start();
  }

  /** Starts it, or starts it again. @param least it does not expire before, even if its time has come */
  start(least = 0): void {
    if (this.#running !== null) this.clock.cancel(this.#running);
    this.#running = this.#next === Infinity ? null : this.clock.start(Math.max(this.#next, least), this);
  }

  stop(): void {
    this.set(Infinity, 0);
  }

  /** Returns how often it has expired since it was set or this was called last. It expires next after the present time. */
  forward(): number {
    const late = this.clock.now() - this.#next;
    if (late < 0) return 0;
    if (this.#interval === 0) {
      this.#next = Infinity;
      return 1;
    }
    const times = Math.floor(late / this.#interval) + 1;
    this.#next += times * this.#interval;
    return times;
  }

  wake(): void {
    this.#running = null;
    this.#expired();
  }
}
