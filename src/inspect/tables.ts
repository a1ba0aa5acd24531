/**
 * The tables of a space, one at a time, with their populated entries.
 */

import { type Gmap, LinuxError, type Mm } from '../host/index.ts';
import {
  demandInteger,
  demandObject,
  HALF,
  PAGES_PER_SEGMENT,
  PGSTE_OFFSET,
  show,
} from '../host/internal.ts';
import {
  ASCE,
  CRST_ENTRIES,
  emptyEntry,
  LEVEL_OF_TYPE,
  type Level,
  PAGE_TABLE_ENTRIES,
  REGION,
  SEGMENT,
  type Storage,
  TableScan,
} from '../machine/index.ts';
import type { Table, TableEntry } from './answers.ts';
import { demandSpace } from './arguments.ts';
import { linksOf } from './host-views.ts';
import { meaningOf } from './walk.ts';

/** Low halves of empty entries, by level. */
const EMPTY: Readonly<Record<Level, number>> = {
  page: 0x400,
  segment: 0x20,
  'region-third': 0x24,
  'region-second': 0x28,
  'region-first': 0x2c,
};
/** Pages that an entry translates, by level. */
export const SPAN: Readonly<Record<Level, number>> = {
  page: 1,
  segment: 2 ** 8,
  'region-third': 2 ** 19,
  'region-second': 2 ** 30,
  'region-first': 2 ** 41,
};
/** Levels from the top. */
export const LEVELS: readonly Level[] = ['region-first', 'region-second', 'region-third', 'segment', 'page'];
/** Maximum number of entries in one answer. */
export const ENTRIES_LIMIT = 2048;
/** Maximum number of linked guest segments listed in one answer. */
const NAMED_LINKS = 16;

/** Selects a table and some of its entries. */
export interface TableQuery {
  readonly level: Level;
  /** A page that the table translates. */
  readonly page: number;
  /** The first entry to return, counted among the populated ones from 0, and how many to return. */
  readonly from: number;
  readonly count: number;
}

/**
 * Returns the table of a level that translates a page, or null if the space has none.
 * @throws LinuxError EINVAL for an invalid query; ESRCH, ENOENT for a space that has ended
 */
export function tableOf(space: Mm | Gmap, query: TableQuery): Table | null {
  demandSpace(space);
  demandObject('query', query);
  const mm = space.kind === 'gmap' ? space.mm : space;
  const { level, page, from, count } = query;
  if (!LEVELS.includes(level)) throw new LinuxError('EINVAL', `level ${show(level)} does not exist`);
  demandInteger('page', page, Number.MIN_SAFE_INTEGER, 2 ** 52);
  demandInteger('from', from);
  demandInteger('count', count);
  const { storage } = mm.kernel;
  // With an injected fault, a link may lead to a table of no process, whose page is negative.
  if (page < 0) return null;
  const origin = originOf(storage, space, level, page);
  if (origin === null) return null;
  const entries = level === 'page' ? PAGE_TABLE_ENTRIES : CRST_ENTRIES;
  const indexes = populated(storage, origin, entries, emptyEntry(EMPTY[level]));
  const base = Math.floor(page / (SPAN[level] * entries)) * SPAN[level] * entries;
  const pgstes = level === 'page' && mm.tables.pgstes;
  const shown = indexes.slice(from, from + Math.min(query.count, ENTRIES_LIMIT));
  return {
    level,
    origin: BigInt(origin),
    page: base,
    populated: indexes.length,
    from,
    entries: shown.map((index) => ({
      index,
      page: base + index * SPAN[level],
      ...entryAt(storage, level, origin + index * 8, pgstes),
    })),
    linkedFrom: level === 'page' ? linkedFrom(mm, origin) : [],
    links: level === 'page' ? linksOf(mm, origin) : 0,
  };
}

/** Returns the absolute address of the table of a level that translates a page, or null if there is none. */
function originOf(
  storage: Storage,
  { asceHi, asceLo }: Mm | Gmap,
  wanted: Level,
  page: number,
): number | null {
  const top = LEVELS.indexOf(LEVEL_OF_TYPE[(asceLo & ASCE.TYPE) >>> 2] as Level);
  if (LEVELS.indexOf(wanted) < top) return null;
  let table = asceHi * HALF + ((asceLo & ASCE.ORIGIN) >>> 0);
  if (Math.floor(page / (SPAN[LEVELS[top] as Level] * CRST_ENTRIES)) > 0) return null;
  for (let depth = top; LEVELS[depth] !== wanted; depth++) {
    const level = LEVELS[depth] as Level;
    const entry = table + (Math.floor(page / SPAN[level]) % CRST_ENTRIES) * 8;
    const lo = storage.get32(entry + 4);
    if (lo & REGION.INVALID || (level === 'segment' && lo & SEGMENT.FORMAT_CONTROL)) return null;
    const mask = level === 'segment' ? SEGMENT.ORIGIN : REGION.ORIGIN;
    table = storage.get32(entry) * HALF + ((lo & mask) >>> 0);
    if (!storage.has(table, 2048)) return null;
  }
  return table;
}

function populated(storage: Storage, origin: number, count: number, empty: number): number[] {
  const scan = new TableScan(storage);
  const indexes: number[] = [];
  for (let i = scan.next(origin, 0, count, empty); i < count; i = scan.next(origin, i + 1, count, empty)) {
    indexes.push(i);
  }
  return indexes;
}

/** @param pgstes whether the entry has a PGSTE */
function entryAt(
  storage: Storage,
  level: Level,
  at: number,
  pgstes: boolean,
): Omit<TableEntry, 'index' | 'page'> {
  const value = storage.get64(at);
  const { words, state } = meaningOf(level, value, Number(value & 0xffff_ffffn));
  return {
    at: BigInt(at),
    value,
    meaning: words,
    state,
    pgste: pgstes ? storage.get64(at + PGSTE_OFFSET) : null,
  };
}

function linkedFrom(mm: Mm, table: number): { gmap: number; page: number }[] {
  const { reverseMaps } = mm.common;
  const found: { gmap: number; page: number }[] = [];
  for (let node = reverseMaps.first(table); node >= 0 && found.length < NAMED_LINKS; ) {
    const owner = reverseMaps.ownerOf(node);
    found.push({ gmap: owner.id, page: owner.segmentOf(reverseMaps.entryOf(node)) * PAGES_PER_SEGMENT });
    node = reverseMaps.after(node);
  }
  return found;
}
