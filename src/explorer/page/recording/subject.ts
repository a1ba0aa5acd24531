/**
 * The page that views show: the one that was selected, or the one that the latest step accessed or changed.
 */

import { effect, signal } from '@preact/signals';
import type { RecordedEvent, TouchedPage } from '../../../player/index.ts';
import type { TraceEvent } from '../../../trace/index.ts';
import { machine } from '../client.ts';
import { answers } from './editor/answers.ts';
import { position, progress, selected, source } from './state.ts';
import { lines, openedText } from './workspace.ts';

/** The page to show, or null before there is one. */
export const subject = signal<TouchedPage | null>(null);
/** The page that the latest step accessed or changed, or null if it is about none. */
export const touched = signal<TouchedPage | null>(null);

/** The types of events that name a page. */
const PAGE_EVENTS = ['mm-fault', 'gmap-fault', 'zap'] as const;

/** Returns the page that an event is about, or null. */
export function pageOfEvent(event: TraceEvent): TouchedPage | null {
  if (event.type === 'mm-fault' || event.type === 'zap') {
    return { space: `process ${event.mm}`, address: event.address };
  }
  return event.type === 'gmap-fault' ? { space: `gmap ${event.gmap}`, address: event.guest } : null;
}

/** Returns the page of the last event at or before the position that names one. */
async function latestEvent(): Promise<RecordedEvent | undefined> {
  const filter = { types: PAGE_EVENTS };
  const count = await machine.countUpTo(filter, position.peek());
  return count === 0 ? undefined : (await machine.events(filter, count - 1, 1)).events[0];
}

// A scenario's answers name the page.
effect(() => {
  const { step, event } = position.value;
  if (openedText.value === null) return;
  const line = lines.value[event > 0 ? step : step - 1];
  touched.value = line === undefined ? null : (answers.value.get(line)?.touched ?? null);
});

// Events name it in anything else.
effect(() => {
  const here = position.value;
  if (openedText.value !== null || progress.value === null) return;
  latestEvent().then(
    (found) => {
      if (position.peek() === here) touched.value = found ? pageOfEvent(found.event) : null;
    },
    () => undefined,
  );
});

effect(() => {
  if (touched.value !== null) subject.value = touched.value;
});

effect(() => {
  if (selected.value !== null) subject.value = selected.value;
});

effect(() => {
  source.value;
  subject.value = null;
});
