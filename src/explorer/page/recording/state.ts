/**
 * What the page shows: one recording, one position of it, and what is selected. Views read these signals; the functions here
 * change them.
 */

import { batch, computed, signal } from '@preact/signals';
import { proxy } from 'comlink';
import {
  isEarlier,
  type Position,
  type Progress,
  type Settings,
  type Source,
} from '../../../player/index.ts';
import type { EventFilter, SpaceName } from '../../protocol.ts';
import { machine, queryAt, resetQueries } from '../client.ts';

/** The beginning of every recording. */
export const START: Position = { step: 0, event: 0 };

/** What is open; null before the first. */
export const source = signal<Source | null>(null);
/** How it is played. */
export const settings = signal<Required<Settings>>({ injectedFault: null, check: true });
/** How far it has been played once; null before anything is open. */
export const progress = signal<Progress | null>(null);
/** Whether it is being played for the first time, to learn its events. */
export const isRecording = signal(false);
/** Why it could not be opened; null when it could. */
export const openError = signal<string | null>(null);
/** The position that is shown. */
export const position = signal<Position>(START);
/** Which events the timeline shows, and stepping by event goes to. */
export const filter = signal<EventFilter>({});
/** An address that somebody selected in one of the views; all views show it. */
export const selected = signal<{ readonly space: SpaceName; readonly address: bigint } | null>(null);

/** Whether the position is the last one known. */
export const atEnd = computed(() => {
  const known = progress.value;
  return known === null || !isEarlier(position.value, { step: known.steps, event: 0 });
});

/** Steps that one may be ahead of what is known while a recording is played for the first time. */
const AHEAD = 1000;

let opened = 0;
/** What goes by events asks the worker first: one after another, so that no key is lost. */
let going: Promise<void> = Promise.resolve();

/** Opens a recording at a position of it. What was open is closed. */
export async function open(what: Source, how: Required<Settings>, at: Position = START): Promise<void> {
  const mine = ++opened;
  batch(() => {
    resetQueries();
    source.value = what;
    settings.value = how;
    progress.value = null;
    openError.value = null;
    isRecording.value = true;
    position.value = at;
  });
  try {
    const opening = machine.open(what, how, hearing(mine));
    // The beginning can be looked at while the rest is still being played.
    if (at.step === 0 && at.event === 0) queryAt(at);
    const known = await opening;
    if (mine !== opened) return;
    progress.value = known;
    isRecording.value = false;
    // Who has gone on meanwhile stays there.
    moveTo(position.value);
  } catch (error) {
    if (mine !== opened) return;
    openError.value = error instanceof Error ? error.message : String(error);
  } finally {
    if (mine === opened) isRecording.value = false;
  }
}

/** Hears of the progress of a recording. What is told on the way may arrive after the last word, and is not news then. */
function hearing(mine: number) {
  return proxy((known: Progress) => {
    const last = progress.value;
    if (mine === opened && (last === null || last.steps < known.steps)) progress.value = known;
  });
}

/** Goes to a position; to the last one known when it lies behind that, or a bit further while that is not told yet. */
export function moveTo(to: Position): void {
  const known = progress.value?.steps ?? 0;
  const last = { step: isRecording.value ? known + AHEAD : known, event: 0 };
  const at = to.step < 0 ? START : isEarlier(last, to) ? last : whole(to);
  position.value = at;
  queryAt(at);
}

/** The same position, where a step is one event and nothing else: the end of the step. */
function whole(at: Position): Position {
  return source.value?.kind === 'trace' && at.event > 0 ? { step: at.step + 1, event: 0 } : at;
}

/** One step forward (1) or back (-1): a line of a scenario, an instruction of a guest, an event of a trace. */
export function moveBySteps(by: 1 | -1): void {
  const { step, event } = position.value;
  moveTo({ step: by < 0 && event > 0 ? step : step + by, event: 0 });
}

/** To the next (1) or previous (-1) event that passes the filter; to the end or the start when there is none. */
export function moveByEvents(by: 1 | -1): Promise<void> {
  going = going.then(() => goByEvent(by)).catch(() => undefined);
  return going;
}

async function goByEvent(by: 1 | -1): Promise<void> {
  const mine = opened;
  const here = position.value;
  const index = await machine.eventBefore(filter.value, here);
  const { events } = await machine.events(filter.value, Math.max(index - 1, 0), 3);
  // An event of a recording that was closed meanwhile is not of this one.
  if (mine !== opened) return;
  const positions = events.map((one) => whole(one.position));
  const others = positions.filter((one) => (by > 0 ? isEarlier(here, one) : isEarlier(one, here)));
  const to = by > 0 ? others[0] : others[others.length - 1];
  if (to) moveTo(to);
  else moveTo(by > 0 ? { step: progress.value?.steps ?? 0, event: 0 } : START);
}

/** Goes on with a guest that was stopped after many instructions. */
export async function goOn(): Promise<void> {
  const mine = opened;
  isRecording.value = true;
  try {
    const known = await machine.go(hearing(mine));
    if (mine === opened) progress.value = known;
  } finally {
    if (mine === opened) isRecording.value = false;
  }
}
