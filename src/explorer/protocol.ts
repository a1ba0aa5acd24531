/**
 * The protocol between the page and the worker that runs the machine. Every query names a range and a limit, so the
 * page never holds more than it shows.
 */

import type { TraceFinding } from '../analysis/index.ts';
import type { HostStats } from '../host/index.ts';
import type {
  PageRange,
  Pages,
  ProcessorState,
  Row,
  RowRange,
  SegmentPages,
  Table,
  TableQuery,
} from '../inspect/index.ts';
import type {
  ChangeTarget,
  Direction,
  FoundChange,
  FoundHit,
  Position,
  Progress,
  RecordedEvent,
  Settings,
  Source,
  SpaceName,
  SpaceOutline,
  StepAnswer,
  TracedWalk,
  WalkAnswer,
} from '../player/index.ts';
import type { TraceEventType } from '../trace/index.ts';
import type { Lesson } from './lessons/lesson.ts';

export type { Cause } from '../debug/index.ts';
export type {
  ChangeTarget,
  Direction,
  FoundChange,
  FoundHit,
  SpaceName,
  SpaceOutline,
  TracedWalk,
  WalkAnswer,
} from '../player/index.ts';

/** A query about one space. */
type OfSpace<Q> = Q & { readonly space: SpaceName };

/** A query about one position. Only the properties that are present are answered. */
export interface Query {
  readonly outline?: boolean;
  /** Rows: the extents of a range. */
  readonly rows?: readonly OfSpace<RowRange>[];
  /** Pages of a range, at most 4096. */
  readonly pages?: readonly OfSpace<PageRange>[];
  /** Segments in detail: the segment that holds the page, and the contents of the page. */
  readonly segments?: readonly OfSpace<{ readonly page: number }>[];
  readonly tables?: readonly OfSpace<TableQuery>[];
  /** Walks. `virtual` means that the guest translates the address by its own tables first. */
  readonly walks?: readonly OfSpace<{ readonly address: bigint; readonly virtual?: boolean }>[];
  readonly processors?: boolean;
  /** Addresses of spaces of a trace: what its events tell about their translation. */
  readonly traced?: readonly OfSpace<{ readonly address: bigint }>[];
}

/** The answer to a query. Lists are in the order of the query. An item is null if there is no such space or table. */
export interface QueryResult {
  readonly position: Position;
  /** The counters that `stats` of the scenario language reports; null for a trace. */
  readonly stats: HostStats | null;
  readonly outline?: readonly SpaceOutline[];
  readonly rows?: readonly (Row | null)[];
  readonly pages?: readonly (Pages | null)[];
  readonly segments?: readonly (SegmentPages | null)[];
  readonly tables?: readonly (Table | null)[];
  readonly walks?: readonly (WalkAnswer | null)[];
  readonly processors?: readonly ProcessorState[];
  readonly traced?: readonly (TracedWalk | null)[];
}

/** A filter for events: by type, by gmap and by words. Every event passes if all are absent. */
export interface EventFilter {
  readonly types?: readonly TraceEventType[];
  readonly gmap?: number;
  /** Words of `guesthouse trace --grep`, such as `link 0x10000000` (docs/trace.md): see `lintFilter`. */
  readonly text?: string;
}

/** Some of the events that pass a filter. */
export interface EventWindow {
  /** How many events pass the filter. */
  readonly total: number;
  /** The index, in the filtered list, of the first event here. */
  readonly from: number;
  readonly events: readonly RecordedEvent[];
}

/** A row of the list of events: an event, or several that repeat. */
export interface EventRow {
  /** The index, in the filtered list, of the first event. */
  readonly index: number;
  /** The first event, or the first two if two repeat in turn. */
  readonly events: readonly RecordedEvent[];
  /** What came of the guest fault; null if the first event is none, if it repeats alone, and if it is not known. */
  readonly outcome: string | null;
  /** How often the events occur. */
  readonly times: number;
  /** The index, in the filtered list, of the first event of the unfolded row that this is a part of, or null. */
  readonly unfolded: number | null;
}

/** Some rows of the events that pass a filter. */
export interface RowWindow {
  /** How many events pass the filter, and how many rows they have. */
  readonly events: number;
  readonly total: number;
  /** The first row here, from 0. */
  readonly from: number;
  readonly rows: readonly EventRow[];
}

/** The events that pass a filter, divided into buckets of the same number of steps. */
export interface Density {
  /** How many events of each type, bucket by bucket. */
  readonly buckets: readonly Readonly<Partial<Record<TraceEventType, number>>>[];
}

/** What events show to be wrong. */
export interface EventCheck {
  /** The broken rules, at most 100. */
  readonly findings: readonly TraceFinding[];
  /** How many rules were found broken, counting each place. */
  readonly broken: number;
  /** How many events were checked: none of a host's trace. */
  readonly checked: number;
  /** Whether that is all there is to check: not every event of a long recording is kept, nor every page of a large one followed. */
  readonly isWhole: boolean;
}

