import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatText, parseText, splitWords } from './literal.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('words of a line', () => {
  it.each([
    ['a b  c', ['a', 'b', 'c']],
    ['write 0 "a b" on 1', ['write', '0', '"a b"', 'on', '1']],
    ['x "a \\" b" y', ['x', '"a \\" b"', 'y']],
    ['x "a \\\\" y', ['x', '"a \\\\"', 'y']],
    ['x "a b', ['x', '"a b']],
    ['x "a"b c', ['x', '"a"b', 'c']],
    ['x a"b c" d', ['x', 'a"b', 'c"', 'd']],
    ['"\\', ['"\\']],
    [' \t"a"\t ', ['"a"']],
  ])('%j: %j', (line, words) => {
    expect(splitWords(line, 100)).toEqual(words);
  });

  it('are at most as many as wanted', () => {
    expect(splitWords('"a" b c d', 3)).toEqual(['"a"', 'b', 'c']);
  });
});

describe('a text', () => {
  it.each([
    ['""', bytes()],
    ['"hello"', bytes(0x68, 0x65, 0x6c, 0x6c, 0x6f)],
    ['"\\n\\r\\t\\0\\"\\\\\\x80\\xFF"', bytes(10, 13, 9, 0, 34, 92, 0x80, 0xff)],
    ['"ü"', bytes(0xc3, 0xbc)],
    ['"a\\x00b c"', bytes(0x61, 0, 0x62, 0x20, 0x63)],
  ])('%s has its bytes', (word, wanted) => {
    expect(parseText(word)).toEqual(wanted);
  });

  it.each([
    ['"a', 'has no closing quotation mark'],
    ['"', 'has no closing quotation mark'],
    ['"\\"', 'has no closing quotation mark'],
    ['"a"b', 'must be followed by a blank'],
    ['"\\q"', 'has an unknown escape, \\q'],
    ['"\\\u001b"', 'has an unknown escape, \\?'],
    [`"${'a'.repeat(1 << 16)}"`, 'is longer than 65536 characters'],
    ['"\\x1"', 'needs two hexadecimal digits after \\x'],
    ['"\\xgg"', 'needs two hexadecimal digits after \\x'],
  ])('%j is refused', (word, message) => {
    expect(() => parseText(word)).toThrow(message);
  });

  it.each([
    ['text', bytes(0x68, 0x69), '"hi"'],
    ['text with an end', bytes(0x68, 0x69, 0), '"hi\\0"'],
    ['text with quotation marks', bytes(0x22, 0x5c, 0x61, 10), '"\\"\\\\a\\n"'],
    ['a byte-order mark', bytes(0xef, 0xbb, 0xbf, 0x61), null],
    ['nothing', bytes(), null],
    ['zeros', bytes(0, 0, 0), null],
    ['blanks', bytes(32, 32), null],
    ['an escape sequence', bytes(0x1b, 0x5b, 0x33, 0x31, 0x6d), null],
    ['a C1 control', bytes(0xc2, 0x9b, 0x61), null],
    ['text that is reversed', bytes(0xe2, 0x80, 0xae, 0x61), null],
    ['no UTF-8', bytes(0x61, 0xff), null],
    ['much', new Uint8Array(1025).fill(0x61), null],
  ])('%s is shown as %j', (_, given, wanted) => {
    expect(formatText(given)).toBe(wanted);
  });

  it('that is shown stands for the same bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.string({ unit: 'grapheme', maxLength: 20 }),
        (a, b) => {
          for (const given of [a, new TextEncoder().encode(b)]) {
            const shown = formatText(given);
            if (shown !== null) expect(parseText(shown)).toEqual(given);
          }
        },
      ),
    );
  });
});
