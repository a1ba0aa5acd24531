/**
 * The protection bits of page entries, and mprotect.
 *
 * The protection bit of an entry states what the hardware allows now; its mapping states what the process may do. The entry
 * of a page that may be written has the bit too while its frame is shared, or while a log is to note the next store.
 */

import { PAGE, SEGMENT } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { isLogged } from './dirty-tracking.ts';
import { Gather } from './gather.ts';
import { protectLargeLocked, splitAllLocked, splitEdgesLocked } from './large-frames.ts';
import { demandMapped, demandRoom } from './mapping-limits.ts';
import { type Mapping, PROT } from './mappings.ts';
import type { MmState } from './mm-state.ts';
import { PAGE_NONE } from './page-tables.ts';
import { eachPageOf, eachSegment, type PageSpan } from './pagewalk.ts';

/** Returns the bits of the entry of a page with this frame, if no store to it is under way. */
export function entryBits(mm: MmState, mapping: Mapping, page: number, frame: number): number {
  const bits = entryBitsForStore(mm, mapping, frame);
  return bits === 0 && isLogged(mm, page) ? PAGE.PROTECT : bits;
}

/** Returns the bits of the entry of a page with this frame for a store that is under way, which all logs have noted. */
export function entryBitsForStore(mm: MmState, { protection, backing }: Mapping, frame: number): number {
  if ((protection & PROT.WRITE) === 0) return protection === PROT.NONE ? PAGE_NONE : PAGE.PROTECT;
  return !backing.shared && mm.kernel.frames.sharersOf(frame) > 0 ? PAGE.PROTECT : 0;
}

/**
 * Changes the protection of the pages from `start` to `end`, see `Mm.mprotect`.
 * Preconditions: the caller holds the mmap lock (write).
 * @throws LinuxError ENOMEM; nothing visible has changed then
 */
export function mprotectLocked(mm: MmState, start: number, end: number, protection: number): void {
  mm.mmapLock.expect('write', 'mprotect');
  demandMapped(mm, start, end);
  demandRoom(mm);
  if (protection === PROT.NONE) splitAllLocked(mm, start, end);
  else splitEdgesLocked(mm, start, end);
  mm.mappings.protect(start, end, protection);
  const gather = new Gather(mm.kernel, mm.tables);
  mm.pageTableLock.hold('write', () =>
    eachSegment(mm, start, end, (segment) => protectSegment(mm, segment, { start, end }, gather)),
  );
  gather.finish(mm, 'segment-changed');
}

function protectSegment(mm: MmState, segment: number, span: PageSpan, gather: Gather): void {
  if (mm.tables.largeFrameOf(segment) >= 0) {
    const mapping = mm.mappings.at(segment * PAGES_PER_SEGMENT) as Mapping;
    protectLargeLocked(mm, segment, mapping.protection & PROT.WRITE ? 0 : SEGMENT.PROTECT, gather);
    return;
  }
  eachPageOf(mm, segment, span, (page, table, index) => {
    const mapping = mm.mappings.at(page) as Mapping;
    mm.ptes.protect(table, index, entryBits(mm, mapping, page, mm.ptes.frame(table, index)));
  });
}
