/**
 * Pages that user space provides (Linux: mm/userfaultfd.c): it serves the faults of a range, and fills or maps pages of it that have no
 * frame.
 */

import { FRAME_SIZE, KEY_CHANGED, KEY_REFERENCED } from '../../machine/index.ts';
import { hex, LinuxError } from '../errors.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { addressOf } from './addresses.ts';
import { noteWritten } from './dirty-tracking.ts';
import { enterFrame } from './faults.ts';
import { demandRoom } from './mapping-limits.ts';
import { type Mapping, PROT } from './mappings.ts';
import type { MemoryFile } from './memory-file.ts';
import type { MmState } from './mm-state.ts';
import { hasFrame } from './page-tables.ts';
import type { PageSpan } from './pagewalk.ts';
import { type PageServer, SERVED } from './served-faults.ts';

/** What a page gets: these bytes, a frame's length of them; zeros; or the frame that its file has. */
export type PageContents = Uint8Array | 'zeros' | 'file';

/** Whether user space can serve faults of a mapping: of anonymous memory and of shmem. */
function canServe({ backing: { file } }: Mapping, modes: number): boolean {
  return file === null ? (modes & SERVED.MINOR) === 0 : file.isShmem;
}

/**
 * Makes a server serve the faults of a range, which may have holes. A part that it serves in other modes gets these.
 * Preconditions: the caller holds the mmap lock (write).
 * @throws LinuxError EINVAL when nothing is mapped there, or a mapping cannot be served; EBUSY when another server serves a part; ENOMEM
 */
export function serveFaultsLocked(
  mm: MmState,
  { start, end }: PageSpan,
  server: PageServer,
  modes: number,
): void {
  mm.mmapLock.expect('write', 'serving faults');
  const parts = mm.mappings.within(start, end);
  if (parts.length === 0) throw new LinuxError('EINVAL', `nothing is mapped at ${hex(addressOf(start))}`);
  for (const part of parts) {
    const at = hex(addressOf(part.start));
    if (!canServe(part, modes)) throw new LinuxError('EINVAL', `faults at ${at} cannot be served`);
    if (part.served !== null && part.served.server !== server)
      throw new LinuxError('EBUSY', `faults at ${at} are served by another`);
  }
  demandRoom(mm);
  for (const part of parts) {
    // As on Linux, a part that is served in these modes and others stays as it is.
    if (part.served !== null && (part.served.modes & modes) === modes) continue;
    mm.mappings.serve(part.start, part.end, { server, modes });
  }
}

/**
 * Ends the serving of faults in a range, whoever serves them. Returns the parts that were served for missing pages.
 * Preconditions: the caller holds the mmap lock (write).
 * @throws LinuxError EINVAL when nothing is mapped there, or a mapping that cannot be served; ENOMEM
 */
export function endServingLocked(mm: MmState, start: number, end: number): readonly Mapping[] {
  mm.mmapLock.expect('write', 'ending the serving of faults');
  const parts = mm.mappings.within(start, end);
  if (parts.length === 0) throw new LinuxError('EINVAL', `nothing is mapped at ${hex(addressOf(start))}`);
  for (const part of parts)
    if (!canServe(part, 0))
      throw new LinuxError('EINVAL', `faults at ${hex(addressOf(part.start))} cannot be served`);
  demandRoom(mm);
  mm.mappings.serve(start, end, null);
  return parts.filter(({ served }) => served !== null && (served.modes & SERVED.MISSING) !== 0);
}

/** Ends all serving by a server. Preconditions: the caller holds the mmap lock (write). */
export function dismissLocked(mm: MmState, server: PageServer): void {
  mm.mmapLock.expect('write', 'ending the serving of faults');
  for (const { start, end, served } of [...mm.mappings])
    if (served?.server === server) mm.mappings.serve(start, end, null);
}

/**
 * Checks that the pages from `start` to `end` can be provided.
 * Preconditions: the caller holds the mmap lock (read).
 * @throws LinuxError ENOENT unless the range is in one mapping, whose faults are served; EINVAL if the frame of its file is wanted and it
 *   has no file
 */
