/**
 * TRANSLATE ONE TO ONE, ONE TO TWO, TWO TO ONE and TWO TO TWO, and the conversions between Unicode encodings. Principles of
 * Operation, chapter 7. One execution processes at most `UNIT` characters; condition code 3 asks the program to execute
 * the instruction again.
 */

import { FETCH } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';
import { advanceRegister, pair, reduceLength } from './operands.ts';
import { SECOND } from './span.ts';

/** Maximum number of characters that one execution processes. */
const UNIT = 256;

/** Returns the length in a register; of one that needs more than 32 bits, the largest number below 2^32 that is odd or even as it is. */
export function remaining(c: Processor, r: number): number {
  const lo = c.low(r);
  return c.addressing === ADDRESSING.BITS_64 && c.high(r) !== 0 ? 0xffff_fffe + (lo & 1) : lo;
}

/** Alignment of a translation table. */
const TABLE_ALIGNMENT = 8;

/** Bit of m3: the test-character comparison is omitted. */
const NO_TEST = 1;

/** Translates characters of `from` bytes to characters of `to` bytes, by the table that register 1 designates. */
function translate(from: 1 | 2, to: 1 | 2) {
  return (c: Processor, r1: number, r2: number, m3: number): void => {
    pair(c, r1);
    const length = remaining(c, r1 + 1);
    if (from === 2 && length & 1) c.program(PGM.SPECIFICATION);
    const test = c.low(0) & (to === 1 ? 0xff : 0xffff);
    setTable(c, TABLE_ALIGNMENT);
    const count = Math.min(length / from, UNIT);
    let n = 0;
    let tested = false;
    for (; n < count && !tested; n++) {
      c.effectiveRegister(r2);
      const character = from === 1 ? c.load8(c.eaHi, c.eaLo) : c.load16(c.eaHi, c.eaLo);
      const translated = tableEntry(c, character * to, to);
      if (!(m3 & NO_TEST) && translated === test) {
        tested = true;
        break;
      }
      c.effectiveRegister(r1);
      if (to === 1) c.store8(c.eaHi, c.eaLo, translated);
      else c.store16(c.eaHi, c.eaLo, translated);
      advanceBoth(c, r1, r2, to, from);
      c.events.unitCompleted();
    }
    advanceRegister(c, r1, 0);
    advanceRegister(c, r2, 0);
    c.cc = tested ? 1 : length / from > count ? 3 : 0;
  };
}

/** Updates the registers after one character: both addresses, and the length of the source. */
function advanceBoth(c: Processor, r1: number, r2: number, to: number, from: number): void {
  advanceRegister(c, r1, to);
  reduceLength(c, r1 + 1, from);
  advanceRegister(c, r2, from);
}

/** Address of the translation table, in halves. */
const TABLE = { hi: 0, lo: 0 };

/** Sets the address of the table from register 1, whose low bits are ignored if the table has an alignment. */
export function setTable(c: Processor, alignment: 1 | 8): void {
  c.effectiveRegister(1);
  TABLE.hi = c.eaHi;
  TABLE.lo = (c.eaLo & -alignment) >>> 0;
}

/** Returns the entry of `width` bytes at a byte offset of the translation table. */
export function tableEntry(c: Processor, offset: number, width: 1 | 2): number {
  const { operandRegister } = c;
  c.operandRegister = 1;
  const lo = TABLE.lo + offset;
  const carry = lo > 0xffff_ffff && c.addressing === ADDRESSING.BITS_64 ? 1 : 0;
  const hi = (TABLE.hi + carry) >>> 0;
  const at = (lo & c.addressMask) >>> 0;
  const entry = width === 1 ? c.load8(hi, at) : c.load16(hi, at);
  c.operandRegister = operandRegister;
  return entry;
}

/** The character that a decoder read. */
interface Reading {
  /** Its code point. */
  point: number;
  /** Its length in bytes; 0 if the operand ends inside it, `ILL_FORMED` if it is not well-formed. */
  bytes: number;
}

const READ: Reading = { point: 0, bytes: 0 };
const ILL_FORMED = -1;

/** Reads one character at the effective address into `READ`, from an operand of `left` bytes. */
type Decode = (c: Processor, left: number, check: boolean) => void;

/** Byte `i` of the source. Preconditions: SECOND is set to it. */
const source = (c: Processor, i: number) => c.storage.bytes[SECOND.address(i)] as number;

/** Sets the span of a character of `bytes` bytes. Returns whether the operand has all of them. */
function need(c: Processor, left: number, bytes: number): boolean {
  READ.bytes = left < bytes ? 0 : bytes;
  if (left >= bytes) SECOND.atEffective(c, bytes, FETCH);
  return left >= bytes;
}

function ill(): void {
  READ.bytes = ILL_FORMED;
}

const decode8: Decode = (c, left, check) => {
  if (!need(c, left, 1)) return;
  const first = source(c, 0);
  if (first < 0x80) READ.point = first;
  else if (first < 0xc0 || (check && first < 0xc2)) ill();
  else if (first < 0xe0) decodeTail(c, left, first & 0x1f, 2, check);
  else if (first < 0xf0) decodeTail(c, left, first & 0x0f, 3, check);
  else if (first < 0xf8 && !(check && first > 0xf4)) decodeTail(c, left, first & 0x07, 4, check);
  else ill();
};

