/**
 * The page that views show: the one that was selected, or the one that the latest step accessed or changed.
 */

import { computed, effect, signal } from '@preact/signals';
import type { RecordedEvent, TouchedPage } from '../../../player/index.ts';
import type { TraceEvent } from '../../../trace/index.ts';
import { machine } from '../client.ts';
import { answers } from './editor/answers.ts';
import { position, progress, selected, source } from './state.ts';
import { lines, openedText } from './workspace.ts';

/** The page that the latest step accessed or changed that was about a page; null if there was none. */
export const touched = signal<TouchedPage | null>(null);
/** The page that views show: the selected one, or else the one accessed or changed last. */
export const subject = computed<TouchedPage | null>(() => selected.value ?? touched.value);
/** The page of a guest that a step of a scenario accessed or changed last; null if there was none. */
export const touchedGuest = signal<TouchedPage | null>(null);
/** The page in the lens: the selected one, until a step accesses or changes a page. */
export const lensSubject = signal<TouchedPage | null>(null);

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

/** Steps that are searched for one that is about a page. */
const SEARCHED = 1000;

// A scenario's answers name the page.
effect(() => {
  const { step, event } = position.value;
  touchedGuest.value = null;
  if (openedText.value === null) return;
  const last = event > 0 ? step : step - 1;
  touched.value = latestTouched(last, () => true);
  touchedGuest.value = latestTouched(last, ({ space }) => space.startsWith('gmap'));
});

function latestTouched(last: number, isWanted: (page: TouchedPage) => boolean): TouchedPage | null {
  for (let step = last; step >= 0 && step > last - SEARCHED; step--) {
    const found = answers.value.get(lines.value[step] ?? 0)?.touched;
    if (found && isWanted(found)) return found;
  }
  return null;
}

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
  lensSubject.value = touched.value;
});

effect(() => {
  if (selected.value !== null) lensSubject.value = selected.value;
});

effect(() => {
  source.value;
  lensSubject.value = null;
});
