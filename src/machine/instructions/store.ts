/** Stores from general registers and of immediates. Principles of Operation, chapter 7. */

import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { holds } from './condition.ts';
import type { InstructionLine } from './line.ts';
import { registers, reversed } from './load.ts';
import { advance, aligned, effectivePage, pair, put64, relative, setSigned, X } from './operands.ts';

function word(c: Processor, value: number): void {
  c.store32(c.eaHi, c.eaLo, value);
}

function halfword(c: Processor, value: number): void {
  c.store16(c.eaHi, c.eaLo, value);
}

function byte(c: Processor, value: number): void {
  c.store8(c.eaHi, c.eaLo, value);
}

const low = (c: Processor, r: number) => c.gr32[r * 2] as number;
const high = (c: Processor, r: number) => c.gr32[r * 2 + 1] as number;

/** STORE CHARACTERS UNDER MASK from half `half`: the selected bytes, next to one another. */
function storeUnderMask(half: 0 | 1) {
  return (c: Processor, r: number, mask: number): void => {
    if (mask === 0) return;
    const value = c.gr32[r * 2 + half] as number;
    let count = 0;
    for (let bit = 8; bit !== 0; bit >>= 1) if (mask & bit) count++;
    c.probe(c.eaHi, c.eaLo, count, STORE);
    for (let bit = 8, shift = 24; bit !== 0; bit >>= 1, shift -= 8) {
      if (!(mask & bit)) continue;
      byte(c, value >>> shift);
      advance(c, 1);
    }
  };
}

/** Stores halves of registers as words. */
export function storeHalves(
  c: Processor,
  from: Uint32Array,
  first: number,
  last: number,
  scale: 1 | 2,
  half: 0 | 1,
): void {
  const count = registers(first, last);
  const offset = c.eaLo & 0xfff;
  if (offset + count * 4 <= 0x1000) {
    const { view } = c.storage;
    let at = c.frame(effectivePage(c), offset, STORE, count * 4) + offset;
    for (let i = 0; i < count; i++, at += 4) {
      view.setUint32(at, from[((first + i) & 15) * scale + half] as number);
    }
    return;
  }
  c.probe(c.eaHi, c.eaLo, count * 4, STORE);
  for (let i = 0; i < count; i++, advance(c, 4)) word(c, from[((first + i) & 15) * scale + half] as number);
}

/** Stores registers as doublewords. */
export function storeWhole(c: Processor, from: Uint32Array, first: number, last: number): void {
  const count = registers(first, last);
  const offset = c.eaLo & 0xfff;
  if (offset + count * 8 <= 0x1000) {
    const { view } = c.storage;
    let at = c.frame(effectivePage(c), offset, STORE, count * 8) + offset;
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
    word(c, from[r + 1] as number);
    advance(c, 4);
    word(c, from[r] as number);
    advance(c, 4);
  }
}

function storeReversed64(c: Processor, r: number): void {
  c.op32[X * 2 + 1] = reversed(low(c, r));
  c.op32[X * 2] = reversed(high(c, r));
  put64(c, X);
}

/** STORE PAIR TO QUADWORD. */
function storeQuadword(c: Processor, r: number): void {
  pair(c, r);
  aligned(c, 16);
  storeWhole(c, c.gr32, r, r + 1);
}

/** Runs a store when the condition holds. */
function when(store: (c: Processor, r: number) => void) {
  return (c: Processor, r: number, m: number): void => void (holds(c, m) && store(c, r));
}

export const STORES: readonly InstructionLine[] = [
  ['ST', 'RX', 0x50, 'base', (c, a) => word(c, low(c, a))],
  ['STH', 'RX', 0x40, 'base', (c, a) => halfword(c, low(c, a))],
  ['STC', 'RX', 0x42, 'base', (c, a) => byte(c, low(c, a))],
  ['STY', 'RXY', 0xe350, 'long-displacement', (c, a) => word(c, low(c, a))],
  ['STHY', 'RXY', 0xe370, 'long-displacement', (c, a) => halfword(c, low(c, a))],
  ['STCY', 'RXY', 0xe372, 'long-displacement', (c, a) => byte(c, low(c, a))],
  ['STG', 'RXY', 0xe324, 'zarch', put64],
  ['STRL', 'RIL', 0xc4f, 'general-instructions-extension', (c, a, i) => word(relative(c, i, 4), low(c, a))],
  [
    'STHRL',
    'RIL',
    0xc47,
    'general-instructions-extension',
    (c, a, i) => halfword(relative(c, i, 2), low(c, a)),
  ],
  ['STGRL', 'RIL', 0xc4b, 'general-instructions-extension', (c, a, i) => put64(relative(c, i, 8), a)],
  ['STFH', 'RXY', 0xe3cb, 'z196', (c, a) => word(c, high(c, a))],
  ['STHH', 'RXY', 0xe3c7, 'z196', (c, a) => halfword(c, high(c, a))],
  ['STCH', 'RXY', 0xe3c3, 'z196', (c, a) => byte(c, high(c, a))],
  ['STCM', 'RS', 0xbe, 'base', storeUnderMask(0)],
  ['STCMY', 'RSY', 0xeb2d, 'long-displacement', storeUnderMask(0)],
  ['STCMH', 'RSY', 0xeb2c, 'zarch', storeUnderMask(1)],
  ['STM', 'RS', 0x90, 'base', (c, a, b) => storeHalves(c, c.gr32, a, b, 2, 0)],
  ['STMY', 'RSY', 0xeb90, 'long-displacement', (c, a, b) => storeHalves(c, c.gr32, a, b, 2, 0)],
  ['STMH', 'RSY', 0xeb26, 'zarch', (c, a, b) => storeHalves(c, c.gr32, a, b, 2, 1)],
  ['STMG', 'RSY', 0xeb24, 'zarch', (c, a, b) => storeWhole(c, c.gr32, a, b)],
  ['STPQ', 'RXY', 0xe38e, 'zarch', storeQuadword],
  ['STAM', 'RS', 0x9b, 'base', (c, a, b) => storeHalves(aligned(c, 4), c.ar, a, b, 1, 0)],
  ['STAMY', 'RSY', 0xeb9b, 'long-displacement', (c, a, b) => storeHalves(aligned(c, 4), c.ar, a, b, 1, 0)],
  ['STRV', 'RXY', 0xe33e, 'base', (c, a) => word(c, reversed(low(c, a)))],
  ['STRVH', 'RXY', 0xe33f, 'base', (c, a) => halfword(c, reversed(low(c, a)) >>> 16)],
  ['STRVG', 'RXY', 0xe32f, 'zarch', storeReversed64],
  ['STOC', 'RSY', 0xebf3, 'z196', when((c, a) => word(c, low(c, a)))],
  ['STOCG', 'RSY', 0xebe3, 'z196', when(put64)],
  ['STOCFH', 'RSY', 0xebe1, 'load-store-on-condition-2', when((c, a) => word(c, high(c, a)))],
  ['MVI', 'SI', 0x92, 'base', byte],
  ['MVIY', 'SIY', 0xeb52, 'long-displacement', byte],
  ['MVHHI', 'SIL', 0xe544, 'general-instructions-extension', halfword],
  ['MVHI', 'SIL', 0xe54c, 'general-instructions-extension', word],
  ['MVGHI', 'SIL', 0xe548, 'general-instructions-extension', (c, i) => put64(c, setSigned(c, X, i))],
];
