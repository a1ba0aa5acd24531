/**
 * A space as a line: its tracks, its axis, and the selection.
 */

import type { JSX, TargetedKeyboardEvent } from 'preact';
import type { Extent } from '../../../../../inspect/index.ts';
import { DECORATION, group, listbox, optionId } from '../../../ui/aria.ts';
import { addressOf, count, hex } from '../../../ui/text.ts';
import { pressed } from '../input/keys.ts';
import { xOf } from '../model/axis.ts';
import type { Spot } from '../model/ends.ts';
import { filledTracks, type Item, type Track, type Tracks } from '../model/items.ts';
import { displayName } from '../model/labels.ts';
import { GUEST, type Line, PAD, PROCESS, STRIP } from '../model/layout.ts';
import { PAGES_FROM } from '../model/row-queries.ts';
import { AxisMarks } from './AxisMarks.tsx';
import { GuestBlock, ProcessBlock, TableBlock } from './Blocks.tsx';
import { Fullness, PageBlock } from './PageBlocks.tsx';

/** Properties of a line. */
export interface LineRowProps {
  readonly line: Line;
  readonly tracks: Tracks;
  /** Extents that were mapped at the last position. */
  readonly vanished: readonly Extent[];
  readonly spots: readonly Spot[];
  /** Key of the item that the arrow keys have reached. */
  readonly active: string | null;
  readonly activate: (item: Item<unknown> | null) => void;
}

/** A line. */
export function LineRow({ line, tracks, vanished, spots, active, activate }: LineRowProps) {
  const { outline, placement, kind, top, height } = line;
  const at = kind === 'guest' ? GUEST : PROCESS;
  const bottom = kind === 'guest' ? GUEST.pages + STRIP : PROCESS.tables + STRIP;
  const filled = filledTracks(tracks);
  const id = `line-${outline.name.replace(' ', '-')}`;
  const isListbox = filled.length > 0;
  const on = {
    onKeyDown: (event: TargetedKeyboardEvent<SVGGElement>) => {
      if (pressed(event, { line, tracks, active, activate })) event.preventDefault();
    },
    onBlur: () => activate(null),
  };
  return (
    <g transform={`translate(${PAD} ${top})`} class={`line ${kind}`}>
      <rect
        class="ground"
        x={-PAD}
        y={at.blocks}
        width={placement.axis.width + 2 * PAD}
        height={height - at.blocks}
      />
      <text class="title" x="0" y={at.title}>
        {titleOf(line)}
      </text>
      <g clip-path="url(#spaces-clip)">
        <Mapped line={line} from={at.blocks} to={bottom} />
        <AxisMarks placement={placement} y={at.axis} from={at.blocks} to={bottom} />
        <Vanished line={line} extents={vanished} />
        {placement.view.scale < PAGES_FROM && <Fullness tracks={tracks} />}
        <g class="line-items" {...listbox(id, labelOf(line, isListbox), isListbox, active)} {...on}>
          <rect
            class="focus"
            x="-4"
            y={at.blocks - 4}
            width={placement.axis.width + 8}
            height={bottom - at.blocks + 8}
            rx="5"
          />
          {filled.map((track) => (
            <TrackRow key={track.name} track={track} id={id} active={active} draw={drawer(tracks, track)} />
          ))}
        </g>
        {spots.map((spot) => (
          <Marker
            key={`${spot.page}`}
            x={xOf(placement, spot.page)}
            rate={placement.view.scale}
            spot={spot}
            from={at.blocks}
            to={bottom}
          />
        ))}
      </g>
      <rect class="hit" x="0" y="0" width={placement.axis.width} height={height} />
    </g>
  );
}

/** The background of the tracks: light where memory is mapped. */
function Mapped({ line, from, to }: { line: Line; from: number; to: number }) {
  const { placement, outline } = line;
  const { width } = placement.axis;
  return (
    <g {...DECORATION}>
      <rect class="unmapped" x="0" y={from} width={width} height={to - from} />
      {outline.extents.map(({ first, end }) => {
        const left = Math.max(xOf(placement, first), -PAD);
        const right = Math.min(xOf(placement, end), width + PAD);
        return right > left ? (
          <rect key={first} class="mapped" x={left} y={from} width={right - left} height={to - from} />
        ) : null;
      })}
    </g>
  );
}

