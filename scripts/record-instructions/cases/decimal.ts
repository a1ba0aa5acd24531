/** Decimal arithmetic, editing, and conversions between packed, zoned and binary numbers. */

import { Cases, type Random, type RecordedCase, type StateInput } from '../generate.ts';
import { DATA } from '../layout.ts';

/** Where operands are: some cross the end of the page. */
const PLACES = [DATA, DATA + 0x21, 0x20fef, 0x20ff8, 0x20fff, 0x21000, 0x21035];
const NOWHERE = 0x7000_0000;
const PLUS = 'cafe';
const MINUS = 'bd';

export function decimal(): RecordedCase[] {
  const c = new Cases();
  sums(c);
  products(c);
  shifts(c);
  edits(c);
  conversions(c);
  zoned(c);
  return c.list;
}

/** Returns the digits of a packed operand of `size` bytes: few or many digits other than zero, or an edge. */
function digits(random: Random, size: number): string {
  const count = 2 * size - 1;
  const edge = random.below(6);
  if (edge === 0) return '0'.repeat(count);
  if (edge === 1) return '9'.repeat(count);
  if (edge === 2) return '1'.padStart(count, '0');
  const used = edge === 3 ? count : 1 + random.below(count);
  let text = '';
  for (let i = 0; i < used; i++) text += random.below(10);
  return text.padStart(count, '0');
}

/** Returns a packed operand in hexadecimal; a few have an invalid digit or sign. */
function packed(random: Random, size: number, number = digits(random, size)): string {
  const sign = random.of([...PLUS, ...MINUS, 'c', 'd', 'd']);
  const hex = number + sign;
  if (random.below(12) > 0) return hex;
  const at = random.below(hex.length);
  const wrong = at === hex.length - 1 ? random.below(10) : 10 + random.below(6);
  return hex.slice(0, at) + wrong.toString(16) + hex.slice(at + 1);
}

interface Operands {
  readonly first: string;
  readonly second: string;
}

/** Adds a case with two packed operands. In some cases the last bytes of both are the same. */
function two(c: Cases, name: string, random: Random, i: number, { first, second }: Operands): void {
  const l1 = first.length / 2;
  const l2 = second.length / 2;
  const state: StateInput = { cc: random.below(4), pm: random.of([0, 4, 15, 11]) };
  let r8 = random.of(PLACES);
  let r9 = r8 + l1 + random.below(8);
  if (i % 5 === 1) [r8, r9] = [r8 + l2, r8];
  state.m = { [r8.toString(16)]: first, [r9.toString(16)]: second };
  if (i % 9 === 4) {
    const end = r8 + Math.max(l1, l2);
    [r8, r9] = [end - l1, end - l2];
    state.m = { [Math.min(r8, r9).toString(16)]: l1 > l2 ? first : second };
  }
  if (i % 11 === 10) r9 = NOWHERE;
  if (i % 13 === 12) r8 = NOWHERE;
  // With 24 bits, the address outside of storage is 0.
  if (i % 4 === 3) state.mode = random.of(r8 === NOWHERE || r9 === NOWHERE ? [31] : [24, 31]);
  c.add(name, `${name} 0(${l1},%r8),0(${l2},%r9)`, { ...state, r8, r9 });
}

function sums(c: Cases): void {
  c.each('ap sp zap cp', 90, (name, random, i) => {
    const l1 = 1 + random.below(16);
    const l2 = i % 3 ? 1 + random.below(16) : l1;
    const first = packed(random, l1);
    // The same number, with any sign, or another one.
    const same = i % 6 === 0;
    const second = same ? packed(random, l2, first.slice(0, -1).replace(/[a-f]/g, '7')) : packed(random, l2);
    two(c, name, random, i, { first, second });
  });
}

