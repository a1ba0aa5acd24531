/**
 * AND, OR, EXCLUSIVE OR, TEST UNDER MASK, bit counts, and rotate-then-select.
 * Principles of Operation, chapter 7.
 */

import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { hasFacility } from '../cpu-model.ts';
import { and32, and64, bitwise32, bitwise64, or32, or64, sign64, xor32, xor64 } from './binary.ts';
import type { InstructionLine } from './line.ts';
import { i32, load8, m32, m64, pair, Y } from './operands.ts';
import { rotate64 } from './shift.ts';

/** The four halfwords of a register, named as in the manual: the half they are in, and the shift in it. */
type Part = readonly [half: 0 | 1, shift: 0 | 16];
const HH: Part = [1, 16];
const HL: Part = [1, 0];
const LH: Part = [0, 16];
const LL: Part = [0, 0];

type Bitwise = (a: number, b: number) => number;
const and: Bitwise = (a, b) => a & b;
const or: Bitwise = (a, b) => a | b;
const xor: Bitwise = (a, b) => a ^ b;
const andComplement: Bitwise = (a, b) => a & ~b;
const orComplement: Bitwise = (a, b) => a | ~b;
const nand: Bitwise = (a, b) => ~(a & b);
const nor: Bitwise = (a, b) => ~(a | b);
const notXor: Bitwise = (a, b) => ~(a ^ b);

/** An operation with an immediate on one halfword of a register. */
function onPart([half, shift]: Part, operation: Bitwise) {
  return (c: Processor, r: number, i: number): void => {
    const at = r * 2 + half;
    const old = c.op32[at] as number;
    const part = operation((old >>> shift) & 0xffff, i & 0xffff);
    c.op32[at] = (old & ~(0xffff << shift)) | (part << shift);
    c.cc = part === 0 ? 0 : 1;
  };
}

/** An operation with an immediate on a byte in storage. */
function onByte(operation: Bitwise) {
  return (c: Processor, i: number): void => {
    c.probe(c.eaHi, c.eaLo, 1, STORE);
    const value = operation(load8(c), i);
    c.store8(c.eaHi, c.eaLo, value);
    c.cc = value === 0 ? 0 : 1;
  };
}

/** An operation on registers r2 and r3, 32 bits. */
function three32(operation: Bitwise) {
  return (c: Processor, r1: number, r2: number, r3: number): void =>
    bitwise32(c, r1 * 2, operation(c.low(r2), c.low(r3)));
}

/** An operation on registers r2 and r3, 64 bits. */
function three64(operation: Bitwise) {
  return (c: Processor, r1: number, r2: number, r3: number): void =>
    bitwise64(c, r1, operation(c.low(r2), c.low(r3)), operation(c.high(r2), c.high(r3)));
}

/** TEST UNDER MASK of a halfword. Condition code 0: all selected bits zero; 1: mixed, leftmost zero; 2: mixed, leftmost one; 3: all one. */
function underMask(value: number, mask: number): number {
  const selected = value & mask;
  if (selected === 0) return 0;
  if (selected === mask) return 3;
  return Math.clz32(selected) === Math.clz32(mask) ? 2 : 1;
}

function testPart([half, shift]: Part) {
  return (c: Processor, r: number, i: number): void => {
    const value = ((c.op32[r * 2 + half] as number) >>> shift) & 0xffff;
    const mask = i & 0xffff;
    const code = underMask(value, mask);
    c.cc = code;
  };
}

/** TEST UNDER MASK of a byte: as for a halfword, but condition code 1 for all mixed bits. */
function testByte(c: Processor, mask: number): void {
  const selected = load8(c) & mask;
  c.cc = selected === 0 ? 0 : selected === mask ? 3 : 1;
}

/** Returns the number of ones in each of the four bytes of a word. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return (nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f;
}

/** Bit of m3 of POPULATION COUNT: one count of all the bits. It is ignored without the facility that brought it. */
const ALL_BITS = 8;
/** Bit of the facility list: miscellaneous instruction extensions 3. */
const EXTENSIONS_3 = 61;

