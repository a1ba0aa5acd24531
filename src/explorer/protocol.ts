/**
 * What the page asks of the machine, which runs in a worker, and what it is told. The page never holds more than what
 * it shows: every question names a range and a limit.
 */

import type { HostStats } from '../host/index.ts';
import type { Pages, ProcessorState, Row, Table } from '../inspect/index.ts';
import type { Level } from '../machine/index.ts';
import type {
  Position,
  Progress,
  RecordedEvent,
  Settings,
  Source,
  SpaceName,
  SpaceOutline,
  StepAnswer,
  WalkAnswer,
} from '../player/index.ts';
import type { TraceEventType } from '../trace/index.ts';

export type { SpaceName, SpaceOutline, WalkAnswer } from '../player/index.ts';

/** What is asked about one position. What is left out is not answered. */
export interface Query {
  readonly outline?: boolean;
  /** Rows of a picture: a range of pages, told in at most about `limit` extents. */
  readonly rows?: readonly {
    readonly space: SpaceName;
    readonly first: number;
    readonly end: number;
    readonly limit: number;
  }[];
  /** Pages one by one, at most 4096 a range. */
  readonly pages?: readonly { readonly space: SpaceName; readonly first: number; readonly end: number }[];
  /** Tables: the one of that level that translates the page; of its populated entries those from number `from` on. */
  readonly tables?: readonly {
    readonly space: SpaceName;
    readonly level: Level;
    readonly page: number;
    readonly from: number;
    readonly count: number;
  }[];
  /** Walks; `virtual` says that the address is one that the guest of the gmap translates by tables of its own first. */
  readonly walks?: readonly {
    readonly space: SpaceName;
    readonly address: bigint;
    readonly virtual?: boolean;
  }[];
  readonly processors?: boolean;
}

/** What there is at the position. Lists are in the order of the question; null where there is no such space or table. */
export interface QueryResult {
  readonly position: Position;
  /** Counts at the position, as `stats` of the scenario language has them; null for a trace. */
  readonly stats: HostStats | null;
  readonly outline?: readonly SpaceOutline[];
  readonly rows?: readonly (Row | null)[];
  readonly pages?: readonly (Pages | null)[];
  readonly tables?: readonly (Table | null)[];
  readonly walks?: readonly (WalkAnswer | null)[];
  readonly processors?: readonly ProcessorState[];
}

/** Which events: those of some types, those of one gmap; all when both are left out. */
export interface EventFilter {
  readonly types?: readonly TraceEventType[];
  readonly gmap?: number;
}

/** A piece of the list of events that pass a filter. */
export interface EventWindow {
  /** How many events pass the filter in all. */
  readonly total: number;
  /** Index in the filtered list of the first one here. */
  readonly from: number;
  readonly events: readonly RecordedEvent[];
}

/** The events that pass a filter, in parts of about as many events each. */
export interface Density {
  /** How many events of each type, bucket by bucket. */
  readonly buckets: readonly Readonly<Partial<Record<TraceEventType, number>>>[];
}

/** A line that is not in the scenario language. */
export interface LineError {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/**
 * What the worker does for the page. Calls that cannot be answered are rejected with an Error; so is a look at a recording
 * that was closed before its position was reached. Looks are answered in order.
 */
export interface MachineApi {
  /**
   * Plays a source from its start to its end, or to where `go` must be called to go on, telling of progress on the way.
   * What was open before is closed. A recording that is opened while another one plays ends that one.
   */
  open(source: Source, settings: Settings, progress: (progress: Progress) => void): Promise<Progress>;
  /** Goes on with a guest that was stopped after 20 million instructions. */
  go(progress: (progress: Progress) => void): Promise<Progress>;
  /**
   * What there is at a position: the state right then, however one came there. Little further than the recording has been
   * played once (see `open`) nothing can be seen: the answer's position says where that was.
   */
  query(position: Position, query: Query): Promise<QueryResult>;
  /** Events from index `from` of the filtered list on, at most 1000. */
  events(filter: EventFilter, from: number, count: number): Promise<EventWindow>;
  /** The index in the filtered list of the last event at or before the position; -1 when there is none. */
  eventBefore(filter: EventFilter, position: Position): Promise<number>;
  density(filter: EventFilter, buckets: number): Promise<Density>;
  /** Answers of steps from `first` on, at most 1000. */
  answers(first: number, count: number): Promise<readonly StepAnswer[]>;
  /** The lines of a scenario that are not in the language, at most 100. */
  lint(text: string): Promise<readonly LineError[]>;
}
