/**
 * Removes pages, 1 MiB frames, page tables and segment tables from a process's tables. Guests are unlinked from a page
 * table or 1 MiB frame before it is freed.
 *
 * The purges: `Ptes.unmap` purges a single page (IPTE). `Gather.finish` purges the process and the linked guests if a table
 * or a 1 MiB frame was removed (IDTE), and frees the frames after that.
 *
 * Ranges are page numbers, half open.
 */

import { PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT, SEGMENTS_PER_REGION, SEGMENTS_PER_TABLE } from '../units.ts';
import { addressOf } from './addresses.ts';
import { Gather } from './gather.ts';
import { unlinkGuestsLocked } from './guest-links.ts';
import { isLarge, splitEdgesLocked } from './large-frames.ts';
import type { MemoryFile } from './memory-file.ts';
import type { MmState } from './mm-state.ts';
import { hasFrame } from './page-tables.ts';
import { eachPageOf, eachSegment, type PageSpan } from './pagewalk.ts';
import { frameOf } from './ptes.ts';

/**
 * Removes a range from mappings and tables.
 * Preconditions: the caller holds the mmap lock (write).
 * @throws LinuxError ENOMEM when a frame of 1 MiB must be split and cannot; nothing has changed then
 */
export function removeRangeLocked(mm: MmState, start: number, end: number): void {
  mm.mmapLock.expect('write', 'unmapping');
  splitEdgesLocked(mm, start, end);
  mm.mappings.remove(start, end);
  const gather = new Gather(mm.kernel, mm.tables);
  mm.pageTableLock.hold('write', () => freeTablesLocked(mm, start, end, gather));
  gather.finish(mm);
}

/**
 * Drops the pages of a range. Mappings and page tables stay.
 * Preconditions: the caller holds the mmap lock (read); each 1 MiB frame lies wholly in the range or wholly outside, see
 * `splitEdgesLocked`.
 */
export function zapLocked(mm: MmState, start: number, end: number): void {
  mm.mmapLock.expect('read', 'zapping pages');
  const gather = new Gather(mm.kernel, mm.tables);
  mm.pageTableLock.hold('write', () => dropPagesLocked(mm, start, end, gather));
  gather.finish(mm);
  mm.kernel.trace.listener?.({
    type: 'zap',
    mm: mm.id,
    address: addressOf(start),
    length: addressOf(end - start),
  });
}

/**
 * Drops the pages from `first` to `end` of a file, by their numbers in the file, and private copies of them.
 * Preconditions: the caller holds the mmap lock (read).
 */
export function dropFilePagesLocked(mm: MmState, file: MemoryFile, first: number, end: number): void {
  for (const mapping of mm.mappings) {
    if (mapping.backing.file !== file) continue;
    const start = Math.max(mapping.start, first - mapping.backing.shift);
    const limit = Math.min(mapping.end, end - mapping.backing.shift);
    if (start < limit) zapLocked(mm, start, limit);
  }
}

/**
 * Drops the pages of a range as `zapLocked`, and leaves the purges and the freeing to `gather`.
 * Preconditions: as `zapLocked`, and the caller holds the page-table lock.
 */
export function dropPagesLocked(mm: MmState, start: number, end: number, gather: Gather): void {
  const span = { start, end };
  eachSegment(mm, start, end, (segment, value) => {
    if (isLarge(value)) freeLargeFrame(mm, segment, gather);
    else unmapPages(mm, segment, span, gather);
  });
}

/**
 * Unhooks the pages and tables of a range that no mapping needs any more.
 * Preconditions: the caller holds the page-table lock; the mappings of the range are removed.
 */
function freeTablesLocked(mm: MmState, start: number, end: number, gather: Gather): void {
  const span = { start, end };
  eachSegment(mm, start, end, (segment, value) => {
    const first = segment * PAGES_PER_SEGMENT;
    if (isLarge(value)) freeLargeFrame(mm, segment, gather);
    else if (mm.mappings.touches(first, first + PAGES_PER_SEGMENT)) unmapPages(mm, segment, span, gather);
    else freePageTable(mm, segment, value, gather);
  });
  freeSegmentTables(mm, start, end, gather);
}

function unmapPages(mm: MmState, segment: number, span: PageSpan, gather: Gather): void {
  eachPageOf(mm, segment, span, (_, table, index) => gather.deferFree(mm.ptes.unmap(table, index)));
}

function freeLargeFrame(mm: MmState, segment: number, gather: Gather): void {
  const frame = mm.tables.largeFrameOf(segment);
  unlinkGuestsLocked(mm, segment, frame, gather);
  mm.tables.forgetLarge(segment, 'freed');
  mm.tables.unhookSegment(segment);
  gather.deferFree(frame);
  gather.purgeSpace();
}

/**
 * Frees the page table of a segment, and its pages, and unlinks the guests. Preconditions: no mapping touches the segment.
 */
function freePageTable(mm: MmState, segment: number, table: number, gather: Gather): void {
  mm.ptes.notifyAll(table);
  mm.tables.unhookSegment(segment);
  unlinkGuestsLocked(mm, segment, table, gather);
  const { view } = mm.kernel.storage;
  let present = mm.common.descriptors.present[table / PAGE_TABLE_SIZE] as number;
  for (let entry = table; present > 0; entry += 8) {
    if (!hasFrame(view.getUint32(entry + 4))) continue;
    gather.deferFree(frameOf(view, entry));
    present--;
  }
  gather.deferPageTable(table);
}

/**
 * Frees the segment tables of a range that no mapping touches, and the region-third tables, except the first, that are
 * empty then.
 */
function freeSegmentTables(mm: MmState, start: number, end: number, gather: Gather): void {
  const last = Math.ceil(end / PAGES_PER_SEGMENT);
  let segment = mm.tables.nextTable(Math.floor(start / PAGES_PER_SEGMENT), last);
  while (segment < last) {
    const first = segment - (segment % SEGMENTS_PER_TABLE);
    const next = first + SEGMENTS_PER_TABLE;
    if (!mm.mappings.touches(first * PAGES_PER_SEGMENT, next * PAGES_PER_SEGMENT)) {
      gather.deferTable(mm.tables.unhookSegmentTable(segment));
      freeRegionTable(mm, segment, gather);
    }
    segment = mm.tables.nextTable(next, last);
  }
}

/** Frees the region-third table of a segment unless it has a segment table. Mappings without pages need no table. */
function freeRegionTable(mm: MmState, segment: number, gather: Gather): void {
  const first = segment - (segment % SEGMENTS_PER_REGION);
  const end = first + SEGMENTS_PER_REGION;
  if (mm.tables.nextTable(first, end) < end) return;
  const region = mm.tables.unhookRegionTable(segment);
  if (region !== null) gather.deferTable(region);
}