/** POPULATION COUNT: counts the ones in each byte or in the whole operand. */
function populationCount(c: Processor, d: number, a: number, m3: number): void {
  let hi = ones(c.op32[a * 2 + 1] as number);
  let lo = ones(c.op32[a * 2] as number);
  if (m3 & ALL_BITS && hasFacility(c.machine.facilities, EXTENSIONS_3)) {
    // The four bytes of the product's high byte do not overflow: 64 ones at most.
    lo = Math.imul(hi + lo, 0x0101_0101) >>> 24;
    hi = 0;
  }
  c.op32[d * 2 + 1] = hi;
  c.op32[d * 2] = lo;
  c.cc = (hi | lo) === 0 ? 0 : 1;
}

/** FIND LEFTMOST ONE: loads its bit number into r1 (64 if there is none), and the operand without that bit into r1 + 1. */
function findLeftmostOne(c: Processor, r: number, a: number): void {
  const hi = c.op32[a * 2 + 1] as number;
  const lo = c.op32[a * 2] as number;
  pair(c, r);
  const bit = hi !== 0 ? Math.clz32(hi) : 32 + Math.clz32(lo);
  c.op[r] = BigInt(bit);
  c.op32[r * 2 + 3] = bit < 32 ? hi & ~(0x8000_0000 >>> bit) : hi;
  c.op32[r * 2 + 2] = bit >= 32 && bit < 64 ? lo & ~(0x8000_0000 >>> (bit - 32)) : lo;
  c.cc = bit === 64 ? 0 : 2;
}

/** Returns the mask of bits `first` to `last` of 64, in halves. The range wraps around if last is less than first. */
function selection(first: number, last: number, high: boolean): number {
  const from = high ? first : first - 32;
  const to = high ? last : last - 32;
  const after = from <= 0 ? -1 : from > 31 ? 0 : -1 >>> from;
  const until = to < 0 ? 0 : to >= 31 ? -1 : ~(-1 >>> (to + 1));
  return first <= last ? after & until : after | until;
}

type Select = (old: number, rotated: number, mask: number) => number;
const insert: Select = (old, rotated, mask) => (old & ~mask) | (rotated & mask);
const selectAnd: Select = (old, rotated, mask) => old & (rotated | ~mask);
const selectOr: Select = (old, rotated, mask) => old | (rotated & mask);
const selectXor: Select = (old, rotated, mask) => old ^ (rotated & mask);

/** ROTATE THEN INSERT SELECTED BITS. Bit 0x80 of i4 zeros the remaining bits. */
function insertSelected(c: Processor, r: number, b: number, i3: number, i4: number, i5: number): void {
  const first = i3 & 63;
  const last = i4 & 63;
  rotate64(c, Y, b, i5 & 63);
  const { op32s } = c;
  for (const half of [0, 1] as const) {
    const old = i4 & 0x80 ? 0 : (op32s[r * 2 + half] as number);
    op32s[r * 2 + half] = insert(old, op32s[Y * 2 + half] as number, selection(first, last, half === 1));
  }
}

/** ROTATE THEN AND, OR, EXCLUSIVE OR SELECTED BITS. With bit 0x80 of i3, only the condition code is set. */
function selected(select: Select) {
  return (c: Processor, r: number, b: number, i3: number, i4: number, i5: number): void => {
    const first = i3 & 63;
    const last = i4 & 63;
    rotate64(c, Y, b, i5 & 63);
    const { op32s } = c;
    const maskHi = selection(first, last, true);
    const maskLo = selection(first, last, false);
    const hi = select(op32s[r * 2 + 1] as number, op32s[Y * 2 + 1] as number, maskHi);
    const lo = select(op32s[r * 2] as number, op32s[Y * 2] as number, maskLo);
    c.cc = ((hi & maskHi) | (lo & maskLo)) === 0 ? 0 : 1;
    if (i3 & 0x80) return;
    op32s[r * 2 + 1] = hi;
    op32s[r * 2] = lo;
  };
}

/** ROTATE THEN INSERT SELECTED BITS HIGH or LOW: changes one half of r1 only. */
function insertHalf(half: 0 | 1) {
  return (c: Processor, r: number, b: number, i3: number, i4: number, i5: number): void => {
    const offset = half === 1 ? 0 : 32;
    rotate64(c, Y, b, i5 & 63);
    const mask = selection((i3 & 31) + offset, (i4 & 31) + offset, half === 1);
    const old = i4 & 0x80 ? 0 : (c.op32s[r * 2 + half] as number);
    c.op32s[r * 2 + half] = insert(old, c.op32s[Y * 2 + half] as number, mask);
  };
}

