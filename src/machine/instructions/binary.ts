/**
 * Binary integer operations on 64-bit operands (indices into `op`) and on halves (indices into `op32`), with their
 * condition codes and exceptions. Principles of Operation, chapter 7, "Binary-Integer Representation".
 */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';

/** Program mask: fixed-point-overflow mask. */
const FIXED_POINT_OVERFLOW_MASK = 8;

/** Recognizes a fixed-point overflow exception if the condition code is 3 and the program mask enables it. The result is kept. */
export function overflowed(c: Processor): void {
  if (c.cc === 3 && c.programMask & FIXED_POINT_OVERFLOW_MASK) c.program(PGM.FIXED_POINT_OVERFLOW);
}

/** Returns the condition code of a signed number: 0 zero, 1 negative, 2 positive. */
export function signOf(value: number): number {
  return value === 0 ? 0 : value < 0 ? 1 : 2;
}

/** Returns the condition code of operand `r` as a signed 64-bit number. */
export function sign64(c: Processor, r: number): number {
  const hi = c.op32s[r * 2 + 1] as number;
  return hi < 0 ? 1 : hi !== 0 || c.op32[r * 2] !== 0 ? 2 : 0;
}

/** Returns whether operand `r` is zero. */
export function zero64(c: Processor, r: number): boolean {
  return c.op32[r * 2] === 0 && c.op32[r * 2 + 1] === 0;
}

/** Returns whether a < b as unsigned 64-bit numbers. */
export function less64(c: Processor, a: number, b: number): boolean {
  const aHi = c.op32[a * 2 + 1] as number;
  const bHi = c.op32[b * 2 + 1] as number;
  return aHi < bHi || (aHi === bHi && (c.op32[a * 2] as number) < (c.op32[b * 2] as number));
}

// Addition and subtraction: d = a + b, d = a - b. The operands may coincide. The `Quiet` functions recognize no exception.

export function addQuiet32(c: Processor, d: number, a: number, b: number): void {
  const exact = (c.op32s[a] as number) + (c.op32s[b] as number);
  c.op32s[d] = exact;
  c.cc = c.op32s[d] === exact ? signOf(exact) : 3;
}

export function addQuiet64(c: Processor, d: number, a: number, b: number): void {
  const aHi = c.op32s[a * 2 + 1] as number;
  const bHi = c.op32s[b * 2 + 1] as number;
  c.op[d] = (c.op[a] as bigint) + (c.op[b] as bigint);
  const dHi = c.op32s[d * 2 + 1] as number;
  c.cc = ((aHi ^ dHi) & (bHi ^ dHi)) < 0 ? 3 : sign64(c, d);
}

export function add32(c: Processor, d: number, a: number, b: number): void {
  addQuiet32(c, d, a, b);
  overflowed(c);
}

export function add64(c: Processor, d: number, a: number, b: number): void {
  addQuiet64(c, d, a, b);
  overflowed(c);
}

export function sub32(c: Processor, d: number, a: number, b: number): void {
  const exact = (c.op32s[a] as number) - (c.op32s[b] as number);
  c.op32s[d] = exact;
  c.cc = c.op32s[d] === exact ? signOf(exact) : 3;
  overflowed(c);
}

export function sub64(c: Processor, d: number, a: number, b: number): void {
  const aHi = c.op32s[a * 2 + 1] as number;
  const bHi = c.op32s[b * 2 + 1] as number;
  c.op[d] = (c.op[a] as bigint) - (c.op[b] as bigint);
  const dHi = c.op32s[d * 2 + 1] as number;
  c.cc = ((aHi ^ bHi) & (aHi ^ dHi)) < 0 ? 3 : sign64(c, d);
  overflowed(c);
}

/** Logical addition with a carry in (0 or 1). Condition code: 2 for a carry out, plus 1 for a nonzero result. */
export function addLogical32(c: Processor, d: number, a: number, b: number, carry = 0): void {
  const exact = (c.op32[a] as number) + (c.op32[b] as number) + carry;
  c.op32[d] = exact;
  c.cc = (c.op32[d] !== 0 ? 1 : 0) | (exact > 0xffff_ffff ? 2 : 0);
}

export function addLogical64(c: Processor, d: number, a: number, b: number, carry = 0): void {
  const { op32 } = c;
  const low = (op32[a * 2] as number) + (op32[b * 2] as number) + carry;
  const high = (op32[a * 2 + 1] as number) + (op32[b * 2 + 1] as number) + (low > 0xffff_ffff ? 1 : 0);
  op32[d * 2] = low;
  op32[d * 2 + 1] = high;
  c.cc = (zero64(c, d) ? 0 : 1) | (high > 0xffff_ffff ? 2 : 0);
}

