/** Shifts and rotations. Principles of Operation, chapter 7. The amount is the low six bits of the address. */

import type { Processor } from '../cpu/processor.ts';
import { overflowed, sign64, signOf } from './binary.ts';
import type { InstructionLine } from './line.ts';
import { pair, Y, YL } from './operands.ts';

const amount = (c: Processor) => c.eaLo & 63;

/** d = a rotated left by `n`, 0 to 63. */
export function rotate64(c: Processor, d: number, a: number, n: number): void {
  const { op32 } = c;
  let hi = op32[a * 2 + 1] as number;
  let lo = op32[a * 2] as number;
  if (n & 32) [hi, lo] = [lo, hi];
  const by = n & 31;
  if (by === 0) {
    op32[d * 2 + 1] = hi;
    op32[d * 2] = lo;
    return;
  }
  op32[d * 2 + 1] = (hi << by) | (lo >>> (32 - by));
  op32[d * 2] = (lo << by) | (hi >>> (32 - by));
}

// By halves: an operation on bigints makes objects. The computer takes the amount of a shift modulo 32, so that the bits that go from
// one half to the other are shifted in two steps.

function left64(c: Processor, d: number, a: number): void {
  const n = amount(c);
  const { op32 } = c;
  const hi = op32[a * 2 + 1] as number;
  const lo = op32[a * 2] as number;
  op32[d * 2 + 1] = n > 31 ? lo << n : (hi << n) | ((lo >>> 1) >>> (31 - n));
  op32[d * 2] = n > 31 ? 0 : lo << n;
}

function right64(c: Processor, d: number, a: number): void {
  const n = amount(c);
  const { op32 } = c;
  const hi = op32[a * 2 + 1] as number;
  const lo = op32[a * 2] as number;
  op32[d * 2 + 1] = n > 31 ? 0 : hi >>> n;
  op32[d * 2] = n > 31 ? hi >>> n : (lo >>> n) | ((hi << 1) << (31 - n));
}

/** Arithmetic right shift; sets the condition code. */
function rightSigned64(c: Processor, d: number, a: number): void {
  const n = amount(c);
  const { op32s } = c;
  const hi = op32s[a * 2 + 1] as number;
  const lo = op32s[a * 2] as number;
  op32s[d * 2 + 1] = hi >> (n > 31 ? 31 : n);
  op32s[d * 2] = n > 31 ? hi >> n : (lo >>> n) | ((hi << 1) << (31 - n));
  c.cc = sign64(c, d);
}

/** Arithmetic left shift. The sign does not change; an overflow if a bit that differs from it is shifted out. */
function leftSignedQuiet64(c: Processor, d: number, a: number): void {
  const value = c.ops[a] as bigint;
  const exact = value << BigInt(amount(c));
  const magnitude = exact & 0x7fff_ffff_ffff_ffffn;
  c.op[d] = value < 0n ? magnitude | 0x8000_0000_0000_0000n : magnitude;
  c.cc = BigInt.asIntN(64, exact) === exact ? sign64(c, d) : 3;
}

function leftSigned64(c: Processor, d: number, a: number): void {
  leftSignedQuiet64(c, d, a);
  overflowed(c);
}

function left32(c: Processor, d: number, a: number): void {
  const n = amount(c);
  c.gr32[d * 2] = n > 31 ? 0 : c.low(a) << n;
}

function right32(c: Processor, d: number, a: number): void {
  const n = amount(c);
  c.gr32[d * 2] = n > 31 ? 0 : c.low(a) >>> n;
}

function rightSigned32(c: Processor, d: number, a: number): void {
  const value = c.signedLow(a) >> Math.min(amount(c), 31);
  c.gr32s[d * 2] = value;
  c.cc = signOf(value);
}

/** Returns whether an arithmetic left shift by `n` shifts out a bit that differs from the sign. */
function losesBits(value: number, n: number): boolean {
  if (n === 0) return false;
  // Beyond 31 positions, the bits shifted out are zeros that the shift brought in.
  if (n > 31) return value !== 0;
  return (value << 1) >> (32 - n) !== value >> 31;
}

function leftSigned32(c: Processor, d: number, a: number): void {
  const n = amount(c);
  const value = c.signedLow(a);
  const magnitude = n > 30 ? 0 : (value << n) & 0x7fff_ffff;
  const result = value < 0 ? magnitude | -0x8000_0000 : magnitude;
  c.gr32s[d * 2] = result;
  c.cc = losesBits(value, n) ? 3 : signOf(result);
  overflowed(c);
}

/** Loads the low halves of a pair into operand `Y`, as one 64-bit number. */
function gather(c: Processor, r: number): void {
  pair(c, r);
  c.op32[YL + 1] = c.op32[r * 2] as number;
  c.op32[YL] = c.op32[r * 2 + 2] as number;
}

/** Shifts the low halves of a pair as one 64-bit number. */
function double(shift: (c: Processor, d: number, a: number) => void) {
  return (c: Processor, r: number): void => {
    gather(c, r);
    shift(c, Y, Y);
    c.op32[r * 2] = c.op32[YL + 1] as number;
    c.op32[r * 2 + 2] = c.op32[YL] as number;
  };
}

const leftDouble = double(leftSignedQuiet64);

function leftSignedDouble(c: Processor, r: number): void {
  leftDouble(c, r);
  overflowed(c);
}

function rotate32(c: Processor, d: number, a: number): void {
  const n = amount(c) & 31;
  const value = c.low(a);
  c.gr32[d * 2] = n === 0 ? value : (value << n) | (value >>> (32 - n));
}

// biome-ignore format: a line each
export const SHIFT: readonly InstructionLine[] = [
  ['SLL', 'RS', 0x89, 'base', (c, r1) => left32(c, r1, r1)],
  ['SLLK', 'RSY', 0xebdf, 'z196', left32],
  ['SLLG', 'RSY', 0xeb0d, 'zarch', left64],
  ['SRL', 'RS', 0x88, 'base', (c, r1) => right32(c, r1, r1)],
  ['SRLK', 'RSY', 0xebde, 'z196', right32],
  ['SRLG', 'RSY', 0xeb0c, 'zarch', right64],
  ['SLA', 'RS', 0x8b, 'base', (c, r1) => leftSigned32(c, r1, r1)],
  ['SLAK', 'RSY', 0xebdd, 'z196', leftSigned32],
  ['SLAG', 'RSY', 0xeb0b, 'zarch', leftSigned64],
  ['SRA', 'RS', 0x8a, 'base', (c, r1) => rightSigned32(c, r1, r1)],
  ['SRAK', 'RSY', 0xebdc, 'z196', rightSigned32],
  ['SRAG', 'RSY', 0xeb0a, 'zarch', rightSigned64],
  ['SLDL', 'RS', 0x8d, 'base', double(left64)],
  ['SRDL', 'RS', 0x8c, 'base', double(right64)],
  ['SLDA', 'RS', 0x8f, 'base', leftSignedDouble],
  ['SRDA', 'RS', 0x8e, 'base', double(rightSigned64)],
  ['RLL', 'RSY', 0xeb1d, 'zarch', rotate32],
  ['RLLG', 'RSY', 0xeb1c, 'zarch', (c, r1, r3) => rotate64(c, r1, r3, amount(c))],
];
