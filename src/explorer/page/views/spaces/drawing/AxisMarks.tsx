/**
 * The axis of a line: addresses, and folds in empty space.
 */

import { DECORATION } from '../../../ui/aria.ts';
import { mark, sizeOfPages } from '../../../ui/text.ts';
import { type PlacedExtent, type Placement, pageAt, xOf } from '../model/axis.ts';

/** An address on the axis. */
export interface Tick {
  readonly page: number;
  readonly x: number;
  readonly text: string;
}

/** Width of a character, in pixels. */
const CHARACTER = 6.6;
/** Space between two addresses, in pixels. */
const ROOM = 14;

/** Returns the visible ticks: the beginnings of mapped memory, and round addresses in between. They do not overlap. */
export function ticksOf(placement: Placement): readonly Tick[] {
  const { extents, axis } = placement;
  const ticks: Tick[] = [];
  let free = Number.NEGATIVE_INFINITY;
  const add = (page: number) => {
    const [x, text] = [xOf(placement, page), mark(page)];
    const width = text.length * CHARACTER;
    if (x < Math.max(free, 0) || x + width > axis.width + 6) return;
    ticks.push({ page, x, text });
    free = x + width + ROOM;
  };
  for (const extent of extents) {
    if (!extent.mapped || extent.right < 0 || extent.left > axis.width) continue;
    if (extent.left >= 0) add(extent.first);
    const step = 2 ** Math.max(0, Math.ceil(Math.log2(150 / extent.rate)));
    const last = Math.min(extent.end - 1, pageAt(placement, axis.width));
    for (let page = firstTick(placement, extent, step); page <= last; page += step) add(page);
  }
  return ticks;
}

function firstTick(placement: Placement, extent: PlacedExtent, step: number): number {
  const from = Math.max(extent.first + 1, pageAt(placement, 0));
  return Math.ceil(from / step) * step;
}

/** The axis: addresses above or below the line, and folds across its tracks. */
export function AxisMarks({
  placement,
  y,
  from,
  to,
}: {
  placement: Placement;
  /** The baseline of the text. */
  y: number;
  /** Top and bottom of the tracks. */
  from: number;
  to: number;
}) {
  const { extents, axis } = placement;
  const folds = extents.filter((extent) => !extent.mapped && extent.right > 0 && extent.left < axis.width);
  return (
    <g class="axis" {...DECORATION}>
      {folds.map((fold) => (
        <Fold key={fold.first} fold={fold} from={from} to={to} />
      ))}
      {ticksOf(placement).map(({ page, x, text }) => (
        <g key={page}>
          <path class="tick" d={`M${x},${from - 4}V${to + 4}`} />
          <text class="mark" x={x + 3} y={y}>
            {text}
          </text>
        </g>
      ))}
    </g>
  );
}

/** Folded empty space, drawn as a zigzag. */
function Fold({ fold, from, to }: { fold: PlacedExtent; from: number; to: number }) {
  const { left, right, first, end } = fold;
  const width = right - left;
  const middle = (from + to) / 2;
  const label = sizeOfPages(end - first);
  const labelled = width >= label.length * 5.6 + 2;
  return (
    <g>
      {width >= 10 && !labelled && <path class="fold" d={zigzag(left + width / 2, from, to)} />}
      {labelled && (
        <path
          class="fold"
          d={zigzag(left + width / 2, from, middle - 15) + zigzag(left + width / 2, middle + 15, to)}
        />
      )}
      {labelled && (
        <>
          <text class="fold-size" x={left + width / 2} y={middle - 2}>
            {label}
          </text>
          <text class="fold-size" x={left + width / 2} y={middle + 11}>
            empty
          </text>
        </>
      )}
    </g>
  );
}

function zigzag(x: number, from: number, to: number): string {
  const parts = [`M${x},${from}`];
  for (let y = from, side = 1; y < to; y += 6, side = -side)
    parts.push(`L${x + 4 * side},${Math.min(to, y + 3)}L${x},${Math.min(to, y + 6)}`);
  return parts.join('');
}
