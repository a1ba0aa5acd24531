/**
 * Frames of their own for private pages of a process whose guests use storage keys.
 *
 * A storage key is the frame's. While a private page shares its frame with another process, waiting for the first
 * store, a guest's SET STORAGE KEY would set the other's key too; and no store tells the host of it. So a process
 * whose guests use keys shares the frames of shared mappings only.
 */

import type { Kernel } from '../kernel.ts';
import { copyFrame, entryBits } from './faults.ts';
import type { Mapping } from './mappings.ts';
import type { Mm } from './mm.ts';
import { eachPage } from './removal.ts';

/** A page, by number, and where its entry is. */
interface Place {
  readonly page: number;
  readonly table: number;
  readonly index: number;
}

/**
 * Copies every private page whose frame somebody else has too, for those who hold the mmap lock for writing.
 * @throws LinuxError ENOMEM; nothing has changed then
 */
export function unshareAll(mm: Mm): void {
  const { frames } = mm.kernel;
  const shared = privatePages(mm).filter(
    ({ table, index }) => frames.sharersOf(mm.entries.frame(table, index)) > 0,
  );
  const copies = allocateFrames(mm.kernel, shared.length);
  mm.underPageTableLock(() =>
    shared.forEach(({ page, table, index }, i) => {
      const copy = copies[i] as number;
      copyFrame(mm.kernel, mm.entries.frame(table, index), copy);
      const bits = entryBits(mm, mm.mappings.at(page) as Mapping, page, copy, false);
      frames.free(mm.entries.replace(table, index, copy, bits));
    }),
  );
}

/** The private pages that have frames, ascending. */
export function privatePages(mm: Mm): Place[] {
  const pages: Place[] = [];
  eachPage(mm, 0, mm.tables.limit, (page, table, index) => {
    if (!(mm.mappings.at(page) as Mapping).backing.shared) pages.push({ page, table, index });
  });
  return pages;
}

/** So many frames for pages. @throws LinuxError ENOMEM; none was taken then */
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
