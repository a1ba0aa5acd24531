/**
 * Instructions whose operands are as long as registers say: they work in units that may be interrupted.
 * Principles of Operation, chapter 5, "Interruptible Instructions", and chapter 7.
 *
 * An execution does at most `UNIT` bytes. Then the registers say how far it is, and either the instruction is
 * repeated (MVCL, CLCL) or condition code 3 tells the program to do so. An access exception leaves the registers
 * at what was done before.
 */

import { FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import { order } from './binary.ts';
import type { InstructionLine } from './line.ts';
import { moveSpans } from './move.ts';
import { pair, setAddress } from './operands.ts';
import { FIRST, SECOND } from './span.ts';

/** The most bytes that one execution handles. */
const UNIT = 0x1000;
/** The fewest bytes that the string instructions look at before they say, with condition code 3, that there are more. */
const LEAST = 256;

/** The address in register `r`, cut as the addressing mode says, with `n` bytes added, written back. */
function step(c: Processor, r: number, n: number): void {
  c.effectiveRegister(r);
  const lo = c.eaLo + n;
  const hi = lo > 0xffff_ffff ? (c.eaHi + 1) >>> 0 : lo < 0 ? (c.eaHi - 1) >>> 0 : c.eaHi;
  const mask = c.addressing === 0 ? 0x00ff_ffff : 0x7fff_ffff;
  setAddress(c, r, hi, c.addressing === 3 ? lo >>> 0 : lo & mask);
}

/** Sets the effective address and the second one from two registers. */
function addresses(c: Processor, r1: number, r2: number): void {
  c.effectiveRegister(r2);
  c.ea2Hi = c.eaHi;
  c.ea2Lo = c.eaLo;
  c.effectiveRegister(r1);
}

/** How many bytes are left of the page at the effective address. */
const toPageEnd = (lo: number) => 0x1000 - (lo & 0xfff);

/** A length in a register, as far as one unit wants to know it: at most `UNIT`. */
function length(c: Processor, r: number): number {
  const lo = c.low(r);
  return c.addressing === 3 && c.gr32[r * 2 + 1] !== 0 ? UNIT : Math.min(lo, UNIT);
}

/** Takes `n` off the length in register `r`: 64 bits or, in the other modes, 32. */
function shorten(c: Processor, r: number, n: number): void {
  if (c.addressing === 3) c.gr[r] = (c.gr[r] as bigint) - BigInt(n);
  else c.gr32[r * 2] = c.low(r) - n;
}

/** Whether the length in `a` is less than, equal to or greater than that in `b`: 1, 0, 2. */
function lengthOrder(c: Processor, a: number, b: number): number {
  if (c.addressing !== 3) return order(c.low(a), c.low(b));
  const x = c.gr[a] as bigint;
  const y = c.gr[b] as bigint;
  return x === y ? 0 : x < y ? 1 : 2;
}

/** MOVE LONG and COMPARE LOGICAL LONG have lengths of 24 bits. */
const length24 = (c: Processor, r: number) => c.low(r) & 0x00ff_ffff;

function shorten24(c: Processor, r: number, n: number): void {
  const old = c.low(r);
  c.gr32[r * 2] = (old & 0xff00_0000) | (((old & 0x00ff_ffff) - n) & 0x00ff_ffff);
}

/** Whether moving `n` bytes would overwrite bytes of the source before they are moved. */
function destructive(c: Processor, n: number): boolean {
  if (n < 2) return false;
  const bits = c.addressing === 3 ? 64 : c.addressing === 1 ? 31 : 24;
  const to = (BigInt(c.eaHi) << 32n) | BigInt(c.eaLo);
  const from = (BigInt(c.ea2Hi) << 32n) | BigInt(c.ea2Lo);
  const distance = BigInt.asUintN(bits, to - from);
  return distance > 0n && distance < BigInt(n);
}

/** Stores `n` bytes of `fill` at the effective address, all in one page. */
function fillBytes(c: Processor, n: number, fill: number): void {
  FIRST.set(c, c.eaHi, c.eaLo, n, STORE);
  c.storage.bytes.fill(fill, FIRST.at, FIRST.at + n);
}

/** Moves `n` bytes, at most `UNIT`. */
function moveBytes(c: Processor, n: number): void {
  FIRST.set(c, c.eaHi, c.eaLo, n, STORE);
  SECOND.set(c, c.ea2Hi, c.ea2Lo, n, FETCH);
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
    step(c, r1, 0);
    step(c, r2, 0);
    c.cc = 3;
    return;
  }
  let n = Math.min(l1, toPageEnd(c.eaLo));
  if (l2 === 0) {
    if (n > 0) fillBytes(c, n, (c.gr32[r2 * 2 + 2] as number) >>> 24);
    step(c, r2, 0);
  } else {
    n = Math.min(n, l2, toPageEnd(c.ea2Lo));
    if (n > 0) moveBytes(c, n);
    step(c, r2, n);
    shorten24(c, r2 + 1, n);
  }
  step(c, r1, n);
  shorten24(c, r1 + 1, n);
  // The lengths shrink together, and later on only the first: their order stays what it was in the beginning.
  c.cc = code;
  if (n < l1) c.repeat();
}

