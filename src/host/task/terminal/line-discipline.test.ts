/** The line discipline. What is shown and read is what Linux 6.18 shows and reads on a pseudo-terminal. */

import { beforeEach, describe, expect, it } from 'vitest';
import { SIG } from '../abi/signals.ts';
import { CC, FLUSH, IFLAG, LFLAG, OFLAG } from '../abi/terminals.ts';
import { bytesOf, latin1 } from '../memory/user-memory.ts';
import { LineDiscipline } from './line-discipline.ts';
import { INITIAL_TERMIOS, type Termios } from './termios.ts';

/** Modes to set and to clear. */
interface Changes {
  readonly iflag?: number;
  readonly oflag?: number;
  readonly lflag?: number;
  readonly noIflag?: number;
  readonly noOflag?: number;
  readonly noLflag?: number;
  /** Control characters. */
  readonly cc?: readonly (readonly [index: number, value: number])[];
}

let shown: string;
let room: number;
let signals: number[];
let line: LineDiscipline;

beforeEach(() => {
  shown = '';
  room = Infinity;
  signals = [];
  const driver = {
    get room() {
      return room;
    },
    put: (bytes: Uint8Array) => {
      shown += latin1(bytes);
    },
    flush: () => {
      shown = '';
    },
  };
  line = new LineDiscipline(driver, (signal) => signals.push(signal));
});

function changed(modes: Termios, changes: Changes): Termios {
  const { iflag = 0, oflag = 0, lflag = 0, noIflag = 0, noOflag = 0, noLflag = 0 } = changes;
  const cc = modes.cc.slice();
  for (const [index, value] of changes.cc ?? []) cc[index] = value;
  return {
    ...modes,
    iflag: (modes.iflag & ~noIflag) | iflag,
    oflag: (modes.oflag & ~noOflag) | oflag,
    lflag: (modes.lflag & ~noLflag) | lflag,
    cc,
  };
}

function change(changes: Changes): void {
  line.setModes(changed(line.modes, changes));
}

function type(text: string): number {
  return line.receive(bytesOf(text));
}

/** Returns what a read returns, or null. */
function read(length = 8192): string | null {
  const into = new Uint8Array(length);
  const count = line.read(into);
  return count === null ? null : latin1(into.subarray(0, count));
}

function write(text: string): number {
  return line.output.write(bytesOf(text));
}

