/**
 * The state of the page: the open recording, the position, and the selection. Views read these signals; the functions
 * here change them.
 */

import { batch, computed, signal } from '@preact/signals';
import { proxy } from 'comlink';
import {
  isEarlier,
  type Position,
  type Progress,
  type Settings,
  type Source,
  samePosition,
} from '../../../player/index.ts';
import type { EventFilter, SpaceName } from '../../protocol.ts';
import { machine, queryAt, resetQueries } from '../client.ts';
import { withEarlierOutput } from './live-output.ts';

/** The beginning of every recording. */
export const START: Position = { step: 0, event: 0 };

/** The source of the open recording, or null before the first. */
export const source = signal<Source | null>(null);
/** The settings of the open recording. */
export const settings = signal<Required<Settings>>({ injectedFault: null, check: true });
/** How far it has been recorded, or null before anything is open. */
export const progress = signal<Progress | null>(null);
/** Whether it is being recorded. */
export const isRecording = signal(false);
/** Why it could not be opened, or null if it could. */
export const openError = signal<string | null>(null);
/** The position shown. */
export const position = signal<Position>(START);
/** The events that the timeline shows, and that stepping by event goes to. */
export const filter = signal<EventFilter>({});
/** The address selected in one of the views. All views show it. */
export const selected = signal<{ readonly space: SpaceName; readonly address: bigint } | null>(null);

/** Whether the open recording is a guest that is played live. */
export const isLive = computed(() => progress.value?.live != null);
/** Whether the position stays at the end of a live guest, which moves on while the guest runs. */
export const following = signal(false);

/** Whether the position is the last one recorded. */
export const atEnd = computed(() => {
  const known = progress.value;
  return known === null || !isEarlier(position.value, { step: known.steps, event: 0 });
});

/** Steps past the recorded part that a position may be, while recording. */
const AHEAD = 1000;
/** The position that queries ask for while it moves on: the end, wherever it is. */
const THE_END: Position = { step: Infinity, event: 0 };

let opened = 0;
/** The moves by event in progress. They query the worker first, and run one after another, so that no key is lost. */
let going: Promise<void> = Promise.resolve();

/**
 * Opens a recording at a position. Closes the former one.
 * @param keep whether to show the state of the former one until that of this one is known
 */
export async function open(
  what: Source,
  how: Required<Settings>,
  at: Position = START,
  keep = false,
): Promise<void> {
  const mine = ++opened;
  // A live guest runs until it is paused: it is open as soon as it has begun.
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  batch(() => {
    resetQueries(keep);
    following.value = what.kind === 'guest';
    source.value = what;
    settings.value = how;
    progress.value = null;
    openError.value = null;
    isRecording.value = true;
    position.value = at;
  });
  try {
    const opening = machine.open(what, how, progressListener(mine, begin)).then((known) => {
      if (mine !== opened) return;
      finish(known);
      // The user may have moved on in the meantime.
      moveTo(position.value);
    });
    // Show the beginning while the rest is being recorded.
    if (at.step === 0 && at.event === 0) queryAt(at);
    opening.catch((error) => fail(mine, error));
    await Promise.race([opening, begun]);
  } catch (error) {
    fail(mine, error);
  }
}

function fail(mine: number, error: unknown): void {
  if (mine !== opened) return;
  openError.value = error instanceof Error ? error.message : String(error);
  isRecording.value = false;
}

/** Takes the final report of a recording, or of a part of it. */
function finish(known: Progress): void {
  batch(() => {
    progress.value = known;
    isRecording.value = false;
    if (known.live !== null && following.value) follow();
  });
}

/**
 * Returns a listener for the progress of a recording. Reports that arrive after the final one are ignored.
 * @param begin called with the first report of a live guest
 */
function progressListener(mine: number, begin = () => {}) {
  return proxy((known: Progress) => {
    const last = progress.value;
    if (mine !== opened) return;
    if (known.live === null) {
      if (last === null || last.steps < known.steps) progress.value = known;
      return;
    }
    const now = withEarlierOutput(last, known);
    if (now === null || !isRecording.value) return;
    batch(() => {
      progress.value = now;
      if (following.value) follow();
    });
    begin();
  });
}

/** Moves to the end of a live guest, wherever it is. */
function follow(): void {
  const steps = progress.value?.steps ?? 0;
  if (!samePosition(position.value, { step: steps, event: 0 })) position.value = { step: steps, event: 0 };
  queryAt(THE_END);
}

/** Moves to a position, clamped to the recorded part; while recording, `AHEAD` steps more. A live guest that runs is paused. */
export function moveTo(to: Position): void {
  const known = progress.value?.steps ?? 0;
  if (isLive.value) {
    following.value = !isEarlier(to, { step: known, event: 0 });
    if (following.value) {
      follow();
      return;
    }
    if (isRecording.value) void machine.pause();
    position.value = to.step < 0 ? START : to;
    queryAt(position.value);
    return;
  }
  const last = { step: isRecording.value ? known + AHEAD : known, event: 0 };
  const at = to.step < 0 ? START : isEarlier(last, to) ? last : normalized(to);
  position.value = at;
  queryAt(at);
}

/** Returns a position; in a trace, where each event is a step, the end of the step. */
function normalized(at: Position): Position {
  return source.value?.kind === 'trace' && at.event > 0 ? { step: at.step + 1, event: 0 } : at;
}

/** Moves one step forward (1) or back (-1): a line of a scenario, a unit of work of a guest, an event of a trace. */
export function moveBySteps(by: 1 | -1): void {
  const { step, event } = position.value;
  moveTo({ step: by < 0 && event > 0 ? step : step + by, event: 0 });
}

/** Moves to the next (1) or previous (-1) event that passes the filter, or to the end or the start if there is none. */
export function moveByEvents(by: 1 | -1): Promise<void> {
  going = going.then(() => goByEvent(by)).catch(() => undefined);
  return going;
}

async function goByEvent(by: 1 | -1): Promise<void> {
  const mine = opened;
  const here = position.value;
  const done = await machine.countUpTo(filter.value, here);
  const { events } = await machine.events(filter.value, Math.max(done - 2, 0), 3);
  // The event belongs to a recording that was closed in the meantime.
  if (mine !== opened) return;
  const positions = events.map((one) => normalized(one.position));
  const others = positions.filter((one) => (by > 0 ? isEarlier(here, one) : isEarlier(one, here)));
  const to = by > 0 ? others[0] : others[others.length - 1];
  if (to) moveTo(to);
  else moveTo(by > 0 ? { step: progress.value?.steps ?? 0, event: 0 } : START);
}

/**
 * Continues a guest that was paused: after its maximum number of steps, or a live one by the user.
 * @param steps of a live guest; without a number it runs until it is paused
 */
export async function resume(steps?: number): Promise<void> {
  const mine = opened;
  isRecording.value = true;
  following.value = true;
  try {
    const known = await machine.resume(progressListener(mine), steps);
    if (mine === opened) finish(known);
  } finally {
    if (mine === opened) isRecording.value = false;
  }
}
