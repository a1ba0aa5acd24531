/**
 * The coordinates of columns, entries and curves.
 */

import type { Table, TableEntry } from '../../../../inspect/index.ts';
import { type Column, entriesTo, entryOnPath, isColumn, type Place } from './columns.ts';
import { designated } from './levels.ts';

/** In pixels. */
export const WIDTH = { region: 126, segment: 160, page: 140 };
export const ROW = 22;
export const HEAD = 40;
const GAP = 20;
/** Space above the columns, for the headings. */
export const TOP = 28;
/** Height of an empty place, which has a reason in words. */
export const EMPTY_HEIGHT = 176;

/** Returns how many rows precede the entries of a table: one, if there are entries before them. */
export function rowsBefore({ from }: Table): number {
  return from > 0 ? 1 : 0;
}

/** Returns how many entries of a table follow the ones shown. */
export function entriesAfter({ populated, from, entries }: Table): number {
  return populated - from - entries.length;
}

/** Returns the height of a column: that of its entries, and of the rows for paging. */
export function heightOf(column: Column | Place): number {
  if (!isColumn(column)) return EMPTY_HEIGHT;
  const { table } = column;
  const rows = rowsBefore(table) + table.entries.length + (entriesAfter(table) > 0 ? 1 : 0);
  return HEAD + Math.max(rows, 1) * ROW + 6;
}

/** A column, or an empty place, with its coordinates. */
export interface Placed<C extends Place = Column | Place> {
  readonly column: C;
  readonly x: number;
  readonly width: number;
}

/** Places columns side by side. */
export function placedColumns(columns: readonly (Column | Place)[]): readonly Placed[] {
  let x = 2;
  return columns.map((column) => {
    const width = WIDTH[column.level === 'segment' || column.level === 'page' ? column.level : 'region'];
    const placed = { column, x, width };
    x += width + GAP;
    return placed;
  });
}

/** Returns the width of all columns, in pixels. */
export function widthOf(placed: readonly Placed[]): number {
  const last = placed[placed.length - 1];
  return last ? last.x + last.width + 2 : 0;
}

/** Returns the middle of an entry's row, from the top of the drawing. */
export function yOf({ table }: Column, entry: TableEntry): number {
  const row = table.entries.findIndex(({ index }) => index === entry.index);
  return TOP + HEAD + (row + rowsBefore(table) + 0.5) * ROW;
}

/** A curve from an entry to the table that it designates. */
export interface Connection {
  readonly key: string;
  readonly path: string;
  /** Whether it is on the path. The curve of an unlinked entry leads to the table that a link would use. */
  readonly kind: 'path' | 'other' | 'unlinked';
}

/** Returns the curves between adjacent columns. */
export function connectionsOf(placed: readonly Placed[]): readonly Connection[] {
  const found: Connection[] = [];
  placed.forEach(({ column, x, width }, i) => {
    if (column.side === 'shared' || !isColumn(column)) return;
    const isLeft = column.side === 'process';
    const to = placed[isLeft ? i + 1 : i - 1];
    if (to) found.push(...between({ column, x, width }, to, isLeft));
  });
  return found;
}

function between(from: Placed<Column>, to: Placed, isLeft: boolean): readonly Connection[] {
  const [x1, x2] = isLeft ? [from.x + from.width, to.x] : [from.x, to.x + to.width];
  const y2 = TOP + HEAD / 2;
  const onPath = entryOnPath(from.column);
  const origin = isColumn(to.column) ? to.column.table.origin : null;
  const entries = origin === null ? [] : entriesTo(from.column, origin);
  const connections = entries.map((entry) => ({
    key: `${from.column.key} ${entry.index}`,
    path: curve(x1, yOf(from.column, entry), x2, y2),
    kind: entry.index === onPath?.index ? ('path' as const) : ('other' as const),
  }));
  if (onPath?.state !== 'unlinked' || designated(from.column.level, onPath) !== null) return connections;
  // A link would use the table in the middle, if the process has one.
  const path = curve(x1, yOf(from.column, onPath), x2, y2);
  return to.column.side === 'shared'
    ? [...connections, { key: `${from.column.key} unlinked`, path, kind: 'unlinked' }]
    : connections;
}

function curve(x1: number, y1: number, x2: number, y2: number): string {
  const middle = (x1 + x2) / 2;
  return `M${x1},${y1}C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
}
