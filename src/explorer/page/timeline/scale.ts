/**
 * The scale of the strip: offsets of positions. For a short scenario, each event and each end of a step is one unit,
 * and the offset of a position is the number of units before it. For anything longer, each step is one unit.
 */

import type { Position, Progress, RecordedEvent } from '../../../player/index.ts';
import { matcherOf } from '../../event-filter.ts';
import type { Density, EventFilter } from '../../protocol.ts';

/** Maximum number of steps and events for a strip that shows both. */
export const LONGEST_IN_STEPS = 4000;

/** Returns the length of a strip of steps and events; at least 1. */
export function stripLengthOf({ steps, events }: Pick<Progress, 'steps' | 'events'>): number {
  return Math.max(1, steps + events);
}

/** Returns the offset right after an event, on a strip of steps and events. */
export function offsetAfter(recorded: RecordedEvent): number {
  return recorded.position.step + recorded.n + 1;
}

/** Returns how many events are at or before a position. Preconditions: the events are in order. */
export function countBefore(events: readonly RecordedEvent[], { step, event }: Position): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = (events[middle] as RecordedEvent).position;
    if (at.step < step || (at.step === step && at.event <= event)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the position at an offset, on a strip of steps and events. */
export function positionAt(offset: number, events: readonly RecordedEvent[]): Position {
  const at = Math.max(0, Math.floor(offset));
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsetAfter(events[middle] as RecordedEvent) <= at) low = middle + 1;
    else high = middle;
  }
  const last = events[low - 1];
  if (last === undefined) return { step: at, event: 0 };
  const ends = at - offsetAfter(last);
  return ends === 0 ? last.position : { step: last.position.step + ends, event: 0 };
}

/** Returns the offsets of the ends of steps, on a strip of steps and events. */
export function stepEnds(steps: number, events: readonly RecordedEvent[]): readonly number[] {
  return Array.from({ length: steps }, (_, step) => {
    const end = { step: step + 1, event: 0 };
    return end.step + countBefore(events, end);
  });
}

/** Divides a strip of steps and events into buckets. Returns the events in each that pass a filter, counted by type. */
export function countedByBuckets(
  events: readonly RecordedEvent[],
  filter: EventFilter,
  buckets: number,
  stripLength: number,
): Density['buckets'] {
  const counts: Partial<Record<RecordedEvent['event']['type'], number>>[] = Array.from(
    { length: buckets },
    () => ({}),
  );
  const isPassing = matcherOf(filter);
  for (const one of events) {
    if (!isPassing(one.event)) continue;
    // An event occupies the unit that ends at its offset.
    const bucket =
      counts[Math.min(buckets - 1, Math.floor(((offsetAfter(one) - 1) / stripLength) * buckets))];
    if (bucket) bucket[one.event.type] = (bucket[one.event.type] ?? 0) + 1;
  }
  return counts;
}

/**
 * Returns the number of buckets for a strip of some width: each at least 3 pixels wide, and no more than there are
 * units.
 */
export function bucketCount(width: number, stripLength: number): number {
  return Math.max(1, Math.min(Math.floor(width / 3), stripLength, 600));
}

/** A mark on the axis of the strip. */
export interface Tick {
  readonly offset: number;
  readonly label: string;
}

/** Least distance between two marks of the axis, in pixels. */
const TICK_DISTANCE = 64;

/**
 * Returns marks at round numbers of steps.
 * @param width of the strip, in pixels
 * @param offsetOf returns the offset of the end of a step
 */
export function axisTicks(steps: number, width: number, offsetOf: (step: number) => number): readonly Tick[] {
  const every = roundStep(Math.max(1, (steps * TICK_DISTANCE) / Math.max(width, 1)));
  const ticks: Tick[] = [];
  for (let step = 0; step <= steps; step += every)
    ticks.push({ offset: offsetOf(step), label: shortNumber(step) });
  return ticks;
}

/** Returns the next of 1, 2, 5, 10, 20, 50, … */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((digit) => digit * power >= least) ?? 10) * power;
}

/** Formats a number of steps: `500`, `20k`, `1.5M`. */
function shortNumber(n: number): string {
  if (n >= 1_000_000) return `${n / 1_000_000}M`;
  return n >= 10_000 ? `${n / 1000}k` : String(n);
}

/** Returns the height of a bar, 0 to 1. It is logarithmic, so that one event among thousands is visible. */
export function barHeight(count: number, highest: number): number {
  if (count <= 0) return 0;
  return 0.35 + (0.65 * Math.log(count + 1)) / Math.log(Math.max(highest, 1) + 1);
}

/** The speeds, in steps a second; null for as fast as possible. */
export const SPEEDS: readonly { readonly name: string; readonly perSecond: number | null }[] = [
  { name: '0.5×', perSecond: 0.5 },
  { name: '1×', perSecond: 1 },
  { name: '2×', perSecond: 2 },
  { name: '5×', perSecond: 5 },
  { name: '20×', perSecond: 20 },
  { name: '100×', perSecond: 100 },
  { name: 'fastest', perSecond: null },
];

/** Returns how many whole steps are due after some milliseconds, and the milliseconds left over. */
export function due(elapsed: number, perSecond: number): { readonly steps: number; readonly rest: number } {
  const steps = Math.floor((elapsed * perSecond) / 1000);
  return { steps, rest: elapsed - (steps * 1000) / perSecond };
}

/** Returns the rows to render: the visible ones, and a margin on both sides. */
export function rowsInSight(
  scroll: number,
  height: number,
  row: number,
  total: number,
): { readonly first: number; readonly end: number } {
  const margin = 8;
  const first = Math.max(0, Math.floor(scroll / row) - margin);
  return { first, end: Math.min(total, Math.ceil((scroll + height) / row) + margin) };
}
