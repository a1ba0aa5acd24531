/**
 * What a line asks of the machine: only what is in sight, and a little to both sides of it.
 */

import { NEAREST, type Placement, pageAt } from './axis.ts';

/** Pixels of an extent that is told as one. */
const BUCKET = 4;
/** Pixels a page from which on pages are asked for one by one. */
export const PAGES_FROM = 4;
/** Pages that can be asked for in one range. */
const MOST_PAGES = 4096;

/** A range of pages, told in at most so many extents. */
export interface RowRange {
  readonly first: number;
  readonly end: number;
  readonly limit: number;
}

/**
 * The mapped ranges in sight. Their borders lie on a grid that moves with neither a small pan nor a small zoom, so that
 * the same is asked again only when something else is in sight.
 */
export function rowsInView(placement: Placement): readonly RowRange[] {
  const { axis, view } = placement;
  const [from, to] = sight(placement, axis.width / 2);
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

/** The pages in sight, when they are large enough to be seen one by one. */
export function pagesInView(placement: Placement): readonly { first: number; end: number }[] {
  if (placement.view.scale < PAGES_FROM) return [];
  const [from, to] = sight(placement, NEAREST);
  const ranges: { first: number; end: number }[] = [];
  for (const extent of placement.extents) {
    if (!extent.mapped || extent.end <= from || extent.first > to) continue;
    const first = Math.max(extent.first, Math.floor(from / 64) * 64);
    const end = Math.min(extent.end, Math.ceil((to + 1) / 64) * 64, first + MOST_PAGES);
    ranges.push({ first, end });
  }
  return ranges;
}

/** The first and last page in sight, with so many pixels to both sides. */
function sight(placement: Placement, margin: number): readonly [number, number] {
  return [pageAt(placement, -margin), pageAt(placement, placement.axis.width + margin)];
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(atLeast)));
}
