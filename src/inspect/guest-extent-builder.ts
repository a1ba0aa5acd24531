/**
 * Builds the extents of a guest from its segments. An extent as long as a bucket (see buckets.ts) stands alone; shorter
 * ones in the same bucket are merged, and their segments counted by state.
 */

import { PAGES_PER_SEGMENT } from '../host/internal.ts';
import type { GuestExtent, RowRange } from './answers.ts';
import { inSameBucket, segmentBucketSize } from './buckets.ts';

/** The state of a guest segment. */
export const GUEST_STATE = {
  UNLINKED: 0,
  UNBACKED: 1,
  LINKED: 2,
  SHARED: 3,
  LARGE: 4,
  LARGE_SHARED: 5,
} as const;

type MutableExtent = { -readonly [K in keyof GuestExtent]: GuestExtent[K] };

/** Makes extents of segments that are added in ascending order. */
export class GuestExtentBuilder {
  readonly #extents: MutableExtent[] = [];
  /** Segments in a bucket. */
  readonly bucket: number;

  // Consecutive segments in one state that have been added and are in no extent yet.
  #start = 0;
  #process = 0;
  #count = 0;
  #state = 0;
  #present = 0;

  constructor(range: RowRange) {
    this.bucket = segmentBucketSize(range);
  }

  /**
   * Adds `count` consecutive segments in one state.
   * @param process number of the process segment behind the first
   * @param state one of `GUEST_STATE`
   * @param present pages present, in all of them
   */
  add(segment: number, process: number, state: number, present: number, count = 1): void {
    const continues =
      this.#count > 0 &&
      state === this.#state &&
      segment === this.#start + this.#count &&
      process === this.#process + this.#count;
    if (!continues) {
      this.#flush();
      this.#start = segment;
      this.#process = process;
      this.#state = state;
    }
    this.#count += count;
    this.#present += present;
  }

  /**
   * Adds `count` consecutive segments that are not linked, of which some are backed by process memory.
   * Preconditions: they form extents shorter than a bucket that all begin in one bucket.
   * @param process number of the process segment behind the first; the others follow in order
   * @param backed segments for which the process has memory
   */
  addMixed(segment: number, process: number, count: number, backed: number): void {
    this.#flush();
    this.#start = segment;
    this.#process = process;
    // However many there are, they belong to the short extents of the bucket.
    this.#count = Math.min(count, this.bucket - 1);
    const extent = this.#extentForPending();
    extent.end = (segment + count) * PAGES_PER_SEGMENT;
    extent.processEnd = Math.max(extent.processEnd, (process + count) * PAGES_PER_SEGMENT);
    extent.unlinked += backed;
    extent.unbacked += count - backed;
    extent.exact = false;
    this.#count = 0;
  }

  /** Returns the extents. Nothing can be added after that. */
  finish(): GuestExtent[] {
    this.#flush();
    return this.#extents;
  }

  /** Puts the pending segments into an extent. */
  #flush(): void {
    if (this.#count === 0) return;
    const extent = this.#extentForPending();
    const state = this.#state;
    const count = this.#count;
    if (state === GUEST_STATE.UNLINKED) extent.unlinked += count;
    else if (state === GUEST_STATE.UNBACKED) extent.unbacked += count;
    else if (state >= GUEST_STATE.LARGE) extent.large += count;
    else extent.linked += count;
    if (state === GUEST_STATE.SHARED || state === GUEST_STATE.LARGE_SHARED) extent.shared += count;
    extent.present += this.#present;
    this.#count = 0;
    this.#present = 0;
  }

  /** Returns the extent that the pending segments belong to: the last one, or a new one. */
  #extentForPending(): MutableExtent {
    const first = this.#start * PAGES_PER_SEGMENT;
    const end = (this.#start + this.#count) * PAGES_PER_SEGMENT;
    const processFirst = this.#process * PAGES_PER_SEGMENT;
    const processEnd = processFirst + (end - first);
    const last = this.#extents[this.#extents.length - 1];
    if (last && this.#count < this.bucket && this.#mergesWith(last)) {
      last.end = end;
      last.processFirst = Math.min(last.processFirst, processFirst);
      last.processEnd = Math.max(last.processEnd, processEnd);
      last.exact = false;
      return last;
    }
    const counts = { unlinked: 0, unbacked: 0, linked: 0, shared: 0, large: 0 };
    const extent = { first, end, processFirst, processEnd, exact: true, present: 0, ...counts };
    this.#extents.push(extent);
    return extent;
  }

  /** Whether an extent is one of the short ones of the bucket in which the pending segments begin. */
  #mergesWith({ first, end, exact }: MutableExtent): boolean {
    const pages = this.bucket * PAGES_PER_SEGMENT;
    if (exact && end - first >= pages) return false;
    return inSameBucket(first, this.#start * PAGES_PER_SEGMENT, pages);
  }
}