/** Modes, typed text, what is shown, and what is read. */
const CASES: readonly (readonly [string, Changes, string, string, string])[] = [
  ['a line', {}, 'hello\r', 'hello\r\n', 'hello\n'],
  ['ERASE', {}, 'ab\x7fc\n', 'ab\b \bc\r\n', 'ac\n'],
  [
    'WERASE: a word and the blanks behind it',
    {},
    'one two  three\x17\x17x\n',
    'one two  three\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \bx\r\n',
    'one x\n',
  ],
  ['KILL', {}, 'abc\x15def\n', 'abc\b \b\b \b\b \bdef\r\n', 'def\n'],
  ['ERASE of a tab', {}, 'a\tb\x7f\x7f\x7fc\n', 'a\tb\b \b\b\b\b\b\b\b\b\b \bc\r\n', 'c\n'],
  ['ERASE of control characters', {}, 'a\x01\x02\x7f\x7fb\n', 'a^A^B\b \b\b \b\b \b\b \bb\r\n', 'ab\n'],
  ['REPRINT', {}, 'abc\x12d\n', 'abc^R\r\nabcd\r\n', 'abcd\n'],
  ['LNEXT', {}, 'a\x16\x03\x16\x7fb\n', 'a^\b^C^\b^?b\r\n', 'a\x03\x7fb\n'],
  ['EOF behind bytes', {}, 'abc\x04', 'abc', 'abc'],
  [
    'ERASE of a tab with XTABS',
    { oflag: OFLAG.XTABS },
    'a\tb\x7f\x7fc\n',
    'a       b\b \b\b\b\b\b\b\b\bc\r\n',
    'ac\n',
  ],
  ['without ECHO', { noLflag: LFLAG.ECHO }, 'ab\x7fc\n', '', 'ac\n'],
  ['ECHONL', { noLflag: LFLAG.ECHO, lflag: LFLAG.ECHONL }, 'ab\n', '\r\n', 'ab\n'],
  ['without ECHOE', { noLflag: LFLAG.ECHOE }, 'ab\x7fc\n', 'ab^?c\r\n', 'ac\n'],
  ['KILL without ECHOE', { noLflag: LFLAG.ECHOE }, 'abc\x15d\n', 'abc^U\r\nd\r\n', 'd\n'],
  ['KILL without ECHOKE', { noLflag: LFLAG.ECHOKE }, 'abc\x15d\n', 'abc^U\r\nd\r\n', 'd\n'],
  ['KILL without ECHOK', { noLflag: LFLAG.ECHOKE | LFLAG.ECHOK }, 'abc\x15d\n', 'abc^Ud\r\n', 'd\n'],
  ['ECHOPRT', { lflag: LFLAG.ECHOPRT }, 'abc\x7f\x7fd\n', 'abc\\cb/d\r\n', 'ad\n'],
  [
    'ECHOPRT to the beginning of the line',
    { lflag: LFLAG.ECHOPRT },
    'abc\x7f\x7f\x7f\n',
    'abc\\cba/\r\n',
    '\n',
  ],
  ['ECHOPRT with WERASE', { lflag: LFLAG.ECHOPRT }, 'ab cd\x17x\n', 'ab cd\\dc/x\r\n', 'ab x\n'],
  ['without ECHOCTL', { noLflag: LFLAG.ECHOCTL }, 'a\x01b\x7f\x7f\x7fc\n', 'a\x01b\b \b\b \bc\r\n', 'c\n'],
  ['LNEXT without ECHOCTL', { noLflag: LFLAG.ECHOCTL }, 'a\x16bc\n', 'abc\r\n', 'abc\n'],
  [
    'ERASE of a character of UTF-8',
    { iflag: IFLAG.IUTF8 },
    'a\xc3\xa4b\x7f\x7fc\n',
    'a\xc3\xa4b\b \b\b \bc\r\n',
    'ac\n',
  ],
  [
    'ERASE of a tab behind a character of UTF-8',
    { iflag: IFLAG.IUTF8 },
    '\xc3\xa4\tb\x7f\x7fc\n',
    '\xc3\xa4\tb\b \b\b\b\b\b\b\b\bc\r\n',
    '\xc3\xa4c\n',
  ],
  ['ERASE of a byte of UTF-8 without IUTF8', {}, 'a\xc3\xa4\x7fc\n', 'a\xc3\xa4\b \bc\r\n', 'a\xc3c\n'],
  [
    'WERASE of letters of Latin-1',
    {},
    '\xe4\xf6 \xe4x\x17y\n',
    '\xe4\xf6 \xe4x\b \b\b \by\r\n',
    '\xe4\xf6 y\n',
  ],
  ['without ICRNL', { noIflag: IFLAG.ICRNL }, 'a\rb\n', 'a^Mb\r\n', 'a\rb\n'],
  ['INLCR', { noIflag: IFLAG.ICRNL, iflag: IFLAG.INLCR }, 'a\nb\x04', 'a^Mb', 'a\rb'],
  ['IGNCR', { iflag: IFLAG.IGNCR }, 'a\rb\n', 'ab\r\n', 'ab\n'],
  ['ISTRIP', { iflag: IFLAG.ISTRIP }, '\xe1\xe2\n', 'ab\r\n', 'ab\n'],
  ['IUCLC', { iflag: IFLAG.IUCLC }, 'ABCd\n', 'abcd\r\n', 'abcd\n'],
  ['without IEXTEN', { noLflag: LFLAG.IEXTEN }, 'ab\x17\x16\x12\n', 'ab^W^V^R\r\n', 'ab\x17\x16\x12\n'],
  ['INTR throws the line away', {}, 'typed\x03more\n', '^Cmore\r\n', 'more\n'],
  ['QUIT throws the line away', {}, 'typed\x1cmore\n', '^\\more\r\n', 'more\n'],
  ['NOFLSH', { lflag: LFLAG.NOFLSH }, 'typed\x03more\n', 'typed^Cmore\r\n', 'typedmore\n'],
  ['without ISIG', { noLflag: LFLAG.ISIG }, 'typed\x03more\n', 'typed^Cmore\r\n', 'typed\x03more\n'],
  ['without IXON', { noIflag: IFLAG.IXON }, '\x13\x11\n', '^S^Q\r\n', '\x13\x11\n'],
  ['raw mode', { noLflag: LFLAG.ICANON }, '\x04\n\r', '^D^J\r\n', '\x04\n\n'],
  ['without OPOST', { noOflag: OFLAG.OPOST }, 'x\n', 'x\n', 'x\n'],
];