function risbg(c: Processor, r: number, b: number, i3: number, i4: number, i5: number): void {
  insertSelected(c, r, b, i3, i4, i5);
  c.cc = sign64(c, r);
}

// biome-ignore format: a line each
const AND: readonly InstructionLine[] = [
  ['NR', 'RR', 0x14, 'base', (c, r1, r2) => and32(c, r1 * 2, r1 * 2, r2 * 2)],
  ['N', 'RX', 0x54, 'base', (c, r1) => and32(c, r1 * 2, r1 * 2, m32(c))],
  ['NY', 'RXY', 0xe354, 'ld', (c, r1) => and32(c, r1 * 2, r1 * 2, m32(c))],
  ['NRK', 'RRF', 0xb9f4, 'z196', (c, r1, r2, r3) => and32(c, r1 * 2, r2 * 2, r3 * 2)],
  ['NGR', 'RRE', 0xb980, 'zarch', (c, r1, r2) => and64(c, r1, r1, r2)],
  ['NG', 'RXY', 0xe380, 'zarch', (c, r1) => and64(c, r1, r1, m64(c))],
  ['NGRK', 'RRF', 0xb9e4, 'z196', (c, r1, r2, r3) => and64(c, r1, r2, r3)],
  ['NI', 'SI', 0x94, 'base', onByte(and)],
  ['NIY', 'SIY', 0xeb54, 'ld', onByte(and)],
  ['NIHF', 'RIL', 0xc0a, 'eimm', (c, r1, i2) => and32(c, r1 * 2 + 1, r1 * 2 + 1, i32(c, i2))],
  ['NILF', 'RIL', 0xc0b, 'eimm', (c, r1, i2) => and32(c, r1 * 2, r1 * 2, i32(c, i2))],
  ['NIHH', 'RI', 0xa54, 'zarch', onPart(HH, and)],
  ['NIHL', 'RI', 0xa55, 'zarch', onPart(HL, and)],
  ['NILH', 'RI', 0xa56, 'zarch', onPart(LH, and)],
  ['NILL', 'RI', 0xa57, 'zarch', onPart(LL, and)],
];

// biome-ignore format: a line each
const OR: readonly InstructionLine[] = [
  ['OR', 'RR', 0x16, 'base', (c, r1, r2) => or32(c, r1 * 2, r1 * 2, r2 * 2)],
  ['O', 'RX', 0x56, 'base', (c, r1) => or32(c, r1 * 2, r1 * 2, m32(c))],
  ['OY', 'RXY', 0xe356, 'ld', (c, r1) => or32(c, r1 * 2, r1 * 2, m32(c))],
  ['ORK', 'RRF', 0xb9f6, 'z196', (c, r1, r2, r3) => or32(c, r1 * 2, r2 * 2, r3 * 2)],
  ['OGR', 'RRE', 0xb981, 'zarch', (c, r1, r2) => or64(c, r1, r1, r2)],
  ['OG', 'RXY', 0xe381, 'zarch', (c, r1) => or64(c, r1, r1, m64(c))],
  ['OGRK', 'RRF', 0xb9e6, 'z196', (c, r1, r2, r3) => or64(c, r1, r2, r3)],
  ['OI', 'SI', 0x96, 'base', onByte(or)],
  ['OIY', 'SIY', 0xeb56, 'ld', onByte(or)],
  ['OIHF', 'RIL', 0xc0c, 'eimm', (c, r1, i2) => or32(c, r1 * 2 + 1, r1 * 2 + 1, i32(c, i2))],
  ['OILF', 'RIL', 0xc0d, 'eimm', (c, r1, i2) => or32(c, r1 * 2, r1 * 2, i32(c, i2))],
  ['OIHH', 'RI', 0xa58, 'zarch', onPart(HH, or)],
  ['OIHL', 'RI', 0xa59, 'zarch', onPart(HL, or)],
  ['OILH', 'RI', 0xa5a, 'zarch', onPart(LH, or)],
  ['OILL', 'RI', 0xa5b, 'zarch', onPart(LL, or)],
];

