import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InternalError, Storage } from '../machine/index.ts';
import { Frames, MAX_ORDER, PURPOSES, type Purpose } from './frames.ts';
import { Locks } from './locks.ts';
import { codeOf } from './testing/index.ts';

const make = (size = 0x10_0000) => {
  const storage = new Storage(size);
  return { storage, frames: new Frames(storage, new Locks()) };
};

describe('frames', () => {
  it('are all free at first except the lowest 16, which include a prefix area', () => {
    // 1 MiB is 256 frames.
    const { frames } = make();
    expect(frames.available).toBe(240);
    const addresses = Array.from({ length: 240 }, () => frames.allocate(0, 'page'));
    expect(Math.min(...addresses)).toBe(0x1_0000);
    expect(Math.max(...addresses)).toBe(0xf_f000);
    expect(new Set(addresses).size).toBe(240);
    expect(codeOf(() => frames.allocate(0, 'page'))).toBe('ENOMEM');
  });

  it.each([
    [0x1000, 0],
    [0x1_0000, 0],
    [0x1_1000, 1],
    [0x1_8000, 8],
    [0x2_3000, 19],
    [0x10_0000, 240],
    [0x123_4000, 0x1224],
    [0x4000_0000, 0x3_fff0],
  ])('of a storage of %i bytes are %i', (size, count) => {
    expect(make(size).frames.available).toBe(count);
  });

  it('come in blocks aligned to their size', () => {
    const { frames } = make(0x100_0000);
    for (let order = 0; order <= MAX_ORDER; order++) {
      expect(frames.allocate(order, 'kernel') % (4096 * 2 ** order)).toBe(0);
    }
  });

  it('keep their contents, or are zeros on request', () => {
    const { storage, frames } = make();
    const address = frames.allocate(2, 'page');
    storage.fill(address, 0x4000, 0xee);
    storage.keys.fill(0x96, address / 4096, address / 4096 + 4);
    frames.free(address);
    expect(frames.allocate(2, 'page')).toBe(address);
    expect(storage.get8(address + 0x3fff)).toBe(0xee);
    frames.free(address);
    expect(frames.allocateZeroed(2, 'page')).toBe(address);
    expect(storage.read(address, 0x4000).every((byte) => byte === 0)).toBe(true);
    expect([...storage.keys.subarray(address / 4096, address / 4096 + 4)]).toEqual([0, 0, 0, 0]);
  });

  it('are counted by purpose', () => {
    const { frames } = make();
    const table = frames.allocate(2, 'gmap-table');
    frames.allocate(0, 'page');
    const page = frames.allocate(0, 'page');
    expect(PURPOSES.map((purpose) => frames.count(purpose))).toEqual([2, 0, 0, 0, 0, 4, 0]);
    expect(frames.available).toBe(234);
    expect([frames.purposeOf(table), frames.purposeOf(page)]).toEqual(['gmap-table', 'page']);
    expect(frames.purposeOf(table + 0x1000)).toBeUndefined();
    frames.free(table);
    expect(frames.purposeOf(table)).toBeUndefined();
    expect(PURPOSES.map((purpose) => frames.count(purpose))).toEqual([2, 0, 0, 0, 0, 0, 0]);
    expect(frames.available).toBe(238);
  });

  it.each(PURPOSES)('for %s have that purpose, in blocks of any order', (purpose) => {
    const { frames } = make(0x100_0000);
    for (let order = 0; order <= MAX_ORDER; order++) {
      const address = frames.allocate(order, purpose);
      expect(frames.purposeOf(address)).toBe(purpose);
      expect(frames.count(purpose)).toBe(2 ** order);
      frames.free(address);
      expect(frames.count(purpose)).toBe(0);
    }
  });

  it('are joined with their buddies, in whatever order they are freed', () => {
    const { frames } = make(0x100_0000);
    const large = () => {
      const found: number[] = [];
      while (codeOf(() => found.push(frames.allocate(MAX_ORDER, 'kernel'))) === 'ok');
      for (const address of found) frames.free(address);
      return found.sort((a, b) => a - b);
    };
    const atFirst = large();
    expect(atFirst).toEqual([0x40_0000, 0x80_0000, 0xc0_0000]);
    const singles = Array.from({ length: frames.available }, () => frames.allocate(0, 'page'));
    expect(frames.available).toBe(0);
    // Every second one first: no two of them are buddies.
    for (const address of singles.filter((a) => a % 0x2000 === 0)) frames.free(address);
    expect(codeOf(() => frames.allocate(1, 'page'))).toBe('ENOMEM');
    for (const address of singles.filter((a) => a % 0x2000 !== 0)) frames.free(address);
    expect(large()).toEqual(atFirst);
  });

  it('ENOMEM when frames are free but no block of the size is', () => {
    const { frames } = make();
    const singles = Array.from({ length: 240 }, () => frames.allocate(0, 'page'));
    for (const address of singles.filter((a) => (a / 4096) % 4 !== 0)) frames.free(address);
    expect(frames.available).toBe(180);
    expect(codeOf(() => frames.allocate(2, 'gmap-table'))).toBe('ENOMEM');
    expect(codeOf(() => frames.allocate(1, 'gmap-table'))).toBe('ok');
    expect(codeOf(() => frames.allocate(MAX_ORDER + 1, 'kernel'))).toBe('ENOMEM');
  });

  it('that are not in use cannot be freed', () => {
    const { frames } = make();
    const address = frames.allocate(2, 'page');
    const wrong = (at: number) => expect(() => frames.free(at)).toThrow(InternalError);
    wrong(address + 0x1000);
    wrong(address + 1);
    wrong(0);
    wrong(0x10_0000);
    wrong(-0x1000);
    frames.free(address);
    wrong(address);
    expect(frames.available).toBe(240);
  });
});

