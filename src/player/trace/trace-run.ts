/**
 * A run of a trace: each event is a step.
 */

import { Trace, type TraceEvent } from '../../trace/index.ts';
import type { Progress } from '../positions.ts';
import type { Run } from '../run.ts';
import { Snapshot } from '../snapshot.ts';
import { TraceSource } from './trace-source.ts';

/** Events between two calls of `pending`. Each takes about a microsecond. */
const ASK_EVERY = 64;

/** A run of a trace. */
export class TraceRun implements Run {
  readonly trace = new Trace();
  readonly snapshot: Snapshot;
  readonly #source = new TraceSource();
  readonly host = null;
  readonly vcpu = null;
  readonly live = null;
  readonly acts = 0;
  readonly inStep = false;
  readonly stride = Infinity;
  readonly #events: readonly TraceEvent[];
  #step = 0;
  #stuck: string | null = null;

  constructor(events: readonly TraceEvent[]) {
    this.#events = events;
    this.snapshot = new Snapshot(this.#source);
  }

  get step(): number {
    return this.#step;
  }

  get emitting(): number {
    return this.#step;
  }

  get of(): number {
    return this.#events.length;
  }

  get end(): Progress['end'] {
    if (this.#stuck !== null) return { sentence: this.#stuck, stuck: true };
    return this.#step < this.of ? null : { sentence: 'the trace ended', stuck: false };
  }

  advance(steps: number, pending: () => boolean = () => false): void {
    const to = Math.min(this.of, this.#step + steps);
    for (let done = 1; this.#step < to && this.#stuck === null; done++) {
      if (done % ASK_EVERY === 0 && pending()) return;
      const event = this.#events[this.#step] as TraceEvent;
      try {
        this.#source.add(event);
      } catch (error) {
        this.#stuck = `event ${this.#step}: ${error instanceof Error ? error.message : String(error)}`;
        return;
      }
      this.trace.listener?.(event);
      this.#step++;
    }
  }

  announce(): void {}

  close(): null {
    return null;
  }
}
