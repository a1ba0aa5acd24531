import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toUtf8, Utf8Decoder } from './utf8.ts';

describe('Utf8Decoder', () => {
  it('puts a character together whose bytes come one at a time', () => {
    const decoder = new Utf8Decoder();
    const pieces = Array.from(toUtf8('aß€😀'), (byte) => decoder.decode(Uint8Array.of(byte)));
    expect(pieces.join('|')).toBe('a||ß|||€||||😀');
    expect(decoder.finish()).toBe('');
  });

  it('reports that the last character was cut', () => {
    const decoder = new Utf8Decoder();
    expect(decoder.decode(Uint8Array.of(0x41, 0xe2, 0x82))).toBe('A');
    expect(decoder.finish()).toBe('\ufffd');
    expect(decoder.decode(Uint8Array.of(0x42))).toBe('B');
  });

  it('decodes any bytes, cut anywhere, as the platform does', () => {
    // Mostly bytes near the borders of the encoding, which uniform bytes seldom form sequences of.
    const byte = fc.oneof(
      fc.constantFrom(
        0x41,
        0x80,
        0x8f,
        0x90,
        0x9f,
        0xa0,
        0xbf,
        0xc1,
        0xc2,
        0xe0,
        0xed,
        0xef,
        0xf0,
        0xf4,
        0xf5,
      ),
      fc.integer({ min: 0, max: 255 }),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 24 }), fc.nat(24), (list, at) => {
        const bytes = Uint8Array.from(list);
        const decoder = new Utf8Decoder();
        const text =
          decoder.decode(bytes.subarray(0, at)) + decoder.decode(bytes.subarray(at)) + decoder.finish();
        expect(text).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('toUtf8', () => {
  it('encodes any text as the platform does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const text = String.fromCharCode(...units);
        expect(toUtf8(text)).toEqual(new TextEncoder().encode(text));
      }),
    );
    expect(toUtf8('a😀\ud800b')).toEqual(new TextEncoder().encode('a😀\ud800b'));
  });
});
