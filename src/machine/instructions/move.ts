/**
 * Moves, comparisons and bitwise operations on storage operands of up to 256 bytes, and packing. Principles of Operation,
 * chapter 7. They process one byte after another, from left to right unless noted, which matters if operands overlap.
 */

import { FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { order } from './binary.ts';
import type { InstructionLine } from './line.ts';
import { advance, effectivePage } from './operands.ts';
import { isMinus, validSign } from './packed.ts';
import { FIRST, SECOND, type Span } from './span.ts';

/** Minimum length of operands that are moved as a block, if they do not overlap. */
const BLOCK = 24;

/**
 * Sets the spans of both operands, `length` bytes each, of an instruction that stores into the first one. The second one is fetched
 * first: if both have exceptions, its exception is recognized.
 */
function operands(c: Processor, length: number): void {
  SECOND.atSecond(c, length, FETCH);
  FIRST.atEffective(c, length, STORE);
}

/** Moves the second operand to the first. Preconditions: FIRST and SECOND are set. */
export function moveSpans(c: Processor, length: number): void {
  const { bytes } = c.storage;
  const inside = length <= FIRST.first && length <= SECOND.first;
  const apart = FIRST.at + length <= SECOND.at || SECOND.at + length <= FIRST.at;
  if (inside && apart && length >= BLOCK) {
    bytes.copyWithin(FIRST.at, SECOND.at, SECOND.at + length);
  } else if (inside) {
    for (let i = 0; i < length; i++) bytes[FIRST.at + i] = bytes[SECOND.at + i] as number;
  } else {
    for (let i = 0; i < length; i++) bytes[FIRST.address(i)] = bytes[SECOND.address(i)] as number;
  }
}

function mvc(c: Processor, l: number): void {
  operands(c, l + 1);
  moveSpans(c, l + 1);
}

/** MOVE RIGHT TO LEFT: moves the rightmost byte first. Register 0 has the length code. */
function mvcrl(c: Processor): void {
  const l = c.low(0) & 0xff;
  operands(c, l + 1);
  const { bytes } = c.storage;
  for (let i = l; i >= 0; i--) bytes[FIRST.address(i)] = bytes[SECOND.address(i)] as number;
}

/** MOVE INVERSE: the address of the second operand is that of its rightmost byte; it is fetched from right to left. */
function mvcin(c: Processor, l: number): void {
  const { bytes } = c.storage;
  // The span starts at the leftmost byte, l bytes before the address.
  c.exchangeOperands();
  advance(c, -l);
  SECOND.atEffective(c, l + 1, FETCH);
  c.exchangeOperands();
  FIRST.atEffective(c, l + 1, STORE);
  for (let i = 0; i <= l; i++) bytes[FIRST.address(i)] = bytes[SECOND.address(l - i)] as number;
}

/** MOVE NUMERICS and MOVE ZONES: moves the bits of `mask` of each byte. */
function moveBits(mask: number) {
  return (c: Processor, l: number): void => {
    operands(c, l + 1);
    const { bytes } = c.storage;
    for (let i = 0; i <= l; i++) {
      const at = FIRST.address(i);
      bytes[at] = ((bytes[at] as number) & ~mask) | ((bytes[SECOND.address(i)] as number) & mask);
    }
  };
}

/** AND, OR, EXCLUSIVE OR: condition code 1 if the result is not zero. */
function bitwise(operation: (a: number, b: number) => number) {
  return (c: Processor, l: number): void => {
    operands(c, l + 1);
    const { bytes } = c.storage;
    let any = 0;
    for (let i = 0; i <= l; i++) {
      const at = FIRST.address(i);
      const value = operation(bytes[at] as number, bytes[SECOND.address(i)] as number);
      bytes[at] = value;
      any |= value;
    }
    c.cc = any === 0 ? 0 : 1;
  };
}

/** COMPARE LOGICAL: a page is accessed only if all bytes before it are equal. */
function clc(c: Processor, l: number): void {
  const { bytes } = c.storage;
  const n = l + 1;
  for (let i = 0; i < n; ) {
    const until = nextPageEnd(c, i, n);
    FIRST.atEffective(c, until, FETCH);
    SECOND.atSecond(c, until, FETCH);
    for (; i < until; i++) {
      const a = bytes[FIRST.address(i)] as number;
      const b = bytes[SECOND.address(i)] as number;
      if (a === b) continue;
      c.cc = order(a, b);
      return;
    }
  }
  c.cc = 0;
}

/** Returns the offset after `done` at which the first or the second operand reaches the end of a page, or `n` if that is less. */
export function nextPageEnd(c: Processor, done: number, n: number): number {
  const first = 0x1000 - (c.eaLo & 0xfff);
  const second = 0x1000 - (c.ea2Lo & 0xfff);
  let end = n;
  if (first > done && first < end) end = first;
  if (second > done && second < end) end = second;
  return end;
}

/** Sets the spans of operands with two length codes. */
function unequal(c: Processor, l1: number, l2: number): void {
  SECOND.atSecond(c, l2 + 1, FETCH);
  FIRST.atEffective(c, l1 + 1, STORE);
}

/** MOVE WITH OFFSET: from right to left, shifted left by half a byte; the rightmost half byte of the first operand stays. */
function mvo(c: Processor, l1: number, l2: number): void {
  unequal(c, l1, l2);
  const { bytes } = c.storage;
  let carry = (bytes[FIRST.address(l1)] as number) & 15;
  for (let i = l1, j = l2; i >= 0; i--, j--) {
    const byte = j >= 0 ? (bytes[SECOND.address(j)] as number) : 0;
    bytes[FIRST.address(i)] = ((byte & 15) << 4) | carry;
    carry = byte >>> 4;
  }
}

/** PACK: zoned to packed, from right to left. */
function pack(c: Processor, l1: number, l2: number): void {
  unequal(c, l1, l2);
  const { bytes } = c.storage;
  const last = bytes[SECOND.address(l2)] as number;
  bytes[FIRST.address(l1)] = ((last & 15) << 4) | (last >>> 4);
  let j = l2 - 1;
  const digit = () => (j >= 0 ? (bytes[SECOND.address(j--)] as number) & 15 : 0);
  for (let i = l1 - 1; i >= 0; i--) {
    const low = digit();
    bytes[FIRST.address(i)] = (digit() << 4) | low;
  }
}

/** UNPACK: packed to zoned, from right to left. */
function unpk(c: Processor, l1: number, l2: number): void {
  unequal(c, l1, l2);
  const { bytes } = c.storage;
  const last = bytes[SECOND.address(l2)] as number;
  bytes[FIRST.address(l1)] = ((last & 15) << 4) | (last >>> 4);
  let j = l2 - 1;
  // Each byte of the second operand gives two digits, the right one first.
  for (let i = l1 - 1; i >= 0; i -= 2, j--) {
    const byte = j >= 0 ? (bytes[SECOND.address(j)] as number) : 0;
    bytes[FIRST.address(i)] = 0xf0 | (byte & 15);
    if (i > 0) bytes[FIRST.address(i - 1)] = 0xf0 | (byte >>> 4);
  }
}

/** Maximum length codes (bytes minus one) of the ASCII and Unicode operands of PACK and UNPACK. */
const MAX_ASCII = 31;
const MAX_UNICODE = 63;
/** Bytes of their packed operand, and the sign that PACK stores in it. */
const PACKED = 16;
const PLUS = 0x0c;

/** PACK ASCII and PACK UNICODE: packs digits of `size` bytes each into sixteen bytes, with a plus sign. */
function packText(size: 1 | 2, max: number) {
  return (c: Processor, l: number): void => {
    if (l > max || (l + 1) % size !== 0) c.program(PGM.SPECIFICATION);
    SECOND.atSecond(c, l + 1, FETCH);
    FIRST.atEffective(c, PACKED, STORE);
    const { bytes } = c.storage;
    let j = l;
    const digit = () => {
      const value = j >= 0 ? (bytes[SECOND.address(j)] as number) & 15 : 0;
      j -= size;
      return value;
    };
    bytes[FIRST.address(PACKED - 1)] = (digit() << 4) | PLUS;
    for (let i = PACKED - 2; i >= 0; i--) {
      const low = digit();
      bytes[FIRST.address(i)] = (digit() << 4) | low;
    }
  };
}

/** UNPACK ASCII and UNPACK UNICODE: unpacks sixteen bytes; the condition code is that of the sign. */
function unpackText(size: 1 | 2, max: number) {
  return (c: Processor, l: number): void => {
    if (l > max || (l + 1) % size !== 0) c.program(PGM.SPECIFICATION);
    SECOND.atSecond(c, PACKED, FETCH);
    FIRST.atEffective(c, l + 1, STORE);
    const packed = c.storage.bytes;
    const sign = (packed[SECOND.address(PACKED - 1)] as number) & 15;
    let n = 1;
    for (let i = l; i >= 0; i -= size, n++) {
      const byte = n < PACKED * 2 ? (packed[SECOND.address(PACKED - 1 - (n >> 1))] as number) : 0;
      packed[FIRST.address(i)] = 0x30 | (n & 1 ? byte >>> 4 : byte & 15);
      if (size === 2) packed[FIRST.address(i - 1)] = 0;
    }
    c.cc = signCode(sign);
  };
}

/** Returns the condition code of a sign: 0 plus, 1 minus, 3 invalid. */
function signCode(sign: number): number {
  if (!validSign(sign)) return 3;
  return isMinus(sign) ? 1 : 0;
}

/** TRANSLATE: replaces each byte of the first operand by the byte of the table that it selects. */
function translate(c: Processor, l: number): void {
  const inFirstPage = Math.min(l, 0xfff - (c.eaLo & 0xfff));
  // Exceptions in the order in which bytes are fetched, translated and stored.
  translatable(c, 0, inFirstPage);
  if (inFirstPage < l) translatable(c, inFirstPage + 1, l);
  const { bytes } = c.storage;
  for (let i = 0; i <= l; i++) {
    const at = FIRST.address(i);
    bytes[at] = bytes[SECOND.address(bytes[at] as number)] as number;
  }
}

/** Recognizes the access exceptions of translating bytes up to `last`, of which `first` is the first one in its page. */
function translatable(c: Processor, first: number, last: number): void {
  FIRST.atEffective(c, last + 1, FETCH);
  table(c, first, FIRST);
  FIRST.atEffective(c, last + 1, STORE);
  table(c, last, FIRST);
}

/** Sets SECOND to the table of 256 bytes. Of a table that crosses a page boundary, only the selected parts are accessed. */
function table(c: Processor, l: number, argument: Span): void {
  const offset = c.ea2Lo & 0xfff;
  if (offset <= 0xf00) {
    SECOND.atSecond(c, 256, FETCH);
    return;
  }
  const { bytes } = c.storage;
  c.exchangeOperands();
  const page = effectivePage(c);
  SECOND.first = 0x1000 - offset;
  let low = false;
  let high = false;
  for (let i = 0; i <= l; i++) {
    const inSecondPage = (bytes[argument.address(i)] as number) + offset > 0xfff;
    if (inSecondPage && !high) SECOND.next = c.frame(c.pageAfter(page), 0, FETCH);
    else if (!inSecondPage && !low) SECOND.at = c.frame(page, offset, FETCH) + offset;
    if (inSecondPage) high = true;
    else low = true;
  }
  c.exchangeOperands();
}

/**
 * TRANSLATE AND TEST, left to right (step 1) or right to left (step -1): stops at the first byte whose function byte is not zero. What
 * follows that byte is not accessed.
 */
function translateAndTest(step: 1 | -1) {
  return (c: Processor, l: number): void => {
    const { bytes } = c.storage;
    for (let n = 0; n <= l; n++) {
      if (n === 0 || atPageEnd(c.eaLo, step)) FIRST.atEffective(c, 1, FETCH);
      else FIRST.at += step;
      if (n === 0 || c.ea2Lo % 0x1000 > 0xf00) table(c, 0, FIRST);
      const found = bytes[SECOND.address(bytes[FIRST.at] as number)] as number;
      if (found !== 0) {
        foundAt(c, c.eaHi, c.eaLo);
        c.gr32[4] = ((c.gr32[4] as number) & ~0xff) | found;
        c.cc = n === l ? 2 : 1;
        return;
      }
      advance(c, step);
    }
    c.cc = 0;
  };
}

/** Whether a byte is the first of its page in the direction of `step`. */
function atPageEnd(lo: number, step: 1 | -1): boolean {
  return (lo & 0xfff) === (step === 1 ? 0 : 0xfff);
}

/**
 * Loads the address of a byte found into register 1: 24, 31 or 64 bits of it. `lo` may be below 0 or above 2^32 - 1.
 */
export function foundAt(c: Processor, hi: number, lo: number): void {
  if (c.addressing === ADDRESSING.BITS_64) {
    c.gr32[3] = lo > 0xffff_ffff ? hi + 1 : lo < 0 ? hi - 1 : hi;
    c.gr32[2] = lo;
  } else if (c.addressing === ADDRESSING.BITS_31) {
    c.gr32[2] = lo & 0x7fff_ffff;
  } else {
    c.gr32[2] = ((c.gr32[2] as number) & 0xff00_0000) | (lo & 0x00ff_ffff);
  }
}

// biome-ignore format: a line each
export const MOVE: readonly InstructionLine[] = [
  ['MVC', 'SSa', 0xd2, 'base', mvc],
  ['MVCRL', 'SSE', 0xe50a, 'mie3', mvcrl],
  ['MVCIN', 'SSa', 0xe8, 'base', mvcin],
  ['MVN', 'SSa', 0xd1, 'base', moveBits(0x0f)],
  ['MVZ', 'SSa', 0xd3, 'base', moveBits(0xf0)],
  ['MVO', 'SSb', 0xf1, 'base', mvo],
  ['NC', 'SSa', 0xd4, 'base', bitwise((a, b) => a & b)],
  ['OC', 'SSa', 0xd6, 'base', bitwise((a, b) => a | b)],
  ['XC', 'SSa', 0xd7, 'base', bitwise((a, b) => a ^ b)],
  ['CLC', 'SSa', 0xd5, 'base', clc],
  ['PACK', 'SSb', 0xf2, 'base', pack],
  ['UNPK', 'SSb', 0xf3, 'base', unpk],
  ['PKA', 'SSa', 0xe9, 'etf2', packText(1, MAX_ASCII)],
  ['PKU', 'SSa', 0xe1, 'etf2', packText(2, MAX_UNICODE)],
  ['UNPKA', 'SSa', 0xea, 'etf2', unpackText(1, MAX_ASCII)],
  ['UNPKU', 'SSa', 0xe2, 'etf2', unpackText(2, MAX_UNICODE)],
  ['TR', 'SSa', 0xdc, 'base', translate],
  ['TRT', 'SSa', 0xdd, 'base', translateAndTest(1)],
  ['TRTR', 'SSa', 0xd0, 'etf3', translateAndTest(-1)],
];