function products(c: Cases): void {
  c.each('mp dp', 100, (name, random, i) => {
    const l2 = 1 + random.below(i % 10 === 9 ? 16 : 8);
    const l1 = i % 10 === 8 ? 1 + random.below(16) : Math.min(16, l2 + 1 + random.below(8));
    // Leading zeros in the first operand, in most cases as many as the second one requires.
    const zeros = i % 6 === 5 ? random.below(2 * l1 - 1) : Math.min(2 * l2, 2 * l1 - 1);
    const number = '0'.repeat(zeros) + digits(random, l1).slice(zeros);
    let divisor = digits(random, l2);
    if (i % 7 !== 6 && /^0+$/.test(divisor)) divisor = divisor.slice(1) + (1 + random.below(9));
    two(c, name, random, i, { first: packed(random, l1, number), second: packed(random, l2, divisor) });
  });
  // Quotients that just fit, and that just do not.
  for (const [dividend, divisor] of [
    ['099999999c', '100c'],
    ['00999999d', '1c'],
    ['01000000d', '1c'],
    ['0099999c', '100d'],
    ['0100000c', '100d'],
    ['0000000d', '0c'],
    ['0000000d', '5c'],
    ['0000007d', '00009c'],
  ] as const) {
    const [first, second] = [dividend, divisor].map((text) =>
      text.padStart(text.length + (text.length & 1), '0'),
    );
    const m = { [DATA.toString(16)]: `${first}${second}` };
    const l1 = (first as string).length / 2;
    c.add('dp', `dp 0(${l1},%r9),${l1}(${(second as string).length / 2},%r9)`, { r9: DATA, m, cc: 2 });
  }
}

function shifts(c: Cases): void {
  c.each('srp', 110, (name, random, i) => {
    const l1 = 1 + random.below(16);
    const shift = i % 3 ? random.of([0, 1, 2, 3, 31, 62, 63, 61, 60]) : random.below(64);
    const state: StateInput = {
      cc: random.below(4),
      pm: random.of([0, 4]),
      r9: i % 11 === 10 ? NOWHERE : random.of(PLACES),
    };
    const m = i % 11 === 10 ? {} : { m: { [(state.r9 as number).toString(16)]: packed(random, l1) } };
    let place = `${shift}`;
    if (i % 4 === 3) {
      state.r6 = random.u64() & ~0x3fn;
      place = `${shift}(%r6)`;
    }
    // The assembler accepts rounding digits up to 9: a tenth of the cases has one that is not valid.
    c.add(
      name,
      `srp 0(${l1},%r9),${place},${i % 10 === 9 ? 8 : random.of([0, 4, 5, 5, 9])}`,
      { ...state, ...m },
      i % 10 === 9 ? [1, 7] : undefined,
    );
  });
}

/** Patterns with sources: digit selectors are d, significance starters are s, field separators are f. */
const PATTERNS: readonly (readonly [pattern: string, source: string])[] = [
  ['*ddd', '123c'],
  ['*ddd', '012c'],
  ['*ddd', '000c'],
  ['*dds,d-CR', '00012d'],
  ['*dds,d-CR', '00012c'],
  ['*d,ddd,ds.dd CR', '012345678d'],
  ['*d,ddd,ds.dd CR', '000000000c'],
  ['*d,ddd,ds.dd CR', '000000005d'],
  ['*d,ddd,ds.dd CR', '000050000c'],
  ['*d,ddd,ds.dd CR', '000000000d'],
  ['d,ddd', '0123c'],
  ['sddd', '0000c'],
  ['fddfdd', '012c034d'],
  ['*dddfddd*', '012c000d'],
  ['*dddfddd*', '012d123d'],
  ['*ddf', '12d'],
  ['*ddfxy', '12d'],
  ['xyz', '12d'],
  ['f', '12d'],
  ['d', '1d'],
  ['d', '0c'],
  ['s', '0d'],
  ['s', '7c'],
  ['ss', '00'],
  ['*dd', '1a'],
  ['*dd', '1c2d'],
  ['*ddd', '1b2f3c'],
  ['*dddd', '12a4'],
  ['*dddd', 'a234'],
  ['*dddd', '0d0d0d0c'],
  ['*ssss', '0d0d0d0c'],
  ['*sdsd-', '0c0d0e0f'],
  ['*dd.sdfdd.sd', '0123d4567c'],
];

const PATTERN_BYTES: Readonly<Record<string, string>> = { d: '20', s: '21', f: '22' };
const patternHex = (text: string) =>
  [...text].map((letter) => PATTERN_BYTES[letter] ?? letter.charCodeAt(0).toString(16)).join('');

