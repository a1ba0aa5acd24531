/** The threads that can run and are on no processor, in the order in which they get one. */

/** A queue of threads. */
export class RunQueue<T> {
  #threads: T[] = [];
  /** Index of the first one: removing it need not move the others. */
  #first = 0;

  get length(): number {
    return this.#threads.length - this.#first;
  }

  add(thread: T): void {
    this.#threads.push(thread);
  }

  /** Takes the first one, or returns null. */
  take(): T | null {
    if (this.length === 0) return null;
    const thread = this.#threads[this.#first++]!;
    if (this.#first > 64 && this.#first * 2 > this.#threads.length) {
      this.#threads = this.#threads.slice(this.#first);
      this.#first = 0;
    }
    return thread;
  }
}
