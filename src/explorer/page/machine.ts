/**
 * The page's line to the worker: one question at a time about one moment, for all views together.
 */

import { signal } from '@preact/signals';
import { wrap } from 'comlink';
import { useEffect, useId } from 'preact/hooks';
import type { Moment } from '../../player/index.ts';
import type { Look, MachineRoom, Query } from '../protocol.ts';

/** The machine in its worker. */
export const machine = wrap<MachineRoom>(
  new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'machine' }),
);

/** Lists of a query; each view's part of a joint answer is a slice of them. */
const LISTS = ['rows', 'pages', 'tables', 'walks'] as const;

const queries = new Map<string, Query>();
const answers = signal<ReadonlyMap<string, Look>>(new Map());
let wanted: Moment | null = null;
let asking = false;
let again = false;
let frame = 0;

/** Why the last question was not answered; null when it was. */
export const lookError = signal<string | null>(null);

/** Asks all views' questions about a moment; null when nothing is open. */
export function lookAt(moment: Moment | null): void {
  wanted = moment;
  if (moment === null) answers.value = new Map();
  else schedule();
}

/**
 * Asks a question about the current moment, now and whenever the moment changes, for as long as the component is there.
 * Returns the latest answer, whose `moment` says what it is of: that of the moment before while the new one is on its
 * way. Null before the first.
 * @param query may be a new object at each drawing; it is asked anew when it says something else
 */
export function useLook(query: Query | null): Look | null {
  const id = useId();
  const key =
    query === null
      ? ''
      : JSON.stringify(query, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
  useEffect(() => {
    if (query === null) return;
    queries.set(id, query);
    schedule();
    return () => {
      queries.delete(id);
    };
  }, [key, id]);
  return query === null ? null : (answers.value.get(id) ?? null);
}

function schedule(): void {
  if (asking) again = true;
  else if (frame === 0) frame = requestAnimationFrame(ask);
}

async function ask(): Promise<void> {
  frame = 0;
  if (wanted === null || queries.size === 0) return;
  asking = true;
  again = false;
  const asked = [...queries];
  try {
    const look = await machine.look(wanted, joined(asked.map(([, query]) => query)));
    answers.value = shared(asked, look);
    lookError.value = null;
  } catch (error) {
    lookError.value = error instanceof Error ? error.message : String(error);
  } finally {
    asking = false;
    if (again) schedule();
  }
}

function joined(all: readonly Query[]): Query {
  return {
    outline: all.some((query) => query.outline),
    processors: all.some((query) => query.processors),
    rows: all.flatMap((query) => query.rows ?? []),
    pages: all.flatMap((query) => query.pages ?? []),
    tables: all.flatMap((query) => query.tables ?? []),
    walks: all.flatMap((query) => query.walks ?? []),
  };
}

/** Each view's part of a joint answer. */
function shared(asked: readonly (readonly [string, Query])[], look: Look): Map<string, Look> {
  const parts = new Map<string, Look>();
  const at = { rows: 0, pages: 0, tables: 0, walks: 0 };
  for (const [id, query] of asked) {
    const part: Record<string, unknown> = { ...look };
    for (const list of LISTS) {
      const count = query[list]?.length ?? 0;
      part[list] = look[list]?.slice(at[list], at[list] + count);
      at[list] += count;
    }
    parts.set(id, part as unknown as Look);
  }
  return parts;
}
