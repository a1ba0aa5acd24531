import { describe, expect, it } from 'vitest';
import type { CachedTranslation } from '../../../../inspect/index.ts';
import { compareBuffers } from './compare.ts';

function entry(slot: number, page: number, frame = 0x1000n): CachedTranslation {
  return { slot, page, asce: 0x1c7n, frame, table: 0x2000n, protected: false, stale: false };
}

const fates = (now: CachedTranslation[], former: CachedTranslation[] | null) =>
  compareBuffers(now, former).map(({ entry: { page }, fate }) => `${page} ${fate}`);

describe('a cached translation', () => {
  it('is kept if there is nothing to compare with', () => {
    expect(fates([entry(1, 5), entry(2, 3)], null)).toEqual(['3 kept', '5 kept']);
  });

  it('is new, kept, purged or replaced', () => {
    const former = [entry(1, 10), entry(2, 20), entry(3, 30)];
    const now = [entry(1, 10), entry(3, 31), entry(4, 40)];
    expect(fates(now, former)).toEqual(['10 kept', '20 purged', '30 replaced', '31 new', '40 new']);
  });

  it('is new if the same page leads elsewhere', () => {
    expect(fates([entry(1, 10, 0x9000n)], [entry(1, 10)])).toEqual(['10 new', '10 replaced']);
  });
});
