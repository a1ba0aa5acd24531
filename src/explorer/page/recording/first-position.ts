/**
 * The position at which a recording opens if its link names none.
 */

import type { Position, Source } from '../../../player/index.ts';
import { machine } from '../client.ts';
import type { EventType } from '../timeline/kinds.ts';
import { progress, START } from './state.ts';

/** The types of events after which something is mapped. */
const MAPPED = ['mmap', 'map', 'mm-fault', 'link', 'gmap-fault'] as const;

/**
 * Returns the position. A scenario opens at its start. A guest opens at its end: the console is complete there. A
 * program opens before the system call that ends it, or after the signal: its process is still there. A trace opens where
 * spaces can be seen: at its end, or if all of them have ended, at the last event before.
 */
export async function firstPosition({ kind }: Source): Promise<Position> {
  if (kind === 'scenario') return START;
  const end = { step: progress.peek()?.steps ?? 0, event: 0 };
  if (kind === 'guest') return end;
  if (kind === 'program') return beforeEnd();
  const { outline = [] } = await machine.query(end, { outline: true });
  if (outline.some(({ size }) => size > 0)) return end;
  const { total } = await machine.events({ types: MAPPED }, 0, 0);
  const [last] = (await machine.events({ types: MAPPED }, total - 1, 1)).events;
  return last === undefined ? end : { step: last.position.step + 1, event: 0 };
}

/** Returns the position before the step that ends the process, or after the signal that kills it; or the end if it has not ended. */
async function beforeEnd(): Promise<Position> {
  const { steps = 0, end = null } = progress.peek() ?? {};
  const ended = await lastOf('process-end');
  if (end === null || ended === undefined) return { step: steps, event: 0 };
  const signal = await lastOf('signal');
  return signal?.step === ended.step ? signal : { step: ended.step, event: 0 };
}

async function lastOf(type: EventType): Promise<Position | undefined> {
  const types = [type];
  const { total } = await machine.events({ types }, 0, 0);
  return (await machine.events({ types }, total - 1, 1)).events[0]?.position;
}
