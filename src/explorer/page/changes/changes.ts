/**
 * The search for the step that changed a table entry or the contents of a page.
 */

import { effect, signal } from '@preact/signals';
import { proxy } from 'comlink';
import { type Position, samePosition } from '../../../player/index.ts';
import type { ChangeTarget, Direction, FoundChange } from '../../protocol.ts';
import { machine } from '../client.ts';
import { moveTo, position, source } from '../recording/state.ts';
import { hex } from '../ui/text.ts';

/** The longest contents that a sentence has, in bytes. */
const VALUE_MAX = 16;

/** Returns a table entry as a target. @param address absolute */
export function entryAt(address: bigint | number): ChangeTarget {
  return { space: null, address: BigInt(address), length: 8 };
}

/** A search: its target, the part that is done, 0 to 1, or null if it has ended, and what it has found, in a sentence. */
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

/** Returns a text that is the same for the same target. */
export function keyOf(target: ChangeTarget): string {
  return JSON.stringify(target, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

/**
 * Moves to a change, if there is one: back to the last one, which has made the contents at this position, or to the one
 * before it if this is its position; or on to the next one.
 */
export async function goToChange(target: ChangeTarget, direction: Direction): Promise<void> {
  const mine: Search = { key: keyOf(target), part: 0, outcome: null };
  const recording = source.value;
  const isCurrent = () => recording === source.value && search.value?.key === mine.key;
  search.value = mine;
  const report = proxy((part: number) => {
    if (isCurrent() && search.value?.part !== null) search.value = { ...mine, part };
  });
  try {
    const from = position.value;
    let found = await machine.searchChange(target, from, direction, report);
    if (direction === 'previous' && found !== null && samePosition(found.position, from))
      found = await machine.searchChange(target, justBefore(from), direction, report);
    if (!isCurrent()) return;
    if (found !== null) moveTo(found.position);
    search.value = { ...mine, part: null, outcome: sentenceOf(found, direction) };
  } catch (error) {
    const outcome = error instanceof Error ? error.message : String(error);
    if (isCurrent()) search.value = { ...mine, part: null, outcome };
  }
}

/** Returns a position after all others that are before a position. */
function justBefore({ step, event }: Position): Position {
  return event > 0 ? { step, event: event - 1 } : { step: step - 1, event: Number.MAX_SAFE_INTEGER };
}

/** Describes a change. */
export function sentenceOf(change: FoundChange | null, direction: Direction): string {
  if (change === null) {
    return direction === 'next'
      ? 'No later change in this recording.'
      : 'No earlier change in this recording.';
  }
  const { before, after } = change;
  if (before === null) return 'This step gave the page a frame.';
  if (after === null) return 'This step took the frame of the page away.';
  if (after.length > VALUE_MAX) return 'This step changed it.';
  return `This step changed it from ${digitsOf(before)} to ${digitsOf(after)}.`;
}

function digitsOf(bytes: Uint8Array): string {
  return hex(bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n));
}

/** Cancels the search in progress. */
export function cancel(): void {
  void machine.cancelSearch();
}
