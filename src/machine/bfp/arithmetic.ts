/**
 * Exact arithmetic, rounded once. Principles of Operation, chapter 19. Operands and results are the bits of numbers.
 *
 * This is the general way: every format, rounding mode, trap and kind of operand. `native.ts` is a faster way for most operands.
 */

import {
  bitLength,
  defaultNaN,
  type Format,
  infinity,
  isNan,
  KIND,
  type Parts,
  precisionOf,
  quietNaN,
  unpack,
  zero,
} from './formats.ts';
import { type Environment, EXCEPTION, type Exact, ROUND, rounded, type Target } from './rounding.ts';

/** Reports an invalid operation. Returns the default NaN. */
export function invalid(env: Environment, format: Format): bigint {
  env.exceptions |= EXCEPTION.INVALID;
  return defaultNaN(format);
}

/**
 * Returns the NaN that an operation with NaNs among its operands results in: the first signaling one, or else the first quiet
 * one. A signaling NaN is an invalid operation.
 */
export function propagated(env: Environment, format: Format, operands: readonly Parts[]): bigint {
  const signaling = operands.find(({ kind }) => kind === KIND.SIGNALING_NAN);
  if (signaling) env.exceptions |= EXCEPTION.INVALID;
  return quietNaN(format, format, signaling ?? (operands.find(isNan) as Parts));
}

/** Returns the sign of a sum of zero: of operands with the same sign that one, else plus, or minus when rounding down. */
function zeroSum(env: Environment, format: Format, a: boolean, b: boolean): bigint {
  return zero(format, a === b ? a : env.round === ROUND.DOWN);
}

/**
 * Returns the exact sum of two numbers that are not zero. If they are far apart, it stands for the exact sum: the smaller
 * number is replaced by one below the last bit that rounding to `precision` looks at.
 */
function exactSum(a: Exact, b: Exact, precision: number): Exact {
  const [high, low] = a.exponent >= b.exponent ? [a, b] : [b, a];
  const distance = high.exponent - low.exponent;
  const guard = precision + 4;
  const far = distance - guard >= bitLength(low.significand);
  const exponent = far ? high.exponent - guard : low.exponent;
  const larger = high.significand << BigInt(far ? guard : distance);
  const smaller = far ? 1n : low.significand;
  const sum = (high.negative ? -larger : larger) + (low.negative ? -smaller : smaller);
  return { negative: sum < 0n, significand: sum < 0n ? -sum : sum, exponent };
}

/** Returns the sum of two operands that are no NaNs. */
function sumOf(env: Environment, target: Target, a: Parts, b: Parts): bigint {
  const { format } = target;
  if (a.kind === KIND.INFINITY || b.kind === KIND.INFINITY) {
    if (a.kind === b.kind && a.negative !== b.negative) return invalid(env, format);
    return infinity(format, a.kind === KIND.INFINITY ? a.negative : b.negative);
  }
  if (a.kind === KIND.ZERO && b.kind === KIND.ZERO) return zeroSum(env, format, a.negative, b.negative);
  if (a.kind === KIND.ZERO) return rounded(env, target, b);
  if (b.kind === KIND.ZERO) return rounded(env, target, a);
  const sum = exactSum(a, b, precisionOf(format));
  return sum.significand === 0n ? zeroSum(env, format, a.negative, b.negative) : rounded(env, target, sum);
}

const negated = (parts: Parts): Parts => ({ ...parts, negative: !parts.negative });

/** Returns `a` plus `b`. */
export function add(env: Environment, target: Target, x: bigint, y: bigint): bigint {
  const a = unpack(target.format, x);
  const b = unpack(target.format, y);
  return isNan(a) || isNan(b) ? propagated(env, target.format, [a, b]) : sumOf(env, target, a, b);
}

/** Returns `a` minus `b`. */
export function subtract(env: Environment, target: Target, x: bigint, y: bigint): bigint {
  const a = unpack(target.format, x);
  const b = unpack(target.format, y);
  return isNan(a) || isNan(b) ? propagated(env, target.format, [a, b]) : sumOf(env, target, a, negated(b));
}

/** Returns the exact product of two operands that are no NaNs, or null if it is invalid. */
function exactProduct(a: Parts, b: Parts): Parts | null {
  const negative = a.negative !== b.negative;
  const infinite = a.kind === KIND.INFINITY || b.kind === KIND.INFINITY;
  if (a.kind === KIND.ZERO || b.kind === KIND.ZERO) {
    return infinite ? null : { kind: KIND.ZERO, negative, exponent: 0, significand: 0n };
  }
  if (infinite) return { kind: KIND.INFINITY, negative, exponent: 0, significand: 0n };
  const significand = a.significand * b.significand;
  return { kind: KIND.FINITE, negative, exponent: a.exponent + b.exponent, significand };
}

/** Returns the result of a number that may be zero or infinite. */
function resultOf(env: Environment, target: Target, parts: Parts): bigint {
  if (parts.kind === KIND.ZERO) return zero(target.format, parts.negative);
  if (parts.kind === KIND.INFINITY) return infinity(target.format, parts.negative);
  return rounded(env, target, parts);
}

/** Returns `a` times `b`. */
export function multiply(env: Environment, target: Target, x: bigint, y: bigint): bigint {
  return widenedProduct(env, target, target.format, [x, y]);
}

