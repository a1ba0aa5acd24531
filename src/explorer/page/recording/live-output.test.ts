import { expect, it } from 'vitest';
import type { Progress } from '../../../player/index.ts';
import { withEarlierOutput } from './live-output.ts';

/** Returns a report whose output begins with the item of a number. */
function report(steps: number, outputFrom: number, ...texts: readonly string[]): Progress {
  const output = texts.map((text) => ({ step: steps, text }));
  return { steps, of: null, events: 0, end: null, violations: [], output, outputFrom, live: null };
}

const shown = (progress: Progress | null) => progress?.output.map(({ text }) => text).join('');

it('reports add to the output', () => {
  const first = withEarlierOutput(null, report(1, 0, 'a', 'b'));
  const second = withEarlierOutput(first, report(2, 2, 'c'));
  expect(shown(second)).toBe('abc');
  expect(shown(withEarlierOutput(second, report(3, 3)))).toBe('abc');
});

it('a whole report replaces it, as when the beginning was dropped', () => {
  const first = report(5, 0, 'a', 'b', 'c');
  const whole = withEarlierOutput(first, report(6, 2, 'c', 'd'));
  expect(shown(whole)).toBe('cd');
  expect(whole?.outputFrom).toBe(2);
});

it('an older report is ignored', () => {
  const last = report(5, 0, 'a', 'b', 'c');
  expect(withEarlierOutput(last, report(4, 3))).toBeNull();
  expect(withEarlierOutput(last, report(5, 1, 'b'))).toBeNull();
});
