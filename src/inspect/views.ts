/**
 * Views of address spaces, from which answers are computed. The spaces of a host have views over their tables
 * (host-views.ts); the player has views of the spaces of a trace.
 */

import type { Mappings } from '../host/index.ts';
import type { SegmentNumber } from '../machine/index.ts';
import type { ExtentList } from './extent-list.ts';
import type { GuestExtentBuilder } from './guest-extent-builder.ts';

/** Returns the flags (`PAGE_FLAG`) of a page, given its index in its segment. */
export type SegmentFlags = (index: number) => number;

/**
 * Receives a page table or a 1 MiB frame of a process.
 * @param segment number of the process segment
 * @param present pages present; 256 for a 1 MiB frame
 * @param links guest segments linked to it
 */
export type TableVisitor = (segment: SegmentNumber, large: boolean, present: number, links: number) => void;

/** A view of the address space of a process. */
export interface ProcessView {
  readonly kind: 'process';
  readonly mappings: Mappings;
  /** Visits the page tables and 1 MiB frames of segments `first` up to, not including, `end`, in ascending order. */
  tablesIn(first: SegmentNumber, end: SegmentNumber, visit: TableVisitor): void;
  /** Returns the flags of the pages of a segment. */
  flagsIn(segment: SegmentNumber): SegmentFlags;
}

/** Where a guest segment leads. */
export interface GuestSegment {
  /** Number of the process segment behind it, or null if it is linked to a table that is not the process's. */
  readonly process: SegmentNumber | null;
  readonly linked: boolean;
}

/** A view of a guest address space. */
export interface GuestView {
  readonly kind: 'guest';
  readonly process: ProcessView;
  /** Adds the mapped pages to a list. */
  mappedInto(list: ExtentList): void;
  /** Adds the mapped segments from `first` up to, not including, `end` to a builder, in ascending order. */
  segmentsInto(builder: GuestExtentBuilder, first: SegmentNumber, end: SegmentNumber): void;
  /** Returns where a segment leads, or null if it is not mapped. */
  segment(segment: SegmentNumber): GuestSegment | null;
  /** Whether the guest watches a page. */
  watches(page: number): boolean;
}

/** A view of either. */
export type SpaceView = ProcessView | GuestView;
