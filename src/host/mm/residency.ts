/** Which pages of a process have frames. */

import { FRAME_SIZE } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { isLarge } from './large-frames.ts';
import type { MmState } from './mm-state.ts';
import { eachPageOf, eachSegment } from './pagewalk.ts';

/** Returns a byte for each page of a range: 1 if it has a frame. Preconditions: the caller holds the mmap lock (read). */
export function residentLocked(mm: MmState, start: number, end: number): Uint8Array {
  mm.mmapLock.expect('read', 'looking for frames');
  const resident = new Uint8Array(end - start);
  eachSegment(mm, start, end, (segment, value) => {
    const first = segment * PAGES_PER_SEGMENT;
    if (isLarge(value)) {
      resident.fill(1, Math.max(first - start, 0), Math.min(first + PAGES_PER_SEGMENT, end) - start);
      return;
    }
    eachPageOf(mm, segment, { start, end }, (page) => {
      resident[page - start] = 1;
    });
  });
  return resident;
}

/** Visits the pages of a range that have frames, ascending. Preconditions: the caller holds the mmap lock (read). */
export function eachPresentLocked(
  mm: MmState,
  start: number,
  end: number,
  visit: (page: number, frame: number, isLarge: boolean) => void,
): void {
  mm.mmapLock.expect('read', 'looking for frames');
  eachSegment(mm, start, end, (segment, value) => {
    if (!isLarge(value)) {
      eachPageOf(mm, segment, { start, end }, (page, table, index) =>
        visit(page, mm.ptes.frame(table, index), false),
      );
      return;
    }
    const first = segment * PAGES_PER_SEGMENT;
    const frame = mm.tables.largeFrameOf(segment);
    const last = Math.min(first + PAGES_PER_SEGMENT, end);
    for (let page = Math.max(first, start); page < last; page++)
      visit(page, frame + (page - first) * FRAME_SIZE, true);
  });
}
