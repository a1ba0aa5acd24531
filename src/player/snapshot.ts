/**
 * What there is at a position, and what can be asked about it. docs/inspect.md tells what the answers mean.
 */

import type { HostStats } from '../host/index.ts';
import type {
  ExplainedWalk,
  Extent,
  Pages,
  ProcessorState,
  Row,
  Table,
  TableQuestion,
} from '../inspect/index.ts';

/** The name of an address space: a process's or a gmap's, by their numbers. */
export type SpaceName = `process ${number}` | `gmap ${number}`;

/** A space that there is at the position. */
export interface SpaceOutline {
  readonly name: SpaceName;
  /** The process whose memory it is: itself, or the one behind a gmap. */
  readonly process: SpaceName;
  /** Its address-space-control element; null where a trace does not tell it. */
  readonly asce: bigint | null;
  /** What is mapped, ascending: where there are more than 256 runs, the nearest are told as one. */
  readonly extents: readonly Extent[];
  /** Pages that the space can have. */
  readonly limit: number;
  /** How many segments (gmap) or mappings (process) it has. */
  readonly size: number;
}

/** A walk, or two after one another. */
export interface WalkAnswer {
  /** By the guest's own tables, where asked for; its absolute address is a guest real one. */
  readonly own: ExplainedWalk | null;
  /** The address that the tables of the space translate: prefixed, where a guest's own were asked for. */
  readonly absolute: bigint | null;
  /** By the tables of the space; null, as `absolute`, when the guest's own walk ended with an exception. */
  readonly walk: ExplainedWalk | null;
}

/** A state to look at. Nothing changes by looking. Answers are null where there is no such space, table or program. */
export interface Snapshot {
  /** Counts, as `stats` of the scenario language has them; null for a trace. */
  stats(): HostStats | null;
  /** The spaces there are: each process, then its gmaps. */
  outline(): SpaceOutline[];
  /** What of a space lies in a range of pages, in about `limit` extents. */
  row(space: SpaceName, first: number, end: number, limit: number): Row | null;
  /** Pages one by one, at most 4096. */
  pages(space: SpaceName, first: number, end: number): Pages | null;
  table(space: SpaceName, question: TableQuestion): Table | null;
  /** @param virtual whether the guest that runs in the gmap translates the address by tables of its own first */
  walk(space: SpaceName, address: bigint, virtual: boolean): WalkAnswer | null;
  processors(): ProcessorState[];
}

/** Extents that an outline has at most. */
export const EXTENTS = 256;
