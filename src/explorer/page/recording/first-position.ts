/**
 * The position at which a recording opens if its link names none.
 */

import type { Position, Source } from '../../../player/index.ts';
import { machine } from '../client.ts';
import { progress, START } from './state.ts';

/** The types of events after which something is mapped. */
const MAPPED = ['mmap', 'map', 'mm-fault', 'link', 'gmap-fault'] as const;

/**
 * Returns the position. A scenario opens at its start. A guest opens at its end: the console is complete there. A trace opens where
 * spaces can be seen: at its end, or if all of them have ended, at the last event before.
 */
export async function firstPosition({ kind }: Source): Promise<Position> {
  if (kind === 'scenario') return START;
  const end = { step: progress.peek()?.steps ?? 0, event: 0 };
  if (kind === 'guest') return end;
  const { outline = [] } = await machine.query(end, { outline: true });
  if (outline.some(({ size }) => size > 0)) return end;
  const { total } = await machine.events({ types: MAPPED }, 0, 0);
  const [last] = (await machine.events({ types: MAPPED }, total - 1, 1)).events;
  return last === undefined ? end : { step: last.position.step + 1, event: 0 };
}
