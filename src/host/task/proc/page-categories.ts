/** What PAGEMAP_SCAN tells of pages. Linux: PAGE_IS_… in include/uapi/linux/fs.h. */

import type { Mapping, Mm } from '../../mm/index.ts';

/** Categories of pages: bits. */
export const CATEGORY = {
  WRITTEN: 2,
  FILE: 4,
  PRESENT: 8,
  PFNZERO: 0x20,
  HUGE: 0x40,
  SOFT_DIRTY: 0x80,
} as const;

/** Mapped pages of the same categories, by number, half open. */
export interface Run {
  readonly start: number;
  readonly end: number;
  /** Bits of `CATEGORY`. */
  readonly categories: number;
}

/** Returns the mapped pages of a range, ascending. Pages without a frame are in no category. */
export function pageRuns(mm: Mm, start: number, end: number): Run[] {
  const runs: Run[] = [];
  const add = (from: number, to: number, categories: number) => {
    if (from < to) runs.push({ start: from, end: to, categories });
  };
  for (const mapping of mm.mappings) {
    const last = Math.min(mapping.end, end);
    let at = Math.max(mapping.start, start);
    if (at >= last) continue;
    mm.eachPresent(at, last, (page, frame, isLarge) => {
      add(at, page, 0);
      add(page, page + 1, categoriesOf(mm, mapping, { page, frame, isLarge }));
      at = page + 1;
    });
    add(at, last, 0);
  }
  return runs;
}

interface Present {
  readonly page: number;
  readonly frame: number;
  readonly isLarge: boolean;
}

/** No page is protected by userfaultfd: all count as written. */
function categoriesOf(mm: Mm, { backing }: Mapping, { page, frame, isLarge }: Present): number {
  const isOfFile = backing.file !== null && backing.file.frames.get(page + backing.shift) === frame;
  let categories = CATEGORY.PRESENT | CATEGORY.WRITTEN;
  if (isOfFile || backing.shared) categories |= CATEGORY.FILE;
  if (frame === mm.kernel.zeros) categories |= CATEGORY.PFNZERO;
  if (isLarge) categories |= CATEGORY.HUGE;
  return categories;
}
