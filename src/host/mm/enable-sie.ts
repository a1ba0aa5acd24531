/**
 * What a process needs before it can host guests: page tables with PGSTEs, in the place of those without.
 */

import { PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { Gather } from './gather.ts';
import type { Mm } from './mm.ts';

/**
 * Replaces all page tables, contents and mappings unchanged, for those who hold the mmap lock for writing: all, or
 * none. @throws LinuxError ENOMEM
 */
export function replacePageTables(mm: Mm): void {
  const replacements = tablesWithPgstes(mm);
  const gather = new Gather(mm.kernel, mm.tables);
  const { bytes } = mm.kernel.storage;
  const { present } = mm.common.descriptors;
  mm.underPageTableLock(() => {
    for (const [segment, table] of replacements) {
      const old = mm.tables.pageTableOf(segment);
      bytes.copyWithin(table, old, old + PAGE_TABLE_SIZE);
      present[table / PAGE_TABLE_SIZE] = present[old / PAGE_TABLE_SIZE] as number;
      mm.tables.setSegmentEntry(segment, table);
      gather.pageTable(old);
    }
  });
  mm.tables.pgstes = true;
  gather.finish(mm, 'enable-sie');
}

/** A page table with PGSTEs for each segment that has one without. All, or ENOMEM and none. */
function tablesWithPgstes(mm: Mm): [segment: number, table: number][] {
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
