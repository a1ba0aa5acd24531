import { describe, expect, it } from 'vitest';
import {
  DEFAULT_STORAGE_SIZE,
  FRAME_SIZE,
  KEY_ACC,
  KEY_CHANGED,
  KEY_FETCH,
  KEY_REFERENCED,
  Storage,
} from './storage.ts';

describe('storage', () => {
  it('has 1 GiB by default, all zero, and a key for each frame', () => {
    const storage = new Storage();
    expect(storage.size).toBe(0x4000_0000);
    expect(DEFAULT_STORAGE_SIZE).toBe(0x4000_0000);
    expect(storage.bytes.length).toBe(0x4000_0000);
    expect(storage.keys.length).toBe(0x4_0000);
    expect(storage.get64(0)).toBe(0n);
    expect(storage.get64(0x3fff_fff8)).toBe(0n);
    expect(storage.keys.every((key) => key === 0)).toBe(true);
  });

  it.each([0x1000, 0x3000, 0x1_0000, 0x1_1000, 0x20_0000])('can have %i bytes', (size) => {
    const storage = new Storage(size);
    expect([storage.size, storage.bytes.length, storage.view.byteLength]).toEqual([size, size, size]);
    storage.set8(size - 1, 0xab);
    expect(storage.get8(size - 1)).toBe(0xab);
  });

  it.each([0, -4096, 1, 4095, 4097, 0x1_0001, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])(
    'cannot be of %d bytes',
    (size) => {
      expect(() => new Storage(size)).toThrow(RangeError);
    },
  );

  it('throws a RangeError if the memory cannot be allocated', () => {
    expect(() => new Storage(2 ** 52)).toThrow(
      new RangeError('cannot allocate 4503599627370496 bytes of storage'),
    );
  });

  it('is big-endian', () => {
    const storage = new Storage(FRAME_SIZE);
    storage.set64(0x100, 0x0123_4567_89ab_cdefn);
    expect([...storage.bytes.subarray(0x100, 0x108)]).toEqual([1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
    expect(storage.get8(0x101)).toBe(0x23);
    expect(storage.get16(0x102)).toBe(0x4567);
    expect(storage.get32(0x104)).toBe(0x89ab_cdef);
    expect(storage.get64(0x100)).toBe(0x0123_4567_89ab_cdefn);
    storage.set32(0x104, 0xfedc_ba98);
    storage.set16(0x102, 0x7654);
    storage.set8(0x101, 0x32);
    expect(storage.get64(0x100)).toBe(0x0132_7654_fedc_ba98n);
  });

  it('needs no alignment', () => {
    const storage = new Storage(FRAME_SIZE);
    storage.set64(3, 0x1122_3344_5566_7788n);
    expect(storage.get32(5)).toBe(0x3344_5566);
    expect(storage.get16(9)).toBe(0x7788);
  });

  it('stores the low bits of a value that is too large', () => {
    const storage = new Storage(FRAME_SIZE);
    storage.set8(0, 0x1ff);
    storage.set16(1, 0x1_2345);
    storage.set32(3, -1);
    storage.set64(7, (1n << 64n) + 5n);
    expect([storage.get8(0), storage.get16(1), storage.get32(3), storage.get64(7)]).toEqual([
      0xff,
      0x2345,
      0xffff_ffff,
      5n,
    ]);
  });

  it('has() returns whether an operand is inside', () => {
    const storage = new Storage(0x2000);
    expect(storage.has(0, 0x2000)).toBe(true);
    expect(storage.has(0x1fff, 1)).toBe(true);
    expect(storage.has(0x2000, 0)).toBe(true);
    expect(storage.has(0x1fff, 2)).toBe(false);
    expect(storage.has(0x2000, 1)).toBe(false);
    expect(storage.has(-1, 1)).toBe(false);
    expect(storage.has(2 ** 63, 8)).toBe(false);
  });

  it('reads, writes and fills', () => {
    const storage = new Storage(0x2000);
    storage.write(0xffe, Uint8Array.of(1, 2, 3, 4));
    const copy = storage.read(0xffd, 6);
    expect(copy).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 0));
    copy.fill(9);
    expect(storage.get32(0xffe)).toBe(0x0102_0304);
    storage.fill(0xfff, 2, 0xee);
    expect(storage.get32(0xffe)).toBe(0x01ee_ee04);
  });

  it('an operand that is partly outside throws, and stores nothing', () => {
    const storage = new Storage(0x1000);
    expect(() => storage.read(0xfff, 2)).toThrow(RangeError);
    expect(() => storage.write(0xfff, Uint8Array.of(1, 2))).toThrow(RangeError);
    expect(() => storage.fill(-1, 2, 1)).toThrow(RangeError);
    expect(() => storage.get64(0xff9)).toThrow(RangeError);
    expect(() => storage.set32(0xffd, 1)).toThrow(RangeError);
    expect(() => storage.get8(-1)).toThrow(RangeError);
    expect(storage.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('keys have the bits of the architecture', () => {
    expect([KEY_ACC, KEY_FETCH, KEY_REFERENCED, KEY_CHANGED]).toEqual([0xf0, 0x08, 0x04, 0x02]);
  });
});

describe('clear', () => {
  it('clears storage and keys up to the end, and nothing beyond it', () => {
    const storage = new Storage(0x10000);
    storage.fill(0, 0x10000, 0xff);
    storage.keys.fill(0x36);
    storage.clear(0x3000);
    expect(storage.read(0, 0x3000).every((byte) => byte === 0)).toBe(true);
    expect(storage.get8(0x3000)).toBe(0xff);
    expect([...storage.keys.subarray(0, 4)]).toEqual([0, 0, 0, 0x36]);
  });
});
