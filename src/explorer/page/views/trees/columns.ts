/**
 * The tables on the way to what is selected, as columns: the process's from the left, the guest's from the right, and
 * between them the page table that both lead to.
 */

import type { Table, TableEntry } from '../../../../inspect/index.ts';
import type { Level } from '../../../../machine/index.ts';
import type { SpaceName, SpaceOutline } from '../../../protocol.ts';
import { pageOf } from '../../ui/text.ts';
import { designated, indexIn, LEVELS } from './levels.ts';

/** Where the trees are opened to. */
export interface Path {
  readonly process: SpaceName;
  /** Page of the process; null when nothing of it is known for the guest's. */
  readonly processPage: number | null;
  readonly guest: SpaceName | null;
  readonly guestPage: number | null;
}

/** Where a table may stand. */
export interface Place {
  /** Names the place, whatever table stands there. */
  readonly key: string;
  readonly side: 'process' | 'shared' | 'guest';
  readonly level: Level;
}

/** A place with its table. */
export interface Column extends Place {
  readonly space: SpaceName;
  readonly table: Table;
  /** The page that the path goes to. */
  readonly page: number;
  /** Index of the entry on the path. */
  readonly index: number;
}

/** What is asked for a column. */
export interface ColumnQuestion {
  readonly space: SpaceName;
  readonly level: Level;
  readonly page: number;
}

/** The space and page to begin with when nothing is selected: the first guest's first segment, or the first mapping. */
export function firstOf(spaces: readonly SpaceOutline[]): { space: SpaceName; page: number } | null {
  const mapped = spaces.filter(({ extents }) => extents.length > 0);
  const one = mapped.find(({ name, process }) => name !== process) ?? mapped[0] ?? spaces[0];
  return one ? { space: one.name, page: one.extents[0]?.first ?? 0 } : null;
}

/** The selected space and page, as far as there is such a space. */
export function startOf(
  spaces: readonly SpaceOutline[],
  selected: { readonly space: SpaceName; readonly address: bigint } | null,
): { space: SpaceName; page: number } | null {
  const isThere = spaces.some(({ name }) => name === selected?.space);
  return selected && isThere ? { space: selected.space, page: pageOf(selected.address) } : firstOf(spaces);
}

/** The tables that are asked for: all levels of both sides. */
export function questionsOf(path: Path): readonly ColumnQuestion[] {
  const { process, processPage, guest, guestPage } = path;
  const of = (space: SpaceName | null, page: number | null) =>
    space === null || page === null ? [] : LEVELS.map((level) => ({ space, level, page }));
  return [...of(process, processPage), ...of(guest, guestPage)];
}

/** Columns from left to right. */
export function columnsOf(
  path: Path,
  questions: readonly ColumnQuestion[],
  tables: readonly (Table | null)[],
): readonly Column[] {
  const found = questions.flatMap((question, i) => columnOf(path, question, tables[i] ?? null));
  const left = found.filter(({ side }) => side === 'process');
  const right = found.filter(({ side }) => side === 'guest').reverse();
  const pages = found.filter(({ side }) => side === 'shared');
  // A linked guest segment designates the process's own table: it is one column, not two.
  const [first, second] = pages;
  const middle = first && second && first.table.origin === second.table.origin ? [first] : pages;
  return [...left, ...middle, ...right];
}

function columnOf(
  path: Path,
  { space, level, page }: ColumnQuestion,
  table: Table | null,
): readonly Column[] {
  if (table === null || table.level !== level) return [];
  const side = level === 'page' ? 'shared' : space === path.process ? 'process' : 'guest';
  const key = `${space} ${level}`;
  return [{ key, space, side, level, table, page, index: indexIn(level, page) }];
}

/**
 * All places from left to right, whether there is a table or not: columns stay where they are when tables come and go.
 * Levels above the top one of the process have none.
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

/** Whether there is a table. */
export function isColumn(place: Column | Place): place is Column {
  return 'table' in place;
}

/** The entry on the path, when it is populated and among those shown. */
export function entryOnPath({ table, index }: Column): TableEntry | null {
  return table.entries.find((entry) => entry.index === index) ?? null;
}

/** Entries of a column that designate a table, with that table's origin. */
export function entriesTo({ level, table }: Column, origin: bigint): readonly TableEntry[] {
  return table.entries.filter((entry) => designated(level, entry) === origin);
}
