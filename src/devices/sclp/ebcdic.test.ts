import { describe, expect, it } from 'vitest';
import { fromEbcdic, toEbcdic } from './ebcdic.ts';

const ALL = Uint8Array.from({ length: 256 }, (_, i) => i);

describe('EBCDIC', () => {
  it('reads letters, digits and the brackets where code page 037 has them', () => {
    const bytes = Uint8Array.of(
      0xc8,
      0x85,
      0x93,
      0x93,
      0x96,
      0x6b,
      0x40,
      0xe9,
      0x5a,
      0xf0,
      0xf9,
      0xba,
      0xbb,
      0xb0,
    );
    expect(fromEbcdic(bytes)).toBe('Hello, Z!09[]^');
  });

  it('ends lines by new line or line feed, and writes new line', () => {
    expect(fromEbcdic(Uint8Array.of(0xc1, 0x15, 0xc2, 0x25))).toBe('A\nB\n');
    expect(toEbcdic('A\n')).toEqual(Uint8Array.of(0xc1, 0x15));
  });

  it('has a different character for every byte except line feed, and reads what it wrote', () => {
    const text = fromEbcdic(ALL);
    expect(text).toHaveLength(256);
    expect(new Set(text).size).toBe(255);
    expect(fromEbcdic(toEbcdic(text))).toBe(text);
    expect(toEbcdic(text)).toEqual(ALL.map((byte) => (byte === 0x25 ? 0x15 : byte)));
  });

  it('substitutes characters that the code page lacks', () => {
    expect(toEbcdic('a€')).toEqual(Uint8Array.of(0x81, 0x3f));
  });
});
