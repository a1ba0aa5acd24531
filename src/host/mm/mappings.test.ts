import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Backing, Mappings } from './mappings.ts';

const list = (mappings: Mappings) =>
  [...mappings].map(({ start, end, protection }) => [start, end, protection]);

describe('mappings', () => {
  it('that are adjacent and have the same protection are merged', () => {
    const mappings = new Mappings();
    mappings.insert(10, 20, 3);
    mappings.insert(30, 40, 3);
    expect(list(mappings)).toEqual([
      [10, 20, 3],
      [30, 40, 3],
    ]);
    mappings.insert(20, 30, 3);
    expect(list(mappings)).toEqual([[10, 40, 3]]);
    mappings.insert(0, 10, 3);
    mappings.insert(40, 50, 3);
    expect(list(mappings)).toEqual([[0, 50, 3]]);
  });

  it('that are adjacent and differ in protection are not merged', () => {
    const mappings = new Mappings();
    mappings.insert(10, 20, 3);
    mappings.insert(30, 40, 3);
    mappings.insert(20, 30, 1);
    expect(list(mappings)).toEqual([
      [10, 20, 3],
      [20, 30, 1],
      [30, 40, 3],
    ]);
    mappings.remove(20, 30);
    mappings.insert(20, 25, 3);
    mappings.insert(25, 30, 1);
    expect(list(mappings)).toEqual([
      [10, 25, 3],
      [25, 30, 1],
      [30, 40, 3],
    ]);
    expect(mappings.count).toBe(3);
  });

  it.each<[string, Partial<Backing>]>([
    ['file', { file: { mapped: () => {} } as never }],
    ['place in the file', { shift: 5 }],
    ['sharing', { shared: true }],
    ['size of their frames', { large: true }],
  ])('that are adjacent and differ in their %s are not merged', (_, difference) => {
    const mappings = new Mappings();
    const file: Backing = { file: { mapped: () => {} } as never, shift: 0, shared: false, large: false };
    mappings.insert(0, 10, 3, file);
    mappings.insert(10, 20, 3, { ...file, ...difference });
    mappings.insert(20, 30, 3, file);
    expect(mappings.count).toBe(3);
    mappings.remove(10, 20);
    mappings.insert(10, 20, 3, { ...file });
    expect(list(mappings)).toEqual([[0, 30, 3]]);
  });

  it('do not touch a range of no pages', () => {
    const mappings = new Mappings();
    mappings.insert(10, 20, 3);
    expect([10, 15, 20].map((page) => mappings.touches(page, page))).toEqual([false, false, false]);
    expect([9, 10, 19, 20].map((page) => mappings.touches(page, page + 1))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('are split if a range in the middle is removed', () => {
    const mappings = new Mappings();
    mappings.insert(0, 100, 3);
    mappings.remove(40, 60);
    expect(list(mappings)).toEqual([
      [0, 40, 3],
      [60, 100, 3],
    ]);
    mappings.remove(0, 2 ** 30);
    expect(list(mappings)).toEqual([]);
  });

  it('are found by their first and last page, and by no page outside', () => {
    const mappings = new Mappings();
    mappings.insert(10, 20, 3);
    expect([9, 10, 19, 20].map((page) => mappings.at(page)?.start)).toEqual([undefined, 10, 10, undefined]);
    mappings.remove(10, 15);
    expect([10, 14, 15].map((page) => mappings.at(page)?.start)).toEqual([undefined, undefined, 15]);
  });

  it('leave gaps: the highest that is large enough is returned', () => {
    const mappings = new Mappings();
    expect(mappings.highestGap(10, 0, 100)).toBe(90);
    expect(mappings.highestGap(101, 0, 100)).toBe(-1);
    mappings.insert(80, 95, 3);
    expect(mappings.highestGap(5, 0, 100)).toBe(95);
    expect(mappings.highestGap(6, 0, 100)).toBe(74);
    mappings.insert(10, 60, 3);
    expect(mappings.highestGap(20, 0, 100)).toBe(60);
    expect(mappings.highestGap(21, 0, 100)).toBe(-1);
    expect(mappings.highestGap(10, 0, 100)).toBe(70);
    mappings.insert(60, 80, 1);
    expect(mappings.highestGap(10, 0, 100)).toBe(0);
    expect(mappings.highestGap(10, 1, 100)).toBe(-1);
  });
});

describe('mappings and an array of pages', () => {
  const PAGES = 48;
  const range = fc
    .tuple(fc.nat(PAGES), fc.nat(PAGES))
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
  const step = fc.record({
    range,
    what: fc.constantFrom('insert', 'insert', 'remove'),
    protection: fc.constantFrom(1, 3),
    probe: fc.nat(PAGES),
  });

  /** The mappings that an array of pages must have: its runs of equal pages. */
  const runsOf = (pages: (number | undefined)[], start = 0, end = PAGES) => {
    const runs: number[][] = [];
    for (let at = start; at < end; at++) {
      const last = runs.at(-1);
      if (pages[at] === undefined) continue;
      if (last && last[1] === at && last[2] === pages[at]) last[1] = at + 1;
      else runs.push([at, at + 1, pages[at] as number]);
    }
    return runs;
  };

  /** The start of the highest gap of `length` pages, by trying each. */
  const gapOf = (pages: (number | undefined)[], length: number, bottom: number) => {
    for (let at = PAGES - length; at >= bottom; at--) {
      if (pages.slice(at, at + length).every((page) => page === undefined)) return at;
    }
    return -1;
  };

  it('give the same results', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const mappings = new Mappings();
        const pages: (number | undefined)[] = Array(PAGES).fill(undefined);
        for (const { what, protection, probe, range } of steps) {
          const { start, end } = range;
          mappings.remove(start, end);
          pages.fill(undefined, start, end);
          if (what === 'insert') {
            mappings.insert(start, end, protection);
            pages.fill(protection, start, end);
          }
          expect(list(mappings)).toEqual(runsOf(pages));
          expect(mappings.count).toBe(runsOf(pages).length);
          for (let page = 0; page <= PAGES; page++) {
            expect(mappings.at((page + probe) % (PAGES + 1))?.protection).toBe(
              pages[(page + probe) % (PAGES + 1)],
            );
          }
          const [from, to] = [Math.min(probe, start), Math.max(probe, start)];
          const within = mappings.within(from, to);
          expect(within.map((part) => [part.start, part.end, part.protection])).toEqual(
            runsOf(pages, from, to),
          );
          expect(mappings.touches(from, to)).toBe(within.length > 0);
          const next = pages.findIndex((page, i) => i >= probe && page !== undefined);
          expect(Math.max(mappings.nextStart(probe), probe)).toBe(next < 0 ? Infinity : next);
          expect(mappings.covers(from, to)).toBe(pages.slice(from, to).every((page) => page !== undefined));
          expect(mappings.highestGap(end - start, probe, PAGES)).toBe(gapOf(pages, end - start, probe));
        }
      }),
      { numRuns: 50 },
    );
  });
});
