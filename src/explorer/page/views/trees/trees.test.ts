import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Table } from '../../../../inspect/index.ts';
import { isChanged, knownEntries } from './changes.ts';
import { indexIn } from './levels.ts';
import { type Bounds, narrowed, nextFrom } from './seek.ts';

const SIZE = 8;

function piece(indexes: readonly number[], from: number, count = SIZE): Table {
  return {
    level: 'segment',
    origin: 0x4000n,
    page: 0,
    populated: indexes.length,
    from,
    entries: indexes.slice(from, from + count).map((index) => ({
      index,
      at: BigInt(index * 8),
      value: BigInt(index),
      meaning: '',
      page: index * 256,
      state: 'table',
      pgste: null,
    })),
    linkedFrom: [],
    links: 0,
  };
}

describe('finding an entry', () => {
  it('finds every populated entry of every table in a few steps', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 2047 }), { minLength: 9, maxLength: 2048 }),
        fc.nat(),
        (unordered, pick) => {
          const indexes = unordered.sort((a, b) => a - b);
          const wanted = indexes[pick % indexes.length] as number;
          let bounds: Bounds = { low: 0, high: indexes.length };
          let from = 0;
          let looks = 0;
          while (!piece(indexes, from).entries.some(({ index }) => index === wanted)) {
            bounds = narrowed(bounds, piece(indexes, from), wanted);
            expect(bounds.low).toBeLessThan(bounds.high);
            from = nextFrom(bounds, SIZE, indexes.length);
            expect(++looks).toBeLessThan(14);
          }
        },
      ),
    );
  });

  it('ends for an entry that does not exist', () => {
    const indexes = Array.from({ length: 500 }, (_, i) => i * 4);
    let bounds: Bounds = { low: 0, high: 500 };
    let from = 0;
    for (let i = 0; i < 20 && bounds.low < bounds.high; i++) {
      bounds = narrowed(bounds, piece(indexes, from), 1001);
      from = nextFrom(bounds, SIZE, 500);
    }
    expect(bounds.low).toBe(bounds.high);
  });

  it('knows the index of a page at each level', () => {
    const page = 2 ** 51 + 2 ** 41 + 3 * 2 ** 30 + 5 * 2 ** 19 + 7 * 256 + 9;
    expect(indexIn('region-first', page)).toBe(1025);
    expect(indexIn('region-second', page)).toBe(3);
    expect(indexIn('region-third', page)).toBe(5);
    expect(indexIn('segment', page)).toBe(7);
    expect(indexIn('page', page)).toBe(9);
  });
});

describe('changed entries', () => {
  const before = knownEntries('1 0', [piece([1, 5, 9], 0)]);

  it('have another value, or are new where all entries were shown', () => {
    expect(isChanged(before, 0x4000n, 5, 5n)).toBe(false);
    expect(isChanged(before, 0x4000n, 5, 6n)).toBe(true);
    expect(isChanged(before, 0x4000n, 7, 7n)).toBe(true);
    expect(isChanged(before, 0x8000n, 5, 6n)).toBe(false);
    expect(isChanged(null, 0x4000n, 5, 6n)).toBe(false);
  });

  it('do not include entries that were not shown', () => {
    const many = Array.from({ length: 40 }, (_, i) => i);
    const some = knownEntries('1 0', [piece(many, 8)]);
    expect(isChanged(some, 0x4000n, 3, 99n)).toBe(false);
    expect(isChanged(some, 0x4000n, 9, 99n)).toBe(true);
    expect(isChanged(some, 0x4000n, 30, 99n)).toBe(false);
  });
});
