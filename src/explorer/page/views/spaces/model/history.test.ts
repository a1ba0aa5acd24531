import { describe, expect, it, vi } from 'vitest';

vi.mock('../../../recording/state.ts', async () => ({
  source: (await import('@preact/signals')).signal(null),
}));

const { forget, mergeExtents, extentsSeen } = await import('./history.ts');

describe('memory that was mapped before', () => {
  it('stays on the axis until it is forgotten', () => {
    const both = [
      { first: 0, end: 256 },
      { first: 1024, end: 1280 },
    ];
    expect(extentsSeen('gmap 0', both)).toEqual(both);
    expect(extentsSeen('gmap 0', [{ first: 0, end: 512 }])).toEqual([
      { first: 0, end: 512 },
      { first: 1024, end: 1280 },
    ]);
    forget();
    expect(extentsSeen('gmap 0', [{ first: 0, end: 512 }])).toEqual([{ first: 0, end: 512 }]);
  });

  it('has a bounded number of extents, joined across the smallest gaps', () => {
    const many = Array.from({ length: 10 }, (_, i) => ({ first: i * i * 100, end: i * i * 100 + 50 }));
    const few = mergeExtents(many, [], 4);
    expect(few).toHaveLength(4);
    expect(few[0]?.first).toBe(0);
    expect(few[3]).toEqual(many[9]);
  });
});
