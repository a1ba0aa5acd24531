/**
 * Buckets: ranges of 2^n pages, aligned to their size, that a row is divided into. Extents shorter than a bucket are
 * merged with others in the same bucket. Buckets do not move with the range that is asked about, so that the same
 * extents are merged however a picture is moved.
 */

import { PAGES_PER_SEGMENT } from '../host/internal.ts';
import { type SegmentNumber, segmentNumber } from '../machine/index.ts';
import type { PageRange, RowRange } from './answers.ts';

/** Returns the bucket size, in pages, for about `limit` buckets in a range; at least `least`, a power of two. */
export function bucketSize({ first, end, limit }: RowRange, least: number): number {
  return Math.max(least, 2 ** Math.ceil(Math.log2(Math.max(1, (end - first) / Math.max(1, limit)))));
}

/** Returns the bucket size, in segments, for about `limit` buckets in a range. */
export function segmentBucketSize({ first, end, limit }: RowRange): number {
  const wanted = Math.max(1, Math.ceil((end - first) / PAGES_PER_SEGMENT / Math.max(1, limit)));
  return 2 ** Math.ceil(Math.log2(wanted));
}

/** Whether two pages are in the same bucket. */
export function inSameBucket(a: number, b: number, size: number): boolean {
  return Math.floor(a / size) === Math.floor(b / size);
}

/** Numbers of the first segment that has a page in a range, and of the one after the last. */
export function segmentsOf({ first, end }: PageRange): readonly [first: SegmentNumber, end: SegmentNumber] {
  return [
    segmentNumber(Math.floor(first / PAGES_PER_SEGMENT)),
    segmentNumber(Math.ceil(end / PAGES_PER_SEGMENT)),
  ];
}
