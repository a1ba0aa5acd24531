import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TerminalFilter } from './terminal-filter.ts';

const filtered = (text: string) => new TerminalFilter().filter(text);

describe('what passes', () => {
  it.each([
    ['text in any script', 'hello, wörld, 世界 🏠\n'],
    ['line ends, tabs and backspaces', 'a\tb\bc\r\n\v\f\x07'],
    ['colours', '\x1b[1;38;5;196mred\x1b[0m \x1b[38:2::1:2:3mrgb\x1b[m'],
    [
      'cursor movement',
      '\x1b[2J\x1b[H\x1b[10;20H\x1b[3A\x1b[B\x1b[5G\x1b[7d\x1b7\x1b8\x1b[s\x1b[u\x1bM\x1bD\x1bE',
    ],
    ['erasing, inserting and deleting', '\x1b[K\x1b[1J\x1b[3X\x1b[4L\x1b[2M\x1b[5P\x1b[6@\x1b[2S\x1b[2T'],
  ])('%s', (_, text) => {
    expect(filtered(text)).toBe(text);
  });

  it('controls inside a sequence take effect at once, as on a terminal', () => {
    expect(filtered('\x1b[3\n1mx')).toBe('\n\x1b[31mx');
  });
});

describe('what is dropped', () => {
  it.each([
    ['a title', '\x1b]0;title by the guest\x07'],
    ['a title, ended by ST', '\x1b]2;title\x1b\\'],
    ['the clipboard', '\x1b]52;c;cm0gLXJmIC8=\x07'],
    ['a link', '\x1b]8;;http://example.com\x1b\\'],
    ['DCS, with a query for a setting', '\x1bP$qm\x1b\\'],
    ['SOS, PM and APC', '\x1bXa\x1b\\\x1b^b\x1b\\\x1b_Gc\x1b\\'],
    ['device status, device attributes and the answerback', '\x1b[6n\x1b[5n\x1b[c\x1b[>c\x1b[=c\x1bZ\x05'],
    [
      'modes: other screen, mouse, paste, keypad, cursor',
      '\x1b[?1049h\x1b[?1000h\x1b[?2004h\x1b=\x1b>\x1b[?25l\x1b[4h',
    ],
    ['a reset', '\x1bc\x1b[!p'],
    ['window operations, and reports of the title', '\x1b[21t\x1b[8;1;1t'],
    ['margins, and reports of the mouse', '\x1b[2;3r\x1b[5;6s\x1b[1;2;3;4;5T'],
    [
      'printing, repeating, tab stops, lights, keyboards',
      '\x1b[5i\x1b[?5i\x1b[99999b\x1bH\x1b[0g\x1b[1q\x1b[>1u\x1b[>4;2m',
    ],
    ['character sets', '\x1b(0\x1b)B\x1b%G\x1b#8\x0e\x0f\x1bn'],
    ['the 8-bit forms', '\x9b6n\x9d0;title\x9c\x90$qm\x9c\x98a\x9c\x9eb\x9c\x9fc\x9c\x84\x85\x8d'],
    ['other controls', '\x00\x01\x7f\x13\x11'],
  ])('%s', (_, text) => {
    expect(filtered(`a${text}b`)).toBe('ab');
    // Character by character, so that every split is one of them.
    const filter = new TerminalFilter();
    expect([...`a${text}b`].map((one) => filter.filter(one)).join('')).toBe('ab');
  });

  it('a sequence that is too long, and one that is broken off', () => {
    expect(filtered(`a\x1b[${'1;'.repeat(100)}mb`)).toBe('ab');
    expect(filtered('a\x1b[3\x18b\x1b]0;t\x1ac')).toBe('abc');
    expect(filtered('a\x1b[3\x1b[31mb')).toBe('a\x1b[31mb');
    expect(filtered('a\x1b]0;t\x1b[31mb')).toBe('a\x1b[31mb');
  });

  it('no more than 4096 characters of a control string that never ends', () => {
    expect(filtered(`\x1b]0;${'x'.repeat(5000)}`).length).toBe(5000 + 2 - 4096);
  });

  it('an 8-bit control sequence that is allowed passes in its 7-bit form', () => {
    expect(filtered('\x9b31mx')).toBe('\x1b[31mx');
  });
});

/** What the filter may pass to a terminal, written independently of the filter. */
const PLAIN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
  /^(?:[^\x00-\x1f\x7f-\x9f]|[\x07-\x0d]|\x1b[78DEM]|\x1b\[[0-9;:]{0,64}[@-MPSTXZ`adefmsu])*$/u;
const PIECES = [
  '\x1b',
  '[',
  ']',
  '\x9b',
  '\x9d',
  '\x90',
  '\x9c',
  '?',
  '>',
  '1',
  ';',
  'm',
  'h',
  'n',
  'c',
  't',
  'P',
  '\\',
  '\x07',
  '\x18',
  ' ',
  '!',
  'a',
  'ü',
  '😀',
  '\n',
];

it('never passes anything else, however it is split', () => {
  const texts = fc.array(fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((one) => one.join('')));
  fc.assert(
    fc.property(texts, (pieces) => {
      const filter = new TerminalFilter();
      const out = pieces.map((one) => filter.filter(one)).join('');
      expect(out).toMatch(PLAIN);
      expect(out).toBe(filtered(pieces.join('')));
      expect(filtered(out)).toBe(out);
    }),
    { numRuns: 2000 },
  );
});

it('knows whether a style is left', () => {
  const filter = new TerminalFilter();
  expect(filter.styled).toBe(false);
  filter.filter('\x1b[31m');
  expect(filter.styled).toBe(true);
  filter.filter('\x1b[0m');
  expect(filter.styled).toBe(false);
});
