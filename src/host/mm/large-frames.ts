/**
 * Frames of 1 MiB: splitting one into 256 pages behind a page table, and changing its protection. The entries of linked
 * guests change with the process's entry.
 *
 * Ranges are page numbers, half open.
 */

import { FRAME_SIZE, PAGE_TABLE_SIZE, SEGMENT } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { Gather } from './gather.ts';
import { relinkGuestsLocked } from './guest-links.ts';
import type { MmState } from './mm-state.ts';
import { eachSegment } from './pagewalk.ts';
import { setEntry } from './ptes.ts';

/** Whether the value of a segment's entry designates a 1 MiB frame. */
export function isLarge(value: number): boolean {
  return (value & SEGMENT.FORMAT_CONTROL) !== 0;
}

/**
 * Splits the 1 MiB frames that extend beyond the range.
 * Preconditions: the caller holds the mmap lock (read).
 * @throws LinuxError ENOMEM; nothing visible has changed
 */
export function splitEdgesLocked(mm: MmState, start: number, end: number): void {
  mm.mmapLock.expect('read', 'splitting a 1 MiB frame');
  if (start % PAGES_PER_SEGMENT) splitLarge(mm, Math.floor(start / PAGES_PER_SEGMENT));
  if (end % PAGES_PER_SEGMENT) splitLarge(mm, Math.floor(end / PAGES_PER_SEGMENT));
}

/**
 * Splits all 1 MiB frames that have a page in the range.
 * Preconditions: the caller holds the mmap lock (read).
 * @throws LinuxError ENOMEM; some of them may be split then, and nothing else visible has changed
 */
export function splitAllLocked(mm: MmState, start: number, end: number): void {
  mm.mmapLock.expect('read', 'splitting a 1 MiB frame');
  eachSegment(mm, start, end, (segment) => splitLarge(mm, segment));
}

/** Splits the 1 MiB frame of a segment, if it has one. @throws LinuxError ENOMEM */
function splitLarge(mm: MmState, segment: number): void {
  const frame = mm.tables.largeFrameOf(segment);
  if (frame < 0) return;
  const { storage, frames } = mm.kernel;
  const bits = mm.tables.segmentValueOf(segment) & SEGMENT.PROTECT;
  const table = mm.tables.newPageTable(segment);
  for (let i = 0; i < PAGES_PER_SEGMENT; i++) {
    setEntry(storage.view, table + i * 8, frame + i * FRAME_SIZE, bits);
  }
  mm.common.descriptors.present[table / PAGE_TABLE_SIZE] = PAGES_PER_SEGMENT;
  const gather = new Gather(mm.kernel, mm.tables);
  mm.pageTableLock.hold('write', () => {
    mm.tables.forgetLarge(segment, 'split');
    mm.tables.setSegmentEntry(segment, table);
    frames.split(frame);
    relinkGuestsLocked(mm, segment, { frame, value: table }, gather);
  });
  gather.purgeSpace();
  gather.finish(mm, 'segment-changed');
}

/**
 * Changes the protection bits of a segment with a 1 MiB frame, and of the guest entries that are linked to it.
 * Preconditions: the caller holds the page-table lock.
 */
export function protectLargeLocked(mm: MmState, segment: number, bits: number, gather: Gather): void {
  const frame = mm.tables.largeFrameOf(segment);
  const value = frame + (SEGMENT.FORMAT_CONTROL | bits);
  if (mm.tables.segmentValueOf(segment) === value) return;
  mm.tables.setSegmentEntry(segment, value);
  relinkGuestsLocked(mm, segment, { frame, value }, gather);
  gather.purgeSpace();
}