/** One unit of MOVE LONG EXTENDED or UNICODE: moves, or stores padding of `width` bytes. */
function moveExtended(c: Processor, r1: number, r3: number, padding: number, width: 1 | 2): void {
  pair(c, r1);
  pair(c, r3);
  const code = lengthOrder(c, r1 + 1, r3 + 1);
  const l1 = length(c, r1 + 1);
  const l2 = length(c, r3 + 1);
  addresses(c, r1, r3);
  let n = l1;
  if (l2 === 0) {
    if (n > 0) n = pad(c, n, padding, width);
  } else {
    n = Math.min(l1, l2);
    if (width === 1) n = Math.min(n, toPageEnd(c.eaLo), toPageEnd(c.ea2Lo));
    if (n > 0) moveBytes(c, n);
    step(c, r3, n);
    shorten(c, r3 + 1, n);
  }
  step(c, r1, n);
  if (l2 === 0) step(c, r3, 0);
  shorten(c, r1 + 1, n);
  c.cc = zeroLength(c, r1 + 1) ? code : 3;
}

/** Stores up to `n` bytes of padding, to the end of the page at most. Returns how many. */
function pad(c: Processor, n: number, padding: number, width: 1 | 2): number {
  if (width === 1) {
    const count = Math.min(n, toPageEnd(c.eaLo));
    fillBytes(c, count, padding & 0xff);
    return count;
  }
  FIRST.set(c, c.eaHi, c.eaLo, n, STORE);
  for (let i = 0; i < n; i++) c.storage.bytes[FIRST.address(i)] = i & 1 ? padding & 0xff : padding >>> 8;
  return n;
}

function zeroLength(c: Processor, r: number): boolean {
  return c.gr32[r * 2] === 0 && (c.addressing !== 3 || c.gr32[r * 2 + 1] === 0);
}

const mvcle = (c: Processor, r1: number, r3: number) => moveExtended(c, r1, r3, c.eaLo & 0xff, 1);

/** Unicode operands have even lengths. */
function evenLengths(c: Processor, r1: number, r3: number): void {
  pair(c, r1);
  pair(c, r3);
  if (((c.gr32[r1 * 2 + 2] as number) | (c.gr32[r3 * 2 + 2] as number)) & 1) c.program(PGM.SPECIFICATION);
}

function mvclu(c: Processor, r1: number, r3: number): void {
  const padding = c.eaLo & 0xffff;
  evenLengths(c, r1, r3);
  addresses(c, r1, r3);
  moveExtended(c, r1, r3, padding, 2);
}

