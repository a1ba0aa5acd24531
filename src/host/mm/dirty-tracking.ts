/**
 * How dirty logs are kept. A page that was not written since its log was last taken has an entry that forbids stores, so
 * that the first store faults and is noted. The cost of taking a log depends on the number of pages written, not on the
 * size of its range.
 */

import { PAGE } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { DirtyLog } from './dirty-log.ts';
import { splitAllLocked } from './large-frames.ts';
import type { MmState } from './mm-state.ts';
import { eachPage } from './pagewalk.ts';

/** Notes in all logs that a page is written. */
export function noteWritten(mm: MmState, page: number): void {
  for (const log of mm.logs) if (log.covers(page)) log.note(page);
}

/** Whether a log covers the page. */
export function isLogged(mm: MmState, page: number): boolean {
  return mm.logs.some((log) => log.covers(page));
}

/**
 * Starts a log of `count` pages from page `start` on. It is empty at first.
 * Preconditions: the caller holds the mmap lock (write).
 * @throws LinuxError ENOMEM when a frame of 1 MiB must be split and cannot
 */
export function startLogLocked(mm: MmState, start: number, count: number): DirtyLog {
  splitAllLocked(mm, start, start + count);
  const log = new DirtyLog(start, start + count);
  mm.logs.push(log);
  mm.pageTableLock.hold('write', () => eachPage(mm, start, start + count, (page) => forbidStores(mm, page)));
  return log;
}

/**
 * Returns the pages of a log that were written, ascending, and empties it.
 * Preconditions: the caller holds the mmap lock (read).
 */
export function takeLogLocked(mm: MmState, log: DirtyLog): number[] {
  const pages = log.take();
  mm.pageTableLock.hold('write', () => {
    for (const page of pages) forbidStores(mm, page);
  });
  return pages;
}

/** Makes the entry of a page forbid stores, so that the next one faults. */
function forbidStores(mm: MmState, page: number): void {
  const table = mm.tables.pageTableOf(Math.floor(page / PAGES_PER_SEGMENT));
  const index = page % PAGES_PER_SEGMENT;
  if (table >= 0 && (mm.ptes.low(table, index) & 0xfff) === 0) {
    mm.ptes.protect(table, index, PAGE.PROTECT);
  }
}
