/** The limits of mappings: their addresses and their number. */

import { hex, LinuxError } from '../errors.ts';
import { addressOf } from './addresses.ts';
import type { MmState } from './mm-state.ts';
import { PAGES_OF_THREE_LEVELS } from './page-tables.ts';

/** The lowest page of an address that mmap chooses: programs are linked below. */
const CHOSEN_BOTTOM = 0x1_0000;
/** The number of mappings that a process can have (Linux: vm.max_map_count). */
const MAX_MAPPINGS = 65_530;

/** Returns the first page of the highest gap of `pages` pages below 4 TiB. @throws LinuxError ENOMEM if there is none */
export function chooseGap(mm: MmState, pages: number): number {
  const start = mm.mappings.highestGap(pages, CHOSEN_BOTTOM, PAGES_OF_THREE_LEVELS);
  if (start < 0) throw new LinuxError('ENOMEM', `no gap of ${pages} pages in the address space`);
  return start;
}

/**
 * Returns the end, a page number, of the range that memory at `page` can grow in while the tables have their present
 * levels.
 */
export function limitFor(mm: MmState, page: number): number {
  return page < PAGES_OF_THREE_LEVELS ? PAGES_OF_THREE_LEVELS : mm.tables.limit;
}

/**
 * @throws LinuxError ENOMEM when the process may not have `more` additional mappings. Splitting a mapping twice adds two.
 */
export function demandRoom(mm: MmState, more = 2): void {
  const { count } = mm.mappings;
  if (count + more <= MAX_MAPPINGS) return;
  throw new LinuxError('ENOMEM', `the process has ${count} mappings, and can have at most ${MAX_MAPPINGS}`);
}

/** @throws LinuxError ENOMEM when a hole there would split a mapping, and the process may not have one more */
export function demandRoomForHole(mm: MmState, start: number, end: number): void {
  const mapping = mm.mappings.at(start);
  if (mapping !== undefined && mapping.start < start && end < mapping.end) demandRoom(mm, 1);
}

/** @throws LinuxError ENOMEM when some of the range is not mapped */
export function demandMapped(mm: MmState, start: number, end: number): void {
  if (mm.mappings.covers(start, end)) return;
  throw new LinuxError(
    'ENOMEM',
    `${hex(addressOf(start))} to ${hex(addressOf(end))} is not mapped completely`,
  );
}
