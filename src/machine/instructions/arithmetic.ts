/**
 * Addition and subtraction, and the loads that set the condition code by the sign.
 * Principles of Operation, chapter 7.
 */

import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import {
  add32,
  add64,
  addLogical32,
  addLogical64,
  addQuiet32,
  addQuiet64,
  borrowOf,
  carryOf,
  overflowed,
  sign64,
  signOf,
  sub32,
  sub64,
  subLogical32,
  subLogical64,
} from './binary.ts';
import type { InstructionLine } from './line.ts';
import {
  fetch64,
  i32,
  i64,
  load32,
  m16,
  m16x,
  m32,
  m32x,
  m32z,
  m64,
  put64,
  r32x,
  r32z,
  u64,
  Y,
  YL,
} from './operands.ts';

type Quiet = (c: Processor, d: number, a: number, b: number) => void;

/** Adds an immediate to a word in storage. Access exceptions of the store are recognized before anything changes. */
function addStorage32(c: Processor, value: number, add: Quiet): void {
  c.probe(c.eaHi, c.eaLo, 4, STORE);
  c.op32[YL] = load32(c);
  add(c, YL, YL, i32(c, value));
  c.store32(c.eaHi, c.eaLo, c.op32[YL] as number);
}

/** As `addStorage32`, for a doubleword. */
function addStorage64(c: Processor, value: number, add: Quiet): void {
  c.probe(c.eaHi, c.eaLo, 8, STORE);
  fetch64(c, Y);
  add(c, Y, Y, i64(c, value));
  put64(c, Y);
}

/** Makes the immediate of an SIY instruction signed. */
const signed8 = (i: number) => (i << 24) >> 24;

function asi(c: Processor, i: number): void {
  addStorage32(c, signed8(i), addQuiet32);
  overflowed(c);
}

function agsi(c: Processor, i: number): void {
  addStorage64(c, signed8(i), addQuiet64);
  overflowed(c);
}

/** LOAD AND TEST, 32 bits: half `a` to half `d`. */
function test32(c: Processor, d: number, a: number): void {
  const value = c.op32s[a] as number;
  c.op32s[d] = value;
  c.cc = signOf(value);
}

function test64(c: Processor, d: number, a: number): void {
  c.op[d] = c.op[a] as bigint;
  c.cc = sign64(c, d);
}

/** d = 0 - a. The maximum negative number does not change, and overflows. */
function negate32(c: Processor, d: number, a: number): void {
  c.op32[YL] = 0;
  sub32(c, d, YL, a);
}

function negate64(c: Processor, d: number, a: number): void {
  c.op[Y] = 0n;
  sub64(c, d, Y, a);
}

const positive32 = (c: Processor, d: number, a: number) =>
  ((c.op32s[a] as number) < 0 ? negate32 : test32)(c, d, a);
const positive64 = (c: Processor, d: number, a: number) => (sign64(c, a) === 1 ? negate64 : test64)(c, d, a);
const negative32 = (c: Processor, d: number, a: number) =>
  ((c.op32s[a] as number) > 0 ? negate32 : test32)(c, d, a);
const negative64 = (c: Processor, d: number, a: number) => (sign64(c, a) === 2 ? negate64 : test64)(c, d, a);

/** ADD LOGICAL WITH SIGNED IMMEDIATE HIGH, without the condition code. */
function alsihn(c: Processor, r: number, i: number): void {
  c.op32s[r * 2 + 1] = (c.op32s[r * 2 + 1] as number) + i;
}

