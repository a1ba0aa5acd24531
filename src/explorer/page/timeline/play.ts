/**
 * Playing: the moment goes on by itself, one thing after another.
 */

import { effect, signal } from '@preact/signals';
import type { Moment } from '../../../player/index.ts';
import { atEnd, moment, moveTo, progress, START, source } from '../state.ts';
import { due, SPEEDS } from './axis.ts';
import { extent, momentOf, position, positionOf } from './where.ts';

/** Whether it plays. */
export const playing = signal(false);
/** How fast: the number of a speed. */
export const speed = signal(1);

/** As fast as possible, a story takes about so many milliseconds: moments are left out where drawing takes longer. */
const FASTEST = 8000;

let last = 0;
let rest = 0;
let frame = 0;
/** Where playing has come to; the shown position lags behind it while questions are under way. */
let at = 0;
/** The moment that playing went to: another one is shown when somebody went elsewhere. */
let went: Moment | null = null;

/** Plays, from the beginning when the end is reached; or stops. */
export function togglePlay(): void {
  if (playing.value) {
    playing.value = false;
    return;
  }
  if (progress.value === null) return;
  const again = atEnd.value;
  if (again) moveTo(START);
  at = again ? 0 : position.value;
  went = moment.value;
  rest = 0;
  last = performance.now();
  playing.value = true;
  frame = requestAnimationFrame(tick);
}

async function tick(now: number): Promise<void> {
  if (!playing.value) return;
  const { perSecond } = SPEEDS[speed.value] ?? { perSecond: 1 };
  let steps = Math.max(1, Math.round((extent.value * (now - last)) / FASTEST));
  if (perSecond !== null) ({ steps, rest } = due(now - last + rest, perSecond));
  last = now;
  if (steps > 0) {
    try {
      const here = moment.value;
      if (here !== went) at = await positionOf(here);
      at = Math.min(at + steps, extent.value);
      const to = await momentOf(at);
      if (playing.value && moment.value === here) {
        moveTo(to);
        went = moment.value;
      }
    } catch {
      playing.value = false;
    }
    if (at >= extent.value && moment.value === went) playing.value = false;
  }
  if (playing.value) frame = requestAnimationFrame(tick);
}

effect(() => {
  source.value;
  playing.value = false;
  cancelAnimationFrame(frame);
});
