/** The scan finds entries that are not empty at every place of a table, in its unrolled loop and after it. */

import { describe, expect, it } from 'vitest';
import { Storage } from '../storage.ts';
import { emptyEntry, TableScan } from './scan.ts';

const TABLE = 0x4000;
const COUNT = 64;
const EMPTY = 0x20;

/** A storage with an empty table of `COUNT` entries, and entries that are not empty just before and after it. */
function table(low = EMPTY) {
  const storage = new Storage(0x1_0000);
  for (let index = -8; index < COUNT + 8; index++) {
    const inside = index >= 0 && index < COUNT;
    storage.set64(TABLE + index * 8, inside ? BigInt(low) : 0x1234n);
  }
  const scan = new TableScan(storage);
  const next = (from: number, count = COUNT) => scan.next(TABLE, from, count, emptyEntry(low));
  return { storage, next };
}

describe('the next entry that is not empty', () => {
  it.each([0x20, 0x24, 0x400])('is the count of a table of 0x%s only', (low) => {
    const { next } = table(low);
    for (const from of [0, 1, 7, 8, 9, COUNT - 8, COUNT - 7, COUNT - 1, COUNT])
      expect(next(from)).toBe(COUNT);
    for (const count of [0, 1, 7, 8, 9, 15, 16, 17]) expect(next(0, count)).toBe(count);
  });

  it('is found at every place, from every place before it and from itself', () => {
    const { storage, next } = table();
    for (let index = 0; index < COUNT; index++) {
      storage.set64(TABLE + index * 8, 0x5000n);
      for (let from = 0; from < COUNT; from++) expect(next(from)).toBe(from <= index ? index : COUNT);
      storage.set64(TABLE + index * 8, BigInt(EMPTY));
    }
  });

  it('is the first of several', () => {
    const { storage, next } = table();
    for (const index of [5, 13, 14, 40]) storage.set64(TABLE + index * 8, 0x5000n);
    const found = [0, 6, 14, 15, 41].map((from) => next(from));
    expect(found).toEqual([5, 13, 14, 40, COUNT]);
  });

  it('differs from an empty one in any bit', () => {
    const { storage, next } = table();
    for (let bit = 0n; bit < 64n; bit++) {
      storage.set64(TABLE + 24, BigInt(EMPTY) ^ (1n << bit));
      expect(next(0)).toBe(3);
    }
  });
});