// biome-ignore format: a line each
const ADD: readonly InstructionLine[] = [
  ['AR', 'RR', 0x1a, 'base', (c, r1, r2) => add32(c, r1 * 2, r1 * 2, r2 * 2)],
  ['A', 'RX', 0x5a, 'base', (c, r1) => add32(c, r1 * 2, r1 * 2, m32(c))],
  ['AH', 'RX', 0x4a, 'base', (c, r1) => add32(c, r1 * 2, r1 * 2, m16(c))],
  ['AHI', 'RI', 0xa7a, 'base', (c, r1, i2) => add32(c, r1 * 2, r1 * 2, i32(c, i2))],
  ['AY', 'RXY', 0xe35a, 'ld', (c, r1) => add32(c, r1 * 2, r1 * 2, m32(c))],
  ['AHY', 'RXY', 0xe37a, 'ld', (c, r1) => add32(c, r1 * 2, r1 * 2, m16(c))],
  ['AFI', 'RIL', 0xc29, 'eimm', (c, r1, i2) => add32(c, r1 * 2, r1 * 2, i32(c, i2))],
  ['ARK', 'RRF', 0xb9f8, 'z196', (c, r1, r2, r3) => add32(c, r1 * 2, r2 * 2, r3 * 2)],
  ['AHIK', 'RIEd', 0xecd8, 'z196', (c, r1, r3, i2) => add32(c, r1 * 2, r3 * 2, i32(c, i2))],
  ['ASI', 'SIY', 0xeb6a, 'gie', asi],
  ['AGR', 'RRE', 0xb908, 'zarch', (c, r1, r2) => add64(c, r1, r1, r2)],
  ['AGFR', 'RRE', 0xb918, 'zarch', (c, r1, r2) => add64(c, r1, r1, r32x(c, r2))],
  ['AG', 'RXY', 0xe308, 'zarch', (c, r1) => add64(c, r1, r1, m64(c))],
  ['AGF', 'RXY', 0xe318, 'zarch', (c, r1) => add64(c, r1, r1, m32x(c))],
  ['AGH', 'RXY', 0xe338, 'mie2', (c, r1) => add64(c, r1, r1, m16x(c))],
  ['AGHI', 'RI', 0xa7b, 'zarch', (c, r1, i2) => add64(c, r1, r1, i64(c, i2))],
  ['AGFI', 'RIL', 0xc28, 'eimm', (c, r1, i2) => add64(c, r1, r1, i64(c, i2))],
  ['AGRK', 'RRF', 0xb9e8, 'z196', (c, r1, r2, r3) => add64(c, r1, r2, r3)],
  ['AGHIK', 'RIEd', 0xecd9, 'z196', (c, r1, r3, i2) => add64(c, r1, r3, i64(c, i2))],
  ['AGSI', 'SIY', 0xeb7a, 'gie', agsi],
  ['AHHHR', 'RRF', 0xb9c8, 'z196', (c, r1, r2, r3) => add32(c, r1 * 2 + 1, r2 * 2 + 1, r3 * 2 + 1)],
  ['AHHLR', 'RRF', 0xb9d8, 'z196', (c, r1, r2, r3) => add32(c, r1 * 2 + 1, r2 * 2 + 1, r3 * 2)],
  ['AIH', 'RIL', 0xcc8, 'z196', (c, r1, i2) => add32(c, r1 * 2 + 1, r1 * 2 + 1, i32(c, i2))],
];

// biome-ignore format: a line each
const ADD_LOGICAL: readonly InstructionLine[] = [
  ['ALR', 'RR', 0x1e, 'base', (c, r1, r2) => addLogical32(c, r1 * 2, r1 * 2, r2 * 2)],
  ['AL', 'RX', 0x5e, 'base', (c, r1) => addLogical32(c, r1 * 2, r1 * 2, m32(c))],
  ['ALY', 'RXY', 0xe35e, 'ld', (c, r1) => addLogical32(c, r1 * 2, r1 * 2, m32(c))],
  ['ALFI', 'RIL', 0xc2b, 'eimm', (c, r1, i2) => addLogical32(c, r1 * 2, r1 * 2, i32(c, i2))],
  ['ALRK', 'RRF', 0xb9fa, 'z196', (c, r1, r2, r3) => addLogical32(c, r1 * 2, r2 * 2, r3 * 2)],
  ['ALHSIK', 'RIEd', 0xecda, 'z196', (c, r1, r3, i2) => addLogical32(c, r1 * 2, r3 * 2, i32(c, i2))],
  ['ALCR', 'RRE', 0xb998, 'zarch', (c, r1, r2) => addLogical32(c, r1 * 2, r1 * 2, r2 * 2, carryOf(c))],
  ['ALC', 'RXY', 0xe398, 'zarch', (c, r1) => addLogical32(c, r1 * 2, r1 * 2, m32(c), carryOf(c))],
  ['ALSI', 'SIY', 0xeb6e, 'gie', (c, i2) => addStorage32(c, signed8(i2), addLogical32)],
  ['ALGR', 'RRE', 0xb90a, 'zarch', (c, r1, r2) => addLogical64(c, r1, r1, r2)],
  ['ALGFR', 'RRE', 0xb91a, 'zarch', (c, r1, r2) => addLogical64(c, r1, r1, r32z(c, r2))],
  ['ALG', 'RXY', 0xe30a, 'zarch', (c, r1) => addLogical64(c, r1, r1, m64(c))],
  ['ALGF', 'RXY', 0xe31a, 'zarch', (c, r1) => addLogical64(c, r1, r1, m32z(c))],
  ['ALGFI', 'RIL', 0xc2a, 'eimm', (c, r1, i2) => addLogical64(c, r1, r1, u64(c, i2))],
  ['ALGRK', 'RRF', 0xb9ea, 'z196', (c, r1, r2, r3) => addLogical64(c, r1, r2, r3)],
  ['ALGHSIK', 'RIEd', 0xecdb, 'z196', (c, r1, r3, i2) => addLogical64(c, r1, r3, i64(c, i2))],
  ['ALCGR', 'RRE', 0xb988, 'zarch', (c, r1, r2) => addLogical64(c, r1, r1, r2, carryOf(c))],
  ['ALCG', 'RXY', 0xe388, 'zarch', (c, r1) => addLogical64(c, r1, r1, m64(c), carryOf(c))],
  ['ALGSI', 'SIY', 0xeb7e, 'gie', (c, i2) => addStorage64(c, signed8(i2), addLogical64)],
  ['ALHHHR', 'RRF', 0xb9ca, 'z196', (c, r1, r2, r3) => addLogical32(c, r1 * 2 + 1, r2 * 2 + 1, r3 * 2 + 1)],
  ['ALHHLR', 'RRF', 0xb9da, 'z196', (c, r1, r2, r3) => addLogical32(c, r1 * 2 + 1, r2 * 2 + 1, r3 * 2)],
  ['ALSIH', 'RIL', 0xcca, 'z196', (c, r1, i2) => addLogical32(c, r1 * 2 + 1, r1 * 2 + 1, i32(c, i2))],
  ['ALSIHN', 'RIL', 0xccb, 'z196', alsihn],
];

