/**
 * Faults: the first access to a page gives it a frame, and the first store to a page whose frame is shared copies it.
 *
 * Private memory is copied when it is written. A frame that is shared, after a fork or with a file, is entered such that
 * stores fault, and the fault copies it (protection.ts, cow.ts).
 */

import { PAGE } from '../../machine/index.ts';
import { hex, LinuxError } from '../errors.ts';
import type { ProcessSegmentNumber } from '../numbers.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { addressOf, noMapping } from './addresses.ts';
import { copyOf } from './cow.ts';
import { noteWritten } from './dirty-tracking.ts';
import { type Mapping, PROT } from './mappings.ts';
import type { MmState } from './mm-state.ts';
import { hasFrame } from './page-tables.ts';
import { entryBits, entryBitsForStore } from './protection.ts';
import { PendingFault, SERVED } from './served-faults.ts';

/**
 * Serves a fault at a page.
 * Preconditions: the caller holds the mmap lock (read).
 * @throws LinuxError EFAULT when the page is not mapped, its mapping does not allow the access, or it is beyond the end of
 *   its file; ENOMEM. PendingFault when user space is to provide the page
 */
export function faultPageLocked(mm: MmState, page: number, write: boolean): void {
  mm.mmapLock.expect('read', 'a fault');
  const mapping = mm.mappings.at(page);
  if (!mapping) throw noMapping(addressOf(page));
  // No entry can allow stores and forbid fetches: a page that may be written may be read.
  const wanted = write ? PROT.WRITE : PROT.READ | PROT.WRITE | PROT.EXEC;
  if ((mapping.protection & wanted) === 0) {
    throw new LinuxError('EFAULT', `${hex(addressOf(page))} must not be ${write ? 'written' : 'read'}`);
  }
  const segment = Math.floor(page / PAGES_PER_SEGMENT);
  if (mapping.backing.large && tryLargeFrame(mm, mapping, segment)) return;
  const index = page % PAGES_PER_SEGMENT;
  const table = mm.tables.pageTableOf(segment);
  if (table < 0 || !hasFrame(mm.ptes.low(table, index))) {
    setPte(mm, mapping, page, write);
  } else if (write && mm.ptes.low(table, index) & PAGE.PROTECT) {
    allowStores(mm, mapping, table, index);
  } else {
    return;
  }
  if (write) noteWritten(mm, page);
  const frame = BigInt(mm.ptes.frame(mm.tables.pageTableOf(segment), index));
  mm.kernel.trace.listener?.({ type: 'mm-fault', mm: mm.id, address: addressOf(page), frame, write });
}

/**
 * Returns the value of a guest's segment entry that shares a segment of the process: the origin of the segment's page
 * table, which is made if it is missing, or the address and bits of its 1 MiB frame. Preconditions: the caller holds the
 * mmap lock (read); the first page of the segment is mapped.
 * @throws LinuxError ENOMEM
 */
export function provideSegmentLocked(mm: MmState, segment: ProcessSegmentNumber): number {
  mm.mmapLock.expect('read', 'making a page table');
  const value = mm.tables.segmentValueOf(segment);
  if (value > 0) return value;
  const mapping = mm.mappings.at(segment * PAGES_PER_SEGMENT) as Mapping;
  if (mapping.backing.large && tryLargeFrame(mm, mapping, segment)) return mm.tables.segmentValueOf(segment);
  return mm.tables.makePageTable(segment);
}

/**
 * Gives a segment that has neither a page table nor a frame a 1 MiB frame, if it may have one. Returns whether the segment
 * has a 1 MiB frame now.
 */