// biome-ignore format: a line each
const XOR: readonly InstructionLine[] = [
  ['XR', 'RR', 0x17, 'base', (c, r1, r2) => xor32(c, r1 * 2, r1 * 2, r2 * 2)],
  ['X', 'RX', 0x57, 'base', (c, r1) => xor32(c, r1 * 2, r1 * 2, m32(c))],
  ['XY', 'RXY', 0xe357, 'ld', (c, r1) => xor32(c, r1 * 2, r1 * 2, m32(c))],
  ['XRK', 'RRF', 0xb9f7, 'z196', (c, r1, r2, r3) => xor32(c, r1 * 2, r2 * 2, r3 * 2)],
  ['XGR', 'RRE', 0xb982, 'zarch', (c, r1, r2) => xor64(c, r1, r1, r2)],
  ['XG', 'RXY', 0xe382, 'zarch', (c, r1) => xor64(c, r1, r1, m64(c))],
  ['XGRK', 'RRF', 0xb9e7, 'z196', (c, r1, r2, r3) => xor64(c, r1, r2, r3)],
  ['XI', 'SI', 0x97, 'base', onByte(xor)],
  ['XIY', 'SIY', 0xeb57, 'ld', onByte(xor)],
  ['XIHF', 'RIL', 0xc06, 'eimm', (c, r1, i2) => xor32(c, r1 * 2 + 1, r1 * 2 + 1, i32(c, i2))],
  ['XILF', 'RIL', 0xc07, 'eimm', (c, r1, i2) => xor32(c, r1 * 2, r1 * 2, i32(c, i2))],
];

// biome-ignore format: a line each
const COMPLEMENT: readonly InstructionLine[] = [
  ['NCRK', 'RRF', 0xb9f5, 'mie3', three32(andComplement)],
  ['NCGRK', 'RRF', 0xb9e5, 'mie3', three64(andComplement)],
  ['OCRK', 'RRF', 0xb975, 'mie3', three32(orComplement)],
  ['OCGRK', 'RRF', 0xb965, 'mie3', three64(orComplement)],
  ['NNRK', 'RRF', 0xb974, 'mie3', three32(nand)],
  ['NNGRK', 'RRF', 0xb964, 'mie3', three64(nand)],
  ['NORK', 'RRF', 0xb976, 'mie3', three32(nor)],
  ['NOGRK', 'RRF', 0xb966, 'mie3', three64(nor)],
  ['NXRK', 'RRF', 0xb977, 'mie3', three32(notXor)],
  ['NXGRK', 'RRF', 0xb967, 'mie3', three64(notXor)],
];

// biome-ignore format: a line each
const BITS: readonly InstructionLine[] = [
  ['TM', 'SI', 0x91, 'base', testByte],
  ['TMY', 'SIY', 0xeb51, 'ld', testByte],
  ['TMHH', 'RI', 0xa72, 'zarch', testPart(HH)],
  ['TMHL', 'RI', 0xa73, 'zarch', testPart(HL)],
  ['TMLH', 'RI', 0xa70, 'base', testPart(LH)],
  ['TMLL', 'RI', 0xa71, 'base', testPart(LL)],
  ['POPCNT', 'RRF', 0xb9e1, 'z196', populationCount],
  ['FLOGR', 'RRE', 0xb983, 'eimm', findLeftmostOne],
  ['RISBG', 'RIEf', 0xec55, 'gie', risbg],
  ['RISBGN', 'RIEf', 0xec59, 'mie1', insertSelected],
  ['RNSBG', 'RIEf', 0xec54, 'gie', selected(selectAnd)],
  ['ROSBG', 'RIEf', 0xec56, 'gie', selected(selectOr)],
  ['RXSBG', 'RIEf', 0xec57, 'gie', selected(selectXor)],
  ['RISBHG', 'RIEf', 0xec5d, 'z196', insertHalf(1)],
  ['RISBLG', 'RIEf', 0xec51, 'z196', insertHalf(0)],
];

// biome-ignore format: a line each
export const LOGICAL: readonly InstructionLine[] = [
  ...AND,
  ...OR,
  ...XOR,
  ...COMPLEMENT,
  ...BITS,
];
