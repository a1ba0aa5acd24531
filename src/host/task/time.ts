/**
 * The time of a Linux system: CLOCK_MONOTONIC counts nanoseconds since it was started, on the machine's TOD clock, so that it passes with
 * the work that processors do. Timers wake sleepers.
 */

import type { Clock } from '../../machine/index.ts';
import type { Waiter } from './wait-queue.ts';

/** 1 January 1970 on the TOD clock, which began in 1900, in TOD units. Principles of Operation, chapter 4, "TOD Programming". */
const UNIX_EPOCH = 0x7d91_048b_ca00_0000n;
const TOD_PER_MICROSECOND = 4096n;

/** Someone who is woken at a time. */
interface Timer {
  readonly at: number;
  /** Orders timers of the same time. */
  readonly sequence: number;
  readonly waiter: Waiter;
}

/** Clocks and timers. Times are nanoseconds, as numbers: exact for a hundred days. */
export class Time {
  readonly #clock: Clock;
  readonly #start: bigint;
  /** CLOCK_REALTIME at the start, nanoseconds since 1970. */
  #realtime: bigint;
  /** A heap: the first one is due first. */
  readonly #timers: Timer[] = [];
  #sequence = 0;

  /** @param realtime nanoseconds since 1970 at the start: the TOD clock is set to it */
  constructor(clock: Clock, realtime: bigint) {
    this.#clock = clock;
    clock.tod = BigInt.asUintN(64, UNIX_EPOCH + (realtime * TOD_PER_MICROSECOND) / 1000n);
    this.#start = clock.tod;
    this.#realtime = realtime;
  }

  /** CLOCK_MONOTONIC. */
  now(): number {
    return Math.floor((Number(this.#clock.tod - this.#start) * 1000) / 4096);
  }

  /** CLOCK_REALTIME. */
  realtime(): bigint {
    return this.#realtime + BigInt(this.now());
  }

  /** Sets CLOCK_REALTIME. The monotonic clock does not change. */
  setRealtime(time: bigint): void {
    this.#realtime = time - BigInt(this.now());
  }

  /** Advances the clocks to a time of CLOCK_MONOTONIC, as waiting does. */
  skipTo(time: number): void {
    this.#clock.skipTo(this.#todAt(time));
  }

  /** When the next timer is due, or Infinity. */
  get due(): number {
    return this.#timers[0]?.at ?? Infinity;
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
    const timer: Timer = { at, sequence: this.#sequence++, waiter };
    const heap = this.#timers;
    let place = heap.length;
    heap.push(timer);
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[place] = heap[parent] as Timer;
      place = parent;
    }
    heap[place] = timer;
    return timer;
  }

  /** Ends a timer, if it is still there. */
  cancel(timer: object): void {
    const place = this.#timers.indexOf(timer as Timer);
    if (place >= 0) this.#remove(place);
  }

  /** Wakes those whose time has come. */
  expire(): void {
    const now = this.now();
    while (this.#timers.length > 0 && (this.#timers[0] as Timer).at <= now) {
      const { waiter } = this.#remove(0);
      waiter.wake();
    }
  }

  #remove(at: number): Timer {
    const heap = this.#timers;
    const removed = heap[at] as Timer;
    const last = heap.pop() as Timer;
    if (last === removed) return removed;
    let place = at;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if (!isBefore(last, heap[parent] as Timer)) break;
      heap[place] = heap[parent] as Timer;
      place = parent;
    }
    for (let child = place * 2 + 1; child < heap.length; child = place * 2 + 1) {
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Timer)) child++;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[place] = heap[child] as Timer;
      place = child;
    }
    heap[place] = last;
    return removed;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
}
