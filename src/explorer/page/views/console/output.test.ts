import { expect, it } from 'vitest';
import { endOf, itemsUpTo, textOf } from './output.ts';

const output = [
  { step: 2, text: 'he' },
  { step: 2, text: 'l' },
  { step: 9, text: 'lo' },
];

it('the output at a position is that of the steps done', () => {
  const texts = [0, 2, 3, 9, 10].map((steps) => textOf(output, 0, itemsUpTo(output, steps)));
  expect(texts).toEqual(['', '', 'hel', 'hel', 'hello']);
});

it('the end of the output is that of the items before', () => {
  expect(endOf(output, 2, 1)).toBe('l');
  expect(endOf(output, 3, 3)).toBe('llo');
  expect(endOf(output, 3, 100)).toBe('hello');
});