/** Extents that were unmapped since the last position. */
function Vanished({ line, extents }: { line: Line; extents: readonly Extent[] }) {
  const at = line.kind === 'guest' ? GUEST : PROCESS;
  const { width } = line.placement.axis;
  return (
    <g {...DECORATION}>
      {extents.map(({ first, end }) => {
        const left = Math.max(xOf(line.placement, first), -PAD);
        const right = Math.min(xOf(line.placement, end), width + PAD);
        return right > left ? (
          <rect
            key={first}
            class="vanished"
            x={left + 1}
            y={at.blocks + 1}
            width={right - left - 2 > 0 ? right - left - 2 : 1}
            height={at.blocksHeight - 2}
            rx="3"
          />
        ) : null;
      })}
    </g>
  );
}

type Draw = (item: Item<never>, track: Track) => JSX.Element;

function drawer({ guest, process, tables }: Tracks, track: Track): Draw {
  if (track === guest) return (item, on) => <GuestBlock item={item} track={on} />;
  if (track === process) return (item, on) => <ProcessBlock item={item} track={on} />;
  if (track === tables) return (item, on) => <TableBlock item={item} track={on} />;
  return (item, on) => <PageBlock item={item} track={on} />;
}

function TrackRow({
  track,
  id,
  active,
  draw,
}: {
  track: Track;
  id: string;
  active: string | null;
  draw: Draw;
}) {
  return (
    <g {...group(track.name)}>
      {track.items.map((item) => (
        <g
          key={item.key}
          id={optionId(id, item.key)}
          class={`item${item.changed ? ' changed' : ''}${item.key === active ? ' active' : ''}`}
          role="option"
          aria-selected={item.key === active}
          aria-label={item.changed ? `${item.sentence}; changed` : item.sentence}
        >
          {draw(item as Item<never>, track)}
          {(item.changed || item.key === active) && (
            <rect
              class={item.key === active ? 'around active' : 'around'}
              x={item.left - 1.5}
              y={track.top - 1.5}
              width={item.right - item.left + 3}
              height={track.height + 3}
              rx="4"
            />
          )}
        </g>
      ))}
    </g>
  );
}

/** The selection: a line across the tracks. Its other end is dashed. */
function Marker({
  x,
  rate,
  spot,
  from,
  to,
}: {
  x: number;
  rate: number;
  spot: Spot;
  from: number;
  to: number;
}) {
  const middle = x + Math.max(0, rate) / 2;
  return (
    <g class={spot.itself ? 'marker' : 'marker other'} {...DECORATION}>
      <path class="stem" d={`M${middle},${from - 3}V${to + 3}`} />
      <path class="head" d={`M${middle - 5},${from - 8}h10l-5,6z`} />
    </g>
  );
}

function titleOf({ outline, kind, placement }: Line): string {
  const { name, size, process, extents } = outline;
  if (extents.length === 0) return `${displayName(name)} · nothing mapped`;
  if (kind === 'process') return `${displayName(name)} · ${count(size, 'mapping')}`;
  // On a phone, the buttons cover the rest.
  const of = placement.axis.width < 480 ? '' : ` of ${process}`;
  return `${displayName(name)} · ${count(size, 'segment')}${of}`;
}

function labelOf({ outline, placement }: Line, isListbox: boolean): string {
  const name = displayName(outline.name);
  if (!isListbox) return `${name}: nothing mapped in view`;
  const { axis } = placement;
  const inSight = placement.extents.filter(
    ({ mapped, left, right }) => mapped && right > 0 && left < axis.width,
  );
  const first = inSight[0]?.first ?? 0;
  return `${name}, memory from ${hex(addressOf(first))}: arrow keys select extents, plus and minus zoom, Home shows everything`;
}
