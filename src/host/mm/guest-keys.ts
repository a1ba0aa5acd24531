/**
 * The storage keys of a process's guests. Each page has one. If the page has a frame, its key is the key of the frame with
 * the guests' reference and change bits from the PGSTE; otherwise the PGSTE holds all of it.
 *
 * Preconditions of every function: the caller holds the mmap lock (read); `enableKeysLocked` needs it for writing.
 */

import { FRAME_SIZE } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { addressOf, noMapping } from './addresses.ts';
import { unshareAllLocked } from './cow.ts';
import { splitAllLocked } from './large-frames.ts';
import type { MmState } from './mm-state.ts';
import { hasFrame } from './page-tables.ts';
import { eachPage } from './pagewalk.ts';

/** See `Mm.enableKeys`. @throws LinuxError ENOMEM */
export function enableKeysLocked(mm: MmState): void {
  mm.mmapLock.expect('write', 'enabling storage keys');
  splitAllLocked(mm, 0, mm.tables.limit);
  unshareAllLocked(mm);
  const { keys } = mm.kernel.storage;
  mm.pageTableLock.hold('write', () =>
    eachPage(mm, 0, mm.tables.limit, (_, table, index) => {
      keys[mm.ptes.frame(table, index) / FRAME_SIZE] = 0;
    }),
  );
  mm.kernel.machine.forgetKeys();
  mm.ptes.usesKeys = true;
}

/** See `Mm.keyOf`. */
export function keyOfLocked(mm: MmState, page: number): number {
  mm.mmapLock.expect('read', 'reading a storage key');
  const table = mm.tables.pageTableOf(Math.floor(page / PAGES_PER_SEGMENT));
  const index = page % PAGES_PER_SEGMENT;
  return table < 0 ? 0 : mm.ptes.key(table, index, hasFrame(mm.ptes.low(table, index)));
}

/** See `Mm.setKeys`. Preconditions: the process uses keys. @throws LinuxError EFAULT, ENOMEM */
export function setKeysLocked(mm: MmState, pages: readonly number[], keys: ArrayLike<number>): void {
  mm.mmapLock.expect('read', 'setting storage keys');
  for (const page of pages) if (!mm.mappings.at(page)) throw noMapping(addressOf(page));
  for (const page of pages) mm.tables.makePageTable(Math.floor(page / PAGES_PER_SEGMENT));
  mm.pageTableLock.hold('write', () =>
    pages.forEach((page, i) => {
      setKey(mm, page, keys[i] as number);
    }),
  );
}

function setKey(mm: MmState, page: number, key: number): void {
  const table = mm.tables.pageTableOf(Math.floor(page / PAGES_PER_SEGMENT));
  const index = page % PAGES_PER_SEGMENT;
  mm.ptes.setKey(table, index, key, hasFrame(mm.ptes.low(table, index)));
}
