import { expect, it } from 'vitest';
import { outputUpTo } from './output.ts';

const output = [
  { step: 2, text: 'he' },
  { step: 2, text: 'l' },
  { step: 9, text: 'lo' },
];

it('the output at a position is that of the steps done', () => {
  expect([0, 2, 3, 9, 10].map((steps) => outputUpTo(output, steps))).toEqual(['', '', 'hel', 'hel', 'hello']);
});
