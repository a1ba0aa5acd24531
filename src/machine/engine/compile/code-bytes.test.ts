import { expect, it } from 'vitest';
import { FRAME_SIZE } from '../../storage.ts';
import { CodeBytes } from './code-bytes.ts';

it.each<[string, [number, number][]]>([
  ['one halfword', [[0x7e, 0x80]]],
  [
    'halfwords of one word',
    [
      [0x80, 0x82],
      [0x82, 0x84],
    ],
  ],
  [
    'neighbours with a halfword between',
    [
      [0x10, 0x1a],
      [0x1c, 0x22],
      [0x24, 0x28],
    ],
  ],
  [
    'parts that begin and end in words',
    [
      [0x102, 0x12a],
      [0x200, 0x206],
      [0x206, 0x30a],
    ],
  ],
  ['a whole frame', [[0, FRAME_SIZE]]],
])('a change of any byte of %s is noticed, and of no other byte', (_, ranges) => {
  const bytes = new Uint8Array(3 * FRAME_SIZE).map((_, i) => (i * 7) ^ (i >>> 8));
  const words = new Int32Array(bytes.buffer);
  const code = new CodeBytes(words, FRAME_SIZE, ranges);
  for (let at = 0; at < bytes.length; at++) {
    const offset = at - FRAME_SIZE;
    bytes[at]! ^= 0x10;
    const same = code.isIn(words);
    bytes[at]! ^= 0x10;
    if (same === ranges.some(([from, to]) => offset >= from && offset < to)) expect.fail(`byte ${offset}`);
  }
  expect(code.isIn(words)).toBe(true);
});
