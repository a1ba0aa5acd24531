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

import type { Extent } from '../../../inspect/index.ts';

/** A part of the axis: mapped, or empty. */
export interface Piece extends Extent {
  readonly mapped: boolean;
}

/** An address space laid out for a width. */
export interface Axis {
  /** All pages from 0 to the limit, ascending. */
  readonly pieces: readonly Piece[];
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
export function layOut(extents: readonly Extent[], limit: number, width: number): Axis {
  const pieces: Piece[] = [];
  let next = 0;
  for (const { first, end } of extents) {
    if (first > next) pieces.push({ first: next, end: first, mapped: false });
    pieces.push({ first, end, mapped: true });
    next = end;
  }
  if (next < limit) pieces.push({ first: next, end: limit, mapped: false });
  const fixed = pieces.reduce((sum, { mapped }) => sum + (mapped ? LEAST : FOLD), 0);
  const squeeze = Math.min(1, (0.6 * width) / fixed);
  const axis = { pieces, width, squeeze, whole: 0 };
  return { ...axis, whole: wholeScale(axis) };
}

/** The scale at which the pieces fill the width: found by halving, since the sum of widths only grows with it. */
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
  return axis.pieces.reduce((sum, piece) => sum + widthOf(axis, piece, scale), 0);
}

function widthOf(axis: Axis, piece: Piece, scale: number): number {
  const nearer = axis.whole === 0 ? 1 : Math.max(1, scale / axis.whole);
  const squeeze = Math.min(1, axis.squeeze * nearer);
  const drawn = (piece.end - piece.first) * scale;
  if (piece.mapped) return Math.max(drawn, LEAST * squeeze);
  const fold = axis.pieces.length === 1 ? Number.POSITIVE_INFINITY : FOLD * squeeze;
  return Math.min(Math.max(drawn, Math.min(3, fold)), fold);
}

/** A piece with its place. */
export interface PlacedPiece extends Piece {
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
  readonly pieces: readonly PlacedPiece[];
  /** Which piece the anchor is in. */
  readonly anchor: number;
}

/** Places all pieces of an axis, outward from the anchor. */
export function place(axis: Axis, view: View): Placement {
  const anchor = pieceOf(axis.pieces, view.page);
  const pieces: PlacedPiece[] = new Array(axis.pieces.length);
  const put = (index: number, side: 'left' | 'right', x: number) => {
    const piece = axis.pieces[index] as Piece;
    const width = widthOf(axis, piece, view.scale);
    const left = side === 'left' ? x : x - width;
    pieces[index] = { ...piece, left, right: left + width, rate: width / (piece.end - piece.first) };
  };
  const middle = axis.pieces[anchor] as Piece;
  const rate = widthOf(axis, middle, view.scale) / (middle.end - middle.first);
  put(anchor, 'left', view.at - (view.page - middle.first) * rate);
  // The right end is counted from the anchor, too: the left one may be quadrillions of pixels away.
  const right = view.at + (middle.end - view.page) * rate;
  pieces[anchor] = { ...(pieces[anchor] as PlacedPiece), right };
  for (let i = anchor - 1; i >= 0; i--) put(i, 'right', (pieces[i + 1] as PlacedPiece).left);
  for (let i = anchor + 1; i < pieces.length; i++) put(i, 'left', (pieces[i - 1] as PlacedPiece).right);
  return { axis, view, pieces, anchor };
}

function pieceOf(pieces: readonly Extent[], page: number): number {
  let [low, high] = [0, pieces.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle] as Extent).first <= page) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The pixel at which a page begins. */
export function xOf({ pieces, anchor, view }: Placement, page: number): number {
  const index = pieceOf(pieces, page);
  const piece = pieces[index] as PlacedPiece;
  if (index === anchor) return view.at + (page - view.page) * piece.rate;
  return index > anchor
    ? piece.left + (page - piece.first) * piece.rate
    : piece.right - (piece.end - page) * piece.rate;
}

/** The page at a pixel. */
export function pageAt({ pieces, anchor, view, axis }: Placement, x: number): number {
  let index = anchor;
  while (index > 0 && x < (pieces[index] as PlacedPiece).left) index--;
  while (index < pieces.length - 1 && x >= (pieces[index] as PlacedPiece).right) index++;
  const piece = pieces[index] as PlacedPiece;
  const page =
    index === anchor
      ? view.page + Math.floor((x - view.at) / piece.rate)
      : index > anchor
        ? piece.first + Math.floor((x - piece.left) / piece.rate)
        : piece.end - Math.ceil((piece.right - x) / piece.rate);
  const last = (axis.pieces[index] as Piece).end - 1;
  return Math.min(Math.max(page, piece.first), last);
}
