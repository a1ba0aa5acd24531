/**
 * The page's line to the worker: one question at a time about one moment, for all views together.
 */

import { batch, signal } from '@preact/signals';
import { wrap } from 'comlink';
import { useEffect, useId } from 'preact/hooks';
import { type Moment, same } from '../../player/index.ts';
import type { Look, MachineRoom, Query, SpaceOutline } from '../protocol.ts';

const worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'machine' });

/** The machine in its worker. */
export const machine = wrap<MachineRoom>(worker);

/** Whether the worker could not be loaded, or has ended: nothing is answered any more. */
export const workerFailed = signal(false);
worker.addEventListener('error', () => {
  workerFailed.value = true;
});

/** Lists of a query; each view's part of a joint answer is a slice of them. */
const LISTS = ['rows', 'pages', 'tables', 'walks'] as const;

const queries = new Map<string, Query>();
const answers = signal<ReadonlyMap<string, Look>>(new Map());
let wanted: Moment | null = null;
/** Which story the questions are about, as a number that counts up. */
let story = 0;
/** The spaces at the moment that was looked at last: they are asked for once a moment, however often a view moves. */
let outlined: { readonly moment: Moment; readonly outline: readonly SpaceOutline[] } | null = null;
let asking = false;
let again = false;
let frame = 0;

/** Why the last question was not answered; null when it was. */
export const lookError = signal<string | null>(null);

/** Asks all views' questions about a moment. */
export function lookAt(moment: Moment): void {
  wanted = moment;
  schedule();
}

/** Another story is being opened: nothing is asked until `lookAt`, and nothing of the former one is shown any more. */
export function lookAway(): void {
  story++;
  wanted = null;
  outlined = null;
  batch(() => {
    answers.value = new Map();
    lookError.value = null;
  });
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
  const mine = story;
  const asked = [...queries];
  try {
    const known = outlined !== null && same(outlined.moment, wanted) ? outlined.outline : null;
    const all = joined(asked.map(([, query]) => query));
    const look = await machine.look(wanted, known === null ? all : { ...all, outline: false });
    if (mine !== story) return;
    const outline = look.outline ?? known;
    outlined = outline === null ? null : { moment: look.moment, outline };
    batch(() => {
      answers.value = shared(asked, outline === null ? look : { ...look, outline });
      lookError.value = null;
    });
  } catch (error) {
    if (mine === story) lookError.value = error instanceof Error ? error.message : String(error);
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
