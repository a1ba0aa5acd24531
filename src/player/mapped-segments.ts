/**
 * Which segments of a process have memory at their first byte: what a guest's fault asks. Counted for a range in time
 * that does not depend on how many mappings lie in it.
 */

import type { Mappings } from '../host/index.ts';
import { PAGES_PER_SEGMENT } from '../inspect/index.ts';

/** Segments one after another that all have memory, or all have none. */
export interface SegmentRun {
  readonly mapped: boolean;
  readonly first: number;
  /** Half open; Infinity behind the last mapping. */
  readonly end: number;
}

/** An index of mappings as they are when it is made. Numbers are of segments. */
export class MappedSegments {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Segments with memory before each run. */
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

  /** The run that a segment is in. */
  at(segment: number): SegmentRun {
    const index = this.#firstEndingAfter(segment);
    const start = this.#starts[index] ?? Infinity;
    if (start <= segment) return { mapped: true, first: start, end: this.#ends[index] as number };
    return { mapped: false, first: this.#ends[index - 1] ?? 0, end: start };
  }

  /** How many of the segments from `first` up to, not including, `end` have memory. */
  count(first: number, end: number): number {
    return this.#below(end) - this.#below(first);
  }

  #below(segment: number): number {
    const index = this.#firstEndingAfter(segment);
    const before = this.#before[index];
    if (before === undefined) {
      const last = this.#ends.length - 1;
      if (last < 0) return 0;
      return (this.#before[last] as number) + (this.#ends[last] as number) - (this.#starts[last] as number);
    }
    return before + Math.max(0, segment - (this.#starts[index] as number));
  }

  /** Index of the first run that ends after the segment. */
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
