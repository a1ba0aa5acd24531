/**
 * Playing: the position goes on by itself, one thing after another.
 */

import { effect, signal } from '@preact/signals';
import type { Position } from '../../../player/index.ts';
import { atEnd, moveTo, position, progress, START, source } from '../recording/state.ts';
import { due, SPEEDS } from './scale.ts';
import { offset, offsetOf, positionOf, stripLength } from './where.ts';

/** Whether it plays. */
export const playing = signal(false);
/** How fast: the number of a speed. */
export const speed = signal(1);

/** As fast as possible, a recording takes about so many milliseconds: positions are left out where drawing takes longer. */
const FASTEST = 8000;

let last = 0;
let rest = 0;
let frame = 0;
/** Where playing has come to; the shown offset lags behind it while questions are under way. */
let at = 0;
/** The position that playing went to: another one is shown when somebody went elsewhere. */
let went: Position | null = null;

/** Plays, from the beginning when the end is reached; or stops. */
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
