/**
 * Going about on an axis: nearer, further, sideways, home; always with a page under the same pixel.
 */

import { type Axis, NEAREST, pageAt, place, type View, xOf } from './axis.ts';

/** The view in which everything is in sight. */
export function wholeView(axis: Axis): View {
  return { page: 0, at: 0, scale: axis.whole };
}

/** Whether everything is in sight. */
export function isWhole(axis: Axis, view: View): boolean {
  return view.scale <= axis.whole * 1.0001;
}

/** So many times nearer, with the page at a pixel where it is. */
export function zoomed(axis: Axis, view: View, x: number, times: number): View {
  const scale = Math.min(Math.max(view.scale * times, axis.whole), Math.max(NEAREST, axis.whole));
  const before = place(axis, view);
  const page = pageAt(before, x);
  const extent = before.extents.find((one) => one.first <= page && page < one.end);
  // What part of the page lies left of the pixel: kept, or at the nearest every turn of the wheel would move it.
  const part = extent ? Math.min(1, Math.max(0, (x - xOf(before, page)) / extent.rate)) : 0;
  const after = place(axis, { page, at: x, scale });
  const rate = after.extents[after.anchor]?.rate ?? scale;
  return settled(axis, { page, at: x - part * rate, scale });
}

/** What is drawn moves so many pixels to the right. */
export function panned(axis: Axis, view: View, pixels: number): View {
  return settled(axis, { ...view, at: view.at + pixels });
}

/** The same place after the axis has changed: the page in the middle stays there. */
export function clampView(axis: Axis, view: View): View {
  const scale = Math.min(Math.max(view.scale, axis.whole), Math.max(NEAREST, axis.whole));
  return settled(axis, { ...view, scale });
}

/** A view of a range with some of its surroundings: it has the given part of the width, in the middle. */
export function viewOf(axis: Axis, first: number, end: number, part = 0.4): View {
  const scale = (axis.width * part) / Math.max(1, end - first);
  const bounded = Math.min(Math.max(scale, axis.whole), Math.max(NEAREST, axis.whole));
  const placed = place(axis, { page: first, at: 0, scale: bounded });
  const width = xOf(placed, Math.max(first, end - 1)) + bounded;
  return settled(axis, { page: first, at: (axis.width - width) / 2, scale: bounded });
}

/** The same view moved as little as needed for a range to be in sight. */
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

/** A view that shows nothing beyond the ends of the space, anchored at the page in its middle. */
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
