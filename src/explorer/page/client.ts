/**
 * The page's line to the worker: one question at a time about one position, for all views together.
 */

import { batch, signal } from '@preact/signals';
import { wrap } from 'comlink';
import { useEffect, useId } from 'preact/hooks';
import { type Position, samePosition } from '../../player/index.ts';
import type { MachineApi, Query, QueryResult, SpaceOutline } from '../protocol.ts';

const worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'machine' });

/** The machine in its worker. */
export const machine = wrap<MachineApi>(worker);

/** Whether the worker could not be loaded, or has ended: nothing is answered any more. */
export const workerFailed = signal(false);
worker.addEventListener('error', () => {
  workerFailed.value = true;
});

/** Lists of a query; each view's part of a joint answer is a slice of them. */
const LISTS = ['rows', 'pages', 'tables', 'walks'] as const;

const queries = new Map<string, Query>();
const answers = signal<ReadonlyMap<string, QueryResult>>(new Map());
let wanted: Position | null = null;
/** Which recording the questions are about, as a number that counts up. */
let recording = 0;
/** The spaces at the position that was looked at last: they are asked for once a position, however often a view moves. */
let outlined: { readonly position: Position; readonly outline: readonly SpaceOutline[] } | null = null;
let asking = false;
let again = false;
let frame = 0;

/** Why the last question was not answered; null when it was. */
export const queryError = signal<string | null>(null);

/** Asks all views' questions about a position. */
export function queryAt(position: Position): void {
  wanted = position;
  schedule();
}

/** Another recording is being opened: nothing is asked until `queryAt`, and nothing of the former one is shown any more. */
export function resetQueries(): void {
  recording++;
  wanted = null;
  outlined = null;
  batch(() => {
    answers.value = new Map();
    queryError.value = null;
  });
}

/**
 * Asks a question about the current position, now and whenever the position changes, for as long as the component is there.
 * Returns the latest answer, whose `position` says what it is of: that of the position before while the new one is on its
 * way. Null before the first.
 * @param query may be a new object at each drawing; it is asked anew when it says something else
 */
export function useQuery(query: Query | null): QueryResult | null {
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
  const mine = recording;
  const asked = [...queries];
  try {
    const known = outlined !== null && samePosition(outlined.position, wanted) ? outlined.outline : null;
    const all = joinQueries(asked.map(([, query]) => query));
    const result = await machine.query(wanted, known === null ? all : { ...all, outline: false });
    if (mine !== recording) return;
    const outline = result.outline ?? known;
    outlined = outline === null ? null : { position: result.position, outline };
    batch(() => {
      answers.value = splitResult(asked, outline === null ? result : { ...result, outline });
      queryError.value = null;
    });
  } catch (error) {
    if (mine === recording) queryError.value = error instanceof Error ? error.message : String(error);
  } finally {
    asking = false;
    if (again) schedule();
  }
}

function joinQueries(all: readonly Query[]): Query {
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
function splitResult(
  asked: readonly (readonly [string, Query])[],
  result: QueryResult,
): Map<string, QueryResult> {
  const parts = new Map<string, QueryResult>();
  const at = { rows: 0, pages: 0, tables: 0, walks: 0 };
  for (const [id, query] of asked) {
    const part: Record<string, unknown> = { ...result };
    for (const list of LISTS) {
      const count = query[list]?.length ?? 0;
      part[list] = result[list]?.slice(at[list], at[list] + count);
      at[list] += count;
    }
    parts.set(id, part as unknown as QueryResult);
  }
  return parts;
}
