/** Multiplication and division. Principles of Operation, chapter 7. */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';
import {
  i64,
  load16s,
  load32,
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
  c.gr32s[r * 2] = Math.imul(c.gr32s[r * 2] as number, factor);
}

function single64(c: Processor, r: number, x: number): void {
  c.op[r] = (c.op[r] as bigint) * (c.op[x] as bigint);
}

/** The 64 bits of operand `Y` to the low halves of a pair. */
function toHalves(c: Processor, r: number): void {
  c.op32[r * 2] = c.op32[YL + 1] as number;
  c.op32[r * 2 + 2] = c.op32[YL] as number;
}

/** MULTIPLY: the low half of r+1 times operand `x` (sign-extended), 64 bits into the halves of the pair. */
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

/** MULTIPLY LOGICAL, 64 bits: 128 bits into the pair. */
function multiplyLogical64(c: Processor, r: number, x: number): void {
  const product = (c.op[r + 1] as bigint) * (c.op[x] as bigint);
  c.op[r] = product >> 64n;
  c.op[r + 1] = product;
}

function divideException(c: Processor): never {
  return c.program(PGM.FIXED_POINT_DIVIDE);
}

/** The 64 bits that the low halves of a pair hold, in operand `Y`. */
function fromHalves(c: Processor, r: number): void {
  c.op32[YL + 1] = c.op32[r * 2] as number;
  c.op32[YL] = c.op32[r * 2 + 2] as number;
}

/** DIVIDE: 64 bits by half `x`; the remainder to r, the quotient to r+1. */
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
  if (divisor <= (c.gr32[r * 2] as number)) divideException(c);
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

/** DIVIDE SINGLE: r+1 by operand `x`, all 64 bits. */
function divideSingle(c: Processor, r: number, x: number): void {
  const divisor = c.ops[x] as bigint;
  const dividend = c.ops[r + 1] as bigint;
  if (divisor === 0n || (divisor === -1n && dividend === -(2n ** 63n))) divideException(c);
  c.ops[r] = dividend % divisor;
  c.ops[r + 1] = dividend / divisor;
}

export const MULTIPLY: readonly InstructionLine[] = [
  ['MR', 'RR', 0x1c, 'base', (c, a, b) => multiply(c, pair(c, a), r32x(c, b))],
  ['M', 'RX', 0x5c, 'base', (c, a) => multiply(c, pair(c, a), m32x(c))],
  ['MFY', 'RXY', 0xe35c, 'general-instructions-extension', (c, a) => multiply(c, pair(c, a), m32x(c))],
  ['MLR', 'RRE', 0xb996, 'zarch', (c, a, b) => multiplyLogical(c, pair(c, a), r32z(c, b))],
  ['ML', 'RXY', 0xe396, 'zarch', (c, a) => multiplyLogical(c, pair(c, a), m32z(c))],
  ['MLGR', 'RRE', 0xb986, 'zarch', (c, a, b) => multiplyLogical64(c, pair(c, a), b)],
  ['MLG', 'RXY', 0xe386, 'zarch', (c, a) => multiplyLogical64(c, pair(c, a), m64(c))],
  ['MH', 'RX', 0x4c, 'base', (c, a) => single32(c, a, load16s(c))],
  ['MHY', 'RXY', 0xe37c, 'general-instructions-extension', (c, a) => single32(c, a, load16s(c))],
  ['MHI', 'RI', 0xa7c, 'base', single32],
  ['MGHI', 'RI', 0xa7d, 'zarch', (c, a, i) => single64(c, a, i64(c, i))],
  ['MSR', 'RRE', 0xb252, 'base', (c, a, b) => single32(c, a, c.gr32s[b * 2] as number)],
  ['MS', 'RX', 0x71, 'base', (c, a) => single32(c, a, load32(c))],
  ['MSY', 'RXY', 0xe351, 'long-displacement', (c, a) => single32(c, a, load32(c))],
  ['MSFI', 'RIL', 0xc21, 'general-instructions-extension', single32],
  ['MSGR', 'RRE', 0xb90c, 'zarch', single64],
  ['MSGFR', 'RRE', 0xb91c, 'zarch', (c, a, b) => single64(c, a, r32x(c, b))],
  ['MSG', 'RXY', 0xe30c, 'zarch', (c, a) => single64(c, a, m64(c))],
  ['MSGF', 'RXY', 0xe31c, 'zarch', (c, a) => single64(c, a, m32x(c))],
  ['MSGFI', 'RIL', 0xc20, 'general-instructions-extension', (c, a, i) => single64(c, a, i64(c, i))],
  ['DR', 'RR', 0x1d, 'base', (c, a, b) => divide(c, pair(c, a), b * 2)],
  ['D', 'RX', 0x5d, 'base', (c, a) => divide(c, pair(c, a), m32(c))],
  ['DLR', 'RRE', 0xb997, 'zarch', (c, a, b) => divideLogical(c, pair(c, a), b * 2)],
  ['DL', 'RXY', 0xe397, 'zarch', (c, a) => divideLogical(c, pair(c, a), m32(c))],
  ['DLGR', 'RRE', 0xb987, 'zarch', (c, a, b) => divideLogical64(c, pair(c, a), b)],
  ['DLG', 'RXY', 0xe387, 'zarch', (c, a) => divideLogical64(c, pair(c, a), m64(c))],
  ['DSGR', 'RRE', 0xb90d, 'zarch', (c, a, b) => divideSingle(c, pair(c, a), b)],
  ['DSGFR', 'RRE', 0xb91d, 'zarch', (c, a, b) => divideSingle(c, pair(c, a), r32x(c, b))],
  ['DSG', 'RXY', 0xe30d, 'zarch', (c, a) => divideSingle(c, pair(c, a), m64(c))],
  ['DSGF', 'RXY', 0xe31d, 'zarch', (c, a) => divideSingle(c, pair(c, a), m32x(c))],
];
