/**
 * The tables on the path to the selection, as columns: those of the process from the left, those of the guest from the
 * right, and the page table that both lead to in between.
 */

import type { Table, TableEntry } from '../../../../inspect/index.ts';
import type { Level } from '../../../../machine/index.ts';
import type { SpaceName, SpaceOutline } from '../../../protocol.ts';
import { pageOf } from '../../ui/text.ts';
import { designated, indexIn, LEVELS } from './levels.ts';

/** The path that the trees show. */
export interface Path {
  readonly process: SpaceName;
  /** A page of the process, or null if none is known for the guest's page. */
  readonly processPage: number | null;
  readonly guest: SpaceName | null;
  readonly guestPage: number | null;
}

/** A place for a table. */
export interface Place {
  /** Identifies the place, no matter which table is there. */
  readonly key: string;
  readonly side: 'process' | 'shared' | 'guest';
  readonly level: Level;
}

/** A place with its table. */
export interface Column extends Place {
  readonly space: SpaceName;
  readonly table: Table;
  /** The page that the path leads to. */
  readonly page: number;
  /** Index of the entry on the path. */
  readonly index: number;
}

/** The query for the table of a column. */
export interface ColumnQuery {
  readonly space: SpaceName;
  readonly level: Level;
  readonly page: number;
}

/**
 * Returns the space and page shown when nothing is selected: the first segment of the first guest, or the first
 * mapping.
 */
export function firstOf(spaces: readonly SpaceOutline[]): { space: SpaceName; page: number } | null {
  const mapped = spaces.filter(({ extents }) => extents.length > 0);
  const one = mapped.find(({ name, process }) => name !== process) ?? mapped[0] ?? spaces[0];
  return one ? { space: one.name, page: one.extents[0]?.first ?? 0 } : null;
}

/** Returns the selected space and page, if the space exists. */
export function startOf(
  spaces: readonly SpaceOutline[],
  selected: { readonly space: SpaceName; readonly address: bigint } | null,
): { space: SpaceName; page: number } | null {
  const exists = spaces.some(({ name }) => name === selected?.space);
  return selected && exists ? { space: selected.space, page: pageOf(selected.address) } : firstOf(spaces);
}

/** Returns the tables to query: all levels of both sides. */
export function queriesOf(path: Path): readonly ColumnQuery[] {
  const { process, processPage, guest, guestPage } = path;
  const of = (space: SpaceName | null, page: number | null) =>
    space === null || page === null ? [] : LEVELS.map((level) => ({ space, level, page }));
  return [...of(process, processPage), ...of(guest, guestPage)];
}

/** Returns the columns from left to right. */
export function columnsOf(
  path: Path,
  queries: readonly ColumnQuery[],
  tables: readonly (Table | null)[],
): readonly Column[] {
  const found = queries.flatMap((query, i) => columnOf(path, query, tables[i] ?? null));
  const left = found.filter(({ side }) => side === 'process');
  const right = found.filter(({ side }) => side === 'guest').reverse();
  const pages = found.filter(({ side }) => side === 'shared');
  // A linked guest segment designates the process's own table: one column, not two.
  const [first, second] = pages;
  const middle = first && second && first.table.origin === second.table.origin ? [first] : pages;
  return [...left, ...middle, ...right];
}

function columnOf(path: Path, { space, level, page }: ColumnQuery, table: Table | null): readonly Column[] {
  if (table === null || table.level !== level) return [];
  const side = level === 'page' ? 'shared' : space === path.process ? 'process' : 'guest';
  const key = `${space} ${level}`;
  return [{ key, space, side, level, table, page, index: indexIn(level, page) }];
}

/**
 * Returns all places from left to right, with and without a table, so that columns stay in place when tables come and
 * go. There are no places above the top level of the process.
 */
export function placesOf(path: Path, columns: readonly Column[]): readonly (Column | Place)[] {
  const top = columns.find(({ side }) => side === 'process')?.level ?? 'region-third';
  const above = LEVELS.indexOf(top);
  const tables = LEVELS.filter((level) => level !== 'page');
  const process = tables.filter((_, depth) => depth >= above).map((level) => placeOf('process', level));
  const guest = tables.map((level) => placeOf('guest', level)).reverse();
  const shared = columns.filter(({ side }) => side === 'shared');
  const middle = shared.length > 0 ? shared : [placeOf('shared', 'page')];
  const filled = (place: Place) =>
    columns.find(({ side, level }) => side === place.side && level === place.level) ?? place;
  return [...process.map(filled), ...middle, ...(path.guest === null ? [] : guest.map(filled))];
}

function placeOf(side: Place['side'], level: Level): Place {
  return { key: `no ${side} ${level}`, side, level };
}

/** Whether a place has a table. */
export function isColumn(place: Column | Place): place is Column {
  return 'table' in place;
}

/** Returns the entry on the path, if it is populated and shown. */
export function entryOnPath({ table, index }: Column): TableEntry | null {
  return table.entries.find((entry) => entry.index === index) ?? null;
}

/** Returns the entries of a column that designate a table. */
export function entriesTo({ level, table }: Column, origin: bigint): readonly TableEntry[] {
  return table.entries.filter((entry) => designated(level, entry) === origin);
}
