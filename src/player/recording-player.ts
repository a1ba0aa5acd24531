/**
 * Plays a recording: once from start to end, to learn which events occur and when, and after that to any position.
 *
 * Runs are deterministic, so the player goes back by playing again from the start, or from a run that it has kept. Each run has
 * its own storage, and only a few exist at a time (`RunPool`).
 */

import { type Breakpoint, BreakpointError, parseBreakpoint } from '../debug/index.ts';
import type { Storage } from '../machine/index.ts';
import type { SymbolTable } from '../vmm/index.ts';
import { BreakpointSearch, type Direction } from './breakpoint-search.ts';
import { ChangeSearch, demandTarget } from './change-search.ts';
import type { ChangeTarget } from './change-watch.ts';
import type { Playable } from './playable.ts';
import {
  PlayerError,
  type Position,
  type Progress,
  type RecordedEvent,
  type Settings,
  type Source,
  type StepAnswer,
} from './positions.ts';
import { Recording } from './recording.ts';
import type { LiveRun, Run } from './run.ts';
import { RunPool } from './run-pool.ts';
import type { Snapshot } from './snapshot.ts';

/** Maximum number of runs kept besides the one that records. */
const RUNS_KEPT = 9;
/** Maximum number of runs of a guest that `prepare` makes, and of bytes of storage that they use. */
const PREPARED = 7;
const PREPARED_SIZE = 128 << 20;
const BREAKPOINTS_MAX = 100;

/** One recording, and a run of it that snapshots are taken of. `Player` makes one of any source. */
export class RecordingPlayer {
  /** The recorded events, at most `EVENTS_KEPT`. */
  readonly events: RecordedEvent[] = [];
  /** The recorded answers of a scenario, at most 200,000. */
  readonly answers: StepAnswer[] = [];
  readonly #recording: Recording;
  readonly #pool: RunPool;
  readonly #symbols: SymbolTable;
  /** The kind of the source. */
  readonly #kind: Source['kind'];
  #closed = false;

