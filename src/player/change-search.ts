/** "Who wrote this?": the search for a change of memory, forward or back. */

import type { Direction } from './breakpoint-search.ts';
import type { ChangeIndex, Interval } from './change-index.ts';
import { type ChangeTarget, ChangeWatch, type FoundChange } from './change-watch.ts';
import { isEarlier, PlayerError, type Position } from './positions.ts';
import type { Run } from './run.ts';
import type { RunPool } from './run-pool.ts';

const PAGE = 4096;

/** @throws PlayerError if the target is not in one page */
export function demandTarget({ address, length }: ChangeTarget): void {
  const inPage = Number.isInteger(length) && length >= 1 && Number(address % 4096n) + length <= PAGE;
  if (address < 0n || address >= 1n << 64n || !inPage) {
    throw new PlayerError(`${length} bytes at 0x${address.toString(16)} are not in one page`);
  }
}

/**
 * A search. It plays one interval of steps after the other, away from the position, until one has a change. With an index it
 * skips those in which the memory cannot have changed. Without, it plays forward to the end; or backwards the part before
 * the position, from where the nearest run was left, then the part before that.
 */
export class ChangeSearch {
  readonly #pool: RunPool;
  readonly #index: ChangeIndex | null;
  readonly #target: ChangeTarget;
  readonly #from: Position;
  readonly #direction: Direction;
  /** The part of the recording that is searched. */
  readonly #all: Interval;
  /** The interval that is played, or null when the search is done. */
  #interval: Interval | null;
  /** The frame that the memory is in where the next interval adjoins, as in `ChangeIndex.lastBefore`. */
  #frame: number | null;
  #run: Run | null = null;
  #watch: ChangeWatch | null = null;
  #found: FoundChange | null = null;

  /**
   * @param index of the recording, or null if it has none
   * @param steps those that are recorded
   */
  constructor(
    pool: RunPool,
    index: ChangeIndex | null,
    target: ChangeTarget,
    from: Position,
    direction: Direction,
    steps: number,
  ) {
    this.#pool = pool;
    this.#index = index;
    this.#target = target;
    this.#from = from;
    this.#direction = direction;
    this.#all =
      direction === 'next'
        ? { first: from.step, end: steps }
        : { first: 0, end: Math.min(steps, from.step + (from.event > 0 ? 1 : 0)) };
    this.#frame = target.space === null ? Number(target.address >> 12n) : null;
    this.#interval = direction === 'next' ? this.#after(from.step) : this.#before(this.#all.end);
  }

  /** The change, once the search is done; null if there is none. */
  get found(): FoundChange | null {
    return this.#interval === null ? this.#found : null;
  }

  /** How far it has come, 0 to 1. */
  get progress(): number {
    if (this.#interval === null) return 1;
    const { first, end } = this.#all;
    const played = Math.max(0, (this.#run?.step ?? 0) - this.#interval.first);
    const before = this.#direction === 'next' ? this.#interval.first - first : end - this.#interval.end;
    return (before + played) / Math.max(1, end - first);
  }

  /**
   * Continues the search. Returns whether it is done.
   * @param pending called often; when it returns true, the search pauses
   */
  advance(pending: () => boolean = () => false): boolean {
    while (this.#interval !== null) {
      if (!this.#play(this.#interval, pending)) return false;
      this.#goOn(this.#interval);
      if (this.#interval !== null && pending()) return false;
    }
    return true;
  }

  /** Plays an interval. Returns whether it is played to its end, or a change that is the result was found. */
  #play({ first, end }: Interval, pending: () => boolean): boolean {
    this.#run ??= this.#pool.take(first);
    const run = this.#run;
    if (run.step < first) run.advance(first - run.step, pending);
    if (run.step < first && run.end === null) return false;
    this.#watch ??= this.#begin(run);
    while (run.step < end && run.end === null && !this.#isResult()) {
      this.#stride(run, this.#watch, end, pending);
      if (pending()) return run.step >= end || run.end !== null || this.#isResult();
    }
    return true;
  }

  #begin(run: Run): ChangeWatch {
    const watch = new ChangeWatch(run, this.#target, (change) => this.#note(change));
    if (this.#direction === 'previous' && this.#target.space !== null) this.#frame = watch.frame;
    return watch;
  }

  /** Plays until the host has acted, and to the end of the step for which it has. */
  #stride(run: Run, watch: ChangeWatch, end: number, pending: () => boolean): void {
    const { acts } = run;
    const most = run.stride === 1 ? 1 : end - run.step;
    run.advance(most, () => run.acts !== acts || this.#isResult() || pending());
    // The host may have acted for a step that is not complete: what it has changed is a change of that step.
    if (run.inStep && run.step < end) run.advance(1);
    watch.stopped();
  }

  #note(change: FoundChange): void {
    if (this.#direction === 'previous') {
      if (!isEarlier(this.#from, change.position)) this.#found = change;
    } else if (isEarlier(this.#from, change.position)) {
      this.#found ??= change;
    }
  }

  #isResult(): boolean {
    return this.#direction === 'next' && this.#found !== null;
  }

  /** Goes on to the next interval, unless the search is done. */
  #goOn({ first, end }: Interval): void {
    const isNext = this.#direction === 'next';
    if (isNext && this.#target.space !== null && this.#watch !== null) this.#frame = this.#watch.frame;
    this.#leave();
    if (this.#found !== null) this.#interval = null;
    else this.#interval = isNext ? this.#after(end) : this.#before(first);
  }

  /**
   * Returns the last interval before a step. After the first one, it begins where the nearest run was left: this part must
   * be played anyway, and changes in it need no play of their own.
   */
  #before(step: number): Interval | null {
    const interval =
      this.#index === null ? { first: step, end: step } : this.#index.lastBefore(step, this.#frame);
    if (interval === null || step === 0) return null;
    if (this.#index !== null && step === this.#all.end) return interval;
    const { end } = interval;
    return { first: Math.min(interval.first, this.#pool.nearest(end - 1)), end };
  }

  #after(step: number): Interval | null {
    const { end } = this.#all;
    if (step >= end) return null;
    if (this.#index === null) return { first: step, end };
    const interval = this.#index.firstAfter(step, this.#frame);
    if (interval === null || interval.first >= end) return null;
    return { first: interval.first, end: Math.min(interval.end, end) };
  }

  #leave(): void {
    this.#watch?.close();
    this.#watch = null;
    if (this.#run !== null) this.#pool.give(this.#run);
    this.#run = null;
  }

  /** Ends the search. */
  close(): void {
    this.#leave();
  }
}
