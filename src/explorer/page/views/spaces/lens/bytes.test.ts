import { describe, expect, it } from 'vitest';
import { byteRows, characterOf } from './bytes.ts';

describe('rows of bytes', () => {
  it('join rows of zeros, and show others byte by byte', () => {
    const page = new Uint8Array(64);
    page.set([0x68, 0x69], 20);
    expect(byteRows(page, null)).toEqual([
      { offset: 0, bytes: null, length: 16 },
      { offset: 16, bytes: page.subarray(16, 24), length: 8 },
      { offset: 24, bytes: null, length: 40 },
    ]);
  });

  it('show bytes that were not zero before', () => {
    const before = new Uint8Array(16);
    before[9] = 1;
    expect(byteRows(new Uint8Array(16), before).map(({ offset, bytes }) => [offset, bytes !== null])).toEqual(
      [
        [0, false],
        [8, true],
      ],
    );
  });

  it('have characters for printable ASCII only', () => {
    expect([0x20, 0x41, 0x7e, 0x7f, 0x1f, 0xe9].map(characterOf).join('')).toBe(' A~···');
  });
});
