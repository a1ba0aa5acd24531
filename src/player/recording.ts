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
import type { Run, RunListener } from './run.ts';
import type { RunPool } from './run-pool.ts';

/** Maximum number of answers kept, and of characters in them. */
const ANSWERS_KEPT = 200_000;
const ANSWERS_SIZE = 1 << 24;
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
  #reported: Pick<Progress, 'violations' | 'output'> = { violations: [], output: [] };
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
    const { host, stride } = this.#run;
    this.index = host !== null && stride > 1 ? new ChangeIndex(this.#run, stride) : null;
    new EventPositions(this.#run, (event, position) => this.#addEvent(event, position));
    this.#checker = check && host !== null ? Checker.attach(host) : null;
  }

  get progress(): Progress {
    const { step, of, end } = this.#run;
    const { violations, output } = this.#reported;
    if (violations.length !== this.#violations.length || output.length !== this.#output.length) {
      this.#reported = { violations: [...this.#violations], output: [...this.#output] };
    }
    return { steps: step, of, events: this.#count, end, ...this.#reported };
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
      if (pending()) return;
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
    if (this.#outputSize > OUTPUT_KEPT || text === '') return;
    this.#outputSize += Math.max(text.length, OUTPUT_LEAST);
    this.#output.push({ step, text });
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
    if (n < EVENTS_KEPT) this.#events.push({ n, position, event });
  }
}
