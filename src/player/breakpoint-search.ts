/** The search for a hit of a breakpoint, forward or back. */

import { type Breakpoint, BreakpointWatch, type Hit } from '../debug/index.ts';
import { EventPositions } from './event-positions.ts';
import { isEarlier, type Position } from './positions.ts';
import type { Run } from './run.ts';
import type { RunPool } from './run-pool.ts';

/** Where to search: for the next one after a position, or for the last one before it. */
export type Direction = 'next' | 'previous';

/** A hit of a breakpoint, and its position. */
export interface FoundHit extends Hit {
  readonly position: Position;
}

/**
 * A search. It plays the recording: forward from the position to the first hit, or from the start to the position, because
 * the last hit before it is known only there.
 */
export class BreakpointSearch {
  readonly #pool: RunPool;
  readonly #breakpoints: readonly Breakpoint[];
  readonly #from: Position;
  readonly #direction: Direction;
  /** The step at which the search ends. */
  readonly #end: number;
  #run: Run | null;
  #watch: BreakpointWatch | null = null;
  #events: EventPositions | null = null;
  #found: FoundHit | null = null;
  #done = false;

  /** @param steps those that are recorded */
  constructor(
    pool: RunPool,
    breakpoints: readonly Breakpoint[],
    from: Position,
    direction: Direction,
    steps: number,
  ) {
    this.#pool = pool;
    this.#breakpoints = breakpoints;
    this.#from = from;
    this.#direction = direction;
    this.#end = direction === 'next' ? steps : Math.min(steps, from.step + 1);
    this.#run = pool.take(direction === 'next' ? from.step : 0);
  }

  /** The hit, once the search is done; null if there is none. */
  get found(): FoundHit | null {
    return this.#done ? this.#found : null;
  }

  /** How far it has come, 0 to 1. */
  get progress(): number {
    if (this.#done || this.#run === null) return 1;
    const first = this.#direction === 'next' ? this.#from.step : 0;
    return Math.max(0, (this.#run.step - first) / Math.max(1, this.#end - first));
  }

  /**
   * Continues the search. Returns whether it is done.
   * @param pending called often; when it returns true, the search pauses
   */
  advance(pending: () => boolean = () => false): boolean {
    const run = this.#run;
    if (run === null) return true;
    const start = this.#direction === 'next' ? this.#from.step : 0;
    if (run.step < start) run.advance(start - run.step, pending);
    if (run.step < start && run.end === null) return false;
    this.#watch ??= this.#begin(run);
    const watch = this.#watch;
    run.advance(this.#end - run.step, () => watch.ended() || pending());
    watch.ended();
    if (!watch.stopped && run.step < this.#end && run.end === null) return false;
    this.close();
    return true;
  }

  #begin(run: Run): BreakpointWatch {
    let position: Position = { step: run.step, event: 0 };
    // It counts the events before the watch sees them.
    this.#events = new EventPositions(run, (_, at) => {
      position = at;
    });
    const report = (hit: Hit) => {
      const at = hit.cause.kind === 'event' ? position : { step: run.step, event: 0 };
      return this.#hit({ ...hit, position: at });
    };
    const { trace, host } = run;
    return new BreakpointWatch({ trace, host, vcpu: () => run.vcpu }, this.#breakpoints, report);
  }

  /** Notes a hit. Returns whether the search is over. */
  #hit(hit: FoundHit): boolean {
    if (this.#direction === 'next') {
      if (!isEarlier(this.#from, hit.position)) return false;
      this.#found ??= hit;
      return true;
    }
    if (!isEarlier(hit.position, this.#from)) return true;
    this.#found = hit;
    return false;
  }

  /** Ends the search. What it has found so far is not the result unless it was done. */
  close(): void {
    if (this.#run === null) return;
    this.#done = this.#watch !== null;
    this.#watch?.close();
    this.#events?.close();
    this.#pool.give(this.#run);
    this.#run = null;
  }
}
