/** Loads of general registers, of all widths and extensions. Principles of Operation, chapter 7. */

import { FETCH } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { holds } from './condition.ts';
import type { InstructionLine } from './line.ts';
import {
  advance,
  aligned,
  fetch64,
  load8,
  load8s,
  load16,
  load16s,
  load32,
  pair,
  r32x,
  relative,
  setAddress,
  setSigned,
  setUnsigned,
  X,
  Y,
} from './operands.ts';

/** Sets the low or high half of a register. */
function setLow(c: Processor, r: number, value: number): void {
  c.gr32[r * 2] = value;
}

function setHigh(c: Processor, r: number, value: number): void {
  c.gr32[r * 2 + 1] = value;
}

/** Sets a register from one operand of 64 bits. */
function whole(c: Processor, r: number, x: number): void {
  c.op[r] = c.op[x] as bigint;
}

const signed8 = (n: number) => (n << 24) >> 24;
const signed16 = (n: number) => (n << 16) >> 16;

/** LOAD ADDRESS. */
function loadAddress(c: Processor, r: number): void {
  setAddress(c, r, c.eaHi, c.eaLo);
}

/** The ALETs that LOAD ADDRESS EXTENDED loads for the primary, secondary and home space. */
const ALET = { [SPACE.PRIMARY]: 0, [SPACE.SECONDARY]: 1, [SPACE.HOME]: 2 } as const;

/** LOAD ADDRESS EXTENDED: loads the address, and the ALET of its space into the access register. */
function loadAddressExtended(c: Processor, r: number, base: number): void {
  const { space } = c;
  const alet =
    space === SPACE.ACCESS_REGISTER ? (base === 0 ? 0 : (c.ar[base] as number)) : ALET[space as 0 | 2 | 3];
  loadAddress(c, r);
  c.ar[r] = alet;
}

