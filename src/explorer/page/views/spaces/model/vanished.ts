/**
 * Extents that were unmapped since the last position.
 */

import type { Extent } from '../../../../../inspect/index.ts';
import type { Known } from './changed.ts';

/** Returns the extents that vanished, of those that were visible. */
export function vanishedExtents(before: Known | null, now: Known): readonly Extent[] {
  if (before === null) return [];
  return before.rows
    .flatMap((row): readonly Extent[] => row?.extents ?? [])
    .flatMap((extent) => without(extent, now.extents));
}

/** Returns the parts of an extent that others, in ascending order, do not cover. */
export function without({ first, end }: Extent, covered: readonly Extent[]): readonly Extent[] {
  const left: Extent[] = [];
  let from = first;
  for (const extent of covered) {
    if (extent.end <= from) continue;
    if (extent.first >= end) break;
    if (extent.first > from) left.push({ first: from, end: extent.first });
    from = extent.end;
  }
  if (from < end) left.push({ first: from, end });
  return left;
}
