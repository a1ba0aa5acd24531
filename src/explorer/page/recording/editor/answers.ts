/**
 * The answers to the lines of the open scenario.
 */

import { computed, effect, signal } from '@preact/signals';
import type { StepAnswer } from '../../../../player/index.ts';
import { machine } from '../../client.ts';
import { isRecording, position, progress } from '../state.ts';
import { openedText } from '../workspace.ts';

/** Answers by line, from 1. For a long scenario, only those near the position. */
export const answers = signal<ReadonlyMap<number, StepAnswer>>(new Map());

/** Steps requested at a time. */
const AT_ONCE = 1000;

/**
 * The chunks that were loaded, of `AT_ONCE` steps each. Every recording has a new set, so that late answers are
 * dropped.
 */
let parts = new Set<number>();
/** The chunk that holds the position. */
const part = computed(() => Math.floor(Math.max(position.value.step - 1, 0) / AT_ONCE));

async function load(wanted: readonly number[]): Promise<void> {
  const mine = parts;
  for (const number of wanted) {
    if (number < 0 || mine.has(number)) continue;
    mine.add(number);
    const some = await machine.answers(number * AT_ONCE, AT_ONCE);
    if (mine !== parts) return;
    answers.value = new Map([...answers.peek(), ...some.map((one) => [one.line, one] as const)]);
  }
}

effect(() => {
  const steps = progress.value?.steps ?? 0;
  const text = openedText.value;
  parts = new Set();
  answers.value = new Map();
  if (text === null || isRecording.value || steps === 0) return;
  load([part.peek(), part.peek() - 1]).catch(() => undefined);
});

effect(() => {
  const number = part.value;
  if (!isRecording.peek() && openedText.peek() !== null) load([number, number - 1]).catch(() => undefined);
});

/** Formats an answer in one line: an error with its message, or the number of lines if there are several. */
export function inOneLine({ answer, explanation }: StepAnswer): string {
  const [first = '', ...others] = answer;
  if (explanation !== undefined) return `${first}: ${explanation}`;
  if (others.length === 0) return first === 'end' ? 'nothing' : first;
  const lines = answer.filter((line) => line !== 'end').length;
  return lines === 1 ? first : `${lines} lines`;
}