/** How many bytes of both operands are equal, up to `n`, which is inside one page of either. */
function equalBytes(c: Processor, n: number): number {
  const { bytes } = c.storage;
  const a = FIRST.set(c, c.eaHi, c.eaLo, n, FETCH).at;
  const b = SECOND.set(c, c.ea2Hi, c.ea2Lo, n, FETCH).at;
  let i = 0;
  while (i < n && bytes[a + i] === bytes[b + i]) i++;
  return i;
}

/** How many bytes at an address, up to `n` and inside one page, are `fill`. */
function equalFill(c: Processor, hi: number, lo: number, n: number, fill: number): number {
  const { bytes } = c.storage;
  const a = FIRST.set(c, hi, lo, n, FETCH).at;
  let i = 0;
  while (i < n && bytes[a + i] === fill) i++;
  return i;
}

/**
 * One unit of a comparison with padding. Lengths are capped at a unit's.
 * @returns the bytes found equal; `DIFFERENCE.code` is the condition code when they end at a difference
 */
function comparePadded(c: Processor, l1: number, l2: number, fill: number): number {
  const { bytes } = c.storage;
  DIFFERENCE.code = 0;
  if (l1 === 0 && l2 === 0) return 0;
  let n: number;
  let equal: number;
  if (l1 !== 0 && l2 !== 0) {
    n = Math.min(l1, l2, toPageEnd(c.eaLo), toPageEnd(c.ea2Lo));
    equal = equalBytes(c, n);
    if (equal < n) {
      DIFFERENCE.code = order(bytes[FIRST.at + equal] as number, bytes[SECOND.at + equal] as number);
    }
  } else if (l1 !== 0) {
    n = Math.min(l1, toPageEnd(c.eaLo));
    equal = equalFill(c, c.eaHi, c.eaLo, n, fill);
    if (equal < n) DIFFERENCE.code = order(bytes[FIRST.at + equal] as number, fill);
  } else {
    n = Math.min(l2, toPageEnd(c.ea2Lo));
    equal = equalFill(c, c.ea2Hi, c.ea2Lo, n, fill);
    if (equal < n) DIFFERENCE.code = order(fill, bytes[FIRST.at + equal] as number);
  }
  return equal;
}

const DIFFERENCE = { code: 0 };

