/**
 * Which entries of each table are shown: those around the path, unless somebody has turned to others.
 */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Table } from '../../../../inspect/index.ts';
import type { ColumnQuestion } from './columns.ts';
import { indexIn } from './levels.ts';
import { type Bounds, narrowed, nextFrom } from './seek.ts';

/** Entries of a table that are shown at a time. */
export const SHOWN = 8;

/** The windows, and how to turn to other entries of a table. */
export interface Windows {
  readonly fromOf: (question: ColumnQuestion) => number;
  readonly turn: (question: ColumnQuestion, from: number) => void;
  /** Looks at an answer, and looks elsewhere next time if the path's entry is not in it. */
  readonly seek: (questions: readonly ColumnQuestion[], tables: readonly (Table | null)[]) => void;
}

/** Keeps the windows of all tables. */
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

/** A window belongs to a table and a page: another page is looked for anew. */
function keyOf({ space, level, page }: ColumnQuestion): string {
  return `${space} ${level} ${level === 'page' ? page : Math.floor(page / 256)}`;
}
