/**
 * The two ends of a curve: a guest page, and the process page behind it.
 */

import { type GuestExtent, PAGES_PER_SEGMENT } from '../../../../../inspect/index.ts';
import type { SpaceName } from '../../../../protocol.ts';
import { pageOf } from '../../../ui/text.ts';
import { xOf } from './axis.ts';
import { isStray } from './labels.ts';
import { guestExtentsOf, type Line } from './layout.ts';
import { goTo, type LineAnswer } from './store.ts';
import { viewOf } from './view.ts';

/** A place on a line where the selection is shown. */
export interface Spot {
  readonly page: number;
  /** Whether it is the selected page, or its other end. */
  readonly itself: boolean;
}

/** The selection. */
export interface Selected {
  readonly space: SpaceName;
  readonly address: bigint;
}

/** Returns the first page of the segment that holds a page. */
export function segmentStart(page: number): number {
  return page - (page % PAGES_PER_SEGMENT);
}

/** Returns the process page behind a guest page, or null if it is unknown. */
export function processPageFor(extents: readonly GuestExtent[], page: number): number | null {
  const extent = extents.find(({ first, end }) => first <= page && page < end);
  return extent?.exact && !isStray(extent) ? extent.processFirst + (page - extent.first) : null;
}

/** Returns the guest pages in `extents` that are mapped to a process page. */
export function guestPagesFor(extents: readonly GuestExtent[], page: number): readonly number[] {
  return extents
    .filter(({ exact, processFirst, processEnd }) => exact && processFirst <= page && page < processEnd)
    .map(({ first, processFirst }) => first + (page - processFirst));
}

/** Returns the places on a line where the selection is shown. */
export function spotsOf(
  line: Line,
  lines: readonly Line[],
  known: ReadonlyMap<SpaceName, LineAnswer>,
  selected: Selected | null,
): readonly Spot[] {
  if (selected === null) return [];
  const page = pageOf(selected.address);
  const { name } = line.outline;
  if (selected.space === name) return [{ page, itself: true }];
  if (line.kind === 'guest') {
    if (selected.space !== line.outline.process) return [];
    return guestPagesFor(guestExtentsOf(known.get(name)), page).map((one) => ({ page: one, itself: false }));
  }
  const guest = lines.find((other) => other.outline.name === selected.space);
  if (guest?.outline.process !== name) return [];
  const other = processPageFor(guestExtentsOf(known.get(selected.space)), page);
  return other === null ? [] : [{ page: other, itself: false }];
}

/**
 * Returns the pixel of a line that stays fixed when zooming by keys or buttons: that of a page, if it is visible.
 * @param page the page, or null if there is none
 */
export function zoomCentre({ placement }: Line, page: number | null, otherwise: number): number {
  if (page === null) return otherwise;
  const x = xOf(placement, page);
  return x >= 0 && x <= placement.axis.width ? x : otherwise;
}

/** Zooms in on the selection and on its other ends. */
export function showBothEnds(
  lines: readonly Line[],
  known: ReadonlyMap<SpaceName, LineAnswer>,
  selected: Selected,
): void {
  for (const line of lines) {
    const [spot] = spotsOf(line, lines, known, selected);
    if (!spot) continue;
    const { axis } = line.placement;
    const first = segmentStart(spot.page);
    goTo(line.outline.name, axis, viewOf(axis, first, first + PAGES_PER_SEGMENT));
  }
}
