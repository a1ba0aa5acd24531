/**
 * The worker's side of the protocol: it plays one recording and answers queries about it.
 */

import type { Storage } from '../machine/index.ts';
import {
  type ChangeTarget,
  type Direction,
  type FoundChange,
  type FoundHit,
  type Position,
  type Progress,
  type RecordedEvent,
  readScript,
  type Settings,
  type Snapshot,
  type Source,
  type StepAnswer,
} from '../player/index.ts';
import { playableScenario, RecordingPlayer } from '../player/internal.ts';
import { linesOf } from '../scenario/internal.ts';
import { filterError } from './event-filter.ts';
import { EventIndex } from './event-index.ts';
import { stepsAfter } from './lessons/event-texts.ts';
import type { LiveLoop } from './live-loop.ts';
import { playableOf } from './playable.ts';
import type {
  Density,
  EventCheck,
  EventFilter,
  EventWindow,
  LineError,
  MachineApi,
  PlayedLesson,
  Query,
  QueryResult,
  RowWindow,
} from './protocol.ts';
import { sameSteps } from './same-steps.ts';
import { inSlices } from './slices.ts';

/** The milliseconds of a slice in which the player only prepares for later. */
const IDLE_SLICE_TIME = 10;
/** Milliseconds between two progress reports. */
const REPORT_INTERVAL = 100;
/** Units of work of a guest after which the page must call `resume`. */
const GUEST_STEPS = 20_000_000;
/** How far past the recorded part a query may go, in steps. */
const AHEAD = 1000;
/** Maximum number of items in one answer. */
const LIST_LIMIT = 1000;

/** Maximum number of rows of events that are unfolded. */
const UNFOLDED_LIMIT = 100;
/** Maximum number of steps of a scenario that are compared with another run. */
const COMPARED = 1000;
/** Milliseconds after which a lesson is not verified any further. */
const VERIFY_TIME = 20_000;
/** Maximum number of syntax errors reported. */
const ERRORS_LIMIT = 100;

/** Receives progress reports. */
type Listener = (progress: Progress) => void;

/** A search of the player. */
interface Search<T> {
  readonly found: T;
  readonly progress: number;
  advance(pending: () => boolean): boolean;
  close(): void;
}

/** Implements the protocol for one page. */
export class MachineWorker implements MachineApi {
  #player: RecordingPlayer | null = null;
  /** Plays the open guest, if it is played live. */
  #live: LiveLoop | null = null;
  #index = new EventIndex([]);
  /** Storage of the players that were closed. */
  readonly #spare: Storage[] = [];
  #opened = 0;
  /** What the player is waiting for, if it is not there yet. */
  #loading: Promise<unknown> = Promise.resolve();
  /** The number of searches begun or cancelled: a search ends when it is not the last one. */
  #searches = 0;
  /** The number of calls under way that play, and of all such calls. While none is, the player prepares for going back. */
  #playing = 0;
  #calls = 0;
  /** The query in progress. Two at a time would send the live run back and forth. */
  #querying: Promise<unknown> = Promise.resolve();

  async open(source: Source, settings: Settings, progress: Listener): Promise<Progress> {
    const mine = ++this.#opened;
    // The former recording is closed even if this one cannot be opened.
    this.#spare.push(...(this.#player?.close() ?? []));
    this.#player = null;
    this.#live?.pause();
    this.#live = null;
    this.#index = new EventIndex([]);
    const loading = Promise.all([playableOf(source), liveLoopFor(source)]);
    this.#loading = loading.catch(() => undefined);
    const [playable, Loop] = await loading;
    if (mine !== this.#opened) throw new Error('another recording was opened');
    const player = new RecordingPlayer(playable, settings, this.#spare.splice(0));
    this.#player = player;
    this.#live = Loop === null || player.live === null ? null : new Loop(player);
    this.#index = new EventIndex(player.events, source.kind !== 'scenario');
    return this.#record(player, progress);
  }

  async resume(progress: Listener, steps?: number): Promise<Progress> {
    return this.#record(this.#demand(), progress, steps);
  }

  async pause(): Promise<void> {
    this.#live?.pause();
  }

  async input(bytes: Uint8Array): Promise<number> {
    return this.#live?.input(bytes) ?? 0;
  }

  async save(): Promise<Blob> {
    const { live } = this.#demand();
    if (live === null) throw new Error('there is no guest to be saved');
    const { stateFile } = await import('./playable-guest.ts');
    return stateFile(live.save());
  }

  /** Performs a call that plays. When it was the last one, the player prepares for the next ones. */
  async #whilePlaying<T>(player: RecordingPlayer, call: () => Promise<T>): Promise<T> {
    this.#playing++;
    this.#calls++;
    try {
      return await call();
    } finally {
      this.#playing--;
      void this.#prepare(player);
    }
  }

  async #prepare(player: RecordingPlayer): Promise<void> {
    const calls = this.#calls;
    const isIdle = () => this.#playing === 0 && this.#calls === calls && this.#player === player;
    await new Promise((resolve) => setTimeout(resolve));
    if (isIdle()) await inSlices((pending) => player.prepare(pending), isIdle, IDLE_SLICE_TIME);
  }

