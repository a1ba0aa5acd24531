/**
 * Which entries of a segment table are shown of a trace.
 */

import { type GuestExtent, PAGES_PER_SEGMENT, type PageRange } from '../../../../inspect/index.ts';

/** Pages that a segment table covers: 2 GiB. */
export const TABLE_PAGES = 2048 * PAGES_PER_SEGMENT;
/** Maximum number of entries shown. */
const SHOWN = 64;

/** Returns the first pages of the mapped segments in a range. */
export function segmentsOf(extents: readonly GuestExtent[], { first, end }: PageRange): readonly number[] {
  const segments: number[] = [];
  for (const extent of extents) {
    const until = Math.min(extent.end, end);
    for (let at = Math.max(extent.first, first); at < until; at += PAGES_PER_SEGMENT) segments.push(at);
  }
  return segments;
}

/** Returns at most 64 of the segments: those around a page. */
export function near(segments: readonly number[], page: number): readonly number[] {
  const at = segments.findLastIndex((segment) => segment <= page);
  const from = Math.max(0, Math.min(at - SHOWN / 2, segments.length - SHOWN));
  return segments.slice(from, from + SHOWN);
}
