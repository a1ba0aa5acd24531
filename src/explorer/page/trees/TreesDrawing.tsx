/**
 * Both trees as one drawing.
 */

import type { TableEntry } from '../../../inspect/index.ts';
import { group, UNSEEN } from '../spaces/aria.ts';
import { spoken } from '../spaces/parts.ts';
import { type Column, entryOnPath, type Path } from './columns.ts';
import { connectionsOf, HEIGHT, type Placed, placedColumns, TOP, WIDTH, widthOf } from './layout.ts';
import { type ColumnActions, TableColumn } from './TableColumn.tsx';

/** Draws the columns and what connects them. */
export function TreesDrawing({
  path,
  columns,
  actions,
  changed,
}: {
  path: Path;
  columns: readonly Column[];
  actions: ColumnActions;
  changed: (column: Column, entry: TableEntry) => boolean;
}) {
  const placed = placedColumns(columns);
  const width = Math.max(320, widthOf(placed));
  const height = TOP + HEIGHT + 4;
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it is named by a label; a title would be a second tooltip
    <svg
      class="trees-drawing"
      data-export="trees"
      {...group('Tables of process and guest')}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
    >
      <Headings path={path} placed={placed} />
      <g {...UNSEEN}>
        {connectionsOf(placed).map(({ key, path: d, look }) => (
          <path key={key} class={`connection ${look}`} d={d} />
        ))}
      </g>
      {placed.map((one) => (
        <TableColumn key={one.column.key} placed={one} actions={actions} changed={changed} />
      ))}
      <Missing placed={placed} columns={columns} />
    </svg>
  );
}

function Headings({ path, placed }: { path: Path; placed: readonly Placed[] }) {
  const left = placed.find(({ column }) => column.side === 'process');
  const middle = placed.find(({ column }) => column.side === 'shared');
  const right = placed.find(({ column }) => column.side === 'guest');
  return (
    <g class="trees-headings">
      {left && (
        <text class="process" x={left.x} y="16">
          {path.process} →
        </text>
      )}
      {middle && (
        <text class="middle" x={middle.x + WIDTH.page / 2} y="16">
          {right ? 'shared page table' : 'page table'}
        </text>
      )}
      {right && path.guest && (
        <text class="guest" x={right.x} y="16">
          ← {spoken(path.guest)}
        </text>
      )}
    </g>
  );
}

/** Where there is no page table in the middle: why. */
function Missing({ placed, columns }: { placed: readonly Placed[]; columns: readonly Column[] }) {
  if (columns.some(({ side }) => side === 'shared')) return null;
  const last = placed.findLast(({ column }) => column.side === 'process') ?? placed[0];
  const segment = columns.find(({ level, side }) => level === 'segment' && side === 'guest');
  const state = segment && entryOnPath(segment)?.state;
  if (!last) return null;
  const text = state === 'frame' ? 'a frame of 1 MiB: no page table' : 'no page table here';
  return (
    <text class="trees-missing" x={last.x + last.width / 2} y={TOP - 12}>
      {text}
    </text>
  );
}