/** COMPARE LOGICAL LONG. */
function clcl(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  pair(c, r2);
  addresses(c, r1, r2);
  const l1 = length24(c, r1 + 1);
  const l2 = length24(c, r2 + 1);
  const equal = comparePadded(c, l1, l2, (c.gr32[r2 * 2 + 2] as number) >>> 24);
  const n1 = l1 === 0 ? 0 : equal;
  const n2 = l2 === 0 ? 0 : equal;
  step(c, r1, n1);
  step(c, r2, n2);
  shorten24(c, r1 + 1, n1);
  shorten24(c, r2 + 1, n2);
  c.cc = DIFFERENCE.code;
  if (c.cc === 0 && (n1 < l1 || n2 < l2)) c.repeat();
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

/** Writes down how far a comparison came, and its condition code: 3 when there is more. */
function compared(c: Processor, r1: number, r3: number, equal: number): void {
  const n1 = zeroLength(c, r1 + 1) ? 0 : equal;
  const n2 = zeroLength(c, r3 + 1) ? 0 : equal;
  step(c, r1, n1);
  step(c, r3, n2);
  shorten(c, r1 + 1, n1);
  shorten(c, r3 + 1, n2);
  const done = zeroLength(c, r1 + 1) && zeroLength(c, r3 + 1);
  c.cc = DIFFERENCE.code !== 0 || done ? DIFFERENCE.code : 3;
}

/** COMPARE LOGICAL LONG UNICODE: two bytes at a time, an address need not be even. */
function clclu(c: Processor, r1: number, r3: number): void {
  const fill = c.eaLo & 0xffff;
  evenLengths(c, r1, r3);
  addresses(c, r1, r3);
  const l1 = length(c, r1 + 1);
  const l2 = length(c, r3 + 1);
  const longest = l1 === 0 ? l2 : l2 === 0 ? l1 : Math.min(l1, l2);
  if (l1 !== 0) FIRST.set(c, c.eaHi, c.eaLo, longest, FETCH);
  if (l2 !== 0) SECOND.set(c, c.ea2Hi, c.ea2Lo, longest, FETCH);
  const { bytes } = c.storage;
  const unit = (span: typeof FIRST, i: number) =>
    ((bytes[span.address(i)] as number) << 8) | (bytes[span.address(i + 1)] as number);
  let equal = 0;
  DIFFERENCE.code = 0;
  for (; equal < longest; equal += 2) {
    const a = l1 === 0 ? fill : unit(FIRST, equal);
    const b = l2 === 0 ? fill : unit(SECOND, equal);
    DIFFERENCE.code = order(a, b);
    if (DIFFERENCE.code !== 0) break;
  }
  compared(c, r1, r3, equal);
}

/** The ending character in register 0, whose other bits on the left in the low half must be zero. */
function ending(c: Processor, max: number): number {
  const character = c.gr32[0] as number;
  if (character > max) c.program(PGM.SPECIFICATION);
  return character;
}

/**
 * Where a byte is in the `n` bytes (at most `UNIT`) at an address, or -1. The second page of an operand is accessed only
 * when the byte is not in the first.
 */
function findByte(c: Processor, hi: number, lo: number, n: number, byte: number): number {
  const { bytes } = c.storage;
  const first = Math.min(n, toPageEnd(lo));
  const { at } = SECOND.set(c, hi, lo, first, FETCH);
  const found = bytes.subarray(at, at + first).indexOf(byte);
  if (found >= 0 || first === n) return found;
  const { next } = SECOND.set(c, hi, lo, n, FETCH);
  const further = bytes.subarray(next, next + n - first).indexOf(byte);
  return further < 0 ? -1 : first + further;
}

/** MOVE STRING: up to and with the ending character. */
function mvst(c: Processor, r1: number, r2: number): void {
  const end = ending(c, 0xff);
  addresses(c, r1, r2);
  const limit = Math.max(LEAST, Math.min(toPageEnd(c.eaLo), toPageEnd(c.ea2Lo)));
  const found = findByte(c, c.ea2Hi, c.ea2Lo, limit, end);
  const n = found < 0 ? limit : found + 1;
  moveBytes(c, n);
  if (found >= 0) {
    step(c, r1, found);
    c.cc = 1;
  } else {
    step(c, r1, n);
    step(c, r2, n);
    c.cc = 3;
  }
}

/**
 * How many bytes of both operands are equal and not `end`, up to `n`. A page is accessed only when all bytes before it
 * are. FIRST and SECOND are then set for the byte that ended it.
 */
function equalString(c: Processor, n: number, end: number): number {
  const { bytes } = c.storage;
  const pageEnds = [toPageEnd(c.eaLo), toPageEnd(c.ea2Lo)] as const;
  let i = 0;
  for (const until of [Math.min(n, ...pageEnds), Math.min(n, Math.max(...pageEnds)), n]) {
    if (until === i) continue;
    FIRST.set(c, c.eaHi, c.eaLo, until, FETCH);
    SECOND.set(c, c.ea2Hi, c.ea2Lo, until, FETCH);
    for (; i < until; i++) {
      const byte = bytes[FIRST.address(i)] as number;
      if (byte !== bytes[SECOND.address(i)] || byte === end) return i;
    }
  }
  return n;
}

/** COMPARE LOGICAL STRING: the ending character is lower than any other. */
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
  step(c, r1, i);
  step(c, r2, i);
}

