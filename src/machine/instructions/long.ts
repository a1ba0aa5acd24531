/**
 * Instructions with operand lengths in registers. They work in units of operation. Principles of Operation, chapter 5,
 * "Interruptible Instructions", and chapter 7.
 *
 * One execution processes at most `UNIT` bytes and updates the registers. Then either the instruction is executed again
 * (MVCL, CLCL), or condition code 3 asks the program to do that. After an access exception the registers show the units
 * completed before it.
 */

import { FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING, SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { order } from './binary.ts';
import type { InstructionLine } from './line.ts';
import { moveSpans, nextPageEnd } from './move.ts';
import { advanceRegister, pair, reduceLength, setAddress } from './operands.ts';
import { FIRST, SECOND } from './span.ts';

/** Maximum number of bytes that one execution processes. */
const UNIT = 0x1000;
/** Minimum number of bytes that a string instruction examines before it ends with condition code 3. */
const LEAST = 256;

/** Sets the effective address from register `r1`, and the second one from register `r2`. */
function addresses(c: Processor, r1: number, r2: number): void {
  c.effectiveRegister2(r2);
  c.effectiveRegister(r1);
}

/** Number of bytes from an address to the end of its page. */
const toPageEnd = (lo: number) => 0x1000 - (lo & 0xfff);

/** Returns the length in a register, capped at `UNIT`. */
function length(c: Processor, r: number): number {
  const lo = c.low(r);
  return c.addressing === ADDRESSING.BITS_64 && c.high(r) !== 0 ? UNIT : Math.min(lo, UNIT);
}

/** Compares the length in register `a` with that in register `b`: 0 if they are equal, 1 if it is less, 2 if it is greater. */
function lengthOrder(c: Processor, a: number, b: number): number {
  if (c.addressing !== ADDRESSING.BITS_64) return order(c.low(a), c.low(b));
  const x = c.gr[a] as bigint;
  const y = c.gr[b] as bigint;
  return x === y ? 0 : x < y ? 1 : 2;
}

/** Returns the length in a register for MOVE LONG and COMPARE LOGICAL LONG: 24 bits. */
const length24 = (c: Processor, r: number) => c.low(r) & 0x00ff_ffff;

function shorten24(c: Processor, r: number, n: number): void {
  const old = c.low(r);
  c.gr32[r * 2] = (old & 0xff00_0000) | (((old & 0x00ff_ffff) - n) & 0x00ff_ffff);
}

/**
 * Returns whether moving `n` bytes would overwrite bytes of the source before they are moved. In the access-register mode
 * operands with different ALETs do not overlap.
 */
function destructive(c: Processor, n: number): boolean {
  if (n < 2 || (c.dat && c.space === SPACE.ACCESS_REGISTER && differentAlets(c))) return false;
  const to = (BigInt(c.eaHi) << 32n) | BigInt(c.eaLo);
  const from = (BigInt(c.ea2Hi) << 32n) | BigInt(c.ea2Lo);
  const distance = wrapped(c, to - from);
  return distance > 0n && distance < BigInt(n);
}

function differentAlets({ ar, operandRegister, ea2Register }: Processor): boolean {
  const alet = (register: number) => (register === 0 ? 0 : ar[register]);
  return alet(operandRegister) !== alet(ea2Register);
}

/** Wraps an address as the addressing mode does. */
function wrapped(c: Processor, address: bigint): bigint {
  return address & (c.addressing === ADDRESSING.BITS_64 ? 0xffff_ffff_ffff_ffffn : BigInt(c.addressMask));
}

/** Stores `n` bytes of `fill` at the effective address, all in one page. */
function fillBytes(c: Processor, n: number, fill: number): void {
  FIRST.atEffective(c, n, STORE);
  c.storage.bytes.fill(fill, FIRST.at, FIRST.at + n);
}

/** Moves `n` bytes, at most `UNIT`. Exceptions are recognized in the order in which bytes are fetched and stored. */
function moveBytes(c: Processor, n: number): void {
  for (let until = 0; until < n; ) {
    until = nextPageEnd(c, until, n);
    SECOND.atSecond(c, until, FETCH);
    FIRST.atEffective(c, until, STORE);
  }
  moveSpans(c, n);
}

/** MOVE LONG. */
function mvcl(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  pair(c, r2);
  addresses(c, r1, r2);
  const l1 = length24(c, r1 + 1);
  const l2 = length24(c, r2 + 1);
  const code = order(l1, l2);
  if (destructive(c, Math.min(l1, l2))) {
    advanceRegister(c, r1, 0);
    advanceRegister(c, r2, 0);
    c.cc = 3;
    return;
  }
  let n = Math.min(l1, toPageEnd(c.eaLo));
  if (l2 === 0) {
    if (n > 0) fillBytes(c, n, c.low(r2 + 1) >>> 24);
    advanceRegister(c, r2, 0);
  } else {
    n = Math.min(n, l2, toPageEnd(c.ea2Lo));
    if (n > 0) moveBytes(c, n);
    advanceRegister(c, r2, n);
    shorten24(c, r2 + 1, n);
  }
  advanceRegister(c, r1, n);
  shorten24(c, r1 + 1, n);
  // Both lengths shrink together, later only the first one: the result of comparing them does not change.
  c.cc = code;
  if (n < l1) c.repeat();
}

/** The padding of a move: `width` bytes, repeated. */
interface Padding {
  readonly value: number;
  readonly width: 1 | 2;
}

/** One unit of MOVE LONG EXTENDED or UNICODE: moves bytes, or stores padding. */
function moveExtended(c: Processor, r1: number, r3: number, padding: Padding): void {
  pair(c, r1);
  pair(c, r3);
  const code = lengthOrder(c, r1 + 1, r3 + 1);
  const l1 = length(c, r1 + 1);
  const l2 = length(c, r3 + 1);
  addresses(c, r1, r3);
  let n = l1;
  if (l2 === 0) {
    if (n > 0) n = pad(c, n, padding);
  } else {
    n = Math.min(l1, l2);
    if (padding.width === 1) n = Math.min(n, toPageEnd(c.eaLo), toPageEnd(c.ea2Lo));
    if (n > 0) moveBytes(c, n);
    advanceRegister(c, r3, n);
    reduceLength(c, r3 + 1, n);
  }
  advanceRegister(c, r1, n);
  if (l2 === 0) advanceRegister(c, r3, 0);
  reduceLength(c, r1 + 1, n);
  c.cc = zeroLength(c, r1 + 1) ? code : 3;
}

/** Stores up to `n` bytes of padding; single bytes up to the end of the page. Returns the number of bytes stored. */
function pad(c: Processor, n: number, { value, width }: Padding): number {
  if (width === 1) {
    const count = Math.min(n, toPageEnd(c.eaLo));
    fillBytes(c, count, value);
    return count;
  }
  FIRST.atEffective(c, n, STORE);
  for (let i = 0; i < n; i++) c.storage.bytes[FIRST.address(i)] = i & 1 ? value & 0xff : value >>> 8;
  return n;
}

function zeroLength(c: Processor, r: number): boolean {
  return c.low(r) === 0 && (c.addressing !== ADDRESSING.BITS_64 || c.high(r) === 0);
}

const mvcle = (c: Processor, r1: number, r3: number) =>
  moveExtended(c, r1, r3, { value: c.eaLo & 0xff, width: 1 });

/** Requires even lengths, as the instructions on Unicode operands do. */
function evenLengths(c: Processor, r1: number, r3: number): void {
  pair(c, r1);
  pair(c, r3);
  if ((c.low(r1 + 1) | c.low(r3 + 1)) & 1) c.program(PGM.SPECIFICATION);
}

function mvclu(c: Processor, r1: number, r3: number): void {
  const padding = { value: c.eaLo & 0xffff, width: 2 } as const;
  evenLengths(c, r1, r3);
  addresses(c, r1, r3);
  moveExtended(c, r1, r3, padding);
}

/** Returns the number of leading bytes that are equal in both operands, of `n` bytes inside one page of each. */
function equalBytes(c: Processor, n: number): number {
  const { bytes } = c.storage;
  const a = FIRST.atEffective(c, n, FETCH).at;
  const b = SECOND.atSecond(c, n, FETCH).at;
  let i = 0;
  while (i < n && bytes[a + i] === bytes[b + i]) i++;
  return i;
}

/** Returns the number of leading bytes that are equal to `fill`, of `n` bytes inside one page. Preconditions: FIRST is set to them. */
function equalFill(c: Processor, n: number, fill: number): number {
  const { bytes } = c.storage;
  let i = 0;
  while (i < n && bytes[FIRST.at + i] === fill) i++;
  return i;
}

/** The result of comparing one unit. */
interface Comparison {
  /** Number of leading bytes that are equal. */
  equal: number;
  /** The condition code if a difference follows them, else 0. */
  code: number;
}

/** The one result that comparisons return: an execution makes one comparison. */
const COMPARISON: Comparison = { equal: 0, code: 0 };

/** Compares one unit of two operands, the shorter one padded with `fill`. The lengths are capped at `UNIT`. */
function comparePadded(c: Processor, l1: number, l2: number, fill: number): Comparison {
  const { bytes } = c.storage;
  COMPARISON.code = COMPARISON.equal = 0;
  if (l1 === 0 && l2 === 0) return COMPARISON;
  let n: number;
  let equal: number;
  if (l1 !== 0 && l2 !== 0) {
    n = Math.min(l1, l2, toPageEnd(c.eaLo), toPageEnd(c.ea2Lo));
    equal = equalBytes(c, n);
    if (equal < n) {
      COMPARISON.code = order(bytes[FIRST.at + equal] as number, bytes[SECOND.at + equal] as number);
    }
  } else if (l1 !== 0) {
    n = Math.min(l1, toPageEnd(c.eaLo));
    FIRST.atEffective(c, n, FETCH);
    equal = equalFill(c, n, fill);
    if (equal < n) COMPARISON.code = order(bytes[FIRST.at + equal] as number, fill);
  } else {
    n = Math.min(l2, toPageEnd(c.ea2Lo));
    FIRST.atSecond(c, n, FETCH);
    equal = equalFill(c, n, fill);
    if (equal < n) COMPARISON.code = order(fill, bytes[FIRST.at + equal] as number);
  }
  COMPARISON.equal = equal;
  return COMPARISON;
}

/** COMPARE LOGICAL LONG. */
function clcl(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  pair(c, r2);
  addresses(c, r1, r2);
  const l1 = length24(c, r1 + 1);
  const l2 = length24(c, r2 + 1);
  const { equal, code } = comparePadded(c, l1, l2, c.low(r2 + 1) >>> 24);
  const n1 = l1 === 0 ? 0 : equal;
  const n2 = l2 === 0 ? 0 : equal;
  advanceRegister(c, r1, n1);
  advanceRegister(c, r2, n2);
  shorten24(c, r1 + 1, n1);
  shorten24(c, r2 + 1, n2);
  c.cc = code;
  if (code === 0 && (n1 < l1 || n2 < l2)) c.repeat();
}

/** COMPARE LOGICAL LONG EXTENDED. */
function clcle(c: Processor, r1: number, r3: number): void {
  const fill = c.eaLo & 0xff;
  pair(c, r1);
  pair(c, r3);
  addresses(c, r1, r3);
  const l1 = length(c, r1 + 1);
  const l2 = length(c, r3 + 1);
  compared(c, r1, r3, comparePadded(c, l1, l2, fill));
}

/** Updates the registers after a comparison, and sets the condition code: 3 if there are more bytes to compare. */
function compared(c: Processor, r1: number, r3: number, { equal, code }: Comparison): void {
  const n1 = zeroLength(c, r1 + 1) ? 0 : equal;
  const n2 = zeroLength(c, r3 + 1) ? 0 : equal;
  advanceRegister(c, r1, n1);
  advanceRegister(c, r3, n2);
  reduceLength(c, r1 + 1, n1);
  reduceLength(c, r3 + 1, n2);
  const done = zeroLength(c, r1 + 1) && zeroLength(c, r3 + 1);
  c.cc = code !== 0 || done ? code : 3;
}

/** Whether a character of two bytes at an address is the first one with a byte in its page. */
const entersPage = (lo: number) => (lo & 0xfff) === 0xfff || (lo & 0xfff) === 0;

/** COMPARE LOGICAL LONG UNICODE: compares two bytes at a time; an address may be odd. */
function clclu(c: Processor, r1: number, r3: number): void {
  const fill = c.eaLo & 0xffff;
  evenLengths(c, r1, r3);
  addresses(c, r1, r3);
  const l1 = length(c, r1 + 1);
  const l2 = length(c, r3 + 1);
  const longest = l1 === 0 ? l2 : l2 === 0 ? l1 : Math.min(l1, l2);
  const { bytes } = c.storage;
  const unit = (span: typeof FIRST, i: number) =>
    ((bytes[span.address(i)] as number) << 8) | (bytes[span.address(i + 1)] as number);
  let equal = 0;
  let code = 0;
  for (; equal < longest; equal += 2) {
    if (equal === 0 || entersPage(c.eaLo + equal) || entersPage(c.ea2Lo + equal)) {
      if (l1 !== 0) FIRST.atEffective(c, equal + 2, FETCH);
      if (l2 !== 0) SECOND.atSecond(c, equal + 2, FETCH);
    }
    const a = l1 === 0 ? fill : unit(FIRST, equal);
    const b = l2 === 0 ? fill : unit(SECOND, equal);
    code = order(a, b);
    if (code !== 0) break;
  }
  compared(c, r1, r3, { equal, code });
}

/** Returns the ending character in register 0. The other bits of the register's low half must be zero. */
function ending(c: Processor, max: number): number {
  const character = c.low(0);
  if (character > max) c.program(PGM.SPECIFICATION);
  return character;
}

/**
 * Returns the offset of a byte in the `n` bytes (at most `UNIT`) at the effective address, or -1 if it is not among them. The
 * second page of an operand is accessed only if the byte is not in the first one.
 */
function findByte(c: Processor, n: number, byte: number): number {
  const { bytes } = c.storage;
  const first = Math.min(n, toPageEnd(c.eaLo));
  const { at } = SECOND.atEffective(c, first, FETCH);
  const found = bytes.subarray(at, at + first).indexOf(byte);
  if (found >= 0 || first === n) return found;
  const { next } = SECOND.atEffective(c, n, FETCH);
  const further = bytes.subarray(next, next + n - first).indexOf(byte);
  return further < 0 ? -1 : first + further;
}

/** MOVE STRING: moves bytes up to and including the ending character. A page is accessed only if they reach it. */
function mvst(c: Processor, r1: number, r2: number): void {
  const end = ending(c, 0xff);
  addresses(c, r1, r2);
  const limit = Math.max(LEAST, Math.min(toPageEnd(c.eaLo), toPageEnd(c.ea2Lo)));
  let n = 0;
  let found = -1;
  for (let until = 0; until < limit && found < 0; ) {
    until = nextPageEnd(c, until, limit);
    c.exchangeOperands();
    found = findByte(c, until, end);
    c.exchangeOperands();
    n = found < 0 ? until : found + 1;
    FIRST.atEffective(c, n, STORE);
  }
  moveBytes(c, n);
  if (found >= 0) {
    advanceRegister(c, r1, found);
    c.cc = 1;
  } else {
    advanceRegister(c, r1, n);
    advanceRegister(c, r2, n);
    c.cc = 3;
  }
}

/**
 * Returns the number of leading bytes, up to `n`, that are equal in both operands and not `end`. A page is accessed only
 * if all bytes before it are equal. FIRST and SECOND are set for the byte that follows the equal ones.
 */
function equalString(c: Processor, n: number, end: number): number {
  const { bytes } = c.storage;
  const pageEnds = [toPageEnd(c.eaLo), toPageEnd(c.ea2Lo)] as const;
  let i = 0;
  for (const until of [Math.min(n, ...pageEnds), Math.min(n, Math.max(...pageEnds)), n]) {
    if (until === i) continue;
    FIRST.atEffective(c, until, FETCH);
    SECOND.atSecond(c, until, FETCH);
    for (; i < until; i++) {
      const byte = bytes[FIRST.address(i)] as number;
      if (byte !== bytes[SECOND.address(i)] || byte === end) return i;
    }
  }
  return n;
}

/** COMPARE LOGICAL STRING: the ending character compares low against every other character. */
function clst(c: Processor, r1: number, r2: number): void {
  const end = ending(c, 0xff);
  addresses(c, r1, r2);
  const { bytes } = c.storage;
  const n = Math.max(LEAST, Math.min(toPageEnd(c.eaLo), toPageEnd(c.ea2Lo)));
  const i = equalString(c, n, end);
  if (i === n) {
    c.cc = 3;
  } else {
    const x = bytes[FIRST.address(i)] as number;
    const y = bytes[SECOND.address(i)] as number;
    c.cc = x === y ? 0 : x === end ? 1 : y === end ? 2 : order(x, y);
    if (c.cc === 0) return;
  }
  advanceRegister(c, r1, i);
  advanceRegister(c, r2, i);
}

/** Returns the number of bytes from the effective address to the second one, wrapped by the addressing mode and capped at `UNIT`. */
function distance(c: Processor): number {
  const to = (BigInt(c.ea2Hi) << 32n) | BigInt(c.ea2Lo);
  const from = (BigInt(c.eaHi) << 32n) | BigInt(c.eaLo);
  const bytes = wrapped(c, to - from);
  return bytes > BigInt(UNIT) ? UNIT : Number(bytes);
}

/** SEARCH STRING: searches from the address in r2 up to that in r1. */
function srst(c: Processor, r1: number, r2: number): void {
  const end = ending(c, 0xff);
  addresses(c, r2, r1);
  const left = distance(c);
  const n = Math.min(left, Math.max(LEAST, toPageEnd(c.eaLo)));
  const found = findByte(c, n, end);
  searched(c, r1, r2, { found, n, left });
}

/** A search: the offset found (-1 if none), the bytes searched, and the bytes that were left to search, capped at `UNIT`. */
interface Search {
  readonly found: number;
  readonly n: number;
  readonly left: number;
}

/** Updates the registers after a search: the address found goes to r1, or the address to continue at to r2. */
function searched(c: Processor, r1: number, r2: number, { found, n, left }: Search): void {
  if (found >= 0) {
    const { eaHi, eaLo } = c;
    setAddress(c, r1, eaHi, eaLo);
    advanceRegister(c, r1, found);
    c.cc = 1;
  } else if (n === left && left < UNIT) {
    c.cc = 2;
  } else {
    advanceRegister(c, r2, n);
    c.cc = 3;
  }
}

/** SEARCH STRING UNICODE. */
function srstu(c: Processor, r1: number, r2: number): void {
  const end = ending(c, 0xffff);
  addresses(c, r2, r1);
  const left = distance(c);
  if (left === 0) {
    c.cc = 2;
    return;
  }
  // No character ends at an end address that is an odd number of bytes away: the search passes it.
  const n = Math.min(left + (left & 1), UNIT);
  searched(c, r1, r2, { found: findCharacter(c, n, end), n, left: left & 1 ? UNIT : left });
}

/** As `findByte`, for a character of two bytes, at the effective address. */
function findCharacter(c: Processor, n: number, character: number): number {
  const { bytes } = c.storage;
  // A character may lie across the end of the first page.
  const first = Math.min(n, toPageEnd(c.eaLo) & ~1);
  let i = 0;
  for (const until of [first, n]) {
    if (until === i) continue;
    FIRST.atEffective(c, until, FETCH);
    for (; i < until; i += 2) {
      if (
        (((bytes[FIRST.address(i)] as number) << 8) | (bytes[FIRST.address(i + 1)] as number)) ===
        character
      )
        return i;
    }
  }
  return -1;
}

/** TRANSLATE EXTENDED: translates the operand of the pair up to the test byte in register 0. */
function tre(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  const test = c.low(0) & 0xff;
  addresses(c, r1, r2);
  const n = Math.min(length(c, r1 + 1), toPageEnd(c.eaLo));
  if (n === 0) {
    advanceRegister(c, r1, 0);
    c.cc = 0;
    return;
  }
  FIRST.atEffective(c, n, FETCH);
  const { bytes } = c.storage;
  const found = bytes.subarray(FIRST.at, FIRST.at + n).indexOf(test);
  const count = found < 0 ? n : found;
  if (count > 0) {
    SECOND.atSecond(c, 256, FETCH);
    FIRST.atEffective(c, count, STORE);
  }
  for (let i = 0; i < count; i++) {
    bytes[FIRST.at + i] = bytes[SECOND.address(bytes[FIRST.at + i] as number)] as number;
  }
  advanceRegister(c, r1, count);
  reduceLength(c, r1 + 1, count);
  c.cc = found >= 0 ? 1 : zeroLength(c, r1 + 1) ? 0 : 3;
}

/** CHECKSUM: adds words with end-around carry; an incomplete last word is padded with zeros on the right. */
function cksm(c: Processor, r1: number, r2: number): void {
  pair(c, r2);
  c.effectiveRegister(r2);
  const n = length(c, r2 + 1);
  let sum = c.low(r1);
  if (n > 0) FIRST.atEffective(c, n, FETCH);
  const { bytes } = c.storage;
  const byte = (i: number) => (i < n ? (bytes[FIRST.address(i)] as number) : 0);
  for (let i = 0; i < n; i += 4) {
    sum += byte(i) * 0x100_0000 + ((byte(i + 1) << 16) | (byte(i + 2) << 8) | byte(i + 3));
    if (sum > 0xffff_ffff) sum -= 0xffff_ffff;
  }
  c.gr32[r1 * 2] = sum;
  advanceRegister(c, r2, n);
  reduceLength(c, r2 + 1, n);
  c.cc = zeroLength(c, r2 + 1) ? 0 : 3;
}

// biome-ignore format: a line each
export const LONG: readonly InstructionLine[] = [
  ['MVCL', 'RR', 0x0e, 'base', mvcl, { units: true }],
  ['CLCL', 'RR', 0x0f, 'base', clcl, { units: true }],
  ['MVCLE', 'RS', 0xa8, 'base', mvcle, { units: true }],
  ['CLCLE', 'RS', 0xa9, 'base', clcle, { units: true }],
  ['MVCLU', 'RSY', 0xeb8e, 'etf2', mvclu, { units: true }],
  ['CLCLU', 'RSY', 0xeb8f, 'etf2', clclu, { units: true }],
  ['MVST', 'RRE', 0xb255, 'base', mvst],
  ['CLST', 'RRE', 0xb25d, 'base', clst],
  ['SRST', 'RRE', 0xb25e, 'base', srst],
  ['SRSTU', 'RRE', 0xb9be, 'etf3', srstu],
  ['TRE', 'RRE', 0xb2a5, 'base', tre, { units: true }],
  ['CKSM', 'RRE', 0xb241, 'base', cksm, { units: true }],
];
