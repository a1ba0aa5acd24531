/**
 * Finds the entries that have changed since the last position.
 */

import type { Table } from '../../../../inspect/index.ts';

/** The entries shown at a position. */
export interface KnownEntries {
  readonly position: string;
  /** By origin of the table. */
  readonly tables: ReadonlyMap<bigint, KnownTable>;
}

interface KnownTable {
  readonly values: ReadonlyMap<number, bigint>;
  readonly first: number;
  readonly last: number;
}

/** Returns what is known of some tables. */
export function knownEntries(position: string, tables: readonly (Table | null)[]): KnownEntries {
  const known = new Map<bigint, KnownTable>();
  for (const table of tables) {
    if (table === null) continue;
    const { entries, from, populated, origin } = table;
    const values = new Map(entries.map(({ index, value }) => [index, value]));
    const first = from === 0 ? 0 : (entries[0]?.index ?? 0);
    const isEnd = from + entries.length >= populated;
    const last = isEnd ? 2047 : (entries[entries.length - 1]?.index ?? -1);
    known.set(origin, { values, first, last });
  }
  return { position, tables: known };
}

/** Whether an entry has changed. An entry that was not shown before does not count. */
export function isChanged(
  before: KnownEntries | null,
  origin: bigint,
  index: number,
  value: bigint,
): boolean {
  const table = before?.tables.get(origin);
  if (!table || index < table.first || index > table.last) return false;
  return table.values.get(index) !== value;
}
