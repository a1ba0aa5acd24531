/** Queues of waiters (Linux: wait_queue_head_t): who waits for an event of a file, a process or a futex. */

/** Events that are not told apart: all bits. */
export const ANY_EVENT = -1;

/** Someone who waits. */
export interface Waiter {
  /**
   * The event may have happened: the waiter looks again. It must not change the queue that calls.
   * @param events what a file may have become ready for: bits of `POLL`, all of them if it is not known
   */
  wake(events?: number): void;
}

/** The waiters for one event, in the order in which they came. */
export class WaitQueue {
  readonly #waiters = new Set<Waiter>();

  /** Number of waiters. */
  get length(): number {
    return this.#waiters.size;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  /** Wakes all waiters. They stay in the queue until they leave it. @param events see `Waiter.wake` */
  wake(events = ANY_EVENT): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of [...this.#waiters]) waiter.wake(events);
  }
}
