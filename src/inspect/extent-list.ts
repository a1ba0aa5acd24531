/**
 * A list of extents that stays short: when it grows too long, extents are joined across the smallest gaps.
 */

import type { Extent } from './answers.ts';

/** The list is shortened to half of this when it becomes longer. */
const LONGEST = 4096;

/** The extents of a space in ascending order. */
export class ExtentList {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Gaps of up to this many pages are closed. */
  #closedGap = 0;
  #pages = 0;

  /** Pages added, whatever was joined. */
  get pages(): number {
    return this.#pages;
  }

  /** Adds the next extent. Preconditions: it begins where the one before it ends, or later. */
  add(start: number, end: number): void {
    this.#pages += end - start;
    const last = this.#ends.length - 1;
    if (last >= 0 && start - (this.#ends[last] as number) <= this.#closedGap) {
      this.#ends[last] = end;
      return;
    }
    this.#starts.push(start);
    this.#ends.push(end);
    if (last + 2 > LONGEST) this.#shorten(LONGEST / 2);
  }

  /** Returns at most `limit` extents. */
  joined(limit: number): Extent[] {
    if (this.#starts.length > limit) this.#shorten(limit);
    return this.#starts.map((first, i) => ({ first, end: this.#ends[i] as number }));
  }

  /** Joins extents across the smallest gaps until at most `limit` are left. */
  #shorten(limit: number): void {
    const starts = this.#starts;
    const ends = this.#ends;
    const gaps = starts.slice(1).map((start, i) => start - (ends[i] as number));
    const sorted = [...gaps].sort((a, b) => a - b);
    this.#closedGap = sorted[sorted.length - limit] ?? this.#closedGap;
    let kept = 0;
    for (let i = 1; i < starts.length; i++) {
      if ((gaps[i - 1] as number) > this.#closedGap) {
        kept++;
        starts[kept] = starts[i] as number;
      }
      ends[kept] = ends[i] as number;
    }
    starts.length = ends.length = kept + 1;
  }
}
