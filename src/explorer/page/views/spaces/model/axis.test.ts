import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Extent } from '../../../../../inspect/index.ts';
import { FOLD, layOut, MAX_SCALE, pageAt, place, xOf } from './axis.ts';
import { clampView, panned, revealing, viewOf, wholeView, zoomed } from './view.ts';

const LIMIT = 2 ** 52;
const WIDTH = 900;

const someExtents = fc
  .uniqueArray(fc.integer({ min: 0, max: 2 ** 44 - 1 }), { minLength: 0, maxLength: 40 })
  .map((segments) => {
    const sorted = segments.sort((a, b) => a - b);
    const found: Extent[] = [];
    for (let i = 0; i + 1 < sorted.length; i += 2)
      found.push({ first: (sorted[i] as number) * 256, end: (sorted[i + 1] as number) * 256 });
    return found;
  });

describe('the folded axis', () => {
  it('fills the width with two megabytes in 16 EiB', () => {
    const axis = layOut([{ first: 2 ** 18, end: 2 ** 18 + 512 }], LIMIT, WIDTH);
    const { extents } = place(axis, wholeView(axis));
    expect(extents.map(({ mapped }) => mapped)).toEqual([false, true, false]);
    expect(extents[0]?.left).toBe(0);
    expect(extents[2]?.right).toBeCloseTo(WIDTH, 3);
    expect(extents[0]?.right).toBeCloseTo(FOLD, 3);
  });

  it('shows the smallest mapping beside the largest', () => {
    const axis = layOut(
      [
        { first: 0, end: 256 },
        { first: 2 ** 20, end: 2 ** 40 },
      ],
      LIMIT,
      WIDTH,
    );
    const small = place(axis, wholeView(axis)).extents[0];
    expect((small?.right ?? 0) - (small?.left ?? 0)).toBeGreaterThan(5);
  });

  it('fits hundreds of extents, and an empty space', () => {
    const many = Array.from({ length: 256 }, (_, i) => ({ first: i * 2 ** 30, end: i * 2 ** 30 + 256 }));
    for (const found of [many, []]) {
      const axis = layOut(found, LIMIT, 370);
      expect(place(axis, wholeView(axis)).extents.at(-1)?.right).toBeCloseTo(370, 2);
    }
  });

  it('is in ascending order, and finds every page at its pixel', () => {
    fc.assert(
      fc.property(
        someExtents,
        fc.integer({ min: 0, max: LIMIT - 1 }),
        fc.double({ min: 0, max: 40 }),
        (all, page, near) => {
          fc.pre(Number.isFinite(near));
          const axis = layOut(all, LIMIT, WIDTH);
          const view = zoomed(axis, { ...wholeView(axis), page, at: 450 }, 450, 2 ** near);
          const placed = place(axis, view);
          for (let i = 1; i < placed.extents.length; i++) {
            const [a, b] = [placed.extents[i - 1], placed.extents[i]];
            expect(b?.left).toBeGreaterThanOrEqual((a?.left ?? 0) - 1e-6);
          }
          for (let x = 5; x < WIDTH; x += 97) {
            const there = pageAt(placed, x);
            expect(xOf(placed, there)).toBeLessThanOrEqual(x + 1e-3);
          }
        },
      ),
    );
  });

  it('places single pages exactly, at the far end of 16 EiB', () => {
    const first = LIMIT - 4096;
    const axis = layOut([{ first, end: LIMIT - 256 }], LIMIT, WIDTH);
    const view = viewOf(axis, LIMIT - 1000, LIMIT - 999);
    expect(view.scale).toBe(MAX_SCALE);
    const placed = place(axis, view);
    for (let page = LIMIT - 1002; page < LIMIT - 998; page++) {
      expect(xOf(placed, page + 1) - xOf(placed, page)).toBeCloseTo(MAX_SCALE, 9);
      expect(pageAt(placed, xOf(placed, page) + 1)).toBe(page);
      expect(pageAt(placed, xOf(placed, page) + MAX_SCALE - 1)).toBe(page);
    }
  });

  it('keeps the page under the pointer while zooming in and out', () => {
    fc.assert(
      fc.property(
        someExtents,
        fc.integer({ min: 100, max: 800 }),
        fc.integer({ min: 1, max: 30 }),
        (all, x, turns) => {
          const axis = layOut(all, LIMIT, WIDTH);
          let view = wholeView(axis);
          const wanted = pageAt(place(axis, view), x);
          for (let i = 0; i < turns; i++) view = zoomed(axis, view, x, 2);
          const placed = place(axis, view);
          const [left, right] = [xOf(placed, wanted), xOf(placed, wanted + 1)];
          // Within a page, or within a pixel if pages are smaller.
          expect(left).toBeLessThanOrEqual(x + 1);
          expect(right).toBeGreaterThanOrEqual(x - 1);
        },
      ),
    );
  });

  it('keeps the address in view when other memory is mapped or unmapped', () => {
    const before = layOut([{ first: 2 ** 20, end: 2 ** 20 + 1024 }], LIMIT, WIDTH);
    const view = viewOf(before, 2 ** 20 + 300, 2 ** 20 + 310);
    const seen = pageAt(place(before, view), WIDTH / 2);
    const after = layOut(
      [
        { first: 0, end: 512 },
        { first: 2 ** 20, end: 2 ** 20 + 1024 },
        { first: 2 ** 30, end: 2 ** 35 },
      ],
      LIMIT,
      WIDTH,
    );
    expect(pageAt(place(after, clampView(after, view)), WIDTH / 2)).toBe(seen);
    const other = layOut([{ first: 0, end: 512 }], LIMIT, WIDTH);
    const there = clampView(other, view);
    expect(xOf(place(other, there), seen)).toBeLessThan(WIDTH);
  });

  it('never leaves the ends of the space', () => {
    const axis = layOut([{ first: 256, end: 4096 }], LIMIT, WIDTH);
    const near = viewOf(axis, 256, 300);
    const left = place(axis, panned(axis, near, 1e9));
    expect(left.extents[0]?.left).toBeCloseTo(0, 6);
    const right = place(axis, panned(axis, near, -1e9));
    expect(right.extents.at(-1)?.right).toBeCloseTo(WIDTH, 3);
  });

  it('pans no further than needed to show something', () => {
    const axis = layOut([{ first: 0, end: 1 << 20 }], LIMIT, WIDTH);
    const view = viewOf(axis, 0, 256);
    const moved = revealing(axis, view, 5000, 5001);
    const x = xOf(place(axis, moved), 5000);
    expect(x).toBeGreaterThan(0);
    expect(x).toBeLessThan(WIDTH);
    expect(revealing(axis, moved, 5000, 5001)).toEqual(moved);
  });
});
