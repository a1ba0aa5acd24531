/**
 * Where moments are on the strip. Its unit is one thing that happened: an event, or the end of a step. The position of
 * a moment is how many of those lie before it.
 */

import type { Moment, Progress, Recorded } from '../../../player/index.ts';

/** How long the strip is, in its unit; at least 1. */
export function extentOf(known: Pick<Progress, 'steps' | 'events'>, kept: number): number {
  return Math.max(1, known.steps + Math.min(known.events, kept));
}

/** The position of a moment with so many events at or before it. */
export function positionOf(moment: Moment, eventsBefore: number): number {
  return moment.step + eventsBefore;
}

/** The position right after a recorded event. */
export function positionAfter(recorded: Recorded): number {
  return recorded.moment.step + recorded.n + 1;
}

/**
 * The moment at a position, or the last one before it.
 * @param position 0 to the strip's length
 * @param events how many events there are
 * @param at the event of a number; asked about log2(events) times
 */
export async function momentAt(
  position: number,
  events: number,
  at: (n: number) => Promise<Recorded | undefined>,
): Promise<Moment> {
  let low = 0;
  let high = events;
  let last: Recorded | undefined;
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = await at(middle);
    if (one !== undefined && positionAfter(one) <= position) {
      last = one;
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const from = last === undefined ? 0 : positionAfter(last);
  const ends = Math.max(0, Math.floor(position) - from);
  if (last === undefined) return { step: ends, event: 0 };
  return ends === 0 ? last.moment : { step: last.moment.step + ends, event: 0 };
}

/** How many cells a strip of so many pixels has: at least 3 pixels each, and no more than there are things to tell. */
export function cellsFor(width: number, extent: number): number {
  return Math.max(1, Math.min(Math.floor(width / 3), extent, 600));
}

/** The height of a bar for a count, 0 to 1: the logarithm, so that one event among thousands is seen. */
export function barHeight(count: number, highest: number): number {
  if (count <= 0) return 0;
  return 0.35 + (0.65 * Math.log(count + 1)) / Math.log(Math.max(highest, 1) + 1);
}

/** What speeds playing has, in steps a second; null for as fast as possible. */
export const SPEEDS: readonly { readonly name: string; readonly perSecond: number | null }[] = [
  { name: '0.5×', perSecond: 0.5 },
  { name: '1×', perSecond: 1 },
  { name: '2×', perSecond: 2 },
  { name: '5×', perSecond: 5 },
  { name: '20×', perSecond: 20 },
  { name: '100×', perSecond: 100 },
  { name: 'as fast as possible', perSecond: null },
];

/** Steps due after so many milliseconds, as a whole number, and the milliseconds left over. */
export function due(elapsed: number, perSecond: number): { readonly steps: number; readonly rest: number } {
  const steps = Math.floor((elapsed * perSecond) / 1000);
  return { steps, rest: elapsed - (steps * 1000) / perSecond };
}

/** Which rows of a list are to be drawn: those in sight, and some around. */
export function rowsInSight(
  scroll: number,
  height: number,
  row: number,
  total: number,
): { readonly first: number; readonly end: number } {
  const around = 8;
  const first = Math.max(0, Math.floor(scroll / row) - around);
  return { first, end: Math.min(total, Math.ceil((scroll + height) / row) + around) };
}
