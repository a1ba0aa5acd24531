/**
 * The axis of a whole address space, with empty space folded.
 *
 * Mapped memory is drawn to scale, except that it has a minimum width; empty space is drawn to scale up to a maximum
 * width. So an axis of 16 EiB with two mapped megabytes shows the two megabytes.
 *
 * A view of an axis is a scale and the place of one page, the anchor. Page numbers are integers below 2^52, which
 * doubles hold exactly. Coordinates are computed outward from the anchor, which is always visible, so that everything
 * visible is placed exactly, no matter how far from address 0.
 */

import type { Extent } from '../../../../../inspect/index.ts';

/** An extent of the axis: mapped, or empty. */
export interface AxisExtent extends Extent {
  readonly mapped: boolean;
}

/** An address space laid out for a width. */
export interface Axis {
  /** All pages from 0 to the limit, in ascending order. */
  readonly extents: readonly AxisExtent[];
  /** In pixels. */
  readonly width: number;
  /** Factor for fixed widths when everything is visible, so that it fits. */
  readonly squeeze: number;
  /** The scale at which everything is visible, in pixels per page. */
  readonly whole: number;
}

/** The visible part of an axis. */
export interface View {
  /** The anchor: a page, and the pixel at which it begins. */
  readonly page: number;
  readonly at: number;
  /** Pixels per page. */
  readonly scale: number;
}

/** Width of a fold in pixels, unless space is scarce. */
export const FOLD = 60;
/** Minimum width of mapped memory in pixels, unless space is scarce. */
const MIN_WIDTH = 12;
/** The largest scale, in pixels per page. */
export const MAX_SCALE = 160;

/** Lays out a space. Preconditions: the extents are in ascending order and do not overlap. */
export function layOut(mapped: readonly Extent[], limit: number, width: number): Axis {
  const extents: AxisExtent[] = [];
  let next = 0;
  for (const { first, end } of mapped) {
    if (first > next) extents.push({ first: next, end: first, mapped: false });
    extents.push({ first, end, mapped: true });
    next = end;
  }
  if (next < limit) extents.push({ first: next, end: limit, mapped: false });
  const fixed = extents.reduce((sum, { mapped }) => sum + (mapped ? MIN_WIDTH : FOLD), 0);
  const squeeze = Math.min(1, (0.6 * width) / fixed);
  const axis = { extents, width, squeeze, whole: 0 };
  return { ...axis, whole: wholeScale(axis) };
}

/** Returns the scale at which the extents fill the width. Found by bisection: the total width grows with the scale. */
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
  if (extent.mapped) return Math.max(drawn, MIN_WIDTH * squeeze);
  const fold = axis.extents.length === 1 ? Number.POSITIVE_INFINITY : FOLD * squeeze;
  return Math.min(Math.max(drawn, Math.min(3, fold)), fold);
}

/** An extent with its coordinates. */
export interface PlacedExtent extends AxisExtent {
  /** The pixels at which it begins and ends; approximate if far outside the visible part. */
  readonly left: number;
  readonly right: number;
  /** Pixels per page in this extent. */
  readonly rate: number;
}

/** The coordinates of all extents. */
export interface Placement {
  readonly axis: Axis;
  readonly view: View;
  readonly extents: readonly PlacedExtent[];
  /** Index of the extent that holds the anchor. */
  readonly anchor: number;
}

/** Places all extents, outward from the anchor. */
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
  // Computed from the anchor as well: the left end may be quadrillions of pixels away.
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

/** Returns the pixel at which a page begins. */
export function xOf({ extents, anchor, view }: Placement, page: number): number {
  const index = extentIndex(extents, page);
  const extent = extents[index] as PlacedExtent;
  if (index === anchor) return view.at + (page - view.page) * extent.rate;
  return index > anchor
    ? extent.left + (page - extent.first) * extent.rate
    : extent.right - (extent.end - page) * extent.rate;
}

/** Returns the page at a pixel. */
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