// biome-ignore format: a line each
const SUBTRACT: readonly InstructionLine[] = [
  ['SR', 'RR', 0x1b, 'base', (c, r1, r2) => sub32(c, r1 * 2, r1 * 2, r2 * 2)],
  ['S', 'RX', 0x5b, 'base', (c, r1) => sub32(c, r1 * 2, r1 * 2, m32(c))],
  ['SH', 'RX', 0x4b, 'base', (c, r1) => sub32(c, r1 * 2, r1 * 2, m16(c))],
  ['SY', 'RXY', 0xe35b, 'ld', (c, r1) => sub32(c, r1 * 2, r1 * 2, m32(c))],
  ['SHY', 'RXY', 0xe37b, 'ld', (c, r1) => sub32(c, r1 * 2, r1 * 2, m16(c))],
  ['SRK', 'RRF', 0xb9f9, 'z196', (c, r1, r2, r3) => sub32(c, r1 * 2, r2 * 2, r3 * 2)],
  ['SGR', 'RRE', 0xb909, 'zarch', (c, r1, r2) => sub64(c, r1, r1, r2)],
  ['SGFR', 'RRE', 0xb919, 'zarch', (c, r1, r2) => sub64(c, r1, r1, r32x(c, r2))],
  ['SG', 'RXY', 0xe309, 'zarch', (c, r1) => sub64(c, r1, r1, m64(c))],
  ['SGF', 'RXY', 0xe319, 'zarch', (c, r1) => sub64(c, r1, r1, m32x(c))],
  ['SGH', 'RXY', 0xe339, 'mie2', (c, r1) => sub64(c, r1, r1, m16x(c))],
  ['SGRK', 'RRF', 0xb9e9, 'z196', (c, r1, r2, r3) => sub64(c, r1, r2, r3)],
  ['SHHHR', 'RRF', 0xb9c9, 'z196', (c, r1, r2, r3) => sub32(c, r1 * 2 + 1, r2 * 2 + 1, r3 * 2 + 1)],
  ['SHHLR', 'RRF', 0xb9d9, 'z196', (c, r1, r2, r3) => sub32(c, r1 * 2 + 1, r2 * 2 + 1, r3 * 2)],
];

