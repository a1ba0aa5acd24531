import { beforeEach, describe, expect, it } from 'vitest';
import { StateError } from '../../saved-state.ts';
import { SnapshotDisk } from './snapshot-disk.ts';

const SIZE = 4096 * 3 + 512;
let base: Uint8Array;
let disk: SnapshotDisk;

beforeEach(() => {
  base = Uint8Array.from({ length: SIZE }, (_, n) => n % 251);
  disk = new SnapshotDisk({ size: SIZE, read: (offset, length) => base.slice(offset, offset + length) });
});

describe('a snapshot disk', () => {
  it('reads the base until something is written, and never changes it', () => {
    const before = base.slice();
    expect(disk.read(0, SIZE)).toEqual(before);
    const expected = before.slice();
    for (const [offset, length] of [
      [512, 512],
      [3584, 1024],
      [12288, 512],
    ] as const) {
      disk.write(offset, new Uint8Array(length).fill(0xee));
      expected.fill(0xee, offset, offset + length);
    }
    disk.writeZeros(8192, 1024);
    expected.fill(0, 8192, 9216);
    expect(disk.read(0, SIZE)).toEqual(expected);
    expect(disk.read(4000, 200)).toEqual(expected.slice(4000, 4200));
    expect(base).toEqual(before);
    expect(disk.written).toBe(4 * 4096);
  });

  it('does not read the base for a cluster that is written as a whole', () => {
    const whole = new SnapshotDisk({
      size: SIZE,
      read: () => {
        throw new Error('a read of the base');
      },
    });
    whole.write(4096, new Uint8Array(4096).fill(1));
    whole.write(12288, new Uint8Array(512).fill(1));
    expect(whole.read(4096, 4096)[4095]).toBe(1);
  });

  it('has a state that another one continues', () => {
    disk.write(512, new Uint8Array(512).fill(9));
    const state = structuredClone(disk.save());
    const other = new SnapshotDisk({
      size: SIZE,
      read: (offset, length) => base.slice(offset, offset + length),
    });
    other.write(4096, new Uint8Array(512));
    other.prepareRestore(state)();
    expect(other.read(0, SIZE)).toEqual(disk.read(0, SIZE));
    for (const wrong of [
      null,
      { size: 512, clusters: [] },
      { size: SIZE, clusters: [{ number: 4, bytes: new Uint8Array(4096) }] },
      { size: SIZE, clusters: [{ number: 0, bytes: new Uint8Array(512) }] },
    ]) {
      expect(() => other.prepareRestore(wrong)).toThrow(StateError);
    }
  });
});