  /**
   * @param playable what to play
   * @param spare storage of closed players, to be reused
   */
  constructor(playable: Playable, settings: Settings = {}, spare: readonly Storage[] = []) {
    const { injectedFault = null, check = true } = settings;
    this.#kind = playable.kind;
    this.#symbols = playable.symbols;
    this.#pool = new RunPool(playable.runs(injectedFault), spare, playable.runsKept ?? RUNS_KEPT);
    this.#recording = new Recording(
      (listener) => this.#pool.create(listener),
      check,
      this.events,
      this.answers,
    );
  }

  /** How far the recording has come. */
  get progress(): Progress {
    return this.#recording.progress;
  }

  /**
   * Records at most `steps` more steps.
   * @param pending called often; when it returns true, recording stops, but not before the first step
   */
  record(steps: number, pending?: () => boolean): void {
    if (this.#closed) return;
    this.#recording.record(steps, pending);
    if (this.#recording.progress.end !== null) this.#recording.close(this.#pool);
  }

  /** The console and the state of a guest that is played live; null if it has ended, and for any other recording. */
  get live(): LiveRun | null {
    return this.#closed ? null : this.#recording.live;
  }

  /**
   * Returns what `ask` returns for the snapshot at the end of what is recorded.
   * @throws PlayerError if the player was closed
   */
  now<T>(ask: (snapshot: Snapshot) => T): T {
    const { snapshot } = this.#recording;
    if (this.#closed || snapshot === null) return this.at({ step: this.progress.steps, event: 0 }, ask);
    return ask(snapshot);
  }

  /** Closes the recording: nothing can be played any more. Returns its storage, cleared, for another player. */
  close(): readonly Storage[] {
    if (this.#closed) return [];
    this.#closed = true;
    this.#recording.close(this.#pool);
    return this.#pool.closeAll();
  }

  /**
   * Plays towards a step, by at most `most` steps, for callers that cannot wait for `at`. Returns whether the step, or
   * the end, was reached.
   * @param pending called often; when it returns true, playing stops
   * @throws PlayerError if the player was closed
   */
  approach(step: number, most: number, pending?: () => boolean): boolean {
    return this.#using(step, (run) => {
      run.advance(Math.min(most, step - run.step), pending);
      return run.step >= step || run.end !== null;
    });
  }

  /**
   * Plays to a position and returns what `ask` returns for the snapshot there.
   * @throws PlayerError if the player was closed
   */
  at<T>(position: Position, ask: (snapshot: Snapshot) => T): T {
    return this.#using(position.step, (run) => {
      run.advance(position.step - run.step);
      if (position.event === 0 || run.end !== null) return ask(run.snapshot);
      return insideStep(run, position.event, ask);
    });
  }

  /**
   * Prepares for going back in a long recording of a guest: makes runs at equal distances of it. Call it when there is nothing else
   * to do. Returns whether there is no more to prepare.
   * @param pending called often; when it returns true, playing stops
   */
  prepare(pending: () => boolean = () => false): boolean {
    const { index, used, progress } = this.#recording;
    if (this.#closed || index === null) return true;
    return this.#pool.prepare(progress.steps, Math.min(PREPARED, Math.floor(PREPARED_SIZE / used)), pending);
  }

  /** Calls `use` with a run that has not passed a step. */
  #using<T>(step: number, use: (run: Run) => T): T {
    const run = this.#take(step);
    try {
      return use(run);
    } finally {
      this.#pool.give(run);
    }
  }

  #take(step: number): Run {
    if (this.#closed) throw new PlayerError('the player was closed');
    return this.#pool.take(step);
  }

  /**
   * Begins the search for the hit of a breakpoint that comes next after a position, or last before it, in the part that is
   * recorded. Close it when it is no longer needed.
   * @param breakpoints as docs/boot.md describes them, at most 100
   * @throws BreakpointError if one of them is none; PlayerError if the recording cannot have such, or the player was closed
   */
  search(breakpoints: readonly string[], from: Position, direction: Direction): BreakpointSearch {
    if (this.#closed) throw new PlayerError('the player was closed');
    if (breakpoints.length > BREAKPOINTS_MAX)
      throw new PlayerError(`more than ${BREAKPOINTS_MAX} breakpoints`);
    const parsed = breakpoints.map((text) => this.#breakpoint(text));
    return new BreakpointSearch(this.#pool, parsed, from, direction, this.progress.steps);
  }

  /**
   * Begins the search for the change of memory that comes next after a position, or that is the last one at or before it, in the
   * part that is recorded. Close it when it is no longer needed.
   * @throws PlayerError if the memory is not in one page, if the recording is a trace, or if the player was closed
   */
  searchChange(target: ChangeTarget, from: Position, direction: Direction): ChangeSearch {
    if (this.#closed) throw new PlayerError('the player was closed');
    if (this.#kind === 'trace') throw new PlayerError('a trace has no memory');
    if (this.progress.live !== null && target.space === null)
      throw new PlayerError(
        'of a live guest, only memory can be followed: tables and frames do not keep their places',
      );
    demandTarget(target);
    const { index } = this.#recording;
    return new ChangeSearch(this.#pool, index, target, from, direction, this.progress.steps);
  }

  /** Returns what is wrong with a text as a breakpoint of this recording, or null. */
  lintBreakpoint(text: string): string | null {
    try {
      this.#breakpoint(text);
      return null;
    } catch (error) {
      if (error instanceof BreakpointError || error instanceof PlayerError) return error.message;
      throw error;
    }
  }

  #breakpoint(text: string): Breakpoint {
    const breakpoint = parseBreakpoint(text, this.#symbols);
    if (this.#kind === 'guest' || isForEvents(breakpoint)) return breakpoint;
    throw new PlayerError(`a ${this.#kind} can only have breakpoints for events, without a condition`);
  }
}

/** Whether a breakpoint needs no instructions and no registers. */
function isForEvents({ trigger, condition }: Breakpoint): boolean {
  return trigger.kind === 'event' && condition === null;
}

/** Plays one step, and calls `ask` right after its `nth` event. */
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