/** Returns the four bytes of a word in reverse order. */
export function reversed(n: number): number {
  return ((n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;
}

function loadReversed64(c: Processor, r: number, x: number): void {
  const hi = c.op32[x * 2 + 1] as number;
  c.op32[r * 2 + 1] = reversed(c.op32[x * 2] as number);
  c.op32[r * 2] = reversed(hi);
}

/** Sets one halfword of a register. `keep`: the others keep their values, else they become zero. */
function halfword(half: 0 | 1, shift: 0 | 16, keep: boolean) {
  const mask = 0xffff << shift;
  return (c: Processor, r: number, i: number): void => {
    const at = r * 2 + half;
    const old = c.gr32[at] as number;
    if (!keep) c.gr[r] = 0n;
    c.gr32[at] = (keep ? old & ~mask : 0) | ((i & 0xffff) << shift);
  };
}

/** INSERT CHARACTERS UNDER MASK into half `half`. With a mask of zero, one byte is still accessed. */
function insertUnderMask(half: 0 | 1) {
  return (c: Processor, r: number, mask: number): void => {
    const at = r * 2 + half;
    let value = c.gr32[at] as number;
    let inserted = 0;
    let first = -1;
    if (mask === 0) load8(c);
    for (let bit = 8, shift = 24; bit !== 0; bit >>= 1, shift -= 8) {
      if (!(mask & bit)) continue;
      const byte = load8(c);
      advance(c, 1);
      if (first < 0) first = byte;
      inserted |= byte;
      value = (value & ~(0xff << shift)) | (byte << shift);
    }
    c.gr32[at] = value;
    c.cc = inserted === 0 ? 0 : first & 0x80 ? 1 : 2;
  };
}

/** Returns the number of registers from `first` to `last`, wrapping from 15 to 0. */
export const registers = (first: number, last: number) => ((last - first) & 15) + 1;

/** Registers, or halves of registers, of one word each: where they are in the processor's arrays. */
export interface Words {
  readonly array: (c: Processor) => Uint32Array;
  /** Array elements per register. */
  readonly stride: 1 | 2;
  /** Index of the word among those elements. */
  readonly index: 0 | 1;
}

export const LOW_HALVES: Words = { array: (c) => c.gr32, stride: 2, index: 0 };
export const HIGH_HALVES: Words = { array: (c) => c.gr32, stride: 2, index: 1 };
export const ACCESS_REGISTERS: Words = { array: (c) => c.ar, stride: 1, index: 0 };

/** Words of an operand that crosses a page, before they are loaded: an access register among them may address the rest. */
const crossing = new Uint32Array(16);

/** Loads words from the effective address into registers `first` to `last`. */
export function loadWords(c: Processor, { array, stride, index }: Words, first: number, last: number): void {
  const into = array(c);
  const count = registers(first, last);
  const offset = c.eaLo & 0xfff;
  if (offset + count * 4 <= 0x1000) {
    const { view } = c.storage;
    let at = c.operandAddress(c.eaHi, c.eaLo, FETCH, count * 4);
    for (let i = 0; i < count; i++, at += 4) into[((first + i) & 15) * stride + index] = view.getUint32(at);
    return;
  }
  c.probe(c.eaHi, c.eaLo, count * 4, FETCH);
  for (let i = 0; i < count; i++, advance(c, 4)) crossing[i] = load32(c);
  for (let i = 0; i < count; i++) into[((first + i) & 15) * stride + index] = crossing[i] as number;
}

/** Loads doublewords from the effective address into registers. */
export function loadDoublewords(c: Processor, into: Uint32Array, first: number, last: number): void {
  const count = registers(first, last);
  const offset = c.eaLo & 0xfff;
  if (offset + count * 8 <= 0x1000) {
    const { view } = c.storage;
    let at = c.operandAddress(c.eaHi, c.eaLo, FETCH, count * 8);
    for (let i = 0; i < count; i++, at += 8) {
      const r = ((first + i) & 15) * 2;
      into[r + 1] = view.getUint32(at);
      into[r] = view.getUint32(at + 4);
    }
    return;
  }
  c.probe(c.eaHi, c.eaLo, count * 8, FETCH);
  for (let i = 0; i < count; i++, advance(c, 8)) {
    const r = ((first + i) & 15) * 2;
    fetch64(c, X);
    into[r + 1] = c.op32[X * 2 + 1] as number;
    into[r] = c.op32[X * 2] as number;
  }
}

/** LOAD MULTIPLE DISJOINT: high halves from the second operand, low halves from the third. */
function loadDisjoint(c: Processor, first: number, last: number): void {
  c.exchangeOperands();
  c.probe(c.eaHi, c.eaLo, registers(first, last) * 4, FETCH);
  c.exchangeOperands();
  loadWords(c, HIGH_HALVES, first, last);
  c.exchangeOperands();
  loadWords(c, LOW_HALVES, first, last);
}

/** LOAD PAIR FROM QUADWORD. */
function loadQuadword(c: Processor, r: number): void {
  pair(c, r);
  aligned(c, 16);
  loadDoublewords(c, c.gr32, r, r + 1);
}

/** LOAD PAIR DISJOINT: two words. Condition code 0: they were loaded as one access, as processors take turns. */
function loadPairDisjoint(c: Processor, r: number): void {
  pair(c, r);
  if ((c.eaLo | c.ea2Lo) & 3) c.program(PGM.SPECIFICATION);
  const first = load32(c);
  c.exchangeOperands();
  c.gr32[r * 2 + 2] = load32(c);
  c.gr32[r * 2] = first;
  c.cc = 0;
}

function loadPairDisjoint64(c: Processor, r: number): void {
  pair(c, r);
  if ((c.eaLo | c.ea2Lo) & 7) c.program(PGM.SPECIFICATION);
  fetch64(c, X);
  c.exchangeOperands();
  fetch64(c, Y);
  whole(c, r, X);
  whole(c, r + 1, Y);
  c.cc = 0;
}

/** Makes a load conditional on a mask. */
function when(load: (c: Processor, r: number, b: number) => void) {
  return (c: Processor, r: number, m: number): void => void (holds(c, m) && load(c, r, 0));
}

/** LOAD AND TRAP: a data exception if zero was loaded. */
function trapZero(c: Processor, zero: boolean): void {
  if (zero) c.dataException(0xff);
}

// biome-ignore format: a line each
const WORDS: readonly InstructionLine[] = [
  ['LR', 'RR', 0x18, 'base', (c, r1, r2) => setLow(c, r1, c.low(r2))],
  ['L', 'RX', 0x58, 'base', (c, r1) => setLow(c, r1, load32(c))],
  ['LH', 'RX', 0x48, 'base', (c, r1) => setLow(c, r1, load16s(c))],
  ['LHI', 'RI', 0xa78, 'base', setLow],
  ['LY', 'RXY', 0xe358, 'ld', (c, r1) => setLow(c, r1, load32(c))],
  ['LHY', 'RXY', 0xe378, 'ld', (c, r1) => setLow(c, r1, load16s(c))],
  ['LB', 'RXY', 0xe376, 'ld', (c, r1) => setLow(c, r1, load8s(c))],
  ['LBR', 'RRE', 0xb926, 'eimm', (c, r1, r2) => setLow(c, r1, signed8(c.low(r2)))],
  ['LHR', 'RRE', 0xb927, 'eimm', (c, r1, r2) => setLow(c, r1, signed16(c.low(r2)))],
  ['LRL', 'RIL', 0xc4d, 'gie', (c, r1, i2) => setLow(c, r1, load32(relative(c, i2, 4)))],
  ['LHRL', 'RIL', 0xc45, 'gie', (c, r1, i2) => setLow(c, r1, load16s(relative(c, i2, 2)))],
  ['LLC', 'RXY', 0xe394, 'eimm', (c, r1) => setLow(c, r1, load8(c))],
  ['LLCR', 'RRE', 0xb994, 'eimm', (c, r1, r2) => setLow(c, r1, c.low(r2) & 0xff)],
  ['LLH', 'RXY', 0xe395, 'eimm', (c, r1) => setLow(c, r1, load16(c))],
  ['LLHR', 'RRE', 0xb995, 'eimm', (c, r1, r2) => setLow(c, r1, c.low(r2) & 0xffff)],
  ['LLHRL', 'RIL', 0xc42, 'gie', (c, r1, i2) => setLow(c, r1, load16(relative(c, i2, 2)))],
  ['IILF', 'RIL', 0xc09, 'eimm', setLow],
  ['IILH', 'RI', 0xa52, 'zarch', halfword(0, 16, true)],
  ['IILL', 'RI', 0xa53, 'zarch', halfword(0, 0, true)],
  ['LRVR', 'RRE', 0xb91f, 'base', (c, r1, r2) => setLow(c, r1, reversed(c.low(r2)))],
  ['LRV', 'RXY', 0xe31e, 'base', (c, r1) => setLow(c, r1, reversed(load32(c)))],
  ['LRVH', 'RXY', 0xe31f, 'base', (c, r1) => { const old = c.low(r1); setLow(c, r1, (old & 0xffff_0000) | (reversed(load16(c)) >>> 16)); }],
  ['LOCR', 'RRF', 0xb9f2, 'z196', (c, r1, r2, m3) => void (holds(c, m3) && setLow(c, r1, c.low(r2)))],
  ['SELR', 'RRF', 0xb9f0, 'mie3', (c, r1, r2, r3, m4) => setLow(c, r1, c.low(holds(c, m4) ? r2 : r3))],
  ['LOC', 'RSY', 0xebf2, 'z196', when((c, a) => setLow(c, a, load32(c)))],
  ['LOCHI', 'RIEg', 0xec42, 'lsoc2', (c, r1, m3, i2) => void (holds(c, m3) && setLow(c, r1, i2))],
  ['LAT', 'RXY', 0xe39f, 'mie1', (c, r1) => { setLow(c, r1, load32(c)); trapZero(c, c.gr32[r1 * 2] === 0); }],
  ['LZRF', 'RXY', 0xe33b, 'lsoc2', (c, r1) => setLow(c, r1, load32(c) & 0xffff_ff00)],
];

// biome-ignore format: a line each
const HIGH_WORDS: readonly InstructionLine[] = [
  ['LFH', 'RXY', 0xe3ca, 'z196', (c, r1) => setHigh(c, r1, load32(c))],
  ['LBH', 'RXY', 0xe3c0, 'z196', (c, r1) => setHigh(c, r1, load8s(c))],
  ['LHH', 'RXY', 0xe3c4, 'z196', (c, r1) => setHigh(c, r1, load16s(c))],
  ['LLCH', 'RXY', 0xe3c2, 'z196', (c, r1) => setHigh(c, r1, load8(c))],
  ['LLHH', 'RXY', 0xe3c6, 'z196', (c, r1) => setHigh(c, r1, load16(c))],
  ['IIHF', 'RIL', 0xc08, 'eimm', setHigh],
  ['IIHH', 'RI', 0xa50, 'zarch', halfword(1, 16, true)],
  ['IIHL', 'RI', 0xa51, 'zarch', halfword(1, 0, true)],
  ['LOCFHR', 'RRF', 0xb9e0, 'lsoc2', (c, r1, r2, m3) => void (holds(c, m3) && setHigh(c, r1, c.high(r2)))],
  ['SELFHR', 'RRF', 0xb9c0, 'mie3', (c, r1, r2, r3, m4) => setHigh(c, r1, c.high(holds(c, m4) ? r2 : r3))],
  ['LOCFH', 'RSY', 0xebe0, 'lsoc2', when((c, a) => setHigh(c, a, load32(c)))],
  ['LOCHHI', 'RIEg', 0xec4e, 'lsoc2', (c, r1, m3, i2) => void (holds(c, m3) && setHigh(c, r1, i2))],
  ['LFHAT', 'RXY', 0xe3c8, 'mie1', (c, r1) => { setHigh(c, r1, load32(c)); trapZero(c, c.gr32[r1 * 2 + 1] === 0); }],
];

// biome-ignore format: a line each
const DOUBLEWORDS: readonly InstructionLine[] = [
  ['LGR', 'RRE', 0xb904, 'zarch', whole],
  ['LG', 'RXY', 0xe304, 'zarch', fetch64],
  ['LGF', 'RXY', 0xe314, 'zarch', (c, r1) => void setSigned(c, r1, load32(c))],
  ['LGFR', 'RRE', 0xb914, 'zarch', (c, r1, r2) => whole(c, r1, r32x(c, r2))],
  ['LGH', 'RXY', 0xe315, 'zarch', (c, r1) => void setSigned(c, r1, load16s(c))],
  ['LGHR', 'RRE', 0xb907, 'eimm', (c, r1, r2) => void setSigned(c, r1, signed16(c.low(r2)))],
  ['LGB', 'RXY', 0xe377, 'ld', (c, r1) => void setSigned(c, r1, load8s(c))],
  ['LGBR', 'RRE', 0xb906, 'eimm', (c, r1, r2) => void setSigned(c, r1, signed8(c.low(r2)))],
  ['LGHI', 'RI', 0xa79, 'zarch', (c, r1, i2) => void setSigned(c, r1, i2)],
  ['LGFI', 'RIL', 0xc01, 'eimm', (c, r1, i2) => void setSigned(c, r1, i2)],
  ['LGRL', 'RIL', 0xc48, 'gie', (c, r1, i2) => fetch64(relative(c, i2, 8), r1)],
  ['LGFRL', 'RIL', 0xc4c, 'gie', (c, r1, i2) => void setSigned(c, r1, load32(relative(c, i2, 4)))],
  ['LGHRL', 'RIL', 0xc44, 'gie', (c, r1, i2) => void setSigned(c, r1, load16s(relative(c, i2, 2)))],
  ['LLGF', 'RXY', 0xe316, 'zarch', (c, r1) => void setUnsigned(c, r1, load32(c))],
  ['LLGFR', 'RRE', 0xb916, 'zarch', (c, r1, r2) => void setUnsigned(c, r1, c.low(r2))],
  ['LLGH', 'RXY', 0xe391, 'zarch', (c, r1) => void setUnsigned(c, r1, load16(c))],
  ['LLGHR', 'RRE', 0xb985, 'eimm', (c, r1, r2) => void setUnsigned(c, r1, c.low(r2) & 0xffff)],
  ['LLGC', 'RXY', 0xe390, 'zarch', (c, r1) => void setUnsigned(c, r1, load8(c))],
  ['LLGCR', 'RRE', 0xb984, 'eimm', (c, r1, r2) => void setUnsigned(c, r1, c.low(r2) & 0xff)],
  ['LLGFRL', 'RIL', 0xc4e, 'gie', (c, r1, i2) => void setUnsigned(c, r1, load32(relative(c, i2, 4)))],
  ['LLGHRL', 'RIL', 0xc46, 'gie', (c, r1, i2) => void setUnsigned(c, r1, load16(relative(c, i2, 2)))],
  ['LLGT', 'RXY', 0xe317, 'zarch', (c, r1) => void setUnsigned(c, r1, load32(c) & 0x7fff_ffff)],
  ['LLGTR', 'RRE', 0xb917, 'zarch', (c, r1, r2) => void setUnsigned(c, r1, c.low(r2) & 0x7fff_ffff)],
  ['LLIHF', 'RIL', 0xc0e, 'eimm', (c, r1, i2) => { setLow(c, r1, 0); setHigh(c, r1, i2); }],
  ['LLILF', 'RIL', 0xc0f, 'eimm', (c, r1, i2) => void setUnsigned(c, r1, i2)],
  ['LLIHH', 'RI', 0xa5c, 'zarch', halfword(1, 16, false)],
  ['LLIHL', 'RI', 0xa5d, 'zarch', halfword(1, 0, false)],
  ['LLILH', 'RI', 0xa5e, 'zarch', halfword(0, 16, false)],
  ['LLILL', 'RI', 0xa5f, 'zarch', halfword(0, 0, false)],
  ['LRVGR', 'RRE', 0xb90f, 'zarch', loadReversed64],
  ['LRVG', 'RXY', 0xe30f, 'zarch', (c, r1) => { fetch64(c, X); loadReversed64(c, r1, X); }],
  ['LOCGR', 'RRF', 0xb9e2, 'z196', (c, r1, r2, m3) => void (holds(c, m3) && whole(c, r1, r2))],
  ['SELGR', 'RRF', 0xb9e3, 'mie3', (c, r1, r2, r3, m4) => whole(c, r1, holds(c, m4) ? r2 : r3)],
  ['LOCG', 'RSY', 0xebe2, 'z196', when(fetch64)],
  ['LOCGHI', 'RIEg', 0xec46, 'lsoc2', (c, r1, m3, i2) => void (holds(c, m3) && setSigned(c, r1, i2))],
  ['LGAT', 'RXY', 0xe385, 'mie1', (c, r1) => { fetch64(c, r1); trapZero(c, c.gr[r1] === 0n); }],
  ['LLGFAT', 'RXY', 0xe39d, 'mie1', (c, r1) => { setUnsigned(c, r1, load32(c)); trapZero(c, c.gr32[r1 * 2] === 0); }],
  ['LLGTAT', 'RXY', 0xe39c, 'mie1', (c, r1) => { setUnsigned(c, r1, load32(c) & 0x7fff_ffff); trapZero(c, c.gr32[r1 * 2] === 0); }],
  ['LZRG', 'RXY', 0xe32a, 'lsoc2', (c, r1) => { fetch64(c, r1); c.gr32[r1 * 2]! &= 0xffff_ff00; }],
  ['LLZRGF', 'RXY', 0xe33a, 'lsoc2', (c, r1) => void setUnsigned(c, r1, load32(c) & 0xffff_ff00)],
];

// biome-ignore format: a line each
const ADDRESSES: readonly InstructionLine[] = [
  ['LA', 'RX', 0x41, 'base', loadAddress],
  ['LAY', 'RXY', 0xe371, 'ld', loadAddress],
  ['LAE', 'RX', 0x51, 'base', loadAddressExtended],
  ['LAEY', 'RXY', 0xe375, 'gie', loadAddressExtended],
  ['LARL', 'RIL', 0xc00, 'zarch', (c, r1, i2) => { c.addressRelative(i2); loadAddress(c, r1); }],
];

// biome-ignore format: a line each
const CHARACTERS: readonly InstructionLine[] = [
  ['IC', 'RX', 0x43, 'base', (c, r1) => setLow(c, r1, (c.low(r1) & 0xffff_ff00) | load8(c))],
  ['ICY', 'RXY', 0xe373, 'ld', (c, r1) => setLow(c, r1, (c.low(r1) & 0xffff_ff00) | load8(c))],
  ['ICM', 'RS', 0xbf, 'base', insertUnderMask(0)],
  ['ICMY', 'RSY', 0xeb81, 'ld', insertUnderMask(0)],
  ['ICMH', 'RSY', 0xeb80, 'zarch', insertUnderMask(1)],
];

// biome-ignore format: a line each
const MULTIPLE: readonly InstructionLine[] = [
  ['LM', 'RS', 0x98, 'base', (c, r1, r3) => loadWords(c, LOW_HALVES, r1, r3)],
  ['LMY', 'RSY', 0xeb98, 'ld', (c, r1, r3) => loadWords(c, LOW_HALVES, r1, r3)],
  ['LMH', 'RSY', 0xeb96, 'zarch', (c, r1, r3) => loadWords(c, HIGH_HALVES, r1, r3)],
  ['LMG', 'RSY', 0xeb04, 'zarch', (c, r1, r3) => loadDoublewords(c, c.gr32, r1, r3)],
  ['LMD', 'SSb', 0xef, 'zarch', loadDisjoint],
  ['LPQ', 'RXY', 0xe38f, 'zarch', loadQuadword],
  ['LPD', 'SSF', 0xc84, 'z196', loadPairDisjoint],
  ['LPDG', 'SSF', 0xc85, 'z196', loadPairDisjoint64],
  ['LAM', 'RS', 0x9a, 'base', (c, r1, r3) => loadWords(aligned(c, 4), ACCESS_REGISTERS, r1, r3)],
  ['LAMY', 'RSY', 0xeb9a, 'ld', (c, r1, r3) => loadWords(aligned(c, 4), ACCESS_REGISTERS, r1, r3)],
];

// biome-ignore format: a line each
export const LOAD: readonly InstructionLine[] = [
  ...WORDS,
  ...HIGH_WORDS,
  ...DOUBLEWORDS,
  ...ADDRESSES,
  ...CHARACTERS,
  ...MULTIPLE,
];
