/** Queues of waiters (Linux: wait_queue_head_t): who waits for an event of a file, a process or a futex. */

/** Someone who waits. */
export interface Waiter {
  /** The event may have happened: the waiter looks again. It must not change the queue that calls. */
  wake(): void;
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

  /** Wakes all waiters. They stay in the queue until they leave it. */
  wake(): void {
    for (const waiter of [...this.#waiters]) waiter.wake();
  }
}
