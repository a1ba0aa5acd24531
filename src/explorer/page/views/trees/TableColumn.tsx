/**
 * A table as a column: some of its populated entries.
 */

import type { TargetedKeyboardEvent } from 'preact';
import type { TableEntry } from '../../../../inspect/index.ts';
import { listbox, optionId } from '../../ui/aria.ts';
import { addressOf, count, hex, number } from '../../ui/text.ts';
import type { Column } from './columns.ts';
import { entriesAfter, HEAD, heightOf, type Placed, ROW, rowsBefore, TOP } from './layout.ts';
import { designated, mappedTo, shortName, tableName } from './levels.ts';
import { SHOWN } from './useWindows.ts';

/** The actions of a column. */
export interface ColumnActions {
  /** Opens the tree at an entry. */
  readonly open: (column: Column, entry: TableEntry) => void;
  /** Shows the entries from a number on. */
  readonly turn: (column: Column, from: number) => void;
}

/** A column. */
export function TableColumn({
  placed,
  actions,
  changed,
}: {
  placed: Placed<Column>;
  actions: ColumnActions;
  /** Whether an entry has changed since the last position. */
  changed: (column: Column, entry: TableEntry) => boolean;
}) {
  const { column, x, width } = placed;
  const { table, side, level, index } = column;
  const id = `table-${column.key.replaceAll(' ', '-')}`;
  const chosen = table.entries.find((entry) => entry.index === index);
  const before = table.from;
  const after = entriesAfter(table);
  const height = heightOf(column);
  const label = `${side === 'shared' ? '' : `${column.space.replace('gmap', 'guest')}, `}${tableName(level)} at ${hex(table.origin)}, ${count(table.populated, 'populated entry', 'populated entries')}`;
  const keys = {
    onKeyDown: (event: TargetedKeyboardEvent<SVGGElement>) => {
      if (pressed(event.key, column, actions)) event.preventDefault();
    },
  };
  return (
    <g class={`table-column ${side}`} transform={`translate(${x} ${TOP})`}>
      <rect class="table-box" width={width} height={height} rx="6" />
      <text class="table-name" x="10" y="17">
        {shortName(level)}
      </text>
      <text class="table-at" x="10" y="33">
        {hex(table.origin)} · {number(table.populated)} used
      </text>
      <Pager
        y={HEAD}
        width={width}
        n={before}
        text="before"
        onClick={() => actions.turn(column, before - SHOWN)}
      />
      <g {...listbox(id, label, table.entries.length > 0, chosen ? String(chosen.index) : null)} {...keys}>
        <rect class="focus" x="-3" y="-3" width={width + 6} height={height + 6} rx="8" />
        {table.entries.map((entry, row) => (
          <EntryRow
            key={entry.index}
            id={optionId(id, String(entry.index))}
            column={column}
            entry={entry}
            y={HEAD + (row + rowsBefore(table)) * ROW}
            width={width}
            changed={changed(column, entry)}
            onClick={() => actions.open(column, entry)}
          />
        ))}
      </g>
      <Pager
        y={HEAD + (rowsBefore(table) + table.entries.length) * ROW}
        width={width}
        n={after}
        text="more"
        onClick={() => actions.turn(column, table.from + SHOWN)}
      />
    </g>
  );
}

function pressed(key: string, column: Column, { open, turn }: ColumnActions): boolean {
  const { table, index } = column;
  const by = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0;
  if (key === 'PageDown' || key === 'PageUp') {
    turn(column, table.from + (key === 'PageDown' ? SHOWN : -SHOWN));
    return true;
  }
  if (by === 0) return false;
  const at = table.entries.findIndex((entry) => entry.index === index);
  const next = at < 0 ? table.entries[0] : table.entries[at + by];
  if (next) open(column, next);
  else turn(column, table.from + by * SHOWN);
  return true;
}

function Pager({
  y,
  width,
  n,
  text,
  onClick,
}: {
  y: number;
  width: number;
  n: number;
  text: string;
  onClick: () => void;
}) {
  if (n <= 0) return null;
  const button = {
    role: 'button',
    tabindex: 0,
    'aria-label': `${number(n)} ${text}`,
    onClick,
    onKeyDown: (event: TargetedKeyboardEvent<SVGGElement>) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      onClick();
    },
  } as const;
  return (
    <g class="pager" {...button}>
      <rect x="4" y={y + 1} width={width - 8} height={ROW - 2} rx="4" />
      <text x={width / 2} y={y + 15}>
        {text === 'more' ? '▾' : '▴'} {number(n)} {text}
      </text>
    </g>
  );
}

function EntryRow({
  id,
  column,
  entry,
  y,
  width,
  changed,
  onClick,
}: {
  id: string;
  column: Column;
  entry: TableEntry;
  y: number;
  width: number;
  changed: boolean;
  onClick: () => void;
}) {
  const isChosen = entry.index === column.index;
  const option = {
    id,
    role: 'option',
    'aria-selected': isChosen,
    'aria-label': `entry ${entry.index}, from ${hex(addressOf(entry.page))}: ${entry.meaning}${changed ? '; changed' : ''}`,
    onClick,
  } as const;
  return (
    <g
      class={`table-entry ${entry.state}${isChosen ? ' chosen' : ''}${changed ? ' changed' : ''}`}
      {...option}
    >
      <rect class="entry-box" x="4" y={y + 1} width={width - 8} height={ROW - 2} rx="4" />
      <text class="entry-index" x="42" y={y + 15}>
        {entry.index}
      </text>
      <text class="entry-sign" x="54" y={y + 15}>
        {SIGN[entry.state]}
      </text>
      <text class="entry-text" x="66" y={y + 15}>
        {textOf(column, entry)}
      </text>
    </g>
  );
}

const SIGN: Readonly<Record<TableEntry['state'], string>> = {
  table: '▸',
  frame: '■',
  unlinked: '┄',
  'no-access': '□',
  invalid: '✕',
};

function textOf({ level }: Column, entry: TableEntry): string {
  if (entry.state === 'unlinked') return `→ ${hex(mappedTo(entry))}`;
  const to = designated(level, entry);
  if (to === null) return 'invalid';
  const isProtected = (entry.value & 0x200n) !== 0n && entry.state !== 'no-access';
  return `${hex(to)}${isProtected ? ' P' : ''}${entry.state === 'no-access' ? ' none' : ''}`;
}
