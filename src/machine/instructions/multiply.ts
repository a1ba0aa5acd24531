/** Multiplication and division. Principles of Operation, chapter 7. */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import { overflowed, sign64, signOf } from './binary.ts';
import type { InstructionLine } from './line.ts';
import {
  i64,
  load16s,
  load32,
  m16x,
  m32,
  m32x,
  m32z,
  m64,
  pair,
  r32x,
  r32z,
  setSigned,
  setUnsigned,
  Y,
  YL,
} from './operands.ts';

/** MULTIPLY SINGLE: the low 32 bits of a product. */
function single32(c: Processor, r: number, factor: number): void {
  c.gr32s[r * 2] = Math.imul(c.signedLow(r), factor);
}

function single64(c: Processor, r: number, x: number): void {
  c.op[r] = (c.op[r] as bigint) * (c.op[x] as bigint);
}

/** Loads the 64 bits of operand `Y` into the low halves of a pair. */
function toHalves(c: Processor, r: number): void {
  c.op32[r * 2] = c.op32[YL + 1] as number;
  c.op32[r * 2 + 2] = c.op32[YL] as number;
}

/** MULTIPLY: the low half of r + 1 times operand `x` (sign-extended). The 64-bit product is loaded into the low halves of the pair. */
function multiply(c: Processor, r: number, x: number): void {
  setSigned(c, Y, c.gr32s[r * 2 + 2] as number);
  c.ops[Y] = (c.ops[Y] as bigint) * (c.ops[x] as bigint);
  toHalves(c, r);
}

/** MULTIPLY LOGICAL, 32 bits: as `multiply`, unsigned. */
function multiplyLogical(c: Processor, r: number, x: number): void {
  setUnsigned(c, Y, c.gr32[r * 2 + 2] as number);
  c.op[Y] = (c.op[Y] as bigint) * (c.op[x] as bigint);
  toHalves(c, r);
}

/** MULTIPLY LOGICAL, 64 bits: the 128-bit product is loaded into the pair. */
function multiplyLogical64(c: Processor, r: number, x: number): void {
  const product = (c.op[r + 1] as bigint) * (c.op[x] as bigint);
  c.op[r] = product >> 64n;
  c.op[r + 1] = product;
}

/** MULTIPLY, 64 bits: the 128-bit product of operands `a` and `b` is loaded into the pair at r. */
function multiply64(c: Processor, r: number, a: number, b: number): void {
  const product = (c.ops[a] as bigint) * (c.ops[b] as bigint);
  c.ops[r] = product >> 64n;
  c.ops[r + 1] = product;
}

/** MULTIPLY SINGLE with a condition code: the low 32 bits of the product of halves `a` and `b`. */
function singleCode32(c: Processor, r: number, a: number, b: number): void {
  const x = c.op32s[a] as number;
  const y = c.op32s[b] as number;
  const low = Math.imul(x, y);
  c.gr32s[r * 2] = low;
  // The rounded product is exact unless it is far too large to fit.
  c.cc = low === x * y ? signOf(low) : 3;
  overflowed(c);
}

function singleCode64(c: Processor, r: number, a: number, b: number): void {
  const product = (c.ops[a] as bigint) * (c.ops[b] as bigint);
  c.ops[r] = product;
  c.cc = c.ops[r] === product ? sign64(c, r) : 3;
  overflowed(c);
}

function divideException(c: Processor): never {
  return c.program(PGM.FIXED_POINT_DIVIDE);
}

/** Loads the 64 bits in the low halves of a pair into operand `Y`. */
function fromHalves(c: Processor, r: number): void {
  c.op32[YL + 1] = c.op32[r * 2] as number;
  c.op32[YL] = c.op32[r * 2 + 2] as number;
}

/** DIVIDE: 64 bits by half `x`. The remainder is loaded into r, the quotient into r + 1. */
function divide(c: Processor, r: number, x: number): void {
  fromHalves(c, r);
  const dividend = c.ops[Y] as bigint;
  const divisor = BigInt(c.op32s[x] as number);
  if (divisor === 0n) divideException(c);
  const quotient = dividend / divisor;
  if (BigInt.asIntN(32, quotient) !== quotient) divideException(c);
  c.gr32s[r * 2] = Number(dividend % divisor);
  c.gr32s[r * 2 + 2] = Number(quotient);
}

function divideLogical(c: Processor, r: number, x: number): void {
  const divisor = c.op32[x] as number;
  if (divisor <= c.low(r)) divideException(c);
  fromHalves(c, r);
  const dividend = c.op[Y] as bigint;
  c.gr32[r * 2] = Number(dividend % BigInt(divisor));
  c.gr32[r * 2 + 2] = Number(dividend / BigInt(divisor));
}

function divideLogical64(c: Processor, r: number, x: number): void {
  const divisor = c.op[x] as bigint;
  const high = c.op[r] as bigint;
  if (divisor <= high) divideException(c);
  const dividend = (high << 64n) | (c.op[r + 1] as bigint);
  c.op[r] = dividend % divisor;
  c.op[r + 1] = dividend / divisor;
}

