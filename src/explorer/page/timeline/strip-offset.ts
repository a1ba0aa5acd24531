/**
 * The offset of the position on the strip, and the conversions between offsets and positions.
 */

import { computed, effect, signal } from '@preact/signals';
import type { Position, RecordedEvent } from '../../../player/index.ts';
import type { EventFilter } from '../../protocol.ts';
import { machine } from '../client.ts';
import { atEnd, filter, isRecording, moveTo, position, progress, START, source } from '../recording/state.ts';
import { countBefore, LONGEST_IN_STEPS, positionAt, stripLengthOf } from './scale.ts';

/** Events queried at a time. */
const AT_ONCE = 1000;

/** All events of a short scenario; null for anything else, and while recording. */
export const allEvents = signal<readonly RecordedEvent[] | null>(null);
/** How many events pass the filter, and how many of them are at or before the position. */
const shown = signal({ total: 0, before: 0 });

/** The length of the strip. */
export const stripLength = computed(() => {
  const known = progress.value;
  if (known === null) return 1;
  return allEvents.value === null ? shown.value.total + 1 : stripLengthOf(known);
});

/** The offset of the position on the strip. */
export const offset = computed(() => {
  const events = allEvents.value;
  if (events !== null) return position.value.step + countBefore(events, position.value);
  return atEnd.value ? stripLength.value : shown.value.before;
});

/** Returns the position at an offset. */
export async function positionOf(at: number): Promise<Position> {
  const events = allEvents.value;
  if (events !== null) return positionAt(at, events);
  if (at < 1) return START;
  if (at >= stripLength.value) return { step: progress.value?.steps ?? 0, event: 0 };
  const { events: found } = await machine.events(filter.value, Math.floor(at) - 1, 1);
  return found[0]?.position ?? position.value;
}

/** Returns the offset of a position. */
export async function offsetOf(here: Position): Promise<number> {
  const events = allEvents.value;
  if (events !== null) return here.step + countBefore(events, here);
  return machine.countUpTo(filter.value, here);
}

let going = 0;

/** Moves to an offset. Of several calls in progress, only the latest counts. */
export async function goToOffset(at: number): Promise<void> {
  const mine = ++going;
  const recording = source.value;
  try {
    const to = await positionOf(Math.max(0, Math.min(at, stripLength.value)));
    if (mine === going && recording === source.value) moveTo(to);
  } catch {
    // There is no such position: the playhead stays.
  }
}

let loading = 0;

async function load(count: number): Promise<void> {
  const mine = ++loading;
  const all: RecordedEvent[] = [];
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
  if (source.value?.kind === 'scenario' && short && !isRecording.value) {
    load(known.events).catch(() => undefined);
  } else {
    loading++;
    allEvents.value = null;
  }
});

async function countShown(which: EventFilter, here: Position): Promise<void> {
  const before = await machine.countUpTo(which, here);
  const { total } = await machine.events(which, 0, 0);
  if (position.value === here && filter.value === which) shown.value = { total, before };
}

effect(() => {
  if (progress.value === null) shown.value = { total: 0, before: 0 };
  else if (allEvents.value === null) countShown(filter.value, position.value).catch(() => undefined);
});