function edits(c: Cases): void {
  for (const name of ['ed', 'edmk']) {
    PATTERNS.forEach(([pattern, source], i) => {
      const hex = patternHex(pattern);
      const r8 = PLACES[i % PLACES.length] as number;
      const r9 = r8 + hex.length / 2 + 3;
      const m = {
        [r8.toString(16)]: hex,
        [r9.toString(16)]: source.padEnd(source.length + (source.length & 1), '0'),
      };
      const mode = [64, 31, 24][i % 3] as number;
      const state = { r8, r9, m, mode, r1: 0xaabb_ccdd_eeff_0011n, cc: i & 3 };
      c.add(name, `${name} 0(${hex.length / 2},%r8),0(%r9)`, state);
    });
  }
  c.each('ed edmk', 60, (name, random, i) => {
    const length = 1 + random.below(i % 10 === 0 ? 120 : 24);
    let pattern = '';
    for (let n = 0; n < length; n++) pattern += patternHex(random.of([...'ddddddssf*. ']));
    let source = '';
    while (source.length < length) source += packed(random, 1 + random.below(5));
    const r8 = random.of(PLACES);
    const r9 = i % 20 === 19 ? NOWHERE : r8 + length;
    const m = { [r8.toString(16)]: i % 20 === 19 ? pattern : pattern + source };
    const mode = random.of(i % 20 >= 18 ? [64, 31] : [64, 31, 24]);
    const state = { r8: i === 18 ? NOWHERE : r8, r9, m, mode, r1: random.u64(), cc: random.below(4) };
    c.add(name, `${name} 0(${length},%r8),0(%r9)`, state);
  });
}

function conversions(c: Cases): void {
  const limits = [
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 31n + 1n,
    2n ** 32n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 63n + 1n,
  ];
  c.each('cvb cvby cvbg', 40, (name, random, i) => {
    const size = name === 'cvbg' ? 16 : 8;
    const { at, text, state } = i === 39 ? c.nowhere(name !== 'cvb') : c.address(random, i, name !== 'cvb');
    let number = digits(random, size);
    if (i % 2) number = String(random.of(limits) % 10n ** BigInt(2 * size - 1)).padStart(2 * size - 1, '0');
    const m = at ? { m: { [at.toString(16)]: packed(random, size, number) } } : {};
    c.add(name, `${name} %r2,${text}`, { ...c.flags(random), ...state, r2: random.value(), ...m });
  });
  c.rx('cvdg', 16, true, 24);
}

/** QEMU ignores the leftmost byte that UNPACK and the packing instructions use. */
function zoned(c: Cases): void {
  c.each('mvo pack unpk', 30, (name, random, i) => {
    const [l1, l2] = [1 + random.below(16), 1 + random.below(16)];
    const r8 = random.of(PLACES);
    const r9 = i % 3 === 0 ? r8 + random.below(17) - 8 : r8 + 20;
    c.add(name, `${name} 0(${l1},%r8),0(${l2},%r9)`, { r8, r9, cc: random.below(4) });
  });
  c.each('pka pku unpka unpku', 24, (name, random, i) => {
    const size = name.endsWith('u') ? 2 : 1;
    const length = size * (1 + random.below(32));
    const [r8, r9] = [DATA + random.below(100), DATA + 180 + random.below(100)];
    const m = name.startsWith('u') ? { m: { [r9.toString(16)]: packed(random, 16) } } : {};
    const text = name.startsWith('p') ? `0(%r8),0(${length},%r9)` : `0(${length},%r8),0(%r9)`;
    // Lengths that are too long or, with two bytes a character, odd.
    const patch = i === 22 ? ([1, 0x80] as const) : i === 23 && size === 2 ? ([1, 0x40] as const) : undefined;
    c.add(name, `${name} ${text}`, { r8, r9, ...m, cc: random.below(4) }, patch);
  });
  c.each('tp', 40, (name, random) => {
    const size = 1 + random.below(16);
    const r9 = random.of(PLACES);
    let hex = packed(random, size);
    for (let n = random.below(3); n > 0; n--) {
      const at = random.below(hex.length);
      hex = hex.slice(0, at) + random.below(16).toString(16) + hex.slice(at + 1);
    }
    c.add(name, `tp 0(${size},%r9)`, { r9, m: { [r9.toString(16)]: hex }, cc: random.below(4) });
  });
}