  /** Records in slices, and lets queries in between. */
  async #record(player: RecordingPlayer, progress: Listener, steps = Infinity): Promise<Progress> {
    const live = this.#live;
    const mine = this.#opened;
    if (live === null) return this.#whilePlaying(player, () => this.#recordAll(player, progress));
    await this.#whilePlaying(player, () => live.play(steps, () => mine === this.#opened, progress));
    return player.progress;
  }

  async #recordAll(player: RecordingPlayer, progress: Listener): Promise<Progress> {
    const mine = this.#opened;
    const limit = player.progress.of ?? player.progress.steps + GUEST_STEPS;
    let reported = performance.now();
    const record = (pending: () => boolean) => {
      player.record(limit - player.progress.steps, pending);
      return player.progress.end !== null || player.progress.steps >= limit;
    };
    await inSlices(record, () => {
      const now = performance.now();
      if (mine === this.#opened && now - reported >= REPORT_INTERVAL) {
        reported = now;
        progress(player.progress);
      }
      return mine === this.#opened;
    });
    return player.progress;
  }

  async query(position: Position, query: Query): Promise<QueryResult> {
    // The page asks for the beginning as soon as it has called `open`.
    if (this.#player === null) await this.#loading;
    const player = this.#demand();
    const ask = () => this.#query(player, position, query);
    const result = this.#querying.then(() => this.#whilePlaying(player, ask));
    this.#querying = result.catch(() => undefined);
    return result;
  }

  async #query(player: RecordingPlayer, position: Position, query: Query): Promise<QueryResult> {
    const isOpen = () => this.#player === player;
    if (!isOpen()) throw new Error('another recording was opened');
    if (position.step === Infinity) {
      const end = { step: player.progress.steps, event: 0 };
      return player.now((snapshot) => answer(snapshot, end, query));
    }
    const last = player.progress.steps + (this.#live === null ? AHEAD : 0);
    const at = position.step > last ? { step: last, event: 0 } : position;
    const approach = (pending: () => boolean) => player.approach(at.step, Infinity, pending);
    if (isOpen()) await inSlices(approach, isOpen);
    if (!isOpen()) throw new Error('another recording was opened');
    return player.at(at, (snapshot) => answer(snapshot, at, query));
  }

  async lintFilter(text: string): Promise<string | null> {
    return filterError(text);
  }

  async events(filter: EventFilter, from: number, count: number): Promise<EventWindow> {
    const passing = this.#index.passing(filter);
    const first = Math.max(0, Math.min(from, passing.length));
    const end = Math.min(passing.length, first + Math.min(count, LIST_LIMIT));
    const events: RecordedEvent[] = [];
    for (let i = first; i < end; i++) events.push(this.#index.at(passing[i] as number));
    return { total: passing.length, from: first, events };
  }

  async rows(
    filter: EventFilter,
    unfolded: readonly number[],
    from: number,
    count: number,
  ): Promise<RowWindow> {
    const open = unfolded.slice(0, UNFOLDED_LIMIT);
    return this.#index.rows(filter, open, from, Math.min(count, LIST_LIMIT));
  }

  async currentRow(
    filter: EventFilter,
    unfolded: readonly number[],
    position: Position,
  ): Promise<{ readonly event: number; readonly row: number }> {
    const event = this.#index.countUpTo(filter, position) - 1;
    return { event, row: this.#index.rowOf(filter, unfolded.slice(0, UNFOLDED_LIMIT), event) };
  }

  async countUpTo(filter: EventFilter, position: Position): Promise<number> {
    return this.#index.countUpTo(filter, position);
  }

  async density(filter: EventFilter, buckets: number): Promise<Density> {
    const { progress } = this.#demand();
    return { buckets: this.#index.density(filter, Math.min(buckets, LIST_LIMIT), progress.steps) };
  }

  async answers(first: number, count: number): Promise<readonly StepAnswer[]> {
    return this.#demand().answers.slice(first, first + Math.min(count, LIST_LIMIT));
  }

  async searchBreakpoint(
    breakpoints: readonly string[],
    from: Position,
    direction: Direction,
    progress: (part: number) => void,
  ): Promise<FoundHit | null> {
    const player = this.#demand();
    const search = player.search(breakpoints, from, direction);
    return this.#search(player, search, progress);
  }

  async searchChange(
    target: ChangeTarget,
    from: Position,
    direction: Direction,
    progress: (part: number) => void,
  ): Promise<FoundChange | null> {
    const player = this.#demand();
    return this.#search(player, player.searchChange(target, from, direction), progress);
  }

  /** Plays a search in slices. */
  async #search<T>(player: RecordingPlayer, search: Search<T>, progress: (part: number) => void): Promise<T> {
    return this.#whilePlaying(player, () => this.#searchAll(player, search, progress));
  }

  async #searchAll<T>(
    player: RecordingPlayer,
    search: Search<T>,
    progress: (part: number) => void,
  ): Promise<T> {
    const mine = ++this.#searches;
    const isLast = () => this.#player === player && mine === this.#searches;
    let reported = performance.now();
    try {
      await inSlices(
        (pending) => search.advance(pending),
        () => {
          const now = performance.now();
          if (isLast() && now - reported >= REPORT_INTERVAL) {
            reported = now;
            progress(search.progress);
          }
          return isLast();
        },
      );
      if (!isLast()) throw new Error('the search was cancelled');
      return search.found;
    } finally {
      search.close();
    }
  }

  async cancelSearch(): Promise<void> {
    this.#searches++;
  }

  async lintBreakpoints(breakpoints: readonly string[]): Promise<readonly (string | null)[]> {
    const player = this.#demand();
    return breakpoints.slice(0, LIST_LIMIT).map((text) => player.lintBreakpoint(text));
  }

  async sameSteps(text: string): Promise<number> {
    const opened = this.#demand();
    const other = new RecordingPlayer(playableScenario(text), { check: false });
    const record = (pending: () => boolean) => {
      other.record(COMPARED - other.progress.steps, pending);
      return other.progress.end !== null || other.progress.steps >= COMPARED;
    };
    try {
      await inSlices(record, () => this.#player === opened);
      return sameSteps(opened, other);
    } finally {
      other.close();
    }
  }

  async demandPlayable(source: Source): Promise<void> {
    await playableOf(source);
  }

  async stepsAfter(texts: readonly string[]): Promise<readonly number[]> {
    return stepsAfter(this.#demand().events, texts);
  }

  async verifyLessons(file: string, lessons: readonly PlayedLesson[]): Promise<void> {
    const { verifyLesson } = await import('./lessons/verify.ts');
    const until = performance.now() + VERIFY_TIME;
    for (const { lesson, source } of lessons) {
      verifyLesson(file, lesson, await playableOf(source), () => performance.now() >= until);
    }
  }

  async checkEvents(): Promise<EventCheck> {
    const player = this.#demand();
    const { TraceChecker } = await import('../analysis/check/index.ts');
    const checker = new TraceChecker();
    const { events } = player;
    let [at, checked] = [0, 0];
    const check = (pending: () => boolean) => {
      for (; at < events.length; at++) {
        if (at % 64 === 63 && pending()) return false;
        const { event } = events[at] as RecordedEvent;
        checker.add(event);
        if (event.type !== 'tracepoint') checked++;
      }
      return true;
    };
    await inSlices(check, () => this.#player === player);
    checker.end();
    const isWhole = checker.complete && events.length === player.progress.events;
    return { findings: checker.findings, broken: checker.broken, checked, isWhole };
  }

  async lint(text: string): Promise<readonly LineError[]> {
    return lintScenario(text);
  }

  #demand(): RecordingPlayer {
    if (this.#player === null) throw new Error('nothing is open');
    return this.#player;
  }
}

/** Loads what plays a live guest, if a source may be one. */
async function liveLoopFor({ kind }: Source): Promise<typeof LiveLoop | null> {
  return kind === 'guest' ? (await import('./live-loop.ts')).LiveLoop : null;
}

function answer(snapshot: Snapshot, position: Position, query: Query): QueryResult {
  const { machine } = snapshot;
  return {
    position,
    stats: machine?.stats() ?? null,
    ...(query.outline ? { outline: snapshot.outline() } : {}),
    ...(query.rows ? { rows: query.rows.map((q) => snapshot.row(q.space, q)) } : {}),
    ...(query.pages ? { pages: query.pages.map((q) => snapshot.pages(q.space, q)) } : {}),
    ...(query.segments
      ? { segments: query.segments.map((q) => machine?.segmentPages(q.space, q.page) ?? null) }
      : {}),
    ...(query.tables ? { tables: query.tables.map((q) => machine?.table(q.space, q) ?? null) } : {}),
    ...(query.walks ? { walks: query.walks.map((q) => machine?.walk(q.space, q.address, q) ?? null) } : {}),
    ...(query.traced ? { traced: query.traced.map((q) => snapshot.tracedWalk(q.space, q.address)) } : {}),
    ...(query.processors ? { processors: machine?.processors() ?? [] } : {}),
  };
}

/** Returns the syntax errors of a scenario, at most 100. */
export function lintScenario(text: string): LineError[] {
  const errors: LineError[] = [];
  let number = 0;
  for (const line of linesOf(text)) {
    const { error } = readScript(line);
    number++;
    if (error !== null) errors.push({ line: number, message: error.message });
    if (errors.length === ERRORS_LIMIT) break;
  }
  return errors;
}
