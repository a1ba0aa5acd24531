/**
 * Which pages of a range of a process were written since somebody last asked: by the process, or by a guest through
 * the entries they share.
 *
 * A page that nobody wrote since then has an entry that forbids stores, so that the first store faults and is noted
 * here. Asking costs as much as pages were written, however large the range.
 */

import { PAGE, PAGE_TABLE_ENTRIES } from '../../machine/index.ts';
import type { Mm } from './mm.ts';
import { eachPage, splitAll } from './removal.ts';

/** The log of one range. */
export class DirtyLog {
  /** Page numbers of the process, half open. */
  readonly start: number;
  readonly end: number;
  readonly #pages = new Set<number>();

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  /** Whether the page is in the range. */
  covers(page: number): boolean {
    return page >= this.start && page < this.end;
  }

  /** Whether the page was written since somebody last asked. */
  has(page: number): boolean {
    return this.#pages.has(page);
  }

  /** Notes that the page was written. */
  note(page: number): void {
    this.#pages.add(page);
  }

  /** The pages written, ascending; it starts again with none. */
  take(): number[] {
    const pages = [...this.#pages].sort((a, b) => a - b);
    this.#pages.clear();
    return pages;
  }
}

/**
 * Starts to note which pages of a range are written, for those who hold the mmap lock for writing.
 * @param start page number
 * @throws LinuxError ENOMEM when a frame of 1 MiB must be split and cannot
 */
export function startLog(mm: Mm, start: number, count: number): DirtyLog {
  splitAll(mm, start, start + count);
  const log = new DirtyLog(start, start + count);
  mm.logs.push(log);
  mm.underPageTableLock(() => eachPage(mm, start, start + count, (page) => clean(mm, page)));
  return log;
}

/** The pages written since the log was started or last asked, ascending, for those who hold the mmap lock. */
export function takeLog(mm: Mm, log: DirtyLog): number[] {
  const pages = log.take();
  mm.underPageTableLock(() => {
    for (const page of pages) clean(mm, page);
  });
  return pages;
}

/** The next store to the page faults. */
function clean(mm: Mm, page: number): void {
  const table = mm.tables.pageTableOf(Math.floor(page / PAGE_TABLE_ENTRIES));
  const index = page % PAGE_TABLE_ENTRIES;
  if (table >= 0 && (mm.entries.low(table, index) & 0xfff) === 0) {
    mm.entries.protect(table, index, PAGE.PROTECT);
  }
}
