/**
 * The levels of tables.
 */

import type { TableEntry } from '../../../../inspect/index.ts';
import { SPAN } from '../../../../inspect/internal.ts';
import { CRST_ENTRIES, type Level, PAGE_TABLE_ENTRIES } from '../../../../machine/index.ts';

export { LEVELS } from '../../../../inspect/internal.ts';

/** Returns the index of a page's entry in a table. */
export function indexIn(level: Level, page: number): number {
  return Math.floor(page / SPAN[level]) % (level === 'page' ? PAGE_TABLE_ENTRIES : CRST_ENTRIES);
}

/** Returns the name of a table: `segment table`. */
export function tableName(level: Level): string {
  return `${level} table`;
}

/** Returns a shorter name, for the head of a column. */
export function shortName(level: Level): string {
  return level.startsWith('region') ? level.replace('-', ' ') : tableName(level);
}

/** Returns the absolute address that an entry designates, or null if it designates nothing. */
export function designated(level: Level, { state, value }: TableEntry): bigint | null {
  if (state === 'table') return level === 'segment' ? value & ~0x7ffn : value & ~0xfffn;
  if (state === 'frame' || state === 'no-access')
    return level === 'segment' ? value & ~0xf_ffffn : value & ~0xfffn;
  return null;
}

/** Returns the process address that an unlinked entry is mapped to. */
export function mappedTo({ value }: TableEntry): bigint {
  return value & ~0xf_ffffn;
}
