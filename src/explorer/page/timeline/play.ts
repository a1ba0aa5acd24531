/**
 * Plays a recording: the position moves on by itself.
 */

import { effect, signal } from '@preact/signals';
import type { Position } from '../../../player/index.ts';
import { atEnd, moveTo, position, progress, START, source } from '../recording/state.ts';
import { due, SPEEDS } from './scale.ts';
import { offset, offsetOf, positionOf, stripLength } from './strip-offset.ts';

/** Whether it is playing. */
export const playing = signal(false);
/** The index of the speed in `SPEEDS`. */
export const speed = signal(1);

/** Milliseconds for a whole recording at the highest speed. Positions are skipped if rendering takes longer. */
const FASTEST = 8000;

let last = 0;
let rest = 0;
let frame = 0;
/** The offset that playing has reached. The offset shown lags behind while queries are in progress. */
let at = 0;
/** The position that playing moved to. If another one is shown, the user has moved. */
let went: Position | null = null;

/** Starts playing, from the beginning if the end has been reached, or stops. */
export function togglePlay(): void {
  if (playing.value) {
    playing.value = false;
    return;
  }
  if (progress.value === null) return;
  const again = atEnd.value;
  if (again) moveTo(START);
  at = again ? 0 : offset.value;
  went = position.value;
  rest = 0;
  last = performance.now();
  playing.value = true;
  frame = requestAnimationFrame(tick);
}

async function tick(now: number): Promise<void> {
  if (!playing.value) return;
  const { perSecond } = SPEEDS[speed.value] ?? { perSecond: 1 };
  let steps = Math.max(1, Math.round((stripLength.value * (now - last)) / FASTEST));
  if (perSecond !== null) ({ steps, rest } = due(now - last + rest, perSecond));
  last = now;
  if (steps > 0) {
    try {
      const here = position.value;
      if (here !== went) at = await offsetOf(here);
      at = Math.min(at + steps, stripLength.value);
      const to = await positionOf(at);
      if (playing.value && position.value === here) {
        moveTo(to);
        went = position.value;
      }
    } catch {
      playing.value = false;
    }
    if (at >= stripLength.value && position.value === went) playing.value = false;
  }
  if (playing.value) frame = requestAnimationFrame(tick);
}

effect(() => {
  source.value;
  playing.value = false;
  cancelAnimationFrame(frame);
});
