/**
 * Prepares a process to host guests: replaces its page tables by ones with PGSTEs (Linux: s390_enable_sie).
 */

import { PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { Gather } from './gather.ts';
import type { MmState } from './mm-state.ts';

/** Prepares a process to host guests, if it is not prepared yet. @throws LinuxError ENOMEM; nothing has changed then */
export function enableSie(mm: MmState): void {
  if (!mm.tables.pgstes) mm.mmapLock.hold('write', () => replacePageTablesLocked(mm));
}

/** Replaces all page tables; contents and mappings do not change. @throws LinuxError ENOMEM; none was replaced then */
function replacePageTablesLocked(mm: MmState): void {
  const replacements = tablesWithPgstes(mm);
  const gather = new Gather(mm.kernel, mm.tables);
  const { bytes } = mm.kernel.storage;
  const { present } = mm.common.descriptors;
  mm.pageTableLock.hold('write', () => {
    for (const [segment, table] of replacements) {
      const old = mm.tables.pageTableOf(segment);
      bytes.copyWithin(table, old, old + PAGE_TABLE_SIZE);
      present[table / PAGE_TABLE_SIZE] = present[old / PAGE_TABLE_SIZE] as number;
      mm.tables.setSegmentEntry(segment, table);
      gather.deferPageTable(old);
    }
  });
  mm.tables.pgstes = true;
  gather.finish(mm, 'enable-sie');
}

/**
 * Returns a new page table with PGSTEs for each segment that has a page table.
 * @throws LinuxError ENOMEM; no table was made then
 */
function tablesWithPgstes(mm: MmState): [segment: number, table: number][] {
  const made: [number, number][] = [];
  try {
    for (const segment of mm.tables.segments()) {
      if (mm.tables.pageTableOf(segment) < 0) continue;
      made.push([segment, mm.tables.newPageTable(segment, true)]);
    }
  } catch (error) {
    for (const [, table] of made) mm.tables.freePageTable(table);
    throw error;
  }
  return made;
}
