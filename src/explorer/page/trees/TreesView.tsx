/**
 * The tables of a process and of a guest as they stand in storage, meeting at the page tables that they share.
 */

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Look } from '../../protocol.ts';
import { useLook } from '../machine.ts';
import { scrolled } from '../spaces/aria.ts';
import { spoken } from '../spaces/parts.ts';
import { selected } from '../state.ts';
import { addressOf, hex } from '../text.ts';
import { isChanged, type KnownEntries, knownEntries } from './changes.ts';
import { type Column, columnsOf, entryOnPath, type Path, placesOf, questionsOf } from './columns.ts';
import { EntryDetail } from './EntryDetail.tsx';
import { LinkedFrom } from './LinkedFrom.tsx';
import { placedColumns } from './layout.ts';
import type { ColumnActions } from './TableColumn.tsx';
import { TreesDrawing } from './TreesDrawing.tsx';
import { useMiddle } from './useMiddle.ts';
import { usePath } from './usePath.ts';
import { SHOWN, useWindows } from './useWindows.ts';
import './trees.css';

/** The view. */
export function TreesView() {
  const outline = useLook({ outline: true })?.outline ?? [];
  const path = usePath(outline);
  return (
    <section class="trees" aria-label="Tables in storage">
      {path === null ? <p class="trees-empty">There are no tables at this moment.</p> : <Trees path={path} />}
    </section>
  );
}

function Trees({ path }: { path: Path }) {
  const windows = useWindows();
  const questions = questionsOf(path);
  const look = useLook({
    tables: questions.map((question) => ({ ...question, from: windows.fromOf(question), count: SHOWN })),
  });
  // While the answer to another question stands, its tables do not fit these questions.
  const tables = look?.tables?.length === questions.length ? look.tables : [];
  windows.seek(questions, tables);
  const before = useBefore(look);
  const columns = columnsOf(path, questions, tables);
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
            <h3>
              Entry {entry.index} of the {column.level} table at {hex(column.table.origin)}, {sideOf(column)}
            </h3>
            <p class="trees-meaning">{entry.meaning}</p>
            <EntryDetail level={column.level} value={entry.value} />
            {entry.pgste !== null && (
              <>
                <h3>Page-status-table entry beside it</h3>
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
  return side === 'shared' ? 'the process’s own' : `of ${spoken(space)}`;
}

/** The column whose entry was opened last; else the guest's segment table, where promises and links are. */
function columnToExplain(columns: readonly Column[], key: string | null): Column | undefined {
  return (
    columns.find((column) => column.key === key && entryOnPath(column)) ??
    columns.find(({ side, level }) => side === 'guest' && level === 'segment') ??
    columns.findLast((column) => column.side !== 'guest' && entryOnPath(column))
  );
}

/** What the tables were at the moment shown before this one. */
function useBefore(look: Look | null): KnownEntries | null {
  const memory = useRef<{ look: Look; now: KnownEntries; before: KnownEntries | null }>(null);
  if (look === null) return null;
  const former = memory.current;
  if (former?.look === look) return former.before;
  const moment = `${look.moment.step} ${look.moment.event}`;
  const now = knownEntries(moment, look.tables ?? []);
  const before = former === null ? null : former.now.moment === moment ? former.before : former.now;
  memory.current = { look, now, before };
  return before;
}
