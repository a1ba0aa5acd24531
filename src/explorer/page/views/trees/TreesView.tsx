/**
 * The tables of a process and a guest in storage. They meet at the page tables that both use.
 */

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { QueryResult } from '../../../protocol.ts';
import { ChangeButtons } from '../../changes/ChangeButtons.tsx';
import { entryAt } from '../../changes/changes.ts';
import { useQuery } from '../../client.ts';
import { selected } from '../../recording/state.ts';
import { scrolled } from '../../ui/aria.ts';
import { addressOf, hex } from '../../ui/text.ts';
import { EntryDetail } from '../common/EntryDetail.tsx';
import { displayName } from '../spaces/model/labels.ts';
import { isChanged, type KnownEntries, knownEntries } from './changes.ts';
import { type Column, columnsOf, entryOnPath, type Path, placesOf, queriesOf } from './columns.ts';
import { LinkedFrom } from './LinkedFrom.tsx';
import { placedColumns } from './layout.ts';
import type { ColumnActions } from './TableColumn.tsx';
import { TreesDrawing } from './TreesDrawing.tsx';
import { useMiddle } from './useMiddle.ts';
import { usePath } from './usePath.ts';
import { SHOWN, useWindows } from './useWindows.ts';
import './TreesView.css';

/** The view. */
export function TreesView() {
  const outline = useQuery({ outline: true })?.outline ?? [];
  const path = usePath(outline);
  return (
    <section class="trees" aria-label="Tables in storage">
      {path === null ? (
        <p class="trees-empty">There are no tables at this position.</p>
      ) : (
        <Trees path={path} />
      )}
    </section>
  );
}

function Trees({ path }: { path: Path }) {
  const windows = useWindows();
  const queries = queriesOf(path);
  const result = useQuery({
    tables: queries.map((query) => ({ ...query, from: windows.fromOf(query), count: SHOWN })),
  });
  // Until the new result arrives, the tables do not belong to these queries.
  const tables = result?.tables?.length === queries.length ? result.tables : [];
  windows.seek(queries, tables);
  const before = useBefore(result);
  const columns = columnsOf(path, queries, tables);
  const shown = useSignal<string | null>(null);
  const actions: ColumnActions = {
    open: (column, entry) => {
      shown.value = column.key;
      selected.value = { space: column.space, address: addressOf(entry.page) };
    },
    turn: (column, from) => windows.turn(column, Math.max(0, Math.min(from, column.table.populated - SHOWN))),
  };
  const scroll = useRef<HTMLDivElement>(null);
  const middle = placedColumns(placesOf(path, columns)).find((one) => one.column.side === 'shared');
  useMiddle(scroll, middle ? middle.x + middle.width / 2 : null);
  const column = columnToExplain(columns, shown.value);
  const entry = column && entryOnPath(column);
  const pageTable = columns.find(({ side }) => side === 'shared');
  return (
    <>
      <div class="trees-scroll" ref={scroll} {...scrolled('The tables, from the process’s to the guest’s')}>
        <TreesDrawing
          path={path}
          columns={columns}
          actions={actions}
          changed={(one, { index, value }) => isChanged(before, one.table.origin, index, value)}
        />
      </div>
      <LinkedFrom column={pageTable} process={path.process} />
      <div class="trees-detail">
        {column && entry ? (
          <>
            <div class="entry-head">
              <h3>
                Entry {entry.index} of the {column.level} table at {hex(column.table.origin)},{' '}
                {sideOf(column)}
              </h3>
              <ChangeButtons target={entryAt(entry.at)} of="this entry" />
            </div>
            <p class="trees-meaning">{entry.meaning}</p>
            <EntryDetail level={column.level} value={entry.value} />
            {entry.pgste !== null && (
              <>
                <h3>Its page-status-table entry</h3>
                <EntryDetail level="pgste" value={entry.pgste} />
              </>
            )}
          </>
        ) : (
          <p class="trees-empty">Open an entry to see its bits.</p>
        )}
      </div>
    </>
  );
}

function sideOf({ side, space }: Column): string {
  return side === 'shared' ? 'of the process' : `of ${displayName(space)}`;
}

/** Returns the column to explain: the one whose entry was opened last, or else the guest's segment table. */
function columnToExplain(columns: readonly Column[], key: string | null): Column | undefined {
  return (
    columns.find((column) => column.key === key && entryOnPath(column)) ??
    columns.find(({ side, level }) => side === 'guest' && level === 'segment') ??
    columns.findLast((column) => column.side !== 'guest' && entryOnPath(column))
  );
}

/** Returns the entries shown at the last position. */
function useBefore(result: QueryResult | null): KnownEntries | null {
  const memory = useRef<{ result: QueryResult; now: KnownEntries; before: KnownEntries | null }>(null);
  if (result === null) return null;
  const former = memory.current;
  if (former?.result === result) return former.before;
  const position = `${result.position.step} ${result.position.event}`;
  const now = knownEntries(position, result.tables ?? []);
  const before = former === null ? null : former.now.position === position ? former.before : former.now;
  memory.current = { result, now, before };
  return before;
}