export function demandServedLocked(mm: MmState, start: number, end: number, contents: PageContents): void {
  mm.mmapLock.expect('read', 'providing pages');
  const mapping = mm.mappings.at(start);
  if (mapping === undefined || mapping.end < end || mapping.served === null)
    throw new LinuxError('ENOENT', `faults at ${hex(addressOf(start))} are not served`);
  if (contents === 'file' && mapping.backing.file === null)
    throw new LinuxError('EINVAL', `${hex(addressOf(start))} is not a page of a file`);
}

/**
 * Provides a page.
 * Preconditions: as `demandServedLocked`, and its conditions hold.
 * @throws LinuxError EEXIST when the page has a frame, or it gets contents and has a frame in its file; EFAULT beyond the end of the file,
 *   or when its file has no frame for it; ENOMEM
 */
export function providePageLocked(mm: MmState, page: number, contents: PageContents): void {
  const mapping = mm.mappings.at(page) as Mapping;
  const segment = Math.floor(page / PAGES_PER_SEGMENT);
  const table = mm.tables.pageTableOf(segment);
  const isPresent =
    mm.tables.largeFrameOf(segment) >= 0 ||
    (table >= 0 && hasFrame(mm.ptes.low(table, page % PAGES_PER_SEGMENT)));
  const { file, shift, shared } = mapping.backing;
  const filePage = page + shift;
  if (file !== null && filePage >= file.pages)
    throw new LinuxError('EFAULT', `${hex(addressOf(page))} is beyond the end of its file`);
  const inFile = file?.frames.has(filePage) === true;
  if (contents === 'file' && !inFile)
    throw new LinuxError('EFAULT', `the file has no frame for ${hex(addressOf(page))}`);
  if (isPresent || (contents !== 'file' && shared && inFile))
    throw new LinuxError('EEXIST', `${hex(addressOf(page))} has a frame`);
  const isWritten = contents !== 'zeros' && (mapping.protection & PROT.WRITE) !== 0;
  if (contents === 'file' || (shared && file !== null))
    withFileFrame(mm, file as MemoryFile, filePage, contents, (frame) => {
      mm.kernel.frames.share(frame);
      // A store to a private page will copy the frame.
      enterFrame(mm, mapping, page, isWritten && shared, frame);
    });
  else enterFrame(mm, mapping, page, isWritten, privateFrame(mm, contents));
  const index = page % PAGES_PER_SEGMENT;
  if (isWritten) noteWritten(mm, page);
  const frame = BigInt(mm.ptes.frame(mm.tables.pageTableOf(segment), index));
  mm.kernel.trace.listener?.({
    type: 'mm-fault',
    mm: mm.id,
    address: addressOf(page),
    frame,
    write: isWritten,
  });
}

/** Calls `enter` with the frame of a page of a file, which is filled if it is new. @throws LinuxError ENOMEM */
function withFileFrame(
  mm: MmState,
  file: MemoryFile,
  page: number,
  contents: PageContents,
  enter: (frame: number) => void,
): void {
  try {
    file.withFrame(page, (frame) => {
      if (contents instanceof Uint8Array) fill(mm, frame, contents);
      enter(frame);
    });
  } catch (error) {
    if (error instanceof LinuxError && error.code === 'ENOSPC') throw new LinuxError('ENOMEM', error.message);
    throw error;
  }
}

/** Returns a frame for a private page. @throws LinuxError ENOMEM */
function privateFrame(mm: MmState, contents: PageContents): number {
  if (contents instanceof Uint8Array) {
    const frame = mm.kernel.frames.allocateZeroed(0, 'page');
    fill(mm, frame, contents);
    return frame;
  }
  return mm.sharesZeros && !mm.ptes.usesKeys
    ? mm.kernel.shareZeros()
    : mm.kernel.frames.allocateZeroed(0, 'page');
}

function fill(mm: MmState, frame: number, contents: Uint8Array): void {
  const { bytes, keys } = mm.kernel.storage;
  mm.kernel.storing(frame / FRAME_SIZE, 0, FRAME_SIZE - 1);
  bytes.set(contents, frame);
  keys[frame / FRAME_SIZE]! |= KEY_REFERENCED | KEY_CHANGED;
}
