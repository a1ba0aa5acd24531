import { describe, expect, it } from 'vitest';
import { start, WAYS } from '../testing/machine.ts';
import { EntropyDevice } from './entropy-device.ts';
import { SeededBytes } from './seeded-bytes.ts';

describe('the entropy device', () => {
  it.each(WAYS)('gives the bytes of its source: %s', (_, options) => {
    const { driver } = start(new EntropyDevice(new SeededBytes(7)), options);
    const expected = new SeededBytes(7);
    for (const length of [8, 1, 64]) {
      const { written, bytes } = driver.send(0, [], [length]);
      expect(written).toBe(length);
      expect(bytes).toEqual(expected.next(length));
    }
    expect(driver.send(0, [], [9000]).written).toBe(4096);
  });

  it('goes on where its state was saved', () => {
    const source = new SeededBytes(1);
    source.next(12);
    const state = structuredClone(new EntropyDevice(source).save());
    const other = new SeededBytes(2);
    new EntropyDevice(other).prepareRestore(state)();
    expect(other.next(16)).toEqual(source.next(16));
  });
});

describe('seeded bytes', () => {
  it('are those of xoshiro128**, and use all of their values', () => {
    // The first words from the state 1, 2, 3, 4, as published with the generator.
    const source = new SeededBytes(0);
    source.prepareRestore({ words: [1, 2, 3, 4] })();
    const view = new DataView(source.next(16).buffer);
    expect([0, 4, 8, 12].map((at) => view.getUint32(at))).toEqual([11520, 0, 5927040, 70819200]);
    expect(new Set(new SeededBytes(3).next(4000)).size).toBe(256);
  });
});
