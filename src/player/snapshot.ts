/**
 * Snapshots: the state at one position of a recording, and the queries about it. docs/inspect.md describes the
 * answers.
 */

import type { HostStats } from '../host/index.ts';
import type {
  ExplainedWalk,
  Extent,
  PageRange,
  Pages,
  ProcessorState,
  Row,
  RowRange,
  SegmentPages,
  Table,
  TableQuery,
} from '../inspect/index.ts';
import { extentsOfView, pagesOfView, rowOfView, type SpaceView } from '../inspect/internal.ts';

import type { TracedWalk } from './trace/traced-walk.ts';

/** The name of an address space: of a process or of a gmap, with its number. */
export type SpaceName = `process ${number}` | `gmap ${number}`;

/** An address space at the position. */
export interface SpaceOutline {
  readonly name: SpaceName;
  readonly kind: 'process' | 'guest';
  /** The process that the memory belongs to: the space itself, or the one behind a gmap. */
  readonly process: SpaceName;
  /** Its address-space-control element, or null if it is not in the trace. */
  readonly asce: bigint | null;
  /** The mapped extents in ascending order, at most `EXTENTS_LIMIT`: they are joined across the smallest gaps. */
  readonly extents: readonly Extent[];
  /** Pages that the space can have. */
  readonly limit: number;
  /** How many segments (of a gmap) or mappings (of a process) there are. */
  readonly size: number;
}

/** The most extents that an outline has. */
export const EXTENTS_LIMIT = 256;

/** How to translate an address. */
export interface WalkOptions {
  /** Whether the address is a virtual one of the guest, to be translated by the guest's own tables first. */
  readonly virtual?: boolean;
}

/** A walk through the tables of a space. For a virtual address of a guest, one through the guest's own tables precedes it. */
export interface WalkAnswer {
  /** The walk through the guest's own tables, which ends at a guest absolute address; null if there was none. */
  readonly own: ExplainedWalk | null;
  /** The address that the tables of the space translate; null if the guest's own walk ended with an exception. */
  readonly absolute: bigint | null;
  /** The walk through the tables of the space; null if there is no address for it. */
  readonly walk: ExplainedWalk | null;
}

/** Queries that only a recording with a machine can answer: a trace has none. */
export interface MachineView {
  /** Returns the counters that `stats` of the scenario language reports. */
  stats(): HostStats;
  /** Returns a table, or null if there is no such space or table. */
  table(space: SpaceName, query: TableQuery): Table | null;
  /** Returns the pages of the segment that holds a page, and its contents, or null if there is no such space. */
  segmentPages(space: SpaceName, page: number): SegmentPages | null;
  /** Translates an address. Returns null if there is no such space, or no virtual CPU that runs in it. */
  walk(space: SpaceName, address: bigint, options?: WalkOptions): WalkAnswer | null;
  /** Returns the processors. */
  processors(): ProcessorState[];
}

/** A space of a snapshot, and the view of it. @internal */
export interface Space extends Pick<SpaceOutline, 'name' | 'process' | 'asce' | 'limit'> {
  readonly view: SpaceView;
}

/** What a snapshot is taken of. @internal */
export interface SnapshotSource {
  readonly machine: MachineView | null;
  /** The spaces: each process, then its gmaps, by number. */
  spaces(): Iterable<Space>;
  /** Returns a space, or null if there is none of that name. */
  space(name: SpaceName): Space | null;
  /** Returns what the events of a trace tell about an address. Absent if there is a machine to ask. */
  traced?(name: SpaceName, address: bigint): TracedWalk | null;
}

/**
 * The state at one position. Queries change nothing. A snapshot is valid only until the function that received it
 * returns.
 */
export class Snapshot {
  /** The machine, or null for a trace. */
  readonly machine: MachineView | null;
  readonly #source: SnapshotSource;

  /** @internal */
  constructor(source: SnapshotSource) {
    this.machine = source.machine;
    this.#source = source;
  }

  /** Returns the spaces: each process, then its gmaps. */
  outline(): SpaceOutline[] {
    return Array.from(this.#source.spaces(), ({ view, ...space }) => {
      return { ...space, kind: view.kind, ...extentsOfView(view, EXTENTS_LIMIT) };
    });
  }

  /**
   * Returns what the events of a trace tell about the translation of an address. Null for anything but a trace, where the tables
   * themselves can be read, and if there is no such space.
   */
  tracedWalk(space: SpaceName, address: bigint): TracedWalk | null {
    return this.#source.traced?.(space, address) ?? null;
  }

  /** Returns the extents of a space in a range, or null if there is no such space. @throws LinuxError EINVAL */
  row(space: SpaceName, range: RowRange): Row | null {
    const found = this.#source.space(space);
    return found && rowOfView(found.view, range);
  }

  /** Returns the pages of a range, at most 4096, or null if there is no such space. @throws LinuxError EINVAL */
  pages(space: SpaceName, range: PageRange): Pages | null {
    const found = this.#source.space(space);
    return found && pagesOfView(found.view, range);
  }
}

/** Parses the name of a space. @internal */
export function parseName(name: SpaceName): { readonly isGmap: boolean; readonly id: number } {
  const [kind, number] = name.split(' ');
  return { isGmap: kind !== 'process', id: Number(number) };
}
