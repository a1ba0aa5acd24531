/**
 * The trace of a machine: where its events and those of its host are delivered.
 */

import type { TraceEvent } from './events.ts';
import { Hook } from './hook.ts';
import { Operations } from './operations.ts';

/** Receives the events in order. `Hook` states the rules for listeners. */
export type TraceListener = (event: TraceEvent) => void;

/**
 * Delivers events to any number of listeners. A machine and everything on it share one trace.
 *
 * All emitters use one idiom: `trace.listener?.({ type: …, … })`. The event is built inside the call, so that an emission
 * without listeners costs one comparison and allocates nothing. A function that only emits, several events or from a loop,
 * starts with `if (trace.listener === null) return;`, and its callers do not test again.
 */
export class Trace extends Hook<[event: TraceEvent]> {
  /** The operations in progress on the machine and its host. */
  readonly operations: Operations;

  constructor() {
    const operations = new Operations();
    super(operations);
    this.operations = operations;
  }
}
