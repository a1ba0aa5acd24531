/**
 * Both trees as one drawing.
 */

import type { TableEntry } from '../../../../inspect/index.ts';
import { DECORATION, group } from '../../ui/aria.ts';
import { displayName } from '../spaces/model/labels.ts';
import { wrapped } from '../walk/reasons.ts';
import { type Column, entryOnPath, isColumn, type Path, type Place, placesOf } from './columns.ts';
import {
  connectionsOf,
  EMPTY_HEIGHT,
  heightOf,
  type Placed,
  placedColumns,
  TOP,
  WIDTH,
  widthOf,
} from './layout.ts';
import { shortName } from './levels.ts';
import { type ColumnActions, TableColumn } from './TableColumn.tsx';

/** The columns, and the curves between them. */
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
  const placed = placedColumns(placesOf(path, columns));
  const width = Math.max(320, widthOf(placed));
  const height = TOP + Math.max(...placed.map(({ column }) => heightOf(column))) + 4;
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
      <rect class="paper" width={width} height={height} />
      <Headings path={path} placed={placed} />
      <g {...DECORATION}>
        {connectionsOf(placed).map(({ key, path: d, kind }) => (
          <path key={key} class={`connection ${kind}`} d={d} />
        ))}
      </g>
      {placed.map(({ column, x, width }) =>
        isColumn(column) ? (
          <TableColumn key={column.key} placed={{ column, x, width }} actions={actions} changed={changed} />
        ) : (
          <EmptyPlace key={column.key} placed={{ column, x, width }} columns={columns} />
        ),
      )}
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
          {middleName(path, middle, right !== undefined)}
        </text>
      )}
      {right && path.guest && (
        <text class="guest" x={right.x} y="16">
          ← {displayName(path.guest)}
        </text>
      )}
    </g>
  );
}

function middleName({ process }: Path, { column }: Placed, hasGuest: boolean): string {
  // Only an injected fault leaves a guest linked to a table that is not the process's.
  if (isColumn(column) && column.space !== process) return 'freed page table';
  return hasGuest ? 'shared page table' : 'page table';
}

/** A place without a table, and the reason. */
function EmptyPlace({ placed, columns }: { placed: Placed; columns: readonly Column[] }) {
  const { column, x, width } = placed;
  return (
    <g class="empty-place" transform={`translate(${x} ${TOP})`}>
      <rect width={width} height={EMPTY_HEIGHT} rx="6" />
      <text class="table-name" x="10" y="17">
        {shortName(column.level)}
      </text>
      <text x="10" y="44">
        {wrapped(reasonOf(column, columns), Math.floor((width - 16) / 6.3), 9).map((line, i) => (
          <tspan key={line} x="10" dy={i === 0 ? 0 : 16}>
            {line}
          </tspan>
        ))}
      </text>
    </g>
  );
}

function reasonOf({ side, level }: Place, columns: readonly Column[]): string {
  if (level !== 'page')
    return side === 'guest' ? 'Nothing is mapped there.' : 'The process has no table there.';
  const segments = columns.filter((column) => column.level === 'segment').map(entryOnPath);
  if (segments.some((entry) => entry?.state === 'frame')) return 'None: the segment has a 1 MiB frame.';
  if (segments.some((entry) => entry?.state === 'unlinked'))
    return 'None yet. The first access creates one for the process and links the guest’s entry to it.';
  return 'None at this position. The first access to mapped memory creates one.';
}
