/** The search for a change of a place in storage, forward or back. */

import { type ChangeSubject, demandPlace, fixedPlace, type Place, placeIn } from './change-subject.ts';
import { type Change, ChangeWatch } from './change-watch.ts';
import { insideStep } from './inside-step.ts';
import { isEarlier, type Position } from './positions.ts';
import type { Run } from './run.ts';
import type { RunPool } from './run-pool.ts';

/**
 * Which change to search for: the last one at or before a position, which has made the contents at the position; the last one
 * before it; or the next one after it.
 */
export type ChangeDirection = 'last' | 'previous' | 'next';

/** The result of a search. */
export interface FoundChange {
  /** Absolute address of the first byte; for a storage key, of its frame. */
  readonly address: bigint;
  /** The number of bytes; 1 for a storage key. */
  readonly length: number;
  /** The change, or null if there is none. */
  readonly change: Change | null;
}

/**
 * A search. It plays the recording: forward from the position to the first change, or from the start to the position, because
 * the last change before it is known only there.
 */
export class ChangeSearch {
  readonly #pool: RunPool;
  readonly #subject: ChangeSubject;
  readonly #from: Position;
  readonly #direction: ChangeDirection;
  /** The step from which the search starts, and at which it ends. */
  readonly #start: number;
  readonly #end: number;
  #place: Place | null;
  #run: Run | null = null;
  #watch: ChangeWatch | null = null;
  #change: Change | null = null;
  #done = false;

  /** @param steps those that are recorded */
  constructor(
    pool: RunPool,
    subject: ChangeSubject,
    from: Position,
    direction: ChangeDirection,
    steps: number,
  ) {
    this.#pool = pool;
    this.#subject = subject;
    this.#from = from.step > steps ? { step: steps, event: 0 } : from;
    this.#direction = direction;
    this.#start = direction === 'next' ? this.#from.step : 0;
    const last = this.#from.event > 0 ? this.#from.step + 1 : this.#from.step;
    this.#end = direction === 'next' ? steps : Math.min(steps, last);
    this.#place = fixedPlace(subject);
  }

  /** The result, once the search is done, or else null. */
  get found(): FoundChange | null {
    if (!this.#done || this.#place === null) return null;
    const { address, length } = this.#place;
    return { address: BigInt(address), length, change: this.#change };
  }

  /** How far it has come, 0 to 1. */
  get progress(): number {
    if (this.#done) return 1;
    if (this.#run === null || this.#watch === null) return 0;
    return Math.max(0, (this.#run.step - this.#start) / Math.max(1, this.#end - this.#start));
  }

  /**
   * Continues the search. Returns whether it is done.
   * @param pending called often; when it returns true, the search pauses
   * @throws PlayerError if the subject is not in storage
   */
  advance(pending: () => boolean = () => false): boolean {
    if (this.#done) return true;
    if (this.#place === null && !this.#locate(pending)) return false;
    return this.#search(this.#place as Place, pending);
  }

  /** Finds the place of a page, at the position. Returns whether it is found. */
  #locate(pending: () => boolean): boolean {
    const { step, event } = this.#from;
    const run = this.#playTo(step, pending);
    if (run === null) return false;
    const place = () => placeIn(run.snapshot, this.#subject as ChangeSubject & { kind: 'page' | 'entry' });
    this.#place = event === 0 || run.end !== null ? place() : insideStep(run, event, place);
    this.#giveBack();
    return true;
  }

  #search(place: Place, pending: () => boolean): boolean {
    if (this.#watch === null) {
      const start = this.#playTo(this.#start, pending);
      if (start === null) return false;
      this.#watch = this.#begin(start, place);
    }
    const run = this.#run as Run;
    const watch = this.#watch;
    // Loading an image is a step of its own, and its end is to be seen.
    if (run.step === 0 && this.#end > 0) run.advance(1);
    watch.paused();
    if (!watch.stopped) run.advance(this.#end - run.step, () => watch.paused() || pending());
    watch.paused();
    if (!watch.stopped && run.step < this.#end && run.end === null) return false;
    this.#done = true;
    this.close();
    return true;
  }

  /** Plays a run to a step. Returns it, or null if `pending` has returned true before. */
  #playTo(step: number, pending: () => boolean): Run | null {
    this.#run ??= this.#pool.take(step);
    const run = this.#run;
    if (run.step < step) run.advance(step - run.step, pending);
    return run.step >= step || run.end !== null ? run : null;
  }

  #begin(run: Run, place: Place): ChangeWatch {
    const { host } = run;
    if (host === null) throw new Error('the run has no storage');
    demandPlace(place, host.machine.storage);
    return new ChangeWatch(run, host, place, (change) => this.#note(change));
  }

  /** Notes a change. Returns whether the search is over. */
  #note(change: Change): boolean {
    const { position } = change;
    const isLater = isEarlier(this.#from, position);
    if (this.#direction === 'next') {
      if (isLater) this.#change ??= change;
      return isLater;
    }
    if (isLater) return true;
    if (this.#direction === 'last' || isEarlier(position, this.#from)) this.#change = change;
    return false;
  }

  #giveBack(): void {
    if (this.#run === null) return;
    this.#pool.give(this.#run);
    this.#run = null;
  }

  /** Ends the search. */
  close(): void {
    this.#watch?.close();
    this.#watch = null;
    this.#giveBack();
  }
}
