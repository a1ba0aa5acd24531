/**
 * What puts frames behind pages: the first access to one, and the first store to one that is shared.
 *
 * Private memory is copied when it is written: a frame that others have too, after a fork or because a file has it,
 * is entered such that stores fault, and the fault copies it. So the protection bit of an entry says what the
 * hardware may do now; what the process may do, its mapping says.
 */

import { FRAME_SIZE, PAGE } from '../../machine/index.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import { addressOf, noMapping } from './addresses.ts';
import { type Mapping, PROT } from './mappings.ts';
import type { Mm } from './mm.ts';
import { hasFrame, PAGE_NONE } from './page-tables.ts';

const PAGES_PER_SEGMENT = 256;

/**
 * Serves a fault at a page for those who hold the mmap lock.
 * @throws LinuxError EFAULT when nothing is mapped there, not for this, or its file has ended; ENOMEM
 */
export function serveFault(mm: Mm, page: number, write: boolean): void {
  const mapping = mm.mappings.at(page);
  if (!mapping) throw noMapping(addressOf(page));
  // No entry can forbid fetching and allow storing: what may be written may be read.
  const wanted = write ? PROT.WRITE : PROT.READ | PROT.WRITE | PROT.EXEC;
  if ((mapping.protection & wanted) === 0) {
    throw new LinuxError('EFAULT', `${hex(addressOf(page))} may not be ${write ? 'written' : 'read'}`);
  }
  const segment = Math.floor(page / PAGES_PER_SEGMENT);
  if (mapping.backing.large && hasLargeFrame(mm, mapping, segment)) return;
  const index = page % PAGES_PER_SEGMENT;
  const table = mm.tables.pageTableOf(segment);
  if (table < 0 || !hasFrame(mm.entries.low(table, index))) {
    enterPage(mm, mapping, page, write);
  } else if (write && mm.entries.low(table, index) & PAGE.PROTECT) {
    allowStores(mm, mapping, page, table, index);
  } else {
    return;
  }
  if (write) mm.noteWritten(page);
  const frame = BigInt(mm.entries.frame(mm.tables.pageTableOf(segment), index));
  mm.kernel.trace.listener?.({ type: 'mm-fault', mm: mm.id, address: addressOf(page), frame, write });
}

/**
 * What a guest's segment entry must be to share a segment of the process that a mapping touches: the origin of its
 * page table, which is made if it is missing, or its 1 MiB frame and the bits that go with it.
 * @throws LinuxError ENOMEM
 */
export function provideSegment(mm: Mm, segment: number): number {
  const value = mm.tables.segmentValueOf(segment);
  if (value > 0) return value;
  const mapping = mm.mappings.at(segment * PAGES_PER_SEGMENT);
  if (mapping?.backing.large && hasLargeFrame(mm, mapping, segment)) return mm.tables.segmentValueOf(segment);
  return mm.tables.makePageTable(segment);
}

/** The bits of the entry of a page that has this frame. */
export function entryBits(mm: Mm, mapping: Mapping, page: number, frame: number, write: boolean): number {
  const { protection, backing } = mapping;
  if ((protection & PROT.WRITE) === 0) return protection === PROT.NONE ? PAGE_NONE : PAGE.PROTECT;
  if (!backing.shared && mm.kernel.frames.sharersOf(frame) > 0) return PAGE.PROTECT;
  return !write && mm.logs.some((log) => log.covers(page)) ? PAGE.PROTECT : 0;
}

/** Whether the segment has a 1 MiB frame; it gets one when it can have one and has nothing yet. */
function hasLargeFrame(mm: Mm, mapping: Mapping, segment: number): boolean {
  const value = mm.tables.segmentValueOf(segment);
  if (value > 0) return mm.tables.largeFrameOf(segment) >= 0;
  const first = segment * PAGES_PER_SEGMENT;
  const last = first + PAGES_PER_SEGMENT;
  if (mapping.start > first || mapping.end < last || mapping.protection === PROT.NONE) return false;
  if (mm.entries.usesKeys || mm.logs.some((log) => log.start < last && first < log.end)) return false;
  try {
    mm.tables.makeLarge(segment, mapping.protection & PROT.WRITE ? 0 : PAGE.PROTECT);
  } catch (error) {
    // No block is that large any more: pages of 4 KiB will do.
    if (error instanceof LinuxError && error.code === 'ENOMEM') return false;
    throw error;
  }
  return true;
}

/** Puts a frame behind a page that has none. */
function enterPage(mm: Mm, mapping: Mapping, page: number, write: boolean): void {
  const frame = frameFor(mm, mapping, page, write);
  let table: number;
  try {
    table = mm.tables.makePageTable(Math.floor(page / PAGES_PER_SEGMENT));
  } catch (error) {
    mm.kernel.frames.free(frame);
    throw error;
  }
  mm.underPageTableLock(() =>
    mm.entries.enter(table, page % PAGES_PER_SEGMENT, frame, entryBits(mm, mapping, page, frame, write)),
  );
}

/** A frame with what the page must hold at first: zeros, the file's page, or a copy of it. */
function frameFor(mm: Mm, mapping: Mapping, page: number, write: boolean): number {
  const { frames } = mm.kernel;
  const { file, shift, shared } = mapping.backing;
  if (file === null) return frames.allocateZeroed(0, 'page');
  const frame = file.frameOf(page + shift);
  if (frame < 0) throw new LinuxError('EFAULT', `${hex(addressOf(page))} is beyond the end of its file`);
  if (!shared && (write || mm.entries.usesKeys)) return copyOf(mm, frame);
  frames.share(frame);
  return frame;
}

/** A frame of its own with the same bytes. */
function copyOf(mm: Mm, frame: number): number {
  const copy = mm.kernel.frames.allocate(0, 'page');
  copyFrame(mm.kernel, frame, copy);
  return copy;
}

/** Makes one frame hold what another holds; its key is 0. */
export function copyFrame(kernel: Kernel, from: number, to: number): void {
  const { bytes, keys } = kernel.storage;
  bytes.copyWithin(to, from, from + FRAME_SIZE);
  keys[to / FRAME_SIZE] = 0;
}

/** The mapping allows stores, the entry does not: the page is copied if others have it too. */
function allowStores(mm: Mm, mapping: Mapping, page: number, table: number, index: number): void {
  const { frames } = mm.kernel;
  const frame = mm.entries.frame(table, index);
  if (mapping.backing.shared || frames.sharersOf(frame) === 0) {
    mm.underPageTableLock(() => mm.entries.protect(table, index, entryBits(mm, mapping, page, frame, true)));
    return;
  }
  const copy = copyOf(mm, frame);
  mm.underPageTableLock(() => {
    frames.free(mm.entries.replace(table, index, copy, entryBits(mm, mapping, page, copy, true)));
  });
}
