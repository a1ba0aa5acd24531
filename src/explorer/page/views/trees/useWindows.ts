/**
 * The windows of tables: a window is the range of entries that is shown. It follows the path until the user turns to
 * other entries.
 */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Table } from '../../../../inspect/index.ts';
import { segmentStart } from '../spaces/model/ends.ts';
import type { ColumnQuery } from './columns.ts';
import { indexIn } from './levels.ts';
import { type Bounds, narrowed, nextFrom } from './seek.ts';

/** Number of entries shown of a table. */
export const SHOWN = 8;

/** The windows of all tables. */
export interface Windows {
  readonly fromOf: (query: ColumnQuery) => number;
  readonly turn: (query: ColumnQuery, from: number) => void;
  /** Looks for the entry of the path in a result, and moves the window if it is missing. */
  readonly seek: (queries: readonly ColumnQuery[], tables: readonly (Table | null)[]) => void;
}

/** Returns the windows, which last as long as the component is mounted. */
export function useWindows(): Windows {
  const froms = useSignal<ReadonlyMap<string, number>>(new Map());
  const bounds = useRef(new Map<string, Bounds | null>()).current;
  const set = (key: string, from: number) => {
    froms.value = new Map(froms.value).set(key, from);
  };
  return {
    fromOf: (query) => froms.value.get(keyOf(query)) ?? 0,
    turn: (query, from) => {
      bounds.set(keyOf(query), null);
      set(keyOf(query), from);
    },
    seek: (queries, tables) =>
      useEffect(() => {
        queries.forEach((query, i) => {
          const table = tables[i];
          const key = keyOf(query);
          const known = bounds.get(key);
          if (!table || known === null || table.populated <= SHOWN) return;
          if (table.from !== (froms.value.get(key) ?? 0)) return;
          const next = narrowed(
            known ?? { low: 0, high: table.populated },
            table,
            indexIn(query.level, query.page),
          );
          bounds.set(key, next.low < next.high ? next : null);
          if (next.low < next.high) set(key, nextFrom(next, SHOWN, table.populated));
        });
      }),
  };
}

/** Identifies the window of a table for a page: another page is searched for anew. */
function keyOf({ space, level, page }: ColumnQuery): string {
  return `${space} ${level} ${level === 'page' ? page : segmentStart(page)}`;
}
