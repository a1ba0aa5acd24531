/**
 * The grid of the pages of a segment.
 */

import type { Signal } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import { PAGES_PER_SEGMENT, type SegmentPages } from '../../../../../inspect/index.ts';
import { DECORATION, group, listbox, optionId } from '../../../ui/aria.ts';
import { PageBlock } from '../drawing/PageBlocks.tsx';
import { pageSentence } from '../model/pages.ts';

/** Pages in a row. */
const COLUMNS = 16;
/** Pixels: width and height of a page, width of the numbers of the rows, and height of those of the columns. */
const WIDE = 16;
const HIGH = 11;
const NUMBERS = 20;
const HEAD = 12;
const WIDTH = NUMBERS + COLUMNS * WIDE + 2;
const HEIGHT = HEAD + COLUMNS * HIGH + 2;
const ID = 'lens-grid';

const ALL = Array.from({ length: PAGES_PER_SEGMENT }, (_, i) => i);
const DIGITS = Array.from({ length: COLUMNS }, (_, i) => i.toString(16));

/** How far the arrow keys move. */
const MOVES: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  ArrowDown: COLUMNS,
  ArrowUp: -COLUMNS,
};

interface PageGridProps {
  readonly segment: SegmentPages;
  /** Selects a page, given its number. */
  readonly select: (page: number) => void;
  /** The index of the page under the pointer, or null. */
  readonly hovered: Signal<number | null>;
}

/** The grid. The arrow keys select a page. */
export function PageGrid({ segment: { first, page, flags }, select, hovered }: PageGridProps) {
  const index = page - first;
  const sentence = (i: number) =>
    pageSentence({ first: first + i, end: first + i + 1, flags: flags[i] as number }, 'page');
  const indexAt = (event: MouseEvent & { readonly currentTarget: SVGSVGElement }) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      event.currentTarget.getScreenCTM()?.inverse(),
    );
    const [column, row] = [Math.floor((x - NUMBERS) / WIDE), Math.floor((y - HEAD) / HIGH)];
    return column >= 0 && column < COLUMNS && row >= 0 && row < COLUMNS ? row * COLUMNS + column : null;
  };
  const keys = {
    onKeyDown: (event: TargetedKeyboardEvent<SVGGElement>) => {
      const by = MOVES[event.key];
      if (by === undefined) return;
      event.preventDefault();
      select(first + Math.min(PAGES_PER_SEGMENT - 1, Math.max(0, index + by)));
    },
  };
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it is named by a label; a title would be a second tooltip
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list in it has the keys
    <svg
      class="lens-grid spaces-picture"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      {...group('Pages of the segment')}
      onPointerMove={(event) => (hovered.value = indexAt(event))}
      onPointerLeave={() => (hovered.value = null)}
      onClick={(event) => {
        const at = indexAt(event);
        if (at !== null) select(first + at);
      }}
    >
      <Numbers />
      <g {...listbox(ID, 'Pages: the arrow keys select one', true, String(index))} {...keys}>
        <rect
          class="focus"
          x={NUMBERS - 1}
          y={HEAD - 1}
          width={COLUMNS * WIDE + 2}
          height={COLUMNS * HIGH + 2}
        />
        {ALL.map((i) => {
          const left = NUMBERS + (i % COLUMNS) * WIDE;
          const top = HEAD + Math.floor(i / COLUMNS) * HIGH;
          return (
            <g
              key={i}
              id={optionId(ID, String(i))}
              role="option"
              aria-selected={i === index}
              aria-label={sentence(i)}
            >
              <Cell page={first + i} flags={flags[i] as number} left={left} top={top} />
              {i === index && (
                <rect class="around still" x={left} y={top} width={WIDE - 1} height={HIGH - 1} />
              )}
            </g>
          );
        })}
      </g>
    </svg>
  );
}

/** The numbers of rows and columns, in hexadecimal: a row and a column are the index of a page-table entry. */
function Numbers() {
  return (
    <g class="lens-numbers" {...DECORATION}>
      {DIGITS.map((digit, i) => (
        <>
          <text x={NUMBERS + i * WIDE + WIDE / 2} y={HEAD - 3} text-anchor="middle">
            {digit}
          </text>
          <text x={NUMBERS - 4} y={HEAD + i * HIGH + HIGH - 2} text-anchor="end">
            {digit}0
          </text>
        </>
      ))}
    </g>
  );
}

interface CellProps {
  readonly page: number;
  readonly flags: number;
  readonly left: number;
  readonly top: number;
}

function Cell({ page, flags, left, top }: CellProps) {
  const item = {
    key: '',
    first: page,
    end: page + 1,
    left,
    right: left + WIDE,
    sentence: '',
    changed: false,
    of: { first: page, end: page + 1, flags },
  };
  return <PageBlock item={item} track={{ name: '', top, height: HIGH - 1, items: [] }} />;
}
