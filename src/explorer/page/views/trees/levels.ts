/**
 * The levels of tables.
 */

import type { TableEntry } from '../../../../inspect/index.ts';
import type { Level } from '../../../../machine/index.ts';

/** Levels from the top. */
export const LEVELS: readonly Level[] = ['region-first', 'region-second', 'region-third', 'segment', 'page'];

/** Pages that one entry translates. */
export const SPAN: Readonly<Record<Level, number>> = {
  page: 1,
  segment: 2 ** 8,
  'region-third': 2 ** 19,
  'region-second': 2 ** 30,
  'region-first': 2 ** 41,
};

/** Returns the index of a page's entry in a table. */
export function indexIn(level: Level, page: number): number {
  return Math.floor(page / SPAN[level]) % (level === 'page' ? 256 : 2048);
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
export function wanted({ value }: TableEntry): bigint {
  return value & ~0xf_ffffn;
}
