/**
 * The storage keys of a process's guests: each page has one, whether or not it has a frame. With a frame it is the
 * frame's, and what its PGSTE adds; without one the PGSTE has it.
 */

import { FRAME_SIZE, PAGE_TABLE_ENTRIES } from '../../machine/index.ts';
import { LinuxError } from '../errors.ts';
import { addressOf, noMapping } from './addresses.ts';
import type { Mm } from './mm.ts';
import { hasFrame } from './page-tables.ts';
import { eachPage, splitAll } from './removal.ts';
import { unshareAll } from './unshare.ts';

/** See `Mm.enableKeys`; for those who hold the mmap lock for writing. @throws LinuxError ENOMEM */
export function enableKeys(mm: Mm): void {
  splitAll(mm, 0, mm.tables.limit);
  unshareAll(mm);
  const { keys } = mm.kernel.storage;
  mm.underPageTableLock(() =>
    eachPage(mm, 0, mm.tables.limit, (_, table, index) => {
      keys[mm.entries.frame(table, index) / FRAME_SIZE] = 0;
    }),
  );
  mm.kernel.machine.forgetKeys();
  mm.entries.usesKeys = true;
}

/** See `Mm.keyOf`; for those who hold the mmap lock. */
export function keyOf(mm: Mm, page: number): number {
  const table = mm.tables.pageTableOf(Math.floor(page / PAGE_TABLE_ENTRIES));
  const index = page % PAGE_TABLE_ENTRIES;
  return table < 0 ? 0 : mm.entries.key(table, index, hasFrame(mm.entries.low(table, index)));
}

/** See `Mm.setKeys`; for those who hold the mmap lock. @throws LinuxError EINVAL, EFAULT, ENOMEM */
export function setKeys(mm: Mm, pages: readonly number[], keys: ArrayLike<number>): void {
  if (!mm.entries.usesKeys) throw new LinuxError('EINVAL', 'the process does not use storage keys');
  for (const page of pages) if (!mm.mappings.at(page)) throw noMapping(addressOf(page));
  for (const page of pages) mm.tables.makePageTable(Math.floor(page / PAGE_TABLE_ENTRIES));
  mm.underPageTableLock(() =>
    pages.forEach((page, i) => {
      setKey(mm, page, keys[i] as number);
    }),
  );
}

function setKey(mm: Mm, page: number, key: number): void {
  const table = mm.tables.pageTableOf(Math.floor(page / PAGE_TABLE_ENTRIES));
  const index = page % PAGE_TABLE_ENTRIES;
  mm.entries.setKey(table, index, key, hasFrame(mm.entries.low(table, index)));
}