/** The continuation bytes of UTF-8. */
function decodeTail(c: Processor, left: number, start: number, bytes: number, check: boolean): void {
  if (!need(c, left, bytes)) return;
  let point = start;
  for (let i = 1; i < bytes; i++) {
    if (check && (source(c, i) & 0xc0) !== 0x80) {
      ill();
      return;
    }
    point = (point << 6) | (source(c, i) & 0x3f);
  }
  READ.point = point;
  const shortest = bytes === 2 ? 0x80 : bytes === 3 ? 0x800 : 0x1_0000;
  const surrogate = point >= 0xd800 && point < 0xe000;
  if (check && (point < shortest || point > 0x10_ffff || surrogate)) ill();
}

const decode16: Decode = (c, left, check) => {
  if (!need(c, left, 2)) return;
  const first = (source(c, 0) << 8) | source(c, 1);
  READ.point = first;
  if (first < 0xd800 || first >= 0xdc00) return;
  if (!need(c, left, 4)) return;
  const second = (source(c, 2) << 8) | source(c, 3);
  READ.point = 0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
  if (check && (second & 0xfc00) !== 0xdc00) ill();
};

const decode32: Decode = (c, left) => {
  if (!need(c, left, 4)) return;
  const point = source(c, 0) * 0x100_0000 + ((source(c, 1) << 16) | (source(c, 2) << 8) | source(c, 3));
  READ.point = point;
  if (point > 0x10_ffff || (point >= 0xd800 && point < 0xdc00)) ill();
};

/** Encodes a code point into `WRITTEN`. Returns the number of bytes. */
type Encode = (point: number) => number;

const WRITTEN = new Uint8Array(4);

const encode8: Encode = (point) => {
  if (point < 0x80) {
    WRITTEN[0] = point;
    return 1;
  }
  const bytes = point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
  let rest = point;
  for (let i = bytes - 1; i > 0; i--, rest >>>= 6) WRITTEN[i] = 0x80 | (rest & 0x3f);
  WRITTEN[0] = (0xf00 >>> bytes) | rest;
  return bytes;
};

const encode16: Encode = (point) => {
  if (point < 0x1_0000) {
    WRITTEN[0] = point >>> 8;
    WRITTEN[1] = point;
    return 2;
  }
  const offset = point - 0x1_0000;
  const high = 0xd800 | (offset >>> 10);
  const low = 0xdc00 | (offset & 0x3ff);
  WRITTEN[0] = high >>> 8;
  WRITTEN[1] = high;
  WRITTEN[2] = low >>> 8;
  WRITTEN[3] = low;
  return 4;
};

const encode32: Encode = (point) => {
  WRITTEN[0] = 0;
  WRITTEN[1] = point >>> 16;
  WRITTEN[2] = point >>> 8;
  WRITTEN[3] = point;
  return 4;
};

/** Bit of m3: well-formedness checking. */
const CHECK = 1;

/**
 * CONVERT UTF-n TO UTF-m. Condition code 0: the end of the source was reached; 1: the end of the destination; 2: a character
 * is not well-formed; 3: the processor-determined number of characters was processed.
 */
function convert(decode: Decode, encode: Encode) {
  return (c: Processor, r1: number, r2: number, m3: number): void => {
    pair(c, r1);
    pair(c, r2);
    for (let n = 0; n < UNIT; n++) {
      c.effectiveRegister(r2);
      decode(c, remaining(c, r2 + 1), (m3 & CHECK) !== 0);
      if (READ.bytes <= 0) {
        ended(c, r1, r2, READ.bytes === 0 ? 0 : 2);
        return;
      }
      const read = READ.bytes;
      const bytes = encode(READ.point);
      if (bytes > remaining(c, r1 + 1)) {
        ended(c, r1, r2, 1);
        return;
      }
      c.effectiveRegister(r1);
      c.storeBytes(c.eaHi, c.eaLo, bytes, WRITTEN);
      advanceRegister(c, r1, bytes);
      reduceLength(c, r1 + 1, bytes);
      advanceRegister(c, r2, read);
      reduceLength(c, r2 + 1, read);
      c.events.unitCompleted();
    }
    c.cc = 3;
  };
}

function ended(c: Processor, r1: number, r2: number, code: number): void {
  advanceRegister(c, r1, 0);
  advanceRegister(c, r2, 0);
  c.cc = code;
}

// biome-ignore format: a line each
export const TEXT: readonly InstructionLine[] = [
  ['TRTT', 'RRF', 0xb990, 'etf2', translate(2, 2), { units: true }],
  ['TRTO', 'RRF', 0xb991, 'etf2', translate(2, 1), { units: true }],
  ['TROT', 'RRF', 0xb992, 'etf2', translate(1, 2), { units: true }],
  ['TROO', 'RRF', 0xb993, 'etf2', translate(1, 1), { units: true }],
  ['CU21', 'RRF', 0xb2a6, 'base', convert(decode16, encode8), { units: true }],
  ['CU12', 'RRF', 0xb2a7, 'base', convert(decode8, encode16), { units: true }],
  ['CU14', 'RRF', 0xb9b0, 'etf3', convert(decode8, encode32), { units: true }],
  ['CU24', 'RRF', 0xb9b1, 'etf3', convert(decode16, encode32), { units: true }],
  ['CU41', 'RRF', 0xb9b2, 'etf3', convert(decode32, encode8), { units: true }],
  ['CU42', 'RRF', 0xb9b3, 'etf3', convert(decode32, encode16), { units: true }],
];
