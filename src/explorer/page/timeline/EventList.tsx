/**
 * The list of events. Only visible rows are queried and rendered.
 */

import { effect, signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { RecordedEvent } from '../../../player/index.ts';
import { PAGE_PRESENT } from '../../outcome.ts';
import type { EventRow, RowWindow } from '../../protocol.ts';
import { machine, useQuery } from '../client.ts';
import { filter, moveTo, position, progress, source } from '../recording/state.ts';
import { number as formatted } from '../ui/text.ts';
import { useAnswer } from '../ui/useAnswer.ts';
import { asceNames } from './asce-names.ts';
import { EventSearch } from './EventSearch.tsx';
import { inLinux } from './kernel.ts';
import { laneOf } from './kinds.ts';
import { rowsInSight } from './scale.ts';
import { sentenceOf } from './sentences.ts';

/** Height of a row, in pixels. */
const ROW = 24;
/** Maximum height of the visible part, in pixels. */
const SIGHT = 400;
/** Maximum height of an element in browsers, in pixels: the end of a longer list cannot be scrolled to. */
const TALLEST = 15_000_000;
/** The position before the first event. */
const BEFORE_ALL = { event: -1, row: -1 } as const;

/** The first events of the rows that the user has unfolded, by their index in the filtered list. */
const unfolded = signal<readonly number[]>([]);

effect(() => {
  // Another recording, or other events of it.
  source.value;
  filter.value;
  unfolded.value = [];
});

/** Unfolds a row of repeated events, or folds it again. */
function toggle({ index, unfolded: part }: EventRow): void {
  const { value } = unfolded;
  unfolded.value = part === null ? [...value, index] : value.filter((one) => one !== part);
}

/** The list. */
export function EventList() {
  const place = useRef<HTMLDivElement>(null);
  const scroll = useSignal(0);
  const shown = useAnswer<RowWindow | null>(() => {
    const { first, end } = rowsInSight(scroll.value, SIGHT, ROW, Number.MAX_SAFE_INTEGER);
    const [which, open] = [filter.value, unfolded.value];
    if (source.value === null || progress.value === null) return null;
    return machine.rows(which, open, first, end - first);
  }, null);
  const current = useAnswer(() => {
    const [which, open, here] = [filter.value, unfolded.value, position.value];
    return progress.value === null ? BEFORE_ALL : machine.currentRow(which, open, here);
  }, BEFORE_ALL);
  const nameOf = asceNames(useQuery({ outline: true })?.outline ?? []);
  const { event, row: now } = current.value;
  const total = shown.value?.total ?? 0;
  useFollow(place, event, now);
  const rowAt = (row: number) => shown.value?.rows[row - (shown.value?.from ?? 0)];
  const key = (pressed: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[pressed.key];
    const row = rowAt(now + (by ?? 0));
    const turned = pressed.key === 'ArrowRight' ? row && row.times > 1 : row && row.unfolded !== null;
    if (by === undefined && (!turned || !/^Arrow(Right|Left)$/.test(pressed.key))) return;
    pressed.preventDefault();
    pressed.stopPropagation();
    if (by === undefined && row) toggle(row);
    else if (row?.events[0]) moveTo(row.events[0].position);
  };
  return (
    <section class="events" aria-label="Events">
      <div class="events-head">
        <h2>
          Events <span class="muted">{(shown.value?.events ?? 0).toLocaleString('en')}</span>
        </h2>
        <EventSearch />
      </div>
      <div
        class="rows"
        ref={place}
        role="listbox"
        aria-label="Events of the recording"
        aria-activedescendant={isShown(shown.value, now) ? `event-${now}` : undefined}
        tabIndex={0}
        onScroll={(event) => (scroll.value = event.currentTarget.scrollTop)}
        onKeyDown={key}
      >
        <div class="length" role="presentation" style={{ height: `${Math.min(total * ROW, TALLEST)}px` }}>
          {shown.value?.rows.map((row, at) => (
            <Row
              key={row.index}
              row={row}
              sentence={sentenceOfRow(row, nameOf)}
              number={(shown.value?.from ?? 0) + at}
              now={now}
              event={event}
              total={total}
            />
          ))}
        </div>
        {total === 0 && (
          <p class="muted none">
            {progress.value === null
              ? ''
              : filter.value.text === undefined
                ? 'No events yet.'
                : 'No event matches.'}
          </p>
        )}
      </div>
    </section>
  );
}

/** Describes a row: its first event, and if two repeat in turn, both, unless the first sentence says what the second one does. */
function sentenceOfRow({ events, outcome }: EventRow, nameOf: (asce: bigint) => string | null): string {
  const shown = outcome?.endsWith(PAGE_PRESENT) ? events.slice(0, 1) : events;
  return shown
    .map(({ event }, i) => sentenceOf(event, { nameOf, outcome: i === 0 ? outcome : null }))
    .join(' ');
}

function isShown(window: RowWindow | null, row: number): boolean {
  return window !== null && row >= window.from && row < window.from + window.rows.length;
}

/**
 * Scrolls to the row of an event when it becomes the current one: at once, or as soon as the list is long enough, which may be some
 * renderings later. After that the user may scroll away, and unfold rows.
 */
function useFollow(list: RefObject<HTMLElement | null>, event: number, row: number): void {
  const due = useRef(false);
  useEffect(() => {
    due.current = true;
  }, [event]);
  useEffect(() => {
    if (!due.current || list.current === null) return;
    follow(list.current, row);
    due.current = !isInSight(list.current, row);
  });
}

/** Whether a list is scrolled to a row. */
function isInSight({ scrollTop, clientHeight }: HTMLElement, index: number): boolean {
  const top = Math.max(index, 0) * ROW;
  return scrollTop <= top && top < scrollTop + clientHeight;
}

/** Scrolls to a row, with some rows around it. */
function follow(list: HTMLElement, index: number): void {
  const top = Math.max(index, 0) * ROW;
  const { scrollTop, clientHeight } = list;
  if (top < scrollTop + ROW || top > scrollTop + clientHeight - 2 * ROW) {
    list.scrollTop = Math.max(0, top - clientHeight / 2 + ROW);
  }
}

interface RowProps {
  readonly row: EventRow;
  readonly sentence: string;
  /** The number of the row in the list, of the current one, and of all rows. */
  readonly number: number;
  readonly now: number;
  readonly total: number;
  /** The index of the last event at or before the position. */
  readonly event: number;
}

function Row({ row, sentence, number, now, event, total }: RowProps) {
  const [{ position: at, event: first, n }] = row.events as readonly [RecordedEvent, ...RecordedEvent[]];
  const time = number === now ? 'now' : number > now ? 'later' : '';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
    <div
      id={`event-${number}`}
      class={`row ${time} ${row.unfolded === null ? '' : 'part'}`}
      role="option"
      aria-selected={number === now}
      aria-posinset={number + 1}
      aria-setsize={total}
      style={{ top: `${number * ROW}px` }}
      onClick={() => moveTo(at)}
    >
      <span class="n">{n}</span>
      <span class="glyphs" aria-hidden="true">
        {row.events.map(({ event: { type } }) => (
          <span key={type} class={`glyph lane-${laneOf(type).id}`}>
            {laneOf(type).glyph}
          </span>
        ))}
      </span>
      <span class="type">{first.type}</span>
      <span class="sentence" title={[sentence, inLinux(first.type)].filter(Boolean).join(' ')}>
        {sentence}
      </span>
      <Times row={row} done={number === now ? event - row.index + 1 : 0} />
    </div>
  );
}

interface TimesProps {
  readonly row: EventRow;
  /** How many events of the row are done while the position is in it, or 0. */
  readonly done: number;
}

/** How often the events of a row occur. A click unfolds the row, or folds it again. */
function Times({ row, done }: TimesProps) {
  if (row.times === 1 && row.unfolded !== row.index) return null;
  const isFolded = row.times > 1;
  const times = Math.ceil(done / row.events.length);
  const click = (clicked: MouseEvent) => {
    clicked.stopPropagation();
    toggle(row);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys, right and left
    // biome-ignore lint/a11y/noStaticElementInteractions: the list has the focus
    <span
      class="times"
      title={isFolded ? 'Show each of these events (right arrow)' : 'Fold these events (left arrow)'}
      onClick={click}
    >
      {isFolded &&
        (times > 0 && times < row.times
          ? `${formatted(times)} of ${formatted(row.times)}`
          : `×${formatted(row.times)}`)}
      <span aria-hidden="true"> {isFolded ? '▸' : '▾'}</span>
    </span>
  );
}
