/**
 * Copy-on-write: a private page shares its frame until the first store, which copies the frame.
 *
 * A storage key belongs to a frame. While a private page shares its frame with another process, a guest's SET STORAGE KEY
 * would set the key for both, and it is no store, so it would not copy the frame. So in a process whose guests use
 * keys only shared mappings share frames: its private pages get frames of their own at once.
 */

import { FRAME_SIZE } from '../../machine/index.ts';
import type { Kernel } from '../kernel.ts';
import type { Mapping } from './mappings.ts';
import type { MmState } from './mm-state.ts';
import { eachPage } from './pagewalk.ts';
import { entryBits } from './protection.ts';

/** A page, by number, and where its entry is: page table and index. */
interface PageEntry {
  readonly page: number;
  readonly table: number;
  readonly index: number;
}

/** Copies the bytes of one frame to another. The storage key of the copy is 0. */
export function copyFrame(kernel: Kernel, from: number, to: number): void {
  const { bytes, keys } = kernel.storage;
  bytes.copyWithin(to, from, from + FRAME_SIZE);
  keys[to / FRAME_SIZE] = 0;
}

/** Returns a new frame with the bytes of another. @throws LinuxError ENOMEM */
export function copyOf(kernel: Kernel, frame: number): number {
  const copy = kernel.frames.allocate(0, 'page');
  copyFrame(kernel, frame, copy);
  return copy;
}

/**
 * Copies every private page whose frame is shared.
 * Preconditions: the caller holds the mmap lock (write); no segment has a 1 MiB frame.
 * @throws LinuxError ENOMEM; nothing has changed then
 */
export function unshareAllLocked(mm: MmState): void {
  mm.mmapLock.expect('write', 'copying shared pages');
  const { frames } = mm.kernel;
  const shared = privatePages(mm).filter(
    ({ table, index }) => frames.sharersOf(mm.ptes.frame(table, index)) > 0,
  );
  const copies = allocateFrames(mm.kernel, shared.length);
  mm.pageTableLock.hold('write', () =>
    shared.forEach(({ page, table, index }, i) => {
      const copy = copies[i] as number;
      copyFrame(mm.kernel, mm.ptes.frame(table, index), copy);
      const bits = entryBits(mm, mm.mappings.at(page) as Mapping, page, copy);
      frames.free(mm.ptes.replace(table, index, copy, bits));
    }),
  );
}

/** Returns the private pages that have frames, ascending. */
export function privatePages(mm: MmState): PageEntry[] {
  const pages: PageEntry[] = [];
  eachPage(mm, 0, mm.tables.limit, (page, table, index) => {
    if (!(mm.mappings.at(page) as Mapping).backing.shared) pages.push({ page, table, index });
  });
  return pages;
}

/** Returns `count` frames for pages. @throws LinuxError ENOMEM; none was allocated then */
export function allocateFrames(kernel: Kernel, count: number): number[] {
  const frames: number[] = [];
  try {
    while (frames.length < count) frames.push(kernel.frames.allocate(0, 'page'));
  } catch (error) {
    for (const frame of frames) kernel.frames.free(frame);
    throw error;
  }
  return frames;
}
