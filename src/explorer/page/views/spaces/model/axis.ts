/**
 * An axis of a whole address space on which emptiness is folded.
 *
 * What is mapped is drawn to scale, except that nothing mapped is ever too small to see; what is empty is drawn to scale
 * up to a width that is never exceeded. So an axis of 16 EiB with two megabytes on it shows the two megabytes.
 *
 * A view of an axis is the place of one page (the anchor) and a scale. Pages are integers below 2^52 and doubles hold
 * them exactly; coordinates are computed outward from the anchor, which is always in sight, so that what is in sight is
 * placed exactly, however far from address 0.
 */

import type { Extent } from '../../../../../inspect/index.ts';

/** A part of the axis: mapped, or empty. */
export interface AxisExtent extends Extent {
  readonly mapped: boolean;
}

/** An address space laid out for a width. */
export interface Axis {
  /** All pages from 0 to the limit, ascending. */
  readonly extents: readonly AxisExtent[];
  /** Pixels. */
  readonly width: number;
  /** What the fixed widths are multiplied by when everything is in sight, so that it fits. */
  readonly squeeze: number;
  /** The scale at which everything is in sight, in pixels a page. */
  readonly whole: number;
}

/** What of an axis is in sight. */
export interface View {
  /** The anchor: a page, and the pixel at which it begins. */
  readonly page: number;
  readonly at: number;
  /** Pixels a page. */
  readonly scale: number;
}

/** Pixels of an emptiness that is folded, unless space is scarce. */
export const FOLD = 60;
/** Pixels that everything mapped has at least, unless space is scarce. */
const LEAST = 12;
/** Pixels a page when there is nothing more to see by going nearer. */
export const NEAREST = 160;

/** Lays out a space. Extents are ascending and do not overlap. */
export function layOut(mapped: readonly Extent[], limit: number, width: number): Axis {
  const extents: AxisExtent[] = [];
  let next = 0;
  for (const { first, end } of mapped) {
    if (first > next) extents.push({ first: next, end: first, mapped: false });
    extents.push({ first, end, mapped: true });
    next = end;
  }
  if (next < limit) extents.push({ first: next, end: limit, mapped: false });
  const fixed = extents.reduce((sum, { mapped }) => sum + (mapped ? LEAST : FOLD), 0);
  const squeeze = Math.min(1, (0.6 * width) / fixed);
  const axis = { extents, width, squeeze, whole: 0 };
  return { ...axis, whole: wholeScale(axis) };
}

/** The scale at which the extents fill the width: found by halving, since the sum of widths only grows with it. */
function wholeScale(axis: Axis): number {
  let [low, high] = [-60, 14];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (totalWidth(axis, 2 ** middle) < axis.width) low = middle;
    else high = middle;
  }
  return 2 ** high;
}

function totalWidth(axis: Axis, scale: number): number {
  return axis.extents.reduce((sum, extent) => sum + widthOf(axis, extent, scale), 0);
}

function widthOf(axis: Axis, extent: AxisExtent, scale: number): number {
  const nearer = axis.whole === 0 ? 1 : Math.max(1, scale / axis.whole);
  const squeeze = Math.min(1, axis.squeeze * nearer);
  const drawn = (extent.end - extent.first) * scale;
  if (extent.mapped) return Math.max(drawn, LEAST * squeeze);
  const fold = axis.extents.length === 1 ? Number.POSITIVE_INFINITY : FOLD * squeeze;
  return Math.min(Math.max(drawn, Math.min(3, fold)), fold);
}

/** An extent with its place. */
export interface PlacedExtent extends AxisExtent {
  /** Pixels at which it begins and ends; far outside the width they are rough. */
  readonly left: number;
  readonly right: number;
  /** Pixels a page in it. */
  readonly rate: number;
}

/** Where everything is. */
export interface Placement {
  readonly axis: Axis;
  readonly view: View;
  readonly extents: readonly PlacedExtent[];
  /** Which extent the anchor is in. */
  readonly anchor: number;
}

/** Places all extents of an axis, outward from the anchor. */
export function place(axis: Axis, view: View): Placement {
  const anchor = extentIndex(axis.extents, view.page);
  const extents: PlacedExtent[] = new Array(axis.extents.length);
  const put = (index: number, side: 'left' | 'right', x: number) => {
    const extent = axis.extents[index] as AxisExtent;
    const width = widthOf(axis, extent, view.scale);
    const left = side === 'left' ? x : x - width;
    extents[index] = { ...extent, left, right: left + width, rate: width / (extent.end - extent.first) };
  };
  const middle = axis.extents[anchor] as AxisExtent;
  const rate = widthOf(axis, middle, view.scale) / (middle.end - middle.first);
  put(anchor, 'left', view.at - (view.page - middle.first) * rate);
  // The right end is counted from the anchor, too: the left one may be quadrillions of pixels away.
  const right = view.at + (middle.end - view.page) * rate;
  extents[anchor] = { ...(extents[anchor] as PlacedExtent), right };
  for (let i = anchor - 1; i >= 0; i--) put(i, 'right', (extents[i + 1] as PlacedExtent).left);
  for (let i = anchor + 1; i < extents.length; i++) put(i, 'left', (extents[i - 1] as PlacedExtent).right);
  return { axis, view, extents, anchor };
}

function extentIndex(extents: readonly Extent[], page: number): number {
  let [low, high] = [0, extents.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((extents[middle] as Extent).first <= page) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The pixel at which a page begins. */
export function xOf({ extents, anchor, view }: Placement, page: number): number {
  const index = extentIndex(extents, page);
  const extent = extents[index] as PlacedExtent;
  if (index === anchor) return view.at + (page - view.page) * extent.rate;
  return index > anchor
    ? extent.left + (page - extent.first) * extent.rate
    : extent.right - (extent.end - page) * extent.rate;
}

/** The page at a pixel. */
export function pageAt({ extents, anchor, view, axis }: Placement, x: number): number {
  let index = anchor;
  while (index > 0 && x < (extents[index] as PlacedExtent).left) index--;
  while (index < extents.length - 1 && x >= (extents[index] as PlacedExtent).right) index++;
  const extent = extents[index] as PlacedExtent;
  const page =
    index === anchor
      ? view.page + Math.floor((x - view.at) / extent.rate)
      : index > anchor
        ? extent.first + Math.floor((x - extent.left) / extent.rate)
        : extent.end - Math.ceil((extent.right - x) / extent.rate);
  const last = (axis.extents[index] as AxisExtent).end - 1;
  return Math.min(Math.max(page, extent.first), last);
}
