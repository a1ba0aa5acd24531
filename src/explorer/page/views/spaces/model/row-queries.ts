/**
 * The ranges that a line queries: the visible part, and a margin on both sides.
 */

import type { PageRange, RowRange } from '../../../../../inspect/index.ts';
import { MAX_SCALE, type Placement, pageAt } from './axis.ts';

/** Pixels that a bucket covers. */
const BUCKET = 4;
/** Minimum width of a page, in pixels, for pages to be queried one by one. */
export const PAGES_FROM = 4;
/** Maximum number of pages in one query. */
const PAGES_MAX = 4096;

/**
 * Returns the visible mapped ranges. Their ends lie on a grid that small pans and zooms do not change, so that the same
 * query is not sent again.
 */
export function rowsInView(placement: Placement): readonly RowRange[] {
  const { axis, view } = placement;
  const [from, to] = visiblePages(placement, axis.width / 2);
  const rows: RowRange[] = [];
  for (const extent of placement.extents) {
    if (!extent.mapped || extent.end <= from || extent.first > to) continue;
    const bucket = powerOfTwo(BUCKET / Math.max(extent.rate, view.scale));
    const grid = Math.min(bucket * 64, 2 ** 52);
    const first = Math.max(extent.first, Math.floor(from / grid) * grid);
    const end = Math.min(extent.end, Math.ceil((to + 1) / grid) * grid);
    rows.push({ first, end, limit: Math.max(1, Math.ceil((end - first) / bucket)) });
  }
  return rows;
}

/** Returns the visible pages, if they are large enough to be drawn one by one. */
export function pagesInView(placement: Placement): readonly PageRange[] {
  if (placement.view.scale < PAGES_FROM) return [];
  const [from, to] = visiblePages(placement, MAX_SCALE);
  const ranges: PageRange[] = [];
  for (const extent of placement.extents) {
    if (!extent.mapped || extent.end <= from || extent.first > to) continue;
    const first = Math.max(extent.first, Math.floor(from / 64) * 64);
    const end = Math.min(extent.end, Math.ceil((to + 1) / 64) * 64, first + PAGES_MAX);
    ranges.push({ first, end });
  }
  return ranges;
}

/** Returns the first and the last visible page, with a margin in pixels. */
function visiblePages(placement: Placement, margin: number): readonly [number, number] {
  return [pageAt(placement, -margin), pageAt(placement, placement.axis.width + margin)];
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(atLeast)));
}
