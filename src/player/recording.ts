/** The first play of a recording, which keeps what happens. */

import { Checker } from '../check/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import { ChangeIndex } from './change-index.ts';
import { EventPositions } from './event-positions.ts';
import {
  EVENTS_KEPT,
  type Position,
  type Progress,
  type RecordedEvent,
  type StepAnswer,
} from './positions.ts';
import type { LiveRun, Run, RunListener } from './run.ts';
import type { RunPool } from './run-pool.ts';
import type { Snapshot } from './snapshot.ts';

/** Maximum number of answers kept, and of characters in them. */
const ANSWERS_KEPT = 200_000;
const ANSWERS_SIZE = 1 << 24;
/** Maximum number of events kept of a guest that is played live. Then the first half is dropped. */
const LIVE_EVENTS_KEPT = EVENTS_KEPT / 2;
/** Maximum console output kept, in characters. */
const OUTPUT_KEPT = 1 << 20;
/** The least that each piece of output counts for, in characters: a guest may print letter by letter. */
const OUTPUT_LEAST = 16;
/** Maximum number of violations kept. Later ones repeat the first. */
const VIOLATIONS_KEPT = 20;

/** Plays a recording for the first time. */
export class Recording {
  readonly #run: Run;
  readonly #checker: Checker | null;
  readonly #events: RecordedEvent[];
  readonly #output: { step: number; text: string }[] = [];
  readonly #violations: Progress['violations'][number][] = [];
  #closed = false;
  #count = 0;
  #outputSize = 0;
  #answersSize = 0;
  /** The arrays reported last. They are copied only when something was added. */
  #reported: Pick<Progress, 'violations' | 'output' | 'outputFrom'> = {
    ...{ violations: [], output: [], outputFrom: 0 },
  };
  /** How many items of output were dropped. */
  #outputFrom = 0;
  /** What may have changed when, for a guest. A scenario has few steps. */
  readonly index: ChangeIndex | null;
  /** The step at which the stride in progress ends, after which the checker checks. */
  #strideEnd: number | null = null;

  constructor(
    newRun: (listener: RunListener) => Run,
    check: boolean,
    events: RecordedEvent[],
    answers: StepAnswer[],
  ) {
    this.#events = events;
    this.#run = newRun({
      answered: (answer) => this.#addAnswer(answer, answers),
      output: (step, text) => this.#addOutput(step, text),
    });
    const { host, stride, live } = this.#run;
    // Neither is for a run of thousands of millions of steps.
    const isIndexed = host !== null && stride > 1 && live === null;
    this.index = isIndexed ? new ChangeIndex(this.#run, stride) : null;
    new EventPositions(this.#run, (event, position) => this.#addEvent(event, position));
    this.#checker = check && host !== null && live === null ? Checker.attach(host) : null;
  }

  get progress(): Progress {
    const { step, of, end } = this.#run;
    const { violations, output, outputFrom } = this.#reported;
    const isKnown = violations.length === this.#violations.length && output.length === this.#output.length;
    if (!isKnown || outputFrom !== this.#outputFrom) {
      this.#reported = {
        violations: [...this.#violations],
        output: [...this.#output],
        outputFrom: this.#outputFrom,
      };
    }
    return { steps: step, of, events: this.#count, end, ...this.#reported, live: this.#liveProgress };
  }

  get #liveProgress(): Progress['live'] {
    const { live } = this.#run;
    if (live === null) return null;
    const eventsFrom = this.#events[0]?.position.step ?? 0;
    return { waits: live.wait !== null, checkpoints: live.checkpoints, eventsFrom };
  }

  /** The run, if it is played live and has not ended. */
  get live(): LiveRun | null {
    return this.#closed ? null : this.#run.live;
  }

  /** The state at the end of what is recorded, or null if the run was closed. */
  get snapshot(): Snapshot | null {
    return this.#closed ? null : this.#run.snapshot;
  }

  /** Bytes of storage that the run has used. */
  get used(): number {
    return this.#run.host?.kernel.frames.touched ?? 0;
  }

  /** Ends the run, if it has not been closed before. */
  close(pool: RunPool): void {
    if (!this.#closed) pool.close(this.#run);
    this.#closed = true;
  }

  /** As `Player.record`. */
  record(steps: number, pending: () => boolean = () => false): void {
    const to = this.#run.step + steps;
    while (this.#run.step < to && this.#run.end === null) {
      if (this.#checker === null && this.index === null) this.#run.advance(to - this.#run.step, pending);
      else this.#playStride(to, pending);
      if (pending() || this.live?.wait != null) return;
    }
  }

  /** Plays up to the end of the stride, which always comes at the same step, no matter where a call stops. */
  #playStride(to: number, pending: () => boolean): void {
    if (this.#strideEnd === null) {
      if (this.#checker !== null) this.#run.announce(this.#checker);
      this.#strideEnd = this.#run.step + this.#run.stride;
    }
    this.#run.advance(Math.min(this.#strideEnd, to) - this.#run.step, pending);
    if (this.#run.step < this.#strideEnd && this.#run.end === null) return;
    this.#strideEnd = null;
    this.index?.extend();
    if (this.#checker !== null) this.#check(this.#checker);
  }

  #check(checker: Checker): void {
    const step = this.#run.step - 1;
    for (const violation of this.#run.end === null ? checker.checkChanged() : checker.checkAll()) {
      if (this.#violations.length < VIOLATIONS_KEPT) this.#violations.push({ step, violation });
    }
  }

  #addOutput(step: number, text: string): void {
    if (text === '' || (this.#outputSize > OUTPUT_KEPT && !this.#dropOutput())) return;
    this.#outputSize += sizeOf(text);
    this.#output.push({ step, text });
  }

  /** Drops the first half of the output of a guest that is played live. Returns whether there is room. */
  #dropOutput(): boolean {
    if (this.#run.live === null) return false;
    const dropped = this.#output.splice(0, Math.ceil(this.#output.length / 2));
    for (const { text } of dropped) this.#outputSize -= sizeOf(text);
    this.#outputFrom += dropped.length;
    return true;
  }

  #addAnswer(answered: StepAnswer, answers: StepAnswer[]): void {
    if (answers.length >= ANSWERS_KEPT || this.#answersSize > ANSWERS_SIZE) return;
    for (const line of answered.answer) this.#answersSize += line.length;
    this.#answersSize += answered.text?.length ?? 0;
    answers.push(answered);
  }

  #addEvent(event: TraceEvent, position: Position): void {
    this.index?.emitted(event.type);
    const n = this.#count++;
    const isLive = this.#run.live !== null;
    if (isLive && this.#events.length === LIVE_EVENTS_KEPT) this.#events.splice(0, LIVE_EVENTS_KEPT / 2);
    if (this.#events.length < EVENTS_KEPT) this.#events.push({ n, position, event });
  }
}

function sizeOf(text: string): number {
  return Math.max(text.length, OUTPUT_LEAST);
}
