/**
 * Counters that take bounded memory, however long a trace is.
 */

/** Buckets of a density. */
const BUCKETS = 64;

/** How often something happened in each part of a run, whose length is not known while it is counted. */
export class Density {
  #counts: number[] = [];
  /** Events in a bucket: a power of two. */
  #width = 1;
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Counts the event with a number, from 0. */
  add(n: number): void {
    this.#reach(n);
    const bucket = Math.floor(n / this.#width);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
  }

  /** Returns the counts in 33 to 64 buckets of equal length; fewer if the run has fewer events. @param events of the run */
  buckets(events: number): readonly number[] {
    if (events === 0) return [];
    this.#reach(events - 1);
    return Array.from({ length: Math.ceil(events / this.#width) }, (_, i) => this.#counts[i] ?? 0);
  }

  /** Makes buckets wide enough for an event. */
  #reach(n: number): void {
    while (n >= this.#width * BUCKETS) {
      this.#width *= 2;
      this.#counts = Array.from(
        { length: BUCKETS / 2 },
        (_, i) => (this.#counts[2 * i] ?? 0) + (this.#counts[2 * i + 1] ?? 0),
      );
    }
  }
}

/** Maximum number of keys that are counted at a time. */
const KEYS_MAX = 1 << 16;

/** Counts keys, and knows the most frequent ones. With more than 65,536 different keys, counts are lower bounds. */
export class TopCounts<K> {
  readonly #counts = new Map<K, number>();
  #exact = true;

  /** Whether the counts are exact. */
  get exact(): boolean {
    return this.#exact;
  }

  add(key: K): void {
    const count = this.#counts.get(key);
    if (count === undefined && this.#counts.size >= KEYS_MAX) this.#decrement();
    else this.#counts.set(key, (count ?? 0) + 1);
  }

  /** The step of Misra and Gries: the new key and one occurrence of each known key cancel each other. */
  #decrement(): void {
    this.#exact = false;
    for (const [key, count] of this.#counts) {
      if (count === 1) this.#counts.delete(key);
      else this.#counts.set(key, count - 1);
    }
  }

  /** Returns the most frequent keys, at most `limit`, the most frequent first. */
  top(limit: number): [key: K, count: number][] {
    return [...this.#counts].sort((a, b) => b[1] - a[1]).slice(0, limit);
  }
}
