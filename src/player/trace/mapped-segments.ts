/**
 * The segments of a process that have memory at their first byte, which is where the host looks when a guest faults.
 * Counting them in a range takes time that does not depend on the number of mappings.
 */

import type { Mappings } from '../../host/index.ts';
import { PAGES_PER_SEGMENT } from '../../inspect/index.ts';

/** Consecutive segments that all have memory, or all have none. */
export interface SegmentExtent {
  readonly mapped: boolean;
  readonly first: number;
  /** Not included; Infinity after the last mapping. */
  readonly end: number;
}

/** An index of the mappings that exist when it is created. All numbers are segment numbers. */
export class MappedSegments {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Segments with memory before each extent. */
  readonly #before: number[] = [];

  constructor(mappings: Mappings) {
    let count = 0;
    for (const mapping of mappings) {
      const start = Math.ceil(mapping.start / PAGES_PER_SEGMENT);
      const end = Math.ceil(mapping.end / PAGES_PER_SEGMENT);
      if (start >= end) continue;
      const last = this.#ends.length - 1;
      if (last >= 0 && this.#ends[last] === start) {
        this.#ends[last] = end;
      } else {
        this.#starts.push(start);
        this.#ends.push(end);
        this.#before.push(count);
      }
      count += end - start;
    }
  }

  /** Returns the extent that holds a segment. */
  at(segment: number): SegmentExtent {
    const index = this.#firstEndingAfter(segment);
    const start = this.#starts[index] ?? Infinity;
    if (start <= segment) return { mapped: true, first: start, end: this.#ends[index] as number };
    return { mapped: false, first: this.#ends[index - 1] ?? 0, end: start };
  }

  /** Returns how many of the segments from `first` up to, not including, `end` have memory. */
  count(first: number, end: number): number {
    return this.#countBelow(end) - this.#countBelow(first);
  }

  #countBelow(segment: number): number {
    const index = this.#firstEndingAfter(segment);
    const before = this.#before[index];
    if (before === undefined) {
      const last = this.#ends.length - 1;
      if (last < 0) return 0;
      return (this.#before[last] as number) + (this.#ends[last] as number) - (this.#starts[last] as number);
    }
    return before + Math.max(0, segment - (this.#starts[index] as number));
  }

  /** Returns the index of the first extent that ends after a segment. */
  #firstEndingAfter(segment: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) <= segment) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