/** Logical subtraction with a borrow in (0 or 1). Condition code: 2 for no borrow out, plus 1 for a nonzero result. */
export function subLogical32(c: Processor, d: number, a: number, b: number, borrow = 0): void {
  const exact = (c.op32[a] as number) - (c.op32[b] as number) - borrow;
  c.op32[d] = exact;
  c.cc = (c.op32[d] !== 0 ? 1 : 0) | (exact >= 0 ? 2 : 0);
}

export function subLogical64(c: Processor, d: number, a: number, b: number, borrow = 0): void {
  const { op32 } = c;
  const low = (op32[a * 2] as number) - (op32[b * 2] as number) - borrow;
  const high = (op32[a * 2 + 1] as number) - (op32[b * 2 + 1] as number) - (low < 0 ? 1 : 0);
  op32[d * 2] = low;
  op32[d * 2 + 1] = high;
  c.cc = (zero64(c, d) ? 0 : 1) | (high >= 0 ? 2 : 0);
}

/** Returns the carry in the condition code of an earlier logical addition. */
export const carryOf = (c: Processor) => c.cc >> 1;
/** Returns the borrow in the condition code of an earlier logical subtraction. */
export const borrowOf = (c: Processor) => (c.cc >> 1) ^ 1;

// Comparison: 0 equal, 1 first low, 2 first high.

export function order(a: number, b: number): number {
  return a === b ? 0 : a < b ? 1 : 2;
}

export const order32 = (c: Processor, a: number, b: number) =>
  order(c.op32s[a] as number, c.op32s[b] as number);
export const orderLogical32 = (c: Processor, a: number, b: number) =>
  order(c.op32[a] as number, c.op32[b] as number);

export function order64(c: Processor, a: number, b: number): number {
  const aHi = c.op32s[a * 2 + 1] as number;
  const bHi = c.op32s[b * 2 + 1] as number;
  return aHi !== bHi ? order(aHi, bHi) : orderLogical32(c, a * 2, b * 2);
}

export function orderLogical64(c: Processor, a: number, b: number): number {
  const aHi = c.op32[a * 2 + 1] as number;
  const bHi = c.op32[b * 2 + 1] as number;
  return aHi !== bHi ? order(aHi, bHi) : orderLogical32(c, a * 2, b * 2);
}

export function compare32(c: Processor, a: number, b: number): void {
  c.cc = order32(c, a, b);
}

export function compare64(c: Processor, a: number, b: number): void {
  c.cc = order64(c, a, b);
}

export function compareLogical32(c: Processor, a: number, b: number): void {
  c.cc = orderLogical32(c, a, b);
}

export function compareLogical64(c: Processor, a: number, b: number): void {
  c.cc = orderLogical64(c, a, b);
}

// AND, OR, EXCLUSIVE OR: condition code 1 for a nonzero result. `value`, or `lo` and `hi`, is the result.

export function bitwise32(c: Processor, d: number, value: number): void {
  c.op32s[d] = value;
  c.cc = value === 0 ? 0 : 1;
}

export function bitwise64(c: Processor, d: number, lo: number, hi: number): void {
  c.op32s[d * 2] = lo;
  c.op32s[d * 2 + 1] = hi;
  c.cc = (lo | hi) === 0 ? 0 : 1;
}

export function and32(c: Processor, d: number, a: number, b: number): void {
  bitwise32(c, d, (c.op32s[a] as number) & (c.op32s[b] as number));
}

export function or32(c: Processor, d: number, a: number, b: number): void {
  bitwise32(c, d, (c.op32s[a] as number) | (c.op32s[b] as number));
}

export function xor32(c: Processor, d: number, a: number, b: number): void {
  bitwise32(c, d, (c.op32s[a] as number) ^ (c.op32s[b] as number));
}

export function and64(c: Processor, d: number, a: number, b: number): void {
  const { op32s } = c;
  bitwise64(
    c,
    d,
    (op32s[a * 2] as number) & (op32s[b * 2] as number),
    (op32s[a * 2 + 1] as number) & (op32s[b * 2 + 1] as number),
  );
}

export function or64(c: Processor, d: number, a: number, b: number): void {
  const { op32s } = c;
  bitwise64(
    c,
    d,
    (op32s[a * 2] as number) | (op32s[b * 2] as number),
    (op32s[a * 2 + 1] as number) | (op32s[b * 2 + 1] as number),
  );
}

export function xor64(c: Processor, d: number, a: number, b: number): void {
  const { op32s } = c;
  bitwise64(
    c,
    d,
    (op32s[a * 2] as number) ^ (op32s[b * 2] as number),
    (op32s[a * 2 + 1] as number) ^ (op32s[b * 2 + 1] as number),
  );
}
