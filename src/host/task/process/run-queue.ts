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

  /** Takes the first one that fits, or returns null. */
  take(fits: (thread: T) => boolean): T | null {
    let at = this.#first;
    while (at < this.#threads.length && !fits(this.#threads[at]!)) at++;
    if (at === this.#threads.length) return null;
    const thread = this.#threads[at]!;
    // Those before it move, of which there are none as a rule.
    this.#threads.copyWithin(this.#first + 1, this.#first, at);
    this.#first++;
    if (this.#first > 64 && this.#first * 2 > this.#threads.length) {
      this.#threads = this.#threads.slice(this.#first);
      this.#first = 0;
    }
    return thread;
  }
}
