/**
 * Reads the frames of processes from their page tables, without changing anything.
 */

import type { Mm } from '../../host/index.ts';
import { PAGE, PAGE_TABLE_ENTRIES } from '../../machine/index.ts';

/** Calls `callback` for each page of a process from `start` to `end` - 1 that has a frame. */
export function eachFrame(
  mm: Mm,
  start: number,
  end: number,
  callback: (page: number, frame: number) => void,
): void {
  const { view } = mm.kernel.storage;
  for (let segment = Math.floor(start / PAGE_TABLE_ENTRIES); segment * PAGE_TABLE_ENTRIES < end; segment++) {
    const first = segment * PAGE_TABLE_ENTRIES;
    const from = Math.max(start, first);
    const to = Math.min(end, first + PAGE_TABLE_ENTRIES);
    const large = mm.tables.largeFrameOf(segment);
    const table = large >= 0 ? -1 : mm.tables.pageTableOf(segment);
    for (let page = from; page < to && (large >= 0 || table >= 0); page++) {
      if (large >= 0) {
        callback(page, large + (page - first) * 4096);
        continue;
      }
      const entry = table + (page - first) * 8;
      const low = view.getUint32(entry + 4);
      if ((low & PAGE.INVALID) !== 0) continue;
      callback(page, view.getUint32(entry) * 0x1_0000_0000 + ((low & PAGE.FRAME) >>> 0));
    }
  }
}

/** Returns the address of the frame of a page, or null if it has none. */
export function frameOf(mm: Mm, page: number): number | null {
  let found: number | null = null;
  eachFrame(mm, page, page + 1, (_, frame) => {
    found = frame;
  });
  return found;
}
