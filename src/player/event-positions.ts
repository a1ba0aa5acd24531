/** The positions of the events of a run. */

import type { TraceEvent } from '../trace/index.ts';
import type { Position } from './positions.ts';
import type { Run } from './run.ts';

/** Counts the events of each step, and calls a listener with each event and its position. */
export class EventPositions {
  readonly #run: Run;
  #step = -1;
  #inStep = 0;
  /** Ends it. */
  readonly close: () => void;

  /** @param before events that the run has emitted in the step under way */
  constructor(run: Run, listener: (event: TraceEvent, position: Position) => void, before = 0) {
    this.#run = run;
    this.#step = run.emitting;
    this.#inStep = before;
    this.close = run.trace.subscribe((event) => listener(event, this.#next()));
  }

  #next(): Position {
    const step = this.#run.emitting;
    this.#inStep = step === this.#step ? this.#inStep + 1 : 1;
    this.#step = step;
    return { step, event: this.#inStep };
  }
}
