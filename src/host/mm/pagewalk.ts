/**
 * Visits the segments and pages that the tables of a process have in a range (Linux: mm/pagewalk.c). Ranges are page numbers,
 * half open.
 *
 * Preconditions of every function: the caller holds the mmap lock (read).
 */

import { PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT, SEGMENTS_PER_TABLE } from '../units.ts';
import type { MmState } from './mm-state.ts';
import { hasFrame } from './page-tables.ts';

/** A range of pages, by number, half open. */
export interface PageSpan {
  readonly start: number;
  readonly end: number;
}

/** Visits an entry with a frame: its page number, its page table and its index there. */
export type PageVisitor = (page: number, table: number, index: number) => void;

/**
 * Visits each segment of a range that has a page table or a 1 MiB frame, with the value of its entry, see
 * `PageTables.segmentValueOf`.
 */
export function eachSegment(
  mm: MmState,
  start: number,
  end: number,
  visit: (segment: number, value: number) => void,
): void {
  const last = Math.ceil(end / PAGES_PER_SEGMENT);
  let segment = mm.tables.nextTable(Math.floor(start / PAGES_PER_SEGMENT), last);
  while (segment < last) {
    const value = mm.tables.segmentValueOf(segment);
    if (value > 0) visit(segment, value);
    segment++;
    if (segment % SEGMENTS_PER_TABLE === 0) segment = mm.tables.nextTable(segment, last);
  }
}

/** Visits each entry with a frame in a range of a segment. Preconditions: the segment has a page table. */
export function eachPageOf(mm: MmState, segment: number, { start, end }: PageSpan, visit: PageVisitor): void {
  const table = mm.tables.pageTableOf(segment);
  if (mm.common.descriptors.present[table / PAGE_TABLE_SIZE] === 0) return;
  const first = segment * PAGES_PER_SEGMENT;
  const last = Math.min(end - first, PAGES_PER_SEGMENT);
  for (let index = Math.max(start - first, 0); index < last; index++) {
    if (hasFrame(mm.ptes.low(table, index))) visit(first + index, table, index);
  }
}

/** Visits each entry with a frame in a range. Preconditions: no segment in the range has a 1 MiB frame. */
export function eachPage(mm: MmState, start: number, end: number, visit: PageVisitor): void {
  const span = { start, end };
  eachSegment(mm, start, end, (segment) => eachPageOf(mm, segment, span, visit));
}