// biome-ignore format: a line each
const SUBTRACT_LOGICAL: readonly InstructionLine[] = [
  ['SLR', 'RR', 0x1f, 'base', (c, r1, r2) => subLogical32(c, r1 * 2, r1 * 2, r2 * 2)],
  ['SL', 'RX', 0x5f, 'base', (c, r1) => subLogical32(c, r1 * 2, r1 * 2, m32(c))],
  ['SLY', 'RXY', 0xe35f, 'ld', (c, r1) => subLogical32(c, r1 * 2, r1 * 2, m32(c))],
  ['SLFI', 'RIL', 0xc25, 'eimm', (c, r1, i2) => subLogical32(c, r1 * 2, r1 * 2, i32(c, i2))],
  ['SLRK', 'RRF', 0xb9fb, 'z196', (c, r1, r2, r3) => subLogical32(c, r1 * 2, r2 * 2, r3 * 2)],
  ['SLBR', 'RRE', 0xb999, 'zarch', (c, r1, r2) => subLogical32(c, r1 * 2, r1 * 2, r2 * 2, borrowOf(c))],
  ['SLB', 'RXY', 0xe399, 'zarch', (c, r1) => subLogical32(c, r1 * 2, r1 * 2, m32(c), borrowOf(c))],
  ['SLGR', 'RRE', 0xb90b, 'zarch', (c, r1, r2) => subLogical64(c, r1, r1, r2)],
  ['SLGFR', 'RRE', 0xb91b, 'zarch', (c, r1, r2) => subLogical64(c, r1, r1, r32z(c, r2))],
  ['SLG', 'RXY', 0xe30b, 'zarch', (c, r1) => subLogical64(c, r1, r1, m64(c))],
  ['SLGF', 'RXY', 0xe31b, 'zarch', (c, r1) => subLogical64(c, r1, r1, m32z(c))],
  ['SLGFI', 'RIL', 0xc24, 'eimm', (c, r1, i2) => subLogical64(c, r1, r1, u64(c, i2))],
  ['SLGRK', 'RRF', 0xb9eb, 'z196', (c, r1, r2, r3) => subLogical64(c, r1, r2, r3)],
  ['SLBGR', 'RRE', 0xb989, 'zarch', (c, r1, r2) => subLogical64(c, r1, r1, r2, borrowOf(c))],
  ['SLBG', 'RXY', 0xe389, 'zarch', (c, r1) => subLogical64(c, r1, r1, m64(c), borrowOf(c))],
  ['SLHHHR', 'RRF', 0xb9cb, 'z196', (c, r1, r2, r3) => subLogical32(c, r1 * 2 + 1, r2 * 2 + 1, r3 * 2 + 1)],
  ['SLHHLR', 'RRF', 0xb9db, 'z196', (c, r1, r2, r3) => subLogical32(c, r1 * 2 + 1, r2 * 2 + 1, r3 * 2)],
];

// biome-ignore format: a line each
const SIGN: readonly InstructionLine[] = [
  ['LTR', 'RR', 0x12, 'base', (c, r1, r2) => test32(c, r1 * 2, r2 * 2)],
  ['LT', 'RXY', 0xe312, 'eimm', (c, r1) => test32(c, r1 * 2, m32(c))],
  ['LTGR', 'RRE', 0xb902, 'zarch', (c, r1, r2) => test64(c, r1, r2)],
  ['LTGFR', 'RRE', 0xb912, 'zarch', (c, r1, r2) => test64(c, r1, r32x(c, r2))],
  ['LTG', 'RXY', 0xe302, 'eimm', (c, r1) => test64(c, r1, m64(c))],
  ['LTGF', 'RXY', 0xe332, 'gie', (c, r1) => test64(c, r1, m32x(c))],
  ['LCR', 'RR', 0x13, 'base', (c, r1, r2) => negate32(c, r1 * 2, r2 * 2)],
  ['LCGR', 'RRE', 0xb903, 'zarch', (c, r1, r2) => negate64(c, r1, r2)],
  ['LCGFR', 'RRE', 0xb913, 'zarch', (c, r1, r2) => negate64(c, r1, r32x(c, r2))],
  ['LPR', 'RR', 0x10, 'base', (c, r1, r2) => positive32(c, r1 * 2, r2 * 2)],
  ['LPGR', 'RRE', 0xb900, 'zarch', (c, r1, r2) => positive64(c, r1, r2)],
  ['LPGFR', 'RRE', 0xb910, 'zarch', (c, r1, r2) => positive64(c, r1, r32x(c, r2))],
  ['LNR', 'RR', 0x11, 'base', (c, r1, r2) => negative32(c, r1 * 2, r2 * 2)],
  ['LNGR', 'RRE', 0xb901, 'zarch', (c, r1, r2) => negative64(c, r1, r2)],
  ['LNGFR', 'RRE', 0xb911, 'zarch', (c, r1, r2) => negative64(c, r1, r32x(c, r2))],
];

// biome-ignore format: a line each
export const ARITHMETIC: readonly InstructionLine[] = [
  ...ADD,
  ...ADD_LOGICAL,
  ...SUBTRACT,
  ...SUBTRACT_LOGICAL,
  ...SIGN,
];