function tryLargeFrame(mm: MmState, mapping: Mapping, segment: number): boolean {
  const value = mm.tables.segmentValueOf(segment);
  if (value > 0) return mm.tables.largeFrameOf(segment) >= 0;
  const first = segment * PAGES_PER_SEGMENT;
  const last = first + PAGES_PER_SEGMENT;
  if (mapping.start > first || mapping.end < last || mapping.protection === PROT.NONE) return false;
  if (mapping.served !== null) return false;
  if (mm.ptes.usesKeys || mm.logs.some((log) => log.start < last && first < log.end)) return false;
  try {
    mm.tables.makeLarge(segment, mapping.protection & PROT.WRITE ? 0 : PAGE.PROTECT);
  } catch (error) {
    // No block of 1 MiB is free: the segment gets pages of 4 KiB.
    if (error instanceof LinuxError && error.code === 'ENOMEM') return false;
    throw error;
  }
  return true;
}

/**
 * Gives a frame to a page that has none: of zeros, or the frame of the page of its file, shared or copied.
 * @throws LinuxError ENOMEM; nothing has changed then. EFAULT beyond the end of the file. PendingFault
 */
function setPte(mm: MmState, mapping: Mapping, page: number, write: boolean): void {
  const { frames } = mm.kernel;
  const { file, shift, shared } = mapping.backing;
  if (file === null) {
    demandUnserved(mapping, page, write, false);
    // With storage keys, each private page has a frame of its own.
    const sharesZeros = mm.sharesZeros && !write && !shared && !mm.ptes.usesKeys;
    const frame = sharesZeros ? mm.kernel.shareZeros() : frames.allocateZeroed(0, 'page');
    enterFrame(mm, mapping, page, write, frame);
    return;
  }
  const at = page + shift;
  if (at >= file.pages)
    throw new LinuxError('EFAULT', `${hex(addressOf(page))} is beyond the end of its file`);
  demandUnserved(mapping, page, write, file.frames.has(at));
  const copied = !shared && (write || mm.ptes.usesKeys);
  file.withFrame(at, (frame) => {
    if (!copied) frames.share(frame);
    enterFrame(mm, mapping, page, write, copied ? copyOf(mm.kernel, frame) : frame);
  });
}

/** @param isMinor whether the file of the page has a frame for it. @throws PendingFault when user space is to provide the page */
function demandUnserved({ served }: Mapping, page: number, isWrite: boolean, isMinor: boolean): void {
  if (served === null || (served.modes & (isMinor ? SERVED.MINOR : SERVED.MISSING)) === 0) return;
  throw new PendingFault(served.server, { address: addressOf(page), isWrite, isMinor });
}

/**
 * Enters a frame, whose owner the page table becomes, at a page that has none.
 * @param write whether the page is written with it
 * @throws LinuxError ENOMEM; the frame is freed then
 */
export function enterFrame(mm: MmState, mapping: Mapping, page: number, write: boolean, frame: number): void {
  let table: number;
  try {
    table = mm.tables.makePageTable(Math.floor(page / PAGES_PER_SEGMENT));
  } catch (error) {
    mm.kernel.frames.free(frame);
    throw error;
  }
  mm.pageTableLock.hold('write', () => {
    const bits = write ? entryBitsForStore(mm, mapping, frame) : entryBits(mm, mapping, page, frame);
    mm.ptes.set(table, page % PAGES_PER_SEGMENT, frame, bits);
  });
}

/** Makes an entry allow the stores that its mapping allows. A private page whose frame is shared gets a copy first. */
function allowStores(mm: MmState, mapping: Mapping, table: number, index: number): void {
  const { frames } = mm.kernel;
  const frame = mm.ptes.frame(table, index);
  if (mapping.backing.shared || frames.sharersOf(frame) === 0) {
    mm.pageTableLock.hold('write', () =>
      mm.ptes.protect(table, index, entryBitsForStore(mm, mapping, frame)),
    );
    return;
  }
  const copy = copyOf(mm.kernel, frame);
  mm.pageTableLock.hold('write', () => {
    frames.free(mm.ptes.replace(table, index, copy, entryBitsForStore(mm, mapping, copy)));
  });
}
