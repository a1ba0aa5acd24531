/** Stores from general registers and of immediates. Principles of Operation, chapter 7. */

import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { holds } from './condition.ts';
import type { InstructionLine } from './line.ts';
import { ACCESS_REGISTERS, HIGH_HALVES, LOW_HALVES, registers, reversed, type Words } from './load.ts';
import { advance, aligned, pair, put64, relative, setSigned, X } from './operands.ts';

function storeWord(c: Processor, value: number): void {
  c.store32(c.eaHi, c.eaLo, value);
}

function storeHalfword(c: Processor, value: number): void {
  c.store16(c.eaHi, c.eaLo, value);
}

function storeByte(c: Processor, value: number): void {
  c.store8(c.eaHi, c.eaLo, value);
}

/** STORE CHARACTERS UNDER MASK from half `half`: stores the selected bytes contiguously. */
function storeUnderMask(half: 0 | 1) {
  return (c: Processor, r: number, mask: number): void => {
    if (mask === 0) return;
    const value = c.gr32[r * 2 + half] as number;
    let count = 0;
    for (let bit = 8; bit !== 0; bit >>= 1) if (mask & bit) count++;
    c.probe(c.eaHi, c.eaLo, count, STORE);
    for (let bit = 8, shift = 24; bit !== 0; bit >>= 1, shift -= 8) {
      if (!(mask & bit)) continue;
      storeByte(c, value >>> shift);
      advance(c, 1);
    }
  };
}

/** Stores registers `first` to `last` as words at the effective address. */
export function storeWords(c: Processor, { array, stride, index }: Words, first: number, last: number): void {
  const from = array(c);
  const count = registers(first, last);
  const offset = c.eaLo & 0xfff;
  if (offset + count * 4 <= 0x1000) {
    const { view } = c.storage;
    let at = c.operandAddress(c.eaHi, c.eaLo, STORE, count * 4);
    for (let i = 0; i < count; i++, at += 4) {
      view.setUint32(at, from[((first + i) & 15) * stride + index] as number);
    }
    return;
  }
  c.probe(c.eaHi, c.eaLo, count * 4, STORE);
  for (let i = 0; i < count; i++, advance(c, 4)) {
    storeWord(c, from[((first + i) & 15) * stride + index] as number);
  }
}

/** Stores registers as doublewords. */
export function storeDoublewords(c: Processor, from: Uint32Array, first: number, last: number): void {
  const count = registers(first, last);
  const offset = c.eaLo & 0xfff;
  if (offset + count * 8 <= 0x1000) {
    const { view } = c.storage;
    let at = c.operandAddress(c.eaHi, c.eaLo, STORE, count * 8);
    for (let i = 0; i < count; i++, at += 8) {
      const r = ((first + i) & 15) * 2;
      view.setUint32(at, from[r + 1] as number);
      view.setUint32(at + 4, from[r] as number);
    }
    return;
  }
  c.probe(c.eaHi, c.eaLo, count * 8, STORE);
  for (let i = 0; i < count; i++) {
    const r = ((first + i) & 15) * 2;
    storeWord(c, from[r + 1] as number);
    advance(c, 4);
    storeWord(c, from[r] as number);
    advance(c, 4);
  }
}

function storeReversed64(c: Processor, r: number): void {
  c.op32[X * 2 + 1] = reversed(c.low(r));
  c.op32[X * 2] = reversed(c.high(r));
  put64(c, X);
}

/** STORE PAIR TO QUADWORD. */
function storeQuadword(c: Processor, r: number): void {
  pair(c, r);
  aligned(c, 16);
  storeDoublewords(c, c.gr32, r, r + 1);
}

/** Runs a store when the condition holds. */
function when(store: (c: Processor, r: number) => void) {
  return (c: Processor, r: number, m: number): void => void (holds(c, m) && store(c, r));
}

