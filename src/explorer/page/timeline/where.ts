/**
 * Where the moment is on the strip, and what is around it.
 */

import { computed, effect, signal } from '@preact/signals';
import type { Moment, Recorded } from '../../../player/index.ts';
import type { EventFilter } from '../../protocol.ts';
import { machine } from '../machine.ts';
import { atEnd, filter, moment, moveTo, progress, recording, START, source } from '../state.ts';
import { countBefore, extentOf, LONGEST_IN_STEPS, momentAt } from './axis.ts';

/** Events that are asked for at once. */
const AT_ONCE = 1000;

/** All events of a short scenario; null for anything else, and while it is being played. */
export const allEvents = signal<readonly Recorded[] | null>(null);
/** How many events pass the filter, and how many of them are at or before the moment. */
const shown = signal({ total: 0, before: 0 });

/** How long the strip is. */
export const extent = computed(() => {
  const known = progress.value;
  if (known === null) return 1;
  return allEvents.value === null ? shown.value.total + 1 : extentOf(known);
});

/** Where the moment is on the strip. */
export const position = computed(() => {
  const events = allEvents.value;
  if (events !== null) return moment.value.step + countBefore(events, moment.value);
  return atEnd.value ? extent.value : shown.value.before;
});

/** The moment at a position of the strip. */
export async function momentOf(at: number): Promise<Moment> {
  const events = allEvents.value;
  if (events !== null) return momentAt(at, events);
  if (at < 1) return START;
  if (at >= extent.value) return { step: progress.value?.steps ?? 0, event: 0 };
  const { events: found } = await machine.events(filter.value, Math.floor(at) - 1, 1);
  return found[0]?.moment ?? moment.value;
}

/** The position of a moment on the strip. */
export async function positionOf(here: Moment): Promise<number> {
  const events = allEvents.value;
  if (events !== null) return here.step + countBefore(events, here);
  return (await machine.eventBefore(filter.value, here)) + 1;
}

let going = 0;

/** Goes to a position of the strip. Of several that are asked for at once the last one counts. */
export async function goToPosition(at: number): Promise<void> {
  const mine = ++going;
  const story = source.value;
  try {
    const to = await momentOf(Math.max(0, Math.min(at, extent.value)));
    if (mine === going && story === source.value) moveTo(to);
  } catch {
    // There is no such moment, then: the playhead stays.
  }
}

let loading = 0;

async function load(count: number): Promise<void> {
  const mine = ++loading;
  const all: Recorded[] = [];
  while (all.length < count) {
    const { events } = await machine.events({}, all.length, AT_ONCE);
    if (mine !== loading || events.length === 0) return;
    all.push(...events);
  }
  allEvents.value = all;
}

effect(() => {
  const known = progress.value;
  const short = known !== null && known.steps + known.events <= LONGEST_IN_STEPS;
  if (source.value?.kind === 'scenario' && short && !recording.value) {
    load(known.events).catch(() => undefined);
  } else {
    loading++;
    allEvents.value = null;
  }
});

async function countShown(which: EventFilter, here: Moment): Promise<void> {
  const before = (await machine.eventBefore(which, here)) + 1;
  const { total } = await machine.events(which, 0, 0);
  if (moment.value === here && filter.value === which) shown.value = { total, before };
}

effect(() => {
  if (progress.value === null) shown.value = { total: 0, before: 0 };
  else if (allEvents.value === null) countShown(filter.value, moment.value).catch(() => undefined);
});