describe('typed text', () => {
  it.each(CASES)('%s', (_, changes, typed, echo, input) => {
    change(changes);
    type(typed);
    expect([shown, read()]).toEqual([echo, input]);
  });

  it('is read a line at a time, or the beginning of one', () => {
    type('abcdef\nghi\n');
    expect([read(3), read(), read(), read()]).toEqual(['abc', 'def\n', 'ghi\n', null]);
  });

  it('that ends with EOF and fills the buffer is not followed by an end of input', () => {
    type('abc\x04');
    expect([read(3), read(3)]).toEqual(['abc', null]);
  });

  it('EOF alone is the end of input', () => {
    type('\x04x\n');
    expect([read(), read()]).toEqual(['', 'x\n']);
  });

  it('EOL and EOL2 end a line', () => {
    change({
      cc: [
        [CC.EOL, 120],
        [CC.EOL2, 121],
      ],
    });
    type('abxcdyef\n');
    expect([read(), read(), read(), shown]).toEqual(['abx', 'cdy', 'ef\n', 'abxcdyef\r\n']);
  });

  it('keys that are switched off are bytes', () => {
    change({ cc: [[CC.ERASE, 0]] });
    type('a\0\x7f\n');
    expect(read()).toBe('a\0\x7f\n');
  });

  it('a line longer than the queue keeps its first 4,095 bytes and its end', () => {
    expect(type('a'.repeat(5000))).toBe(5000);
    type('Z\n');
    expect(read()).toBe(`${'a'.repeat(4095)}\n`);
  });

  it('behind a complete line waits when the queue is full', () => {
    type('line\n');
    expect(type('b'.repeat(5000))).toBe(4090);
    expect(line.room).toBe(0);
    read();
    expect(line.room).toBe(5);
  });

  it('FIONREAD counts complete lines, without ends of input', () => {
    type('abc\nde\x04xy');
    expect(line.available).toBe(6);
  });
});

describe('signals', () => {
  it.each([
    ['\x03', SIG.INT],
    ['\x1c', SIG.QUIT],
    ['\x1a', SIG.TSTP],
  ])('%j sends signal %i', (key, signal) => {
    type(key);
    expect(signals).toEqual([signal]);
  });

  it('none is sent without ISIG, or behind LNEXT', () => {
    type('\x16\x03');
    change({ noLflag: LFLAG.ISIG });
    type('\x03');
    expect(signals).toEqual([]);
  });

  it('start output that was stopped', () => {
    type('\x13');
    expect(write('x')).toBe(0);
    type('\x03');
    expect(write('x')).toBe(1);
  });
});

