/**
 * Plays a recording: the position moves on by itself.
 */

import { effect, signal } from '@preact/signals';
import type { Position } from '../../../player/index.ts';
import { machine } from '../client.ts';
import { toggleRun } from '../recording/live.ts';
import { atEnd, filter, isLive, moveTo, position, progress, START, source } from '../recording/state.ts';
import { due, SPEEDS } from './scale.ts';
import { allEvents, offset, positionOf, stripLength } from './strip-offset.ts';

/** Whether it is playing. */
export const playing = signal(false);
/** The index of the speed in `SPEEDS`. */
export const speed = signal(1);

/** Milliseconds for a whole recording at the highest speed. Positions are skipped if rendering takes longer. */
const FASTEST = 8000;

let last = 0;
let rest = 0;
let frame = 0;
/**
 * How far playing has come: an offset on the strip of a short scenario, or the number of events that pass the filter. What
 * is shown lags behind while queries are in progress.
 */
let at = 0;
/** The position that playing moved to. If another one is shown, the user has moved. */
let went: Position | null = null;

/** Starts playing, from the beginning if the end has been reached, or stops. A live guest runs, or is paused. */
export function togglePlay(): void {
  if (isLive.value) {
    toggleRun();
    return;
  }
  if (playing.value) {
    playing.value = false;
    return;
  }
  if (progress.value === null) return;
  if (atEnd.value) moveTo(START);
  went = null;
  rest = 0;
  last = performance.now();
  playing.value = true;
  frame = requestAnimationFrame(tick);
}

async function tick(now: number): Promise<void> {
  if (!playing.value) return;
  try {
    const elapsed = now - last;
    last = now;
    const length = await lengthOfPlay();
    const { perSecond } = SPEEDS[speed.value] ?? { perSecond: 1 };
    let steps = Math.max(1, Math.round((length * elapsed) / FASTEST));
    if (perSecond !== null) ({ steps, rest } = due(elapsed + rest, perSecond));
    if (steps > 0) await advance(steps, length);
    if (at >= length && position.value === went) playing.value = false;
  } catch {
    // Another recording was opened.
    playing.value = false;
  }
  if (playing.value) frame = requestAnimationFrame(tick);
}

async function advance(steps: number, length: number): Promise<void> {
  const here = position.value;
  if (here !== went) at = await placeOf(here);
  at = Math.min(at + steps, length);
  const to = await positionAfter(at, length);
  if (!playing.value || position.value !== here) return;
  moveTo(to);
  went = position.value;
}

/** Returns how long playing is: a short scenario plays steps and events, anything longer the events that pass the filter. */
async function lengthOfPlay(): Promise<number> {
  if (allEvents.value !== null) return stripLength.value;
  return (await machine.events(filter.value, 0, 0)).total + 1;
}

async function placeOf(here: Position): Promise<number> {
  return allEvents.value === null ? machine.countUpTo(filter.value, here) : offset.value;
}

async function positionAfter(units: number, length: number): Promise<Position> {
  if (allEvents.value !== null) return positionOf(units);
  if (units >= length) return { step: progress.value?.steps ?? 0, event: 0 };
  const { events } = await machine.events(filter.value, units - 1, 1);
  return events[0]?.position ?? position.value;
}

effect(() => {
  source.value;
  playing.value = false;
  cancelAnimationFrame(frame);
});
