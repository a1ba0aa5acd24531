/** How long a guest stays in interpretive execution before it is asked whether it shall stop: a few milliseconds. */

import type { Pacer } from '../machine/index.ts';

/** Part of the platform, of Node and of browsers. */
declare const performance: { now(): number };

/**
 * The fewest units of work between two readings of the clock, and the most. The longest instruction in interpretive execution, IDTE of a
 * whole table, takes about 15 microseconds, so a guest that was fast and becomes slow is noticed after one and a half seconds.
 */
const LEAST = 5_000;
const MOST = 100_000;
/** Milliseconds: after a shorter step there are more units in the next one, after a longer one fewer. */
const SHORT = 0.2;
const LONG = 5;
/** Milliseconds: after a step that took longer, the next one is as short as possible. */
const TOO_LONG = 20;
/** Milliseconds after which the guest leaves interpretive execution. */
const PART = 2;

/** Measures parts of a run, each of some steps. It decides when a run is interrupted, never what the guest does. */
export class Pace implements Pacer {
  /** Units of work of the next step. */
  units = LEAST;
  readonly #now: () => number;
  /** When the part began, and when the step did. */
  #part = 0;
  #step = 0;

  /** @param now returns the time in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A part begins. */
  begin(): void {
    this.#part = this.#step = this.#now();
  }

  /** A step has ended. Returns whether the part has another one; if not, a part begins. */
  goesOn(): boolean {
    const now = this.#now();
    const time = now - this.#step;
    this.#step = now;
    if (time > TOO_LONG) this.units = LEAST;
    else if (time > LONG) this.units = Math.max(LEAST, this.units / 2);
    else if (time < SHORT) this.units = Math.min(MOST, this.units * 2);
    if (now - this.#part < PART) return true;
    this.#part = now;
    return false;
  }
}