describe('raw mode', () => {
  beforeEach(() => change({ noLflag: LFLAG.ICANON | LFLAG.ECHO }));

  it('reads what is there', () => {
    type('abc');
    expect([read(2), read(), read()]).toEqual(['ab', 'c', null]);
  });

  it('makes what was typed of a line readable', () => {
    change({ lflag: LFLAG.ICANON });
    type('half');
    expect(read()).toBeNull();
    change({ noLflag: LFLAG.ICANON });
    expect(read()).toBe('half');
  });

  it('canonical mode makes what was typed a line', () => {
    type('xyz');
    change({ lflag: LFLAG.ICANON });
    expect(read()).toBe('xyz');
    type('q\n');
    expect(read()).toBe('q\n');
  });

  it.each([
    [1, 0, { least: 1, first: Infinity, between: Infinity }],
    [5, 0, { least: 5, first: Infinity, between: Infinity }],
    [0, 2, { least: 1, first: 2e8, between: 2e8 }],
    [0, 0, { least: 1, first: 0, between: 0 }],
    [10, 1, { least: 10, first: Infinity, between: 1e8 }],
  ])('MIN %i and TIME %i', (min, time, waiting) => {
    change({
      cc: [
        [CC.MIN, min],
        [CC.TIME, time],
      ],
    });
    expect(line.waiting).toEqual(waiting);
  });

  it('poll waits for MIN bytes if TIME is 0', () => {
    change({ cc: [[CC.MIN, 3]] });
    type('ab');
    expect([line.isReadable(), line.isReadable(true)]).toEqual([true, false]);
    change({ cc: [[CC.TIME, 1]] });
    expect(line.isReadable(true)).toBe(true);
  });
});

describe('output', () => {
  it.each([
    ['ONLCR', {}, 'out\tput\nline\r\n', 'out\tput\r\nline\r\r\n'],
    ['XTABS', { oflag: OFLAG.XTABS }, 'ab\tc\n', 'ab      c\r\n'],
    ['OCRNL', { oflag: OFLAG.OCRNL }, 'a\rb\n', 'a\nb\r\n'],
    ['ONOCR', { oflag: OFLAG.ONOCR }, '\ra\r\rb\n\r', 'a\rb\r\n'],
    ['OLCUC', { oflag: OFLAG.OLCUC }, 'abcXYZ1{\n', 'ABCXYZ1{\r\n'],
    ['no OPOST', { noOflag: OFLAG.OPOST }, 'a\n\tb', 'a\n\tb'],
  ])('%s', (_, changes, text, out) => {
    change(changes);
    expect(write(text)).toBe(text.length);
    expect(shown).toBe(out);
  });

  it('takes what there is room for', () => {
    room = 10;
    expect(write('abcdef')).toBe(3);
    room = 0;
    expect(write('x')).toBe(0);
  });

  it('comes after the echo that waits for room', () => {
    room = 0;
    type('ab');
    expect(shown).toBe('');
    room = 100;
    write('x');
    expect(shown).toBe('abx');
  });

  it('STOP holds it and the echo, START shows them', () => {
    type('ab\x13cd');
    expect(write('x')).toBe(0);
    expect(shown).toBe('');
    type('\x11');
    expect(shown).toBe('abcd');
  });

  it('goes on by any key with IXANY, and when IXON is switched off', () => {
    type('\x13');
    change({ iflag: IFLAG.IXANY });
    type('b');
    expect(shown).toBe('b');
    type('\x13');
    change({ noIflag: IFLAG.IXON });
    expect(write('x')).toBe(1);
  });

  it('memory for echo is bounded', () => {
    room = 0;
    change({ noLflag: LFLAG.ICANON });
    for (let i = 0; i < 100; i++) {
      type('\x01'.repeat(100));
      read();
    }
    room = Infinity;
    line.output.flushEcho();
    expect(shown).toHaveLength(4096);
  });
});

it('flush throws away input, output or both', () => {
  type('flush me');
  line.flush(FLUSH.INPUT);
  type('kept\n');
  expect(read()).toBe('kept\n');
  type('x\n');
  line.flush(FLUSH.OUTPUT);
  expect([shown, read()]).toEqual(['', 'x\n']);
  type('x\n');
  line.flush(FLUSH.BOTH);
  expect([shown, read()]).toEqual(['', null]);
});

it('a new terminal has the modes of Linux', () => {
  const { iflag, oflag, cflag, lflag } = INITIAL_TERMIOS;
  expect([iflag, oflag, cflag, lflag]).toEqual([0x500, 5, 0xbf, 0x8a3b]);
});
