/**
 * The windows of tables: which of their entries are shown. A window follows the path until the user turns to other
 * entries.
 */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Table } from '../../../../inspect/index.ts';
import type { ColumnQuestion } from './columns.ts';
import { indexIn } from './levels.ts';
import { type Bounds, narrowed, nextFrom } from './seek.ts';

/** Number of entries shown of a table. */
export const SHOWN = 8;

/** The windows of all tables. */
export interface Windows {
  readonly fromOf: (question: ColumnQuestion) => number;
  readonly turn: (question: ColumnQuestion, from: number) => void;
  /** Looks for the entry of the path in a result, and moves the window if it is missing. */
  readonly seek: (questions: readonly ColumnQuestion[], tables: readonly (Table | null)[]) => void;
}

/** Keeps the windows. */
export function useWindows(): Windows {
  const froms = useSignal<ReadonlyMap<string, number>>(new Map());
  const bounds = useRef(new Map<string, Bounds | null>()).current;
  const set = (key: string, from: number) => {
    froms.value = new Map(froms.value).set(key, from);
  };
  return {
    fromOf: (question) => froms.value.get(keyOf(question)) ?? 0,
    turn: (question, from) => {
      bounds.set(keyOf(question), null);
      set(keyOf(question), from);
    },
    seek: (questions, tables) =>
      useEffect(() => {
        questions.forEach((question, i) => {
          const table = tables[i];
          const key = keyOf(question);
          const known = bounds.get(key);
          if (!table || known === null || table.populated <= SHOWN) return;
          if (table.from !== (froms.value.get(key) ?? 0)) return;
          const next = narrowed(
            known ?? { low: 0, high: table.populated },
            table,
            indexIn(question.level, question.page),
          );
          bounds.set(key, next.low < next.high ? next : null);
          if (next.low < next.high) set(key, nextFrom(next, SHOWN, table.populated));
        });
      }),
  };
}

/** Identifies the window of a table for a page: another page is searched for anew. */
function keyOf({ space, level, page }: ColumnQuestion): string {
  return `${space} ${level} ${level === 'page' ? page : Math.floor(page / 256)}`;
}
