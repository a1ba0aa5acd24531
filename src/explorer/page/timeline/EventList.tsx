/**
 * The list of events. Only visible rows are queried and rendered.
 */

import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { RecordedEvent } from '../../../player/index.ts';
import type { EventWindow } from '../../protocol.ts';
import { machine, useQuery } from '../client.ts';
import { filter, moveTo, position, progress, source } from '../recording/state.ts';
import { useAnswer } from '../ui/useAnswer.ts';
import { asceNames } from './asce-names.ts';
import { EventSearch } from './EventSearch.tsx';
import { inLinux } from './kernel.ts';
import { laneOf } from './kinds.ts';
import { outcomeOf } from './outcome.ts';
import { rowsInSight } from './scale.ts';
import { sentenceOf } from './sentences.ts';

/** Height of a row, in pixels. */
const ROW = 24;
/** Maximum height of the visible part, in pixels. */
const SIGHT = 400;
/** Maximum height of an element in browsers, in pixels: the end of a longer list cannot be scrolled to. */
const TALLEST = 15_000_000;

/** The list. */
export function EventList() {
  const place = useRef<HTMLDivElement>(null);
  const scroll = useSignal(0);
  const shown = useAnswer<EventWindow | null>(() => {
    const { first, end } = rowsInSight(scroll.value, SIGHT, ROW, Number.MAX_SAFE_INTEGER);
    const which = filter.value;
    if (source.value === null || progress.value === null) return null;
    return machine.events(which, first, end - first);
  }, null);
  const done = useAnswer(() => {
    const [which, here] = [filter.value, position.value];
    return progress.value === null ? 0 : machine.countUpTo(which, here);
  }, 0);
  const nameOf = asceNames(useQuery({ outline: true })?.outline ?? []);
  // The last event at or before the position; -1 before the first.
  const current = done.value - 1;
  const total = shown.value?.total ?? 0;
  useFollow(place, current);
  const key = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = shown.value?.events[current + by - (shown.value?.from ?? 0)];
    if (next) moveTo(next.position);
  };
  return (
    <section class="events" aria-label="Events">
      <div class="events-head">
        <h2>
          Events <span class="muted">{total.toLocaleString('en')}</span>
        </h2>
        <EventSearch />
      </div>
      <div
        class="rows"
        ref={place}
        role="listbox"
        aria-label="Events of the recording"
        aria-activedescendant={isShown(shown.value, current) ? `event-${current}` : undefined}
        tabIndex={0}
        onScroll={(event) => (scroll.value = event.currentTarget.scrollTop)}
        onKeyDown={key}
      >
        <div class="length" role="presentation" style={{ height: `${Math.min(total * ROW, TALLEST)}px` }}>
          {shown.value?.events.map((one, at) => (
            <Row
              key={one.n}
              recorded={one}
              sentence={sentenceOf(one.event, { nameOf, outcome: outcomeOf(shown.value?.events ?? [], at) })}
              index={(shown.value?.from ?? 0) + at}
              current={current}
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

function isShown(window: EventWindow | null, index: number): boolean {
  return window !== null && index >= window.from && index < window.from + window.events.length;
}

/**
 * Scrolls to a row when it becomes the current one: at once, or as soon as the list is long enough, which may be some renderings later.
 * After that the user may scroll away.
 */
function useFollow(list: RefObject<HTMLElement | null>, current: number): void {
  const due = useRef(false);
  useEffect(() => {
    due.current = true;
  }, [current]);
  useEffect(() => {
    if (!due.current || list.current === null) return;
    follow(list.current, current);
    due.current = !isInSight(list.current, current);
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
  readonly recorded: RecordedEvent;
  readonly sentence: string;
  readonly index: number;
  readonly current: number;
  readonly total: number;
}

function Row({ recorded: { position: at, event, n }, sentence, index, current, total }: RowProps) {
  const lane = laneOf(event.type);
  const time = index === current ? 'now' : index > current ? 'later' : '';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
    <div
      id={`event-${index}`}
      class={`row ${time}`}
      role="option"
      aria-selected={index === current}
      aria-posinset={index + 1}
      aria-setsize={total}
      style={{ top: `${index * ROW}px` }}
      onClick={() => moveTo(at)}
    >
      <span class="n">{n}</span>
      <span class={`glyph lane-${lane.id}`} aria-hidden="true">
        {lane.glyph}
      </span>
      <span class="type">{event.type}</span>
      <span class="sentence" title={[sentence, inLinux(event.type)].filter(Boolean).join(' ')}>
        {sentence}
      </span>
    </div>
  );
}
