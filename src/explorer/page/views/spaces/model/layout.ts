/**
 * The order and the places of lines.
 */

import type { Extent, GuestExtent } from '../../../../../inspect/index.ts';
import type { SpaceName, SpaceOutline } from '../../../../protocol.ts';
import type { Placement } from './axis.ts';
import { extentsSeen } from './history.ts';
import { axisOf, type LineAnswer, placementOf } from './store.ts';

/** Pixels to the left and right of the axes. */
export const PAD = 14;

/** The tracks of a process, in pixels from the top of the line. */
export const PROCESS = {
  title: 15,
  axis: 39,
  blocks: 46,
  blocksHeight: 26,
  pages: 76,
  tables: 98,
  height: 118,
};
/** The tracks of a guest, in pixels from the top of the line, where the curves end. */
export const GUEST = { blocks: 0, blocksHeight: 28, pages: 32, axis: 68, title: 90, height: 98 };
/** Height of the tracks of pages and page tables. */
export const STRIP = 18;
/** Space for curves above a guest, and above each of several. */
const CURVES = { one: 78, several: 32 } as const;
/** Space above a process. */
const BETWEEN = 28;
/** Number of lines shown by default. */
export const SHOWN = 4;

/** A line with its place. */
export interface Line {
  readonly outline: SpaceOutline;
  readonly kind: 'process' | 'guest';
  readonly placement: Placement;
  /** Pixels from the top of the picture. */
  readonly top: number;
  readonly height: number;
  /** The line of a guest's process, or null if it is not shown. */
  readonly process: Line | null;
}

/** Sorts spaces: each process, then its guests. */
export function ordered(outline: readonly SpaceOutline[]): readonly SpaceOutline[] {
  const number = (name: SpaceName) => Number(name.split(' ')[1]);
  const isGuest = (space: SpaceOutline) => Number(space.name !== space.process);
  return [...outline].sort(
    (a, b) =>
      number(a.process) - number(b.process) || isGuest(a) - isGuest(b) || number(a.name) - number(b.name),
  );
}

/** Returns the spaces to show: those chosen, or the first few. */
export function shownOf(
  spaces: readonly SpaceOutline[],
  chosen: ReadonlyMap<SpaceName, boolean>,
): readonly SpaceOutline[] {
  return spaces.filter(({ name }, index) => chosen.get(name) ?? index < SHOWN);
}

/** Places the lines one above the other. */
export function linesOf(
  spaces: readonly SpaceOutline[],
  width: number,
  known: ReadonlyMap<SpaceName, LineAnswer>,
): readonly Line[] {
  const lines: Line[] = [];
  const curves = spaces.length > 2 ? CURVES.several : CURVES.one;
  let top = 0;
  for (const outline of spaces) {
    const { name } = outline;
    const kind = name === outline.process ? 'process' : 'guest';
    const process = lines.find((line) => line.outline.name === outline.process) ?? null;
    const unbacked = kind === 'process' ? unbackedExtents(name, spaces, known) : [];
    const axis = axisOf(
      name,
      extentsSeen(name, outline.extents, unbacked),
      outline.limit,
      Math.max(120, width - 2 * PAD),
    );
    if (lines.length > 0) top += kind === 'guest' ? (process ? curves : BETWEEN) : BETWEEN;
    const height = kind === 'process' ? PROCESS.height : GUEST.height;
    lines.push({ outline, kind, placement: placementOf(name, axis), top, height, process });
    top += height;
  }
  return lines;
}

/** Returns the process extents without memory to which guests are mapped. They have a place on the axis as well. */
function unbackedExtents(
  process: SpaceName,
  spaces: readonly SpaceOutline[],
  known: ReadonlyMap<SpaceName, LineAnswer>,
): readonly Extent[] {
  return spaces
    .filter((space) => space.process === process && space.name !== process)
    .flatMap(({ name }) => guestExtentsOf(known.get(name)))
    .filter(({ unbacked, exact }) => unbacked > 0 && exact)
    .map(({ processFirst, processEnd }) => ({ first: processFirst, end: processEnd }));
}

/** Returns the known guest extents of a line. */
export function guestExtentsOf(answer: LineAnswer | undefined): readonly GuestExtent[] {
  return (answer?.rows ?? []).flatMap((row) => (row?.kind === 'guest' ? row.extents : []));
}

/** Returns the height of all lines, in pixels. */
export function heightOf(lines: readonly Line[]): number {
  const last = lines[lines.length - 1];
  return last ? last.top + last.height : 0;
}
