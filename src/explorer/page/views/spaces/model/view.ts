/**
 * Changes of a view: zooming, panning and revealing.
 */

import { type Axis, MAX_SCALE, pageAt, place, type View, xOf } from './axis.ts';

/** Returns the view in which everything is visible. */
export function wholeView(axis: Axis): View {
  return { page: 0, at: 0, scale: axis.whole };
}

/** Whether everything is visible. */
export function isWhole(axis: Axis, view: View): boolean {
  return view.scale <= axis.whole * 1.0001;
}

/** Zooms by a factor, with the page at a pixel fixed. */
export function zoomed(axis: Axis, view: View, x: number, times: number): View {
  const scale = Math.min(Math.max(view.scale * times, axis.whole), Math.max(MAX_SCALE, axis.whole));
  const before = place(axis, view);
  const page = pageAt(before, x);
  const extent = before.extents.find((one) => one.first <= page && page < one.end);
  // The share of the page that lies to the left of the pixel. It stays the same, or every turn of the wheel would move
  // the page.
  const part = extent ? Math.min(1, Math.max(0, (x - xOf(before, page)) / extent.rate)) : 0;
  const after = place(axis, { page, at: x, scale });
  const rate = after.extents[after.anchor]?.rate ?? scale;
  return settled(axis, { page, at: x - part * rate, scale });
}

/** Pans by some pixels to the right. */
export function panned(axis: Axis, view: View, pixels: number): View {
  return settled(axis, { ...view, at: view.at + pixels });
}

/** Clamps a view to a changed axis. The page in the middle stays there. */
export function clampView(axis: Axis, view: View): View {
  const scale = Math.min(Math.max(view.scale, axis.whole), Math.max(MAX_SCALE, axis.whole));
  return settled(axis, { ...view, scale });
}

/** Returns a view of a range, centred, that takes the given share of the width. */
export function viewOf(axis: Axis, first: number, end: number, part = 0.4): View {
  const scale = (axis.width * part) / Math.max(1, end - first);
  const bounded = Math.min(Math.max(scale, axis.whole), Math.max(MAX_SCALE, axis.whole));
  const placed = place(axis, { page: first, at: 0, scale: bounded });
  const width = xOf(placed, Math.max(first, end - 1)) + bounded;
  return settled(axis, { page: first, at: (axis.width - width) / 2, scale: bounded });
}

/** Pans as little as needed for a range to be visible. */
export function revealing(axis: Axis, view: View, first: number, end: number): View {
  const placed = place(axis, view);
  const [left, right] = [xOf(placed, first), xOf(placed, end)];
  const margin = Math.min(40, axis.width / 8);
  if (right - left > axis.width - 2 * margin) {
    const out = left > axis.width - margin || right < margin;
    return out ? panned(axis, view, margin - left) : view;
  }
  if (left < margin) return panned(axis, view, margin - left);
  return right > axis.width - margin ? panned(axis, view, axis.width - margin - right) : view;
}

/** Returns a view that shows nothing beyond the ends of the space, anchored at the page in its middle. */
function settled(axis: Axis, view: View): View {
  const { extents } = place(axis, view);
  const left = extents[0]?.left ?? 0;
  const right = extents[extents.length - 1]?.right ?? axis.width;
  let at = view.at;
  if (left > 0 || right - left <= axis.width) at -= left;
  else if (right < axis.width) at += axis.width - right;
  const placed = place(axis, { ...view, at });
  const page = pageAt(placed, axis.width / 2);
  return { page, at: xOf(placed, page), scale: view.scale };
}
