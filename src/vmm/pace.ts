/** How many units of work a guest does between two questions whether it shall stop: as many as take a millisecond or so. */

/** Part of the platform, of Node and of browsers. */
declare const performance: { now(): number };

/**
 * The fewest units between two readings of the clock, and the most. The longest instruction in interpretive execution, IDTE of a whole
 * table, takes about 15 microseconds, so a guest that was fast and becomes slow is noticed after one and a half seconds.
 */
const LEAST = 5_000;
const MOST = 100_000;
/** Milliseconds: a shorter part is followed by a longer one, and the other way round. */
const SHORT = 1;
const LONG = 5;
/** Milliseconds: after a part that took longer, the next one is as short as possible. */
const TOO_LONG = 20;

/** Measures parts of a run. It decides when a run is interrupted, never what the guest does. */
export class Pace {
  /** Units of work that the next part may have. */
  units = LEAST;
  readonly #now: () => number;
  #began = 0;

  /** @param now returns the time in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A part begins. */
  begin(): void {
    this.#began = this.#now();
  }

  /** The part has ended, after `done` units. */
  end(done: number): void {
    const time = this.#now() - this.#began;
    if (time > TOO_LONG) this.units = LEAST;
    else if (time > LONG) this.units = Math.max(LEAST, this.units / 2);
    else if (time < SHORT && done >= this.units) this.units = Math.min(MOST, this.units * 2);
  }
}
