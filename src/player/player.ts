/**
 * Plays a recording: once from its start to its end, to learn what happens when, and from then on to any position.
 *
 * Going back means playing again from the start: runs are deterministic, so that what one finds there is what was
 * there. Two runs exist at most, each with its storage: the one that records, until it is done, and the one that is
 * looked at.
 */

import { Checker } from '../check/index.ts';
import type { InjectedFault } from '../host/index.ts';
import { DEFAULT_STORAGE_SIZE, Storage } from '../machine/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import { ImageError, parseElf } from '../vmm/index.ts';
import { GuestRun } from './guest-run.ts';
import {
  EVENTS_KEPT,
  PlayerError,
  type Position,
  type Progress,
  type RecordedEvent,
  type Settings,
  type Source,
  type StepAnswer,
} from './positions.ts';
import type { Run, RunListener } from './run.ts';
import { readScript, ScenarioRun } from './scenario-run.ts';
import type { Snapshot } from './snapshot.ts';
import { readTrace } from './trace-file.ts';
import { TraceRun } from './trace-run.ts';

/** Answers that are kept, and characters of them. */
const ANSWERS_KEPT = 200_000;
const ANSWERS_SIZE = 1 << 24;
/** Characters that a guest said that are kept. */
const SAID_KEPT = 1 << 20;
/** What a piece of it counts for at least: one that prints letter by letter makes as many pieces. */
const SAID_LEAST = 16;
/** Broken rules that are told: after the first ones it is the same over and over. */
const VIOLATIONS_KEPT = 20;

/** Storage of a machine where it can be had, and where not, in bytes: a small computer's browser gives less. */
const STORAGE_SIZES = [DEFAULT_STORAGE_SIZE, DEFAULT_STORAGE_SIZE / 4] as const;

/** Makes a new run of the recording. It is told where to take storage from, if it needs any. */
type Maker = (storage: () => Storage, listener: RunListener | null) => Run;

/** One recording. */
export class Player {
  /** Events, as far as they were recorded and kept. */
  readonly events: RecordedEvent[] = [];
  readonly answers: StepAnswer[] = [];
  readonly #make: Maker;
  readonly #recording: Recording;
  readonly #spare: Storage[];
  #live: Run | null = null;
  #closed = false;

  /**
   * @param spare storage of players that were closed, to use again
   * @throws PlayerError when the source cannot be played at all
   */
  constructor(source: Source, settings: Settings = {}, spare: readonly Storage[] = []) {
    this.#spare = [...spare];
    const { injectedFault = null, check = true } = settings;
    this.#make = makerOf(source, injectedFault);
    const storage = () => this.#storage();
    this.#recording = new Recording(
      (listener) => this.#make(storage, listener),
      check,
      this.events,
      this.answers,
    );
  }

  /** What is known so far. */
  get progress(): Progress {
    return this.#recording.progress;
  }

  /**
   * Records `steps` more steps from where the recording stands.
   * @param pending asked often: when it returns true, fewer are recorded, but at least one
   */
  record(steps: number, pending?: () => boolean): void {
    if (this.#closed) return;
    this.#recording.go(steps, pending);
    if (this.#recording.progress.end !== null) this.#keep(this.#recording.close());
  }

  /** Ends the recording: nothing is played any more. Returns its storage, cleared, for another player to use. */
  close(): readonly Storage[] {
    if (this.#closed) return [];
    this.#closed = true;
    this.#keep(this.#recording.close());
    this.#keep(this.#live?.close() ?? null);
    this.#live = null;
    return this.#spare;
  }

  #keep(storage: Storage | null): void {
    if (storage !== null) this.#spare.push(storage);
  }

  #storage(): Storage {
    const used = this.#spare.pop();
    if (used) return used;
    try {
      return new Storage(STORAGE_SIZES[0]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return new Storage(STORAGE_SIZES[1]);
    }
  }

  /**
   * Brings the run that is looked at nearer to a step, by `most` steps at most; returns whether it is there. For
   * callers that must not be kept waiting: `at` goes all the way at once.
   * @param pending asked often: when it returns true, it goes less far
   */
  approach(step: number, most: number, pending?: () => boolean): boolean {
    const run = this.#before(step);
    run.advance(Math.min(most, step - run.step), pending);
    return run.step >= step || run.end !== null;
  }

  /** Brings a run to the position, and asks what is wanted about it. */
  at<T>(position: Position, ask: (snapshot: Snapshot) => T): T {
    const run = this.#at(position.step);
    if (position.event === 0 || run.end !== null) return ask(run.snapshot);
    return insideStep(run, position.event, ask);
  }

  #at(step: number): Run {
    const run = this.#before(step);
    run.advance(step - run.step);
    return run;
  }

  /** The run that is looked at, where it has not gone beyond a step. @throws PlayerError when the recording was closed */
  #before(step: number): Run {
    if (this.#closed) throw new PlayerError('the recording was closed');
    if (this.#live !== null && this.#live.step > step) {
      this.#keep(this.#live.close());
      this.#live = null;
    }
    this.#live ??= this.#make(() => this.#storage(), null);
    return this.#live;
  }
}

