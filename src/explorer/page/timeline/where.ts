/**
 * Where the moment is on the strip, and what is around it. Asked of the machine whenever the moment changes.
 */

import { computed, effect, signal } from '@preact/signals';
import { EVENTS_KEPT, type Moment, type Recorded } from '../../../player/index.ts';
import { machine } from '../machine.ts';
import { moment, moveTo, progress, source } from '../state.ts';
import { extentOf, momentAt, positionOf } from './axis.ts';

/** How many events there are at or before the moment. */
export const eventsBefore = signal(0);
/** Where the moment is on the strip. */
export const position = computed(() => positionOf(moment.value, eventsBefore.value));
/** How long the strip is. */
export const extent = computed(() => (progress.value === null ? 1 : extentOf(progress.value, EVENTS_KEPT)));

const PAGE = 256;
const pages = new Map<number, readonly Recorded[]>();

async function eventOf(n: number): Promise<Recorded | undefined> {
  const from = n - (n % PAGE);
  let page = pages.get(from);
  if (page === undefined) {
    page = (await machine.events({}, from, PAGE)).events;
    if (page.length === PAGE) pages.set(from, page);
  }
  return page[n - from];
}

/** The moment at a position of the strip. */
export function momentOf(at: number): Promise<Moment> {
  const events = Math.min(progress.value?.events ?? 0, EVENTS_KEPT);
  return momentAt(Math.max(0, Math.min(at, extent.value)), events, eventOf);
}

let going = 0;

/** Goes to a position of the strip. Of several that are asked for at once the last one counts. */
export async function goToPosition(at: number): Promise<void> {
  const mine = ++going;
  try {
    const to = await momentOf(at);
    if (mine === going) moveTo(to);
  } catch {
    // Another story was opened meanwhile.
  }
}

effect(() => {
  source.value;
  pages.clear();
});

effect(() => {
  const here = moment.value;
  const count = progress.value?.events ?? 0;
  if (count === 0) {
    eventsBefore.value = 0;
    return;
  }
  machine.eventBefore({}, here).then(
    (index) => {
      if (moment.value === here) eventsBefore.value = index + 1;
    },
    () => undefined,
  );
});