/** DIVIDE SINGLE: the 64 bits of r + 1 by operand `x`. */
function divideSingle(c: Processor, r: number, x: number): void {
  const divisor = c.ops[x] as bigint;
  const dividend = c.ops[r + 1] as bigint;
  if (divisor === 0n || (divisor === -1n && dividend === -(2n ** 63n))) divideException(c);
  c.ops[r] = dividend % divisor;
  c.ops[r + 1] = dividend / divisor;
}

// biome-ignore format: a line each
export const MULTIPLY: readonly InstructionLine[] = [
  ['MR', 'RR', 0x1c, 'base', (c, r1, r2) => multiply(c, pair(c, r1), r32x(c, r2))],
  ['M', 'RX', 0x5c, 'base', (c, r1) => multiply(c, pair(c, r1), m32x(c))],
  ['MFY', 'RXY', 0xe35c, 'gie', (c, r1) => multiply(c, pair(c, r1), m32x(c))],
  ['MG', 'RXY', 0xe384, 'mie2', (c, r1) => multiply64(c, pair(c, r1), r1 + 1, m64(c))],
  ['MGRK', 'RRF', 0xb9ec, 'mie2', (c, r1, r2, r3) => multiply64(c, pair(c, r1), r2, r3)],
  ['MLR', 'RRE', 0xb996, 'zarch', (c, r1, r2) => multiplyLogical(c, pair(c, r1), r32z(c, r2))],
  ['ML', 'RXY', 0xe396, 'zarch', (c, r1) => multiplyLogical(c, pair(c, r1), m32z(c))],
  ['MLGR', 'RRE', 0xb986, 'zarch', (c, r1, r2) => multiplyLogical64(c, pair(c, r1), r2)],
  ['MLG', 'RXY', 0xe386, 'zarch', (c, r1) => multiplyLogical64(c, pair(c, r1), m64(c))],
  ['MH', 'RX', 0x4c, 'base', (c, r1) => single32(c, r1, load16s(c))],
  ['MHY', 'RXY', 0xe37c, 'gie', (c, r1) => single32(c, r1, load16s(c))],
  ['MGH', 'RXY', 0xe33c, 'mie2', (c, r1) => single64(c, r1, m16x(c))],
  ['MHI', 'RI', 0xa7c, 'base', single32],
  ['MGHI', 'RI', 0xa7d, 'zarch', (c, r1, i2) => single64(c, r1, i64(c, i2))],
  ['MSR', 'RRE', 0xb252, 'base', (c, r1, r2) => single32(c, r1, c.signedLow(r2))],
  ['MS', 'RX', 0x71, 'base', (c, r1) => single32(c, r1, load32(c))],
  ['MSY', 'RXY', 0xe351, 'ld', (c, r1) => single32(c, r1, load32(c))],
  ['MSFI', 'RIL', 0xc21, 'gie', single32],
  ['MSGR', 'RRE', 0xb90c, 'zarch', single64],
  ['MSGFR', 'RRE', 0xb91c, 'zarch', (c, r1, r2) => single64(c, r1, r32x(c, r2))],
  ['MSG', 'RXY', 0xe30c, 'zarch', (c, r1) => single64(c, r1, m64(c))],
  ['MSGF', 'RXY', 0xe31c, 'zarch', (c, r1) => single64(c, r1, m32x(c))],
  ['MSGFI', 'RIL', 0xc20, 'gie', (c, r1, i2) => single64(c, r1, i64(c, i2))],
  ['MSC', 'RXY', 0xe353, 'mie2', (c, r1) => singleCode32(c, r1, r1 * 2, m32(c))],
  ['MSGC', 'RXY', 0xe383, 'mie2', (c, r1) => singleCode64(c, r1, r1, m64(c))],
  ['MSRKC', 'RRF', 0xb9fd, 'mie2', (c, r1, r2, r3) => singleCode32(c, r1, r2 * 2, r3 * 2)],
  ['MSGRKC', 'RRF', 0xb9ed, 'mie2', (c, r1, r2, r3) => singleCode64(c, r1, r2, r3)],
  ['DR', 'RR', 0x1d, 'base', (c, r1, r2) => divide(c, pair(c, r1), r2 * 2)],
  ['D', 'RX', 0x5d, 'base', (c, r1) => divide(c, pair(c, r1), m32(c))],
  ['DLR', 'RRE', 0xb997, 'zarch', (c, r1, r2) => divideLogical(c, pair(c, r1), r2 * 2)],
  ['DL', 'RXY', 0xe397, 'zarch', (c, r1) => divideLogical(c, pair(c, r1), m32(c))],
  ['DLGR', 'RRE', 0xb987, 'zarch', (c, r1, r2) => divideLogical64(c, pair(c, r1), r2)],
  ['DLG', 'RXY', 0xe387, 'zarch', (c, r1) => divideLogical64(c, pair(c, r1), m64(c))],
  ['DSGR', 'RRE', 0xb90d, 'zarch', (c, r1, r2) => divideSingle(c, pair(c, r1), r2)],
  ['DSGFR', 'RRE', 0xb91d, 'zarch', (c, r1, r2) => divideSingle(c, pair(c, r1), r32x(c, r2))],
  ['DSG', 'RXY', 0xe30d, 'zarch', (c, r1) => divideSingle(c, pair(c, r1), m64(c))],
  ['DSGF', 'RXY', 0xe31d, 'zarch', (c, r1) => divideSingle(c, pair(c, r1), m32x(c))],
];