describe('an injected failure', () => {
  it('fails the n-th allocation from now, once, and changes nothing', () => {
    const { frames } = make();
    frames.failIn(3);
    expect(frames.failing).toBe(3);
    frames.allocate(0, 'page');
    frames.allocateZeroed(0, 'page');
    expect(frames.failing).toBe(1);
    expect(codeOf(() => frames.allocate(0, 'page'))).toBe('ENOMEM');
    expect(frames.failing).toBe(0);
    expect([frames.available, frames.count('page')]).toEqual([238, 2]);
    expect(codeOf(() => frames.allocate(0, 'page'))).toBe('ok');
  });

  it('is cancelled by 0', () => {
    const { frames } = make();
    frames.failIn(1);
    frames.failIn(0);
    expect(codeOf(() => frames.allocate(0, 'page'))).toBe('ok');
  });

  it('counts allocations that fail without injection', () => {
    const { frames } = make();
    frames.failIn(2);
    expect(codeOf(() => frames.allocate(MAX_ORDER, 'page'))).toBe('ENOMEM');
    expect(frames.failing).toBe(1);
  });
});

describe('for random allocations', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ order: fc.integer({ min: 0, max: 6 }), purpose: fc.constantFrom(...PURPOSES) }),
      fc.record({ free: fc.nat(1000) }),
    ),
    { maxLength: 200, size: 'max' },
  );
  const sizes = fc.constantFrom(0x10_0000, 0x4_7000, 0x20_3000);

  it('no two blocks overlap, counts are right, and all frames are free at the end', () => {
    fc.assert(
      fc.property(sizes, steps, (size, list) => {
        const { frames } = make(size);
        const total = size / 4096 - 16;
        const owner: (number | undefined)[] = Array(size / 4096).fill(undefined);
        const blocks: { address: number; order: number; purpose: Purpose }[] = [];
        const free = ({ address, order }: { address: number; order: number }) => {
          frames.free(address);
          owner.fill(undefined, address / 4096, address / 4096 + 2 ** order);
        };
        for (const step of list) {
          if ('free' in step) {
            const [block] = blocks.splice(step.free % Math.max(blocks.length, 1), 1);
            if (block) free(block);
          } else {
            let address = -1;
            const { order, purpose } = step;
            const code = codeOf(() => {
              address = frames.allocate(order, purpose);
            });
            if (code === 'ok') {
              const [first, end] = [address / 4096, address / 4096 + 2 ** order];
              expect(first % 2 ** order).toBe(0);
              expect(first).toBeGreaterThanOrEqual(16);
              expect(end).toBeLessThanOrEqual(owner.length);
              expect(owner.slice(first, end).every((o) => o === undefined)).toBe(true);
              owner.fill(address, first, end);
              blocks.push({ address, order, purpose });
            } else {
              // No aligned block of the size is free.
              for (
                let at = 16 + (((-16 % 2 ** order) + 2 ** order) % 2 ** order);
                at + 2 ** order <= owner.length;
                at += 2 ** order
              ) {
                expect(owner.slice(at, at + 2 ** order).some((o) => o !== undefined)).toBe(true);
              }
            }
          }
          const used = blocks.reduce((sum, { order }) => sum + 2 ** order, 0);
          expect(frames.available).toBe(total - used);
          for (const purpose of PURPOSES) {
            const expected = blocks
              .filter((b) => b.purpose === purpose)
              .reduce((n, b) => n + 2 ** b.order, 0);
            expect(frames.count(purpose)).toBe(expected);
          }
        }
        for (const block of blocks) free(block);
        expect(frames.available).toBe(total);
        expect(blocksOf(frames)).toEqual(blocksOf(make(size).frames));
      }),
      { numRuns: 60 },
    );
  });

  /** Returns the free blocks of each order from the largest on, by allocating all of them. */
  function blocksOf(frames: Frames): number[][] {
    const found: number[][] = [];
    for (let order = MAX_ORDER; order >= 0; order--) {
      const ofOrder: number[] = [];
      while (codeOf(() => ofOrder.push(frames.allocate(order, 'kernel'))) === 'ok');
      found.push(ofOrder.sort((a, b) => a - b));
    }
    return found;
  }
});
