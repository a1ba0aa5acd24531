/**
 * The page's side of the protocol. The queries of all views about the current position are sent as one.
 */

import { batch, signal } from '@preact/signals';
import { wrap } from 'comlink';
import { useEffect, useId } from 'preact/hooks';
import { type Position, samePosition } from '../../player/index.ts';
import type { MachineApi, Query, QueryResult, SpaceOutline } from '../protocol.ts';

const worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'machine' });

/** The worker. */
export const machine = wrap<MachineApi>(worker);

/** Whether the worker failed to load or has crashed. No query is answered after that. */
export const workerFailed = signal(false);
worker.addEventListener('error', () => {
  workerFailed.value = true;
});

/** A list of a query. Each view gets its own slice of each list of the joint result. */
type List = Exclude<keyof Query, 'outline' | 'processors'>;
/** Zero for each list. The compiler reports one that is missing: it would be dropped without a word. */
const NONE: Readonly<Record<List, number>> = {
  rows: 0,
  pages: 0,
  segments: 0,
  tables: 0,
  walks: 0,
  traced: 0,
};
const LISTS = Object.keys(NONE) as readonly List[];

const queries = new Map<string, Query>();
const answers = signal<ReadonlyMap<string, QueryResult>>(new Map());
let wanted: Position | null = null;
/** The number of the current recording. */
let recording = 0;
/** The spaces at the latest position. They are queried once for each position, no matter how often a view moves. */
let outlined: { readonly position: Position; readonly outline: readonly SpaceOutline[] } | null = null;
/** Whether a query is in progress, and whether another one must follow it. */
let asking = false;
let again = false;
let frame = 0;

/** Why the latest query failed, or null if it succeeded. */
export const queryError = signal<string | null>(null);

/** Whether a query has been in progress for a while: the position is far away, and is being played to. */
export const isWaiting = signal(false);
/** Milliseconds before a query counts as waiting. */
const PATIENCE = 150;

/** Queries a position for all views. */
export function queryAt(position: Position): void {
  wanted = position;
  schedule();
}

/**
 * Drops all results, and sends no query until `queryAt` is called: another recording is being opened.
 * @param keep whether the views go on showing the results that they have, until new ones arrive
 */
export function resetQueries(keep = false): void {
  recording++;
  wanted = null;
  outlined = null;
  batch(() => {
    if (!keep) answers.value = new Map();
    queryError.value = null;
  });
}

/**
 * Queries the current position, now and whenever it changes, as long as the component is mounted. Returns the latest
 * result, or null before the first. Until the new result arrives, it is that of the previous position: `position`
 * names it.
 * @param query may be a new object on each render; it is sent again only if its contents change
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
  const patience = setTimeout(() => (isWaiting.value = true), PATIENCE);
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
    clearTimeout(patience);
    isWaiting.value = false;
    asking = false;
    if (again) schedule();
  }
}

function joinQueries(all: readonly Query[]): Query {
  return {
    outline: all.some((query) => query.outline),
    processors: all.some((query) => query.processors),
    ...Object.fromEntries(
      LISTS.map((list) => [list, all.flatMap((query): readonly unknown[] => query[list] ?? [])]),
    ),
  };
}

/** Splits a joint result into those of the single views. */
function splitResult(
  asked: readonly (readonly [string, Query])[],
  result: QueryResult,
): Map<string, QueryResult> {
  const parts = new Map<string, QueryResult>();
  const at = { ...NONE };
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
