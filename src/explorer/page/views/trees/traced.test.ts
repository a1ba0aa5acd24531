import { describe, expect, it } from 'vitest';
import type { GuestExtent } from '../../../../inspect/index.ts';
import { near, segmentsOf, TABLE_PAGES } from './traced.ts';

const extent = (first: number, end: number) => ({ first, end }) as GuestExtent;

describe('the entries shown of a segment table', () => {
  it('are the mapped segments in its range', () => {
    const range = { first: TABLE_PAGES, end: 2 * TABLE_PAGES };
    const extents = [
      extent(TABLE_PAGES - 256, TABLE_PAGES + 512),
      extent(2 * TABLE_PAGES - 256, 3 * TABLE_PAGES),
    ];
    expect(segmentsOf(extents, range)).toEqual([TABLE_PAGES, TABLE_PAGES + 256, 2 * TABLE_PAGES - 256]);
  });

  it('are at most 64, around the selected page', () => {
    const all = segmentsOf([extent(0, TABLE_PAGES)], { first: 0, end: TABLE_PAGES });
    expect(all.length).toBe(2048);
    for (const page of [0, 1000 * 256 + 5, TABLE_PAGES - 1]) {
      const shown = near(all, page);
      expect(shown.length).toBe(64);
      expect(shown).toContain(page - (page % 256));
    }
    expect(near(all.slice(0, 3), 0)).toEqual([0, 256, 512]);
    expect(near([], 7)).toEqual([]);
  });
});
