/** Timers on one clock, which wake waiters at a time: that of the system, or the work of a process. */

import type { Waiter } from './wait-queue.ts';

/** Someone who is woken at a time. */
interface Timer {
  readonly at: number;
  /** Orders timers of the same time. */
  readonly sequence: number;
  readonly waiter: Waiter;
}

/** The timers of a clock. */
export class TimerQueue {
  /** A heap: the first one is due first. */
  readonly #timers: Timer[] = [];
  #sequence = 0;

  /** When the next timer is due, or Infinity. */
  get due(): number {
    return this.#timers[0]?.at ?? Infinity;
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
  expire(now: number): void {
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
