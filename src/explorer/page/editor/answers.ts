/**
 * What the lines of the open scenario answered, by line.
 */

import { effect, signal } from '@preact/signals';
import type { Answered } from '../../../player/index.ts';
import { machine } from '../machine.ts';
import { progress, recording } from '../state.ts';
import { openedText } from '../story.ts';

/** Answers by line, from 1. Of very long scenarios those of the first lines only. */
export const answers = signal<ReadonlyMap<number, Answered>>(new Map());

/** How many are asked for at once, and at most. */
const AT_ONCE = 1000;
const MOST = 5000;

let asked = 0;

async function load(steps: number): Promise<void> {
  const mine = ++asked;
  const all = new Map<number, Answered>();
  for (let first = 0; first < Math.min(steps, MOST); first += AT_ONCE) {
    const some = await machine.answers(first, AT_ONCE);
    if (mine !== asked) return;
    for (const one of some) all.set(one.line, one);
    if (some.length === 0) break;
  }
  answers.value = all;
}

effect(() => {
  const steps = progress.value?.steps ?? 0;
  if (openedText.value === null || recording.value || steps === 0) {
    asked++;
    answers.value = new Map();
  } else {
    load(steps).catch(() => undefined);
  }
});

/** An answer in one line: an error with its explanation, the first of several lines with their number. */
export function inOneLine({ answer, explanation }: Answered): string {
  const [first = '', ...others] = answer;
  if (explanation !== undefined) return `${first}: ${explanation}`;
  if (others.length === 0) return first === 'end' ? 'nothing' : first;
  const lines = answer.filter((line) => line !== 'end').length;
  return lines === 1 ? first : `${lines} lines`;
}