/** Bytes from the effective address to the second one, as the addressing mode wraps; at most `UNIT`. */
function distance(c: Processor): number {
  const bits = c.addressing === 3 ? 64 : c.addressing === 1 ? 31 : 24;
  const to = (BigInt(c.ea2Hi) << 32n) | BigInt(c.ea2Lo);
  const from = (BigInt(c.eaHi) << 32n) | BigInt(c.eaLo);
  const bytes = BigInt.asUintN(bits, to - from);
  return bytes > BigInt(UNIT) ? UNIT : Number(bytes);
}

/** SEARCH STRING: from the address in r2 up to that in r1. */
function srst(c: Processor, r1: number, r2: number): void {
  const end = ending(c, 0xff);
  addresses(c, r2, r1);
  const left = distance(c);
  if (left === 0) {
    c.cc = 2;
    return;
  }
  const n = Math.min(left, Math.max(LEAST, toPageEnd(c.eaLo)));
  const found = findByte(c, c.eaHi, c.eaLo, n, end);
  searched(c, r1, r2, found, n, left);
}

/** What a search of `n` bytes leaves: the address found in r1, or where to go on in r2. */
function searched(c: Processor, r1: number, r2: number, found: number, n: number, left: number): void {
  if (found >= 0) {
    const { eaHi, eaLo } = c;
    setAddress(c, r1, eaHi, eaLo);
    step(c, r1, found);
    c.cc = 1;
  } else if (n === left && left < UNIT) {
    c.cc = 2;
  } else {
    step(c, r2, n);
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
  // An end an odd number of bytes on is met by no character; it is passed like any other byte.
  const n = Math.min(left + (left & 1), UNIT);
  searched(c, r1, r2, findCharacter(c, n, end), n, left & 1 ? UNIT : left);
}

/** As `findByte`, for a character of two bytes at the effective address. */
function findCharacter(c: Processor, n: number, character: number): number {
  const { bytes } = c.storage;
  // A character may lie across the end of the first page.
  const first = Math.min(n, toPageEnd(c.eaLo) & ~1);
  let i = 0;
  for (const until of [first, n]) {
    if (until === i) continue;
    FIRST.set(c, c.eaHi, c.eaLo, until, FETCH);
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

/** TRANSLATE EXTENDED: translates the pair's operand until the test byte in register 0. */
function tre(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  const test = (c.gr32[0] as number) & 0xff;
  addresses(c, r1, r2);
  const n = Math.min(length(c, r1 + 1), toPageEnd(c.eaLo));
  if (n === 0) {
    step(c, r1, 0);
    c.cc = 0;
    return;
  }
  FIRST.set(c, c.eaHi, c.eaLo, n, STORE);
  SECOND.set(c, c.ea2Hi, c.ea2Lo, 256, FETCH);
  const { bytes } = c.storage;
  let i = 0;
  for (; i < n && bytes[FIRST.at + i] !== test; i++) {
    bytes[FIRST.at + i] = bytes[SECOND.address(bytes[FIRST.at + i] as number)] as number;
  }
  step(c, r1, i);
  shorten(c, r1 + 1, i);
  c.cc = i < n ? 1 : zeroLength(c, r1 + 1) ? 0 : 3;
}

/** CHECKSUM: adds words with the carry around the end; a last part of a word counts as if zeros followed. */
function cksm(c: Processor, r1: number, r2: number): void {
  pair(c, r2);
  c.effectiveRegister(r2);
  const n = length(c, r2 + 1);
  let sum = c.low(r1);
  if (n > 0) FIRST.set(c, c.eaHi, c.eaLo, n, FETCH);
  const { bytes } = c.storage;
  const byte = (i: number) => (i < n ? (bytes[FIRST.address(i)] as number) : 0);
  for (let i = 0; i < n; i += 4) {
    sum += byte(i) * 0x100_0000 + ((byte(i + 1) << 16) | (byte(i + 2) << 8) | byte(i + 3));
    if (sum > 0xffff_ffff) sum -= 0xffff_ffff;
  }
  c.gr32[r1 * 2] = sum;
  step(c, r2, n);
  shorten(c, r2 + 1, n);
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
