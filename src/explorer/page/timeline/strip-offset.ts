/**
 * The offset of the position on the strip, and the conversions between offsets and positions.
 */

import { computed, effect, signal } from '@preact/signals';
import type { Position, RecordedEvent } from '../../../player/index.ts';
import { machine } from '../client.ts';
import { isRecording, moveTo, position, progress, source } from '../recording/state.ts';
import { countBefore, LONGEST_IN_STEPS, positionAt, stripLengthOf } from './scale.ts';

/** Events queried at a time. */
const AT_ONCE = 1000;

/** All events of a short scenario; null for anything else, and while recording. */
export const allEvents = signal<readonly RecordedEvent[] | null>(null);

/** The length of the strip. */
export const stripLength = computed(() => {
  const known = progress.value;
  if (known === null) return 1;
  return allEvents.value === null ? Math.max(1, known.steps) : stripLengthOf(known);
});

/** The offset of the position on the strip. */
export const offset = computed(() => {
  const events = allEvents.value;
  const { step } = position.value;
  return Math.min(step + (events === null ? 0 : countBefore(events, position.value)), stripLength.value);
});

/** Returns the position at an offset. */
export function positionOf(at: number): Position {
  const events = allEvents.value;
  return events === null ? { step: Math.floor(at), event: 0 } : positionAt(at, events);
}

/** Moves to an offset. */
export function goToOffset(at: number): void {
  moveTo(positionOf(Math.max(0, Math.min(at, stripLength.value))));
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