// biome-ignore format: a line each
export const STORES: readonly InstructionLine[] = [
  ['ST', 'RX', 0x50, 'base', (c, r1) => storeWord(c, c.low(r1))],
  ['STH', 'RX', 0x40, 'base', (c, r1) => storeHalfword(c, c.low(r1))],
  ['STC', 'RX', 0x42, 'base', (c, r1) => storeByte(c, c.low(r1))],
  ['STY', 'RXY', 0xe350, 'ld', (c, r1) => storeWord(c, c.low(r1))],
  ['STHY', 'RXY', 0xe370, 'ld', (c, r1) => storeHalfword(c, c.low(r1))],
  ['STCY', 'RXY', 0xe372, 'ld', (c, r1) => storeByte(c, c.low(r1))],
  ['STG', 'RXY', 0xe324, 'zarch', put64],
  ['STRL', 'RIL', 0xc4f, 'gie', (c, r1, i2) => storeWord(relative(c, i2, 4), c.low(r1))],
  ['STHRL', 'RIL', 0xc47, 'gie', (c, r1, i2) => storeHalfword(relative(c, i2, 2), c.low(r1))],
  ['STGRL', 'RIL', 0xc4b, 'gie', (c, r1, i2) => put64(relative(c, i2, 8), r1)],
  ['STFH', 'RXY', 0xe3cb, 'z196', (c, r1) => storeWord(c, c.high(r1))],
  ['STHH', 'RXY', 0xe3c7, 'z196', (c, r1) => storeHalfword(c, c.high(r1))],
  ['STCH', 'RXY', 0xe3c3, 'z196', (c, r1) => storeByte(c, c.high(r1))],
  ['STCM', 'RS', 0xbe, 'base', storeUnderMask(0)],
  ['STCMY', 'RSY', 0xeb2d, 'ld', storeUnderMask(0)],
  ['STCMH', 'RSY', 0xeb2c, 'zarch', storeUnderMask(1)],
  ['STM', 'RS', 0x90, 'base', (c, r1, r3) => storeWords(c, LOW_HALVES, r1, r3)],
  ['STMY', 'RSY', 0xeb90, 'ld', (c, r1, r3) => storeWords(c, LOW_HALVES, r1, r3)],
  ['STMH', 'RSY', 0xeb26, 'zarch', (c, r1, r3) => storeWords(c, HIGH_HALVES, r1, r3)],
  ['STMG', 'RSY', 0xeb24, 'zarch', (c, r1, r3) => storeDoublewords(c, c.gr32, r1, r3)],
  ['STPQ', 'RXY', 0xe38e, 'zarch', storeQuadword],
  ['STAM', 'RS', 0x9b, 'base', (c, r1, r3) => storeWords(aligned(c, 4), ACCESS_REGISTERS, r1, r3)],
  ['STAMY', 'RSY', 0xeb9b, 'ld', (c, r1, r3) => storeWords(aligned(c, 4), ACCESS_REGISTERS, r1, r3)],
  ['STRV', 'RXY', 0xe33e, 'base', (c, r1) => storeWord(c, reversed(c.low(r1)))],
  ['STRVH', 'RXY', 0xe33f, 'base', (c, r1) => storeHalfword(c, reversed(c.low(r1)) >>> 16)],
  ['STRVG', 'RXY', 0xe32f, 'zarch', storeReversed64],
  ['STOC', 'RSY', 0xebf3, 'z196', when((c, a) => storeWord(c, c.low(a)))],
  ['STOCG', 'RSY', 0xebe3, 'z196', when(put64)],
  ['STOCFH', 'RSY', 0xebe1, 'lsoc2', when((c, a) => storeWord(c, c.high(a)))],
  ['MVI', 'SI', 0x92, 'base', storeByte],
  ['MVIY', 'SIY', 0xeb52, 'ld', storeByte],
  ['MVHHI', 'SIL', 0xe544, 'gie', storeHalfword],
  ['MVHI', 'SIL', 0xe54c, 'gie', storeWord],
  ['MVGHI', 'SIL', 0xe548, 'gie', (c, i2) => put64(c, setSigned(c, X, i2))],
];