/** Does one step, and asks right after its `nth` event. */
function insideStep<T>(run: Run, nth: number, ask: (snapshot: Snapshot) => T): T {
  let answer: { readonly value: T } | null = null;
  let failure: unknown = null;
  let count = 0;
  const unsubscribe = run.trace.subscribe(() => {
    if (++count !== nth) return;
    try {
      answer = { value: ask(run.snapshot) };
    } catch (error) {
      failure = error;
    }
  });
  try {
    run.advance(1);
  } finally {
    unsubscribe();
  }
  if (failure !== null) throw failure;
  return answer === null ? ask(run.snapshot) : (answer as { readonly value: T }).value;
}

/** The first playing of a recording. */
class Recording {
  readonly #run: Run;
  readonly #checker: Checker | null;
  readonly #events: RecordedEvent[];
  readonly #output: { step: number; text: string }[] = [];
  readonly #violations: Progress['violations'][number][] = [];
  #closed = false;
  #count = 0;
  #saidSize = 0;
  #answersSize = 0;
  /** What was told last, which is not made anew while nothing was added. */
  #told: Pick<Progress, 'violations' | 'output'> = { violations: [], output: [] };
  #step = -1;
  #inStep = 0;
  /** The step at which the check that has begun ends. */
  #checkAt: number | null = null;

  constructor(
    make: (listener: RunListener) => Run,
    check: boolean,
    events: RecordedEvent[],
    answers: StepAnswer[],
  ) {
    this.#events = events;
    this.#run = make({
      answered: (answer) => this.#keep(answer, answers),
      output: (step, text) => this.#hear(step, text),
    });
    this.#run.trace.subscribe((event) => this.#add(event));
    this.#checker = check && this.#run.host !== null ? Checker.attach(this.#run.host) : null;
  }

  get progress(): Progress {
    const { step, of, end } = this.#run;
    const { violations, output } = this.#told;
    if (violations.length !== this.#violations.length || output.length !== this.#output.length) {
      this.#told = { violations: [...this.#violations], output: [...this.#output] };
    }
    return { steps: step, of, events: this.#count, end, ...this.#told };
  }

  /** Ends the run. Its storage can be used again; null when there is none to be had. */
  close(): Storage | null {
    if (this.#closed) return null;
    this.#closed = true;
    return this.#run.close();
  }

  go(steps: number, pending: () => boolean = () => false): void {
    const to = this.#run.step + steps;
    while (this.#run.step < to && this.#run.end === null) {
      if (this.#checker === null) this.#run.advance(to - this.#run.step, pending);
      else this.#checkedStride(this.#checker, to, pending);
      if (pending()) return;
    }
  }

  /** Checks always stand at the same steps, wherever a call stops. */
  #checkedStride(checker: Checker, to: number, pending: () => boolean): void {
    if (this.#checkAt === null) {
      this.#run.announce(checker);
      this.#checkAt = this.#run.step + this.#run.stride;
    }
    this.#run.advance(Math.min(this.#checkAt, to) - this.#run.step, pending);
    if (this.#run.step < this.#checkAt && this.#run.end === null) return;
    this.#checkAt = null;
    const step = this.#run.step - 1;
    for (const violation of this.#run.end === null ? checker.checkChanged() : checker.checkAll()) {
      if (this.#violations.length < VIOLATIONS_KEPT) this.#violations.push({ step, violation });
    }
  }

  #hear(step: number, text: string): void {
    if (this.#saidSize > SAID_KEPT || text === '') return;
    this.#saidSize += Math.max(text.length, SAID_LEAST);
    this.#output.push({ step, text });
  }

  #keep(answered: StepAnswer, answers: StepAnswer[]): void {
    if (answers.length >= ANSWERS_KEPT || this.#answersSize > ANSWERS_SIZE) return;
    for (const line of answered.answer) this.#answersSize += line.length;
    answers.push(answered);
  }

  #add(event: TraceEvent): void {
    const { step } = this.#run;
    this.#inStep = step === this.#step ? this.#inStep + 1 : 1;
    this.#step = step;
    const n = this.#count++;
    if (n < EVENTS_KEPT) this.#events.push({ n, position: { step, event: this.#inStep }, event });
  }
}

function makerOf(source: Source, injectedFault: InjectedFault | null): Maker {
  switch (source.kind) {
    case 'scenario': {
      const script = readScript(source.text);
      return (storage, listener) => new ScenarioRun(script, injectedFault, storage(), listener);
    }
    case 'guest': {
      const image = imageOf(source.name, source.image);
      return (storage, listener) => new GuestRun(source, image, injectedFault, storage(), listener);
    }
    default: {
      const events = readTrace(source.text, source.name);
      return () => new TraceRun(events);
    }
  }
}

function imageOf(name: string, bytes: Uint8Array) {
  try {
    return parseElf(bytes);
  } catch (error) {
    if (error instanceof ImageError) throw new PlayerError(`${name}: ${error.message}`);
    throw error;
  }
}
