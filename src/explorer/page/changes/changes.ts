/**
 * The search for who wrote something: a table entry, the contents of a page, or a storage key.
 */

import { effect, signal } from '@preact/signals';
import { proxy } from 'comlink';
import { samePosition } from '../../../player/index.ts';
import type { ChangeSubject, FoundChange } from '../../protocol.ts';
import { machine } from '../client.ts';
import { moveTo, position, source } from '../recording/state.ts';
import { hex } from '../ui/text.ts';

/** Whether to go to an earlier change or to a later one. */
export type Way = 'back' | 'on';

/** A search: its subject, the part that is done, 0 to 1, or null if it has ended, and what it has found, in a sentence. */
interface Search {
  readonly key: string;
  readonly part: number | null;
  readonly outcome: string | null;
}

/** The latest search, or null. */
export const search = signal<Search | null>(null);

effect(() => {
  source.value;
  search.value = null;
});

/** Returns a text that is the same for the same subject. */
export function keyOf(subject: ChangeSubject): string {
  return JSON.stringify(subject, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

/**
 * Moves to a change, if there is one: back to the last one, which has made the contents at this position, or to the one
 * before it if this is its position; or on to the next one.
 */
export async function goToChange(subject: ChangeSubject, way: Way): Promise<void> {
  const mine: Search = { key: keyOf(subject), part: 0, outcome: null };
  const recording = source.value;
  const isCurrent = () => recording === source.value && search.value?.key === mine.key;
  search.value = mine;
  const report = proxy((part: number) => {
    if (isCurrent() && search.value?.part !== null) search.value = { ...mine, part };
  });
  try {
    const from = position.value;
    let found = await machine.searchChange(subject, from, way === 'on' ? 'next' : 'last', report);
    if (way === 'back' && found.change !== null && samePosition(found.change.position, from))
      found = await machine.searchChange(subject, from, 'previous', report);
    if (!isCurrent()) return;
    if (found.change !== null) moveTo(found.change.position);
    search.value = { ...mine, part: null, outcome: sentenceOf(found, way) };
  } catch (error) {
    const outcome = error instanceof Error ? error.message : String(error);
    if (isCurrent()) search.value = { ...mine, part: null, outcome };
  }
}

/** Describes a change. */
export function sentenceOf({ change }: FoundChange, way: Way): string {
  if (change === null)
    return way === 'on'
      ? 'No later change in this recording.'
      : 'No earlier change: it was so from the start.';
  const { before, after } = change;
  if (before === null || after === null) return 'This step changed it.';
  return `This step changed it from ${digitsOf(before)} to ${digitsOf(after)}.`;
}

function digitsOf(bytes: Uint8Array): string {
  return hex(bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n));
}

/** Cancels the search in progress. */
export function cancel(): void {
  void machine.cancelSearch();
}