/** A syntax error in a scenario. */
export interface LineError {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** A lesson, and what it plays. */
export interface PlayedLesson {
  readonly lesson: Lesson;
  readonly source: Source;
}

/**
 * The operations of the worker. A call that cannot be answered is rejected with an Error, as is a query whose recording
 * is closed before its position is reached. Queries are answered in order.
 */
export interface MachineApi {
  /**
   * Plays a source from start to end, or until `resume` must be called, and reports progress. Closes the recording that was
   * open, even while it is being played. Rejected if another one is opened before this one could begin.
   */
  open(source: Source, settings: Settings, progress: (progress: Progress) => void): Promise<Progress>;
  /**
   * Continues a guest that was stopped after 20 million units of work; or one that is played live, for a number of steps, or else until
   * it is paused. The output in reports of a live guest has only what is new: `outputFrom` tells where it belongs.
   */
  resume(progress: (progress: Progress) => void, steps?: number): Promise<Progress>;
  /** Pauses a guest that is played live. */
  pause(): Promise<void>;
  /** Gives console input to a guest that is played live. Returns the number of bytes accepted. */
  input(bytes: Uint8Array): Promise<number>;
  /** Returns the state of a guest that is played live, as a file that `guesthouse boot --restore` and `open` read. */
  save(): Promise<Blob>;
  /**
   * Returns the state at a position. A position more than 1000 steps past the recorded part is clamped; step Infinity is the end of
   * the recorded part, wherever that is. `position` in the result contains the position.
   */
  query(position: Position, query: Query): Promise<QueryResult>;
  /** Returns what is wrong with the words of a filter, or null. A filter with wrong words lets nothing pass. */
  lintFilter(text: string): Promise<string | null>;
  /** Returns events from index `from` of the filtered list on, at most 1000. */
  events(filter: EventFilter, from: number, count: number): Promise<EventWindow>;
  /**
   * Returns rows of the filtered list from row `from` on, at most 1000: events that repeat are folded into one.
   * @param unfolded indexes of the first events of the rows that are unfolded instead, at most 100
   */
  rows(filter: EventFilter, unfolded: readonly number[], from: number, count: number): Promise<RowWindow>;
  /** Returns the last event at or before the position, by its index in the filtered list, and its row; -1 before the first. */
  currentRow(
    filter: EventFilter,
    unfolded: readonly number[],
    position: Position,
  ): Promise<{ readonly event: number; readonly row: number }>;
  /** Returns how many events that pass the filter are at or before the position. */
  countUpTo(filter: EventFilter, position: Position): Promise<number>;
  /** Divides the steps into buckets, at most 1000, and counts the events in each that pass the filter. */
  density(filter: EventFilter, buckets: number): Promise<Density>;
  /** Returns answers of steps from `first` on, at most 1000. */
  answers(first: number, count: number): Promise<readonly StepAnswer[]>;
  /**
   * Returns the hit of a breakpoint that comes next after a position, or last before it, in the part that is recorded; null
   * if there is none. Queries are answered meanwhile.
   * @param breakpoints as docs/boot.md describes them, at most 100
   * @param progress called several times a second with the part of the search that is done, 0 to 1
   * Rejected with an Error if a breakpoint is none, or cannot be hit in such a recording; and when another search begins, or
   * `cancelSearch` is called.
   */
  searchBreakpoint(
    breakpoints: readonly string[],
    from: Position,
    direction: Direction,
    progress: (part: number) => void,
  ): Promise<FoundHit | null>;
  /**
   * Returns the change of memory that comes next after a position, or the last one at or before it, in the part that is
   * recorded; null if there is none. Rejected as `searchBreakpoint`, and if the memory is not 1 to 4096 bytes of one page.
   */
  searchChange(
    target: ChangeTarget,
    from: Position,
    direction: Direction,
    progress: (part: number) => void,
  ): Promise<FoundChange | null>;
  /** Cancels the search in progress, if there is one. */
  cancelSearch(): Promise<void>;
  /** Returns for each text what is wrong with it as a breakpoint of this recording, or null. */
  lintBreakpoints(breakpoints: readonly string[]): Promise<readonly (string | null)[]>;
  /**
   * Plays a scenario without an injected fault, at most 1000 steps of it, and returns how many steps from the first on
   * have the same answers and events in the open recording.
   */
  sameSteps(text: string): Promise<number>;
  /** Rejects a source that cannot be opened, with the reason. The open recording stays open. */
  demandPlayable(source: Source): Promise<void>;
  /**
   * Plays the lessons of a file, and rejects it if they state something that is not so.
   * @param file the name of the file, for the message
   */
  verifyLessons(file: string, lessons: readonly PlayedLesson[]): Promise<void>;
  /**
   * Finds events by the beginnings of their texts (`textOf` of `lessons/event-texts.ts`), one after another. Returns how many steps
   * are done after each of them, up to the first one that is not recorded.
   */
  stepsAfter(texts: readonly string[]): Promise<readonly number[]>;
  /** Checks the events of the open recording that are kept, as `guesthouse trace --check` does. */
  checkEvents(): Promise<EventCheck>;
  /** Returns the syntax errors of a scenario, at most 100. */
  lint(text: string): Promise<readonly LineError[]>;
}