/** Returns the product of two numbers of a format, in the format of the target, which may be longer. */
export function widenedProduct(
  env: Environment,
  target: Target,
  format: Format,
  [x, y]: readonly [bigint, bigint],
): bigint {
  const a = unpack(format, x);
  const b = unpack(format, y);
  if (isNan(a) || isNan(b)) {
    const bits = propagated(env, format, [a, b]);
    return format === target.format ? bits : quietNaN(target.format, format, unpack(format, bits));
  }
  const product = exactProduct(a, b);
  return product === null ? invalid(env, target.format) : resultOf(env, target, product);
}

/** Returns `a` times `b` plus `c`, or minus `c`, rounded once. The product of infinity and zero is invalid for any `c`. */
export function multiplyAndAdd(
  env: Environment,
  target: Target,
  [x, y, z]: readonly [bigint, bigint, bigint],
  minus: boolean,
): bigint {
  const { format } = target;
  const a = unpack(format, x);
  const b = unpack(format, y);
  const c = unpack(format, z);
  if (!isNan(a) && !isNan(b)) {
    const product = exactProduct(a, b);
    if (product === null && c.kind !== KIND.SIGNALING_NAN) return invalid(env, format);
    if (product !== null && !isNan(c)) return sumOf(env, target, product, minus ? negated(c) : c);
  }
  return propagated(env, format, [a, b, c]);
}

/** Returns the quotient of two magnitudes with at least `bits` bits; the last is set if there is a remainder. */
function exactQuotient(a: Parts, b: Parts, bits: number): Exact {
  const shift = Math.max(0, bits + bitLength(b.significand) - bitLength(a.significand));
  const dividend = a.significand << BigInt(shift);
  const quotient = dividend / b.significand;
  const rest = dividend === quotient * b.significand ? 0n : 1n;
  return {
    negative: a.negative !== b.negative,
    significand: (quotient << 1n) | rest,
    exponent: a.exponent - b.exponent - shift - 1,
  };
}

/** Returns `a` divided by `b`. */
export function divide(env: Environment, target: Target, x: bigint, y: bigint): bigint {
  const { format } = target;
  const a = unpack(format, x);
  const b = unpack(format, y);
  if (isNan(a) || isNan(b)) return propagated(env, format, [a, b]);
  const negative = a.negative !== b.negative;
  if (a.kind === b.kind && a.kind !== KIND.FINITE) return invalid(env, format);
  if (a.kind === KIND.INFINITY) return infinity(format, negative);
  if (a.kind === KIND.ZERO || b.kind === KIND.INFINITY) return zero(format, negative);
  if (b.kind === KIND.ZERO) {
    env.exceptions |= EXCEPTION.DIVISION_BY_ZERO;
    return infinity(format, negative);
  }
  return rounded(env, target, exactQuotient(a, b, precisionOf(format) + 2));
}

/** Returns the integer part of the square root of a positive integer. */
function integerRoot(n: bigint): bigint {
  let root = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Returns the square root. That of a number less than zero is invalid. */
export function squareRoot(env: Environment, target: Target, x: bigint): bigint {
  const { format } = target;
  const a = unpack(format, x);
  if (isNan(a)) return propagated(env, format, [a]);
  if (a.kind === KIND.ZERO) return x;
  if (a.negative) return invalid(env, format);
  if (a.kind === KIND.INFINITY) return x;
  const bits = 2 * (precisionOf(format) + 2);
  let shift = Math.max(0, bits - bitLength(a.significand));
  if ((a.exponent - shift) & 1) shift++;
  const radicand = a.significand << BigInt(shift);
  const root = integerRoot(radicand);
  const rest = root * root === radicand ? 0n : 1n;
  return rounded(env, target, {
    negative: false,
    significand: (root << 1n) | rest,
    exponent: (a.exponent - shift) / 2 - 1,
  });
}

/** Outcomes of a comparison, which are condition codes. */
export const ORDER = { EQUAL: 0, LOW: 1, HIGH: 2, UNORDERED: 3 } as const;

function compareMagnitudes(a: Parts, b: Parts): number {
  if (a.kind === KIND.INFINITY || b.kind === KIND.INFINITY) {
    return (a.kind === KIND.INFINITY ? 1 : 0) - (b.kind === KIND.INFINITY ? 1 : 0);
  }
  // The bits of finite numbers of one format are in the order of their magnitudes.
  if (a.exponent !== b.exponent && a.kind === b.kind) return a.exponent > b.exponent ? 1 : -1;
  return a.significand === b.significand ? 0 : a.significand > b.significand ? 1 : -1;
}

/**
 * Compares two numbers. Returns a condition code, see `ORDER`. A signaling NaN is invalid, and any NaN is if `signal` is set.
 */
export function compare(
  env: Environment,
  format: Format,
  [x, y]: readonly [bigint, bigint],
  signal: boolean,
): number {
  const a = unpack(format, x);
  const b = unpack(format, y);
  if (isNan(a) || isNan(b)) {
    const signaling = a.kind === KIND.SIGNALING_NAN || b.kind === KIND.SIGNALING_NAN;
    if (signal || signaling) env.exceptions |= EXCEPTION.INVALID;
    return ORDER.UNORDERED;
  }
  if (a.kind === KIND.ZERO && b.kind === KIND.ZERO) return ORDER.EQUAL;
  if (a.kind === KIND.ZERO) return b.negative ? ORDER.HIGH : ORDER.LOW;
  if (b.kind === KIND.ZERO || a.negative !== b.negative) return a.negative ? ORDER.LOW : ORDER.HIGH;
  const order = compareMagnitudes(a, b);
  if (order === 0) return ORDER.EQUAL;
  return order > 0 === a.negative ? ORDER.LOW : ORDER.HIGH;
}
