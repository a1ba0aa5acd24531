import { describe, expect, it } from 'vitest';
import { addressOf, count, hex, listed, mark, pageOf, rawValue, size, sizeOfPages } from './text.ts';

describe('text', () => {
  it('formats sizes from bytes to EiB, and marks rounded ones', () => {
    expect(size(0n)).toBe('0 bytes');
    expect(size(1n)).toBe('1 byte');
    expect(size(4096n)).toBe('4 KiB');
    expect(size(3n << 29n)).toBe('1.5 GiB');
    expect(size((1n << 30n) + 4096n)).toBe('≈ 1 GiB');
    expect(size((1n << 30n) - 4096n)).toBe('≈ 1 GiB');
    expect(size(1n << 64n)).toBe('16 EiB');
    expect(size((1n << 64n) - (1n << 20n))).toBe('≈ 16 EiB');
    expect(sizeOfPages(512)).toBe('2 MiB');
    expect(sizeOfPages(2 ** 52)).toBe('16 EiB');
  });

  it('formats round addresses for an axis', () => {
    expect(mark(0)).toBe('0');
    expect(mark(1)).toBe('4 KiB');
    expect(mark(256 * 513)).toBe('513 MiB');
    expect(mark(2 ** 18 + 256)).toBe('1025 MiB');
    expect(mark(2 ** 18 + 1)).toBe('0x40001000');
    expect(mark(2 ** 52 - 1)).toBe('0xfffffffffffff000');
    expect(mark(2 ** 51)).toBe('8 EiB');
  });

  it('converts pages and addresses exactly up to 16 EiB', () => {
    for (const page of [0, 1, 2 ** 52 - 1]) expect(pageOf(addressOf(page))).toBe(page);
    expect(hex(addressOf(2 ** 52 - 1))).toBe('0xfffffffffffff000');
  });

  it('formats values, numbers and lists', () => {
    expect(rawValue(0x1000_0220n)).toBe('0000 0000 1000 0220');
    expect(count(1, 'segment')).toBe('1 segment');
    expect(count(1_000_000, 'segment')).toBe('1,000,000 segments');
    expect(count(2, 'entry', 'entries')).toBe('2 entries');
    expect(listed(['a'])).toBe('a');
    expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  });
});
