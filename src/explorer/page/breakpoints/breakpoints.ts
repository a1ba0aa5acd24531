/**
 * Breakpoints of the open recording, and the search for their hits, forward and back.
 */

import { computed, effect, signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { Hit } from '../../../debug/index.ts';
import type { Direction } from '../../../player/index.ts';
import { machine } from '../client.ts';
import { moveTo, position, progress, source } from '../recording/state.ts';
import { sentenceOf } from '../timeline/sentences.ts';
import { storedText } from '../ui/stored.ts';
import { hex } from '../ui/text.ts';

const stored = storedText(() => sessionStorage, 'guesthouse-breakpoints');

/** The breakpoints, one a line, as docs/boot.md describes them. */
export const text = signal(stored.read() ?? '');
/** The lines that are not blank. */
export const breakpoints = computed(() =>
  text.value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
);
/** What is wrong with them, in the same order; null for one that is right. */
export const errors = signal<readonly (string | null)[]>([]);
/** The part of the search in progress that is done, 0 to 1; null if there is none. */
export const searching = signal<number | null>(null);
/** What the latest search has found, in a sentence. */
export const outcome = signal<string | null>(null);

effect(() => {
  stored.write(text.value === '' ? null : text.value);
});

// What is right depends on the recording: a trace has no instructions.
effect(() => {
  const list = breakpoints.value;
  if (progress.value === null || list.length === 0) {
    errors.value = [];
    return;
  }
  machine.lintBreakpoints(list).then(
    (found) => {
      if (breakpoints.peek() === list) errors.value = found;
    },
    () => undefined,
  );
});

effect(() => {
  source.value;
  outcome.value = null;
});

/** Moves to the next or the previous hit, if there is one. */
export async function goToHit(direction: Direction): Promise<void> {
  const all = breakpoints.value;
  const wrong = await machine.lintBreakpoints(all);
  const list = all.filter((_, at) => (wrong[at] ?? null) === null);
  if (list.length === 0) {
    outcome.value = 'No breakpoints are set.';
    return;
  }
  const recording = source.value;
  searching.value = 0;
  outcome.value = null;
  try {
    const report = proxy((part: number) => {
      if (searching.value !== null) searching.value = part;
    });
    const hit = await machine.searchBreakpoint(list, position.value, direction, report);
    if (recording !== source.value) return;
    if (hit !== null) moveTo(hit.position);
    outcome.value =
      hit === null
        ? `No ${direction === 'next' ? 'later' : 'earlier'} hit in this recording.`
        : sentenceOfHit(hit, list);
  } catch (error) {
    outcome.value = error instanceof Error ? error.message : String(error);
  } finally {
    searching.value = null;
  }
}

/** Describes a hit: the breakpoint, and what hit it. */
export function sentenceOfHit({ breakpoint, cause }: Hit, list: readonly string[]): string {
  const name = list[breakpoint] ?? '';
  if (cause.kind === 'instruction') return `${name}: the instruction at ${hex(cause.address)} is next.`;
  if (cause.kind === 'event') return `${name}: ${sentenceOf(cause.event)}`;
  const did = cause.store ? 'stored' : 'read';
  const bytes = cause.length === 1 ? '1 byte' : `${cause.length} bytes`;
  return `${name}: the instruction at ${hex(cause.instruction)} ${did} ${bytes} at ${hex(cause.address)}.`;
}

/** Cancels the search in progress. */
export function cancel(): void {
  void machine.cancelSearch();
}
