/**
 * The picture of all lines, and its tooltips.
 */

import { useSignal } from '@preact/signals';
import type { TargetedMouseEvent, TargetedPointerEvent } from 'preact';
import { useRef } from 'preact/hooks';
import { PAGES_PER_SEGMENT } from '../../../../../inspect/index.ts';
import { selected } from '../../../recording/state.ts';
import { DECORATION, group } from '../../../ui/aria.ts';
import { addressOf, pageOf } from '../../../ui/text.ts';
import { lineAt, pointIn, useGestures } from '../input/useGestures.ts';
import { pageAt } from '../model/axis.ts';
import { segmentStart, spotsOf } from '../model/ends.ts';
import { filledTracks, type Item, type Tracks, tracksOf } from '../model/items.ts';
import { heightOf, type Line, PAD } from '../model/layout.ts';
import { answers, goTo } from '../model/store.ts';
import { zoomed } from '../model/view.ts';
import { LineRow } from './LineRow.tsx';
import { Patterns } from './Patterns.tsx';
import { Ribbons } from './Ribbons.tsx';

/** Minimum width, in pixels, at which a page or a segment can be clicked by itself. */
const VISIBLE = 4;

interface Tip {
  readonly x: number;
  readonly y: number;
  readonly sentence: string;
}

/** The drawing. */
export function Picture({ lines, width }: { lines: readonly Line[]; width: number }) {
  const svg = useRef<SVGSVGElement>(null);
  const tip = useSignal<Tip | null>(null);
  const active = useSignal<{ readonly line: string; readonly key: string } | null>(null);
  useGestures(svg, lines);
  const known = answers.value;
  const drawn = lines.map((line) => ({ line, tracks: tracksOf(line, known.get(line.outline.name) ?? null) }));
  const height = heightOf(lines);

  const pointed = (event: MouseEvent) => pointedAt(svg.current, drawn, event);
  const onMove = (event: TargetedPointerEvent<SVGSVGElement>) => {
    const found = pointed(event);
    tip.value = found?.item ? { x: found.x, y: found.y, sentence: sentenceOf(found.item) } : null;
  };
  const onClick = (event: TargetedMouseEvent<SVGSVGElement>) => {
    const found = pointed(event);
    if (found?.item) selected.value = { space: found.line.outline.name, address: found.address };
  };
  const onDblClick = (event: TargetedMouseEvent<SVGSVGElement>) => {
    const found = pointed(event);
    if (!found) return;
    const { outline, placement } = found.line;
    goTo(
      outline.name,
      placement.axis,
      zoomed(placement.axis, placement.view, found.x - PAD, event.shiftKey ? 0.25 : 4),
    );
  };
  const activate = (line: Line) => (item: Item<unknown> | null) => {
    active.value = item && { line: line.outline.name, key: item.key };
    const x = item ? PAD + (Math.max(0, item.left) + Math.min(line.placement.axis.width, item.right)) / 2 : 0;
    tip.value = item && { x, y: line.top + line.height / 2, sentence: sentenceOf(item) };
  };

  // Each line handles the keys for the same actions.
  const drawing = {
    ref: svg,
    class: 'spaces-picture',
    'data-export': 'spaces',
    ...group('Address spaces, one above the other'),
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    onPointerMove: onMove,
    onPointerLeave: () => {
      tip.value = null;
    },
    onWheel: () => {
      tip.value = null;
    },
    onClick,
    onDblClick,
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: it is named by a label; a title would be a second tooltip */}
      <svg {...drawing}>
        <rect class="paper" width={width} height={height} />
        <Patterns />
        <clipPath id="spaces-clip">
          <rect x={-PAD + 2} y="-6" width={width - 4} height={height + 12} />
        </clipPath>
        <g transform={`translate(${PAD} 0)`} clip-path="url(#spaces-clip)">
          {drawn.map(({ line, tracks }) =>
            tracks.guest ? (
              <Ribbons key={line.outline.name} line={line} track={tracks.guest} chosen={chosenPage(line)} />
            ) : null,
          )}
        </g>
        {drawn.map(({ line, tracks }) => (
          <LineRow
            key={line.outline.name}
            line={line}
            tracks={tracks}
            vanished={known.get(line.outline.name)?.vanished ?? []}
            spots={spotsOf(line, lines, known, selected.value)}
            active={active.value?.line === line.outline.name ? active.value.key : null}
            activate={activate(line)}
          />
        ))}
      </svg>
      <TipBox tip={tip.value} width={width} />
    </>
  );
}

function TipBox({ tip, width }: { tip: Tip | null; width: number }) {
  if (tip === null) return null;
  const left = Math.min(Math.max(tip.x - 20, 0), Math.max(0, width - 300));
  return (
    <div class="spaces-tip" style={{ left: `${left}px`, top: `${tip.y + 18}px` }} {...DECORATION}>
      {tip.sentence}
    </div>
  );
}

function sentenceOf({ sentence, changed }: Item<unknown>): string {
  return changed ? `${sentence}. Changed since the last position.` : sentence;
}

/** Returns the selected page of a guest line, or the guest page that is mapped to a selected page of the process. */
function chosenPage(line: Line): number | null {
  const [spot] = spotsOf(line, [line], answers.value, selected.value);
  if (spot) return spot.page;
  return selected.value?.space === line.outline.name ? pageOf(selected.value.address) : null;
}

interface Pointed {
  readonly line: Line;
  readonly item: Item<unknown> | null;
  readonly x: number;
  readonly y: number;
  readonly address: bigint;
}

/** Returns the line, the item and the address under the pointer. */
function pointedAt(
  svg: SVGSVGElement | null,
  drawn: readonly { line: Line; tracks: Tracks }[],
  event: MouseEvent,
): Pointed | null {
  if (!svg) return null;
  const { x, y } = pointIn(svg, event);
  const line = lineAt(
    svg,
    drawn.map((one) => one.line),
    event,
  );
  const tracks = drawn.find((one) => one.line === line)?.tracks;
  if (!line || !tracks) return null;
  const track = filledTracks(tracks).find(
    ({ top, height }) => y >= line.top + top - 2 && y < line.top + top + height + 3,
  );
  const item = track?.items.find(({ left, right }) => left <= x - PAD && x - PAD < right) ?? null;
  const page = pageAt(line.placement, x - PAD);
  return { line, item, x, y, address: addressOf(item ? selectedPage(line, item, page) : page) };
}

/**
 * Returns the page that a click selects: the page itself if pages are visible, or the first page of its segment, or of
 * the extent.
 */
function selectedPage(line: Line, item: Item<unknown>, page: number): number {
  const { scale } = line.placement.view;
  const isSegmentVisible = scale * PAGES_PER_SEGMENT >= VISIBLE;
  const chosen = scale >= VISIBLE ? page : isSegmentVisible ? segmentStart(page) : item.first;
  return Math.min(Math.max(chosen, item.first), item.end - 1);
}
