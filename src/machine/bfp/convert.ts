/**
 * Conversions between formats, to and from binary integers, and the class of a number. Principles of Operation, chapter 19:
 * CONVERT FROM FIXED, CONVERT TO FIXED, LOAD FP INTEGER, LOAD LENGTHENED, LOAD ROUNDED, TEST DATA CLASS.
 */

import { propagated } from './arithmetic.ts';
import {
  bitLength,
  type Format,
  infinity,
  isNan,
  KIND,
  leastExponent,
  type Parts,
  quietNaN,
  unpack,
  zero,
} from './formats.ts';
import { type Environment, EXCEPTION, rounded, roundOff, type Target } from './rounding.ts';

/** Returns a number of the format `from` in the target's format. */
export function convert(env: Environment, target: Target, from: Format, bits: bigint): bigint {
  const a = unpack(from, bits);
  if (isNan(a)) {
    if (a.kind === KIND.SIGNALING_NAN) env.exceptions |= EXCEPTION.INVALID;
    return quietNaN(target.format, from, a);
  }
  if (a.kind === KIND.ZERO) return zero(target.format, a.negative);
  if (a.kind === KIND.INFINITY) return infinity(target.format, a.negative);
  return rounded(env, target, a);
}

/** Returns a number as LOAD AND TEST does: a signaling NaN is invalid and becomes a quiet one. Other numbers, subnormal ones too, stay. */
export function tested(env: Environment, format: Format, bits: bigint): bigint {
  const a = unpack(format, bits);
  return isNan(a) ? propagated(env, format, [a]) : bits;
}

/** Returns a number rounded to an integer, in the same format. Of the exceptions inexact is possible. */
export function toIntegral(env: Environment, target: Target, bits: bigint): bigint {
  const { format } = target;
  const a = unpack(format, bits);
  if (isNan(a)) return propagated(env, format, [a]);
  if (a.kind !== KIND.FINITE || a.exponent >= 0) return bits;
  const digits = integerOf(env, a);
  if (env.inexact) env.exceptions |= EXCEPTION.INEXACT;
  if (digits === 0n) return zero(format, a.negative);
  // The integer has no more bits than the precision: this rounding is exact.
  const { inexact, incremented } = env;
  const result = rounded(env, target, { negative: a.negative, significand: digits, exponent: 0 });
  env.inexact = inexact;
  env.incremented = incremented;
  return result;
}

/** Returns the magnitude of a finite number, rounded to an integer. */
function integerOf(env: Environment, { negative, significand, exponent }: Parts): bigint {
  // All of a magnitude below a half is cut, wherever its bits are.
  const count = Math.min(-exponent, bitLength(significand) + 2);
  return roundOff(env, significand, exponent < 0 ? count : -exponent, negative);
}

/** Returns an integer in the target's format. */
export function fromInteger(env: Environment, target: Target, value: bigint): bigint {
  if (value === 0n) return zero(target.format, false);
  const negative = value < 0n;
  return rounded(env, target, { negative, significand: negative ? -value : value, exponent: 0 });
}

/** A range of binary integers. */
export interface IntegerRange {
  readonly least: bigint;
  readonly most: bigint;
}

export const INT32: IntegerRange = { least: -(2n ** 31n), most: 2n ** 31n - 1n };
export const INT64: IntegerRange = { least: -(2n ** 63n), most: 2n ** 63n - 1n };
export const UINT32: IntegerRange = { least: 0n, most: 2n ** 32n - 1n };
export const UINT64: IntegerRange = { least: 0n, most: 2n ** 64n - 1n };

/**
 * Returns a number rounded to an integer. A number whose integer is outside of the range is invalid and results in the end of
 * the range; a NaN is invalid and results in its least number.
 */
export function toInteger(
  env: Environment,
  { least, most }: IntegerRange,
  format: Format,
  bits: bigint,
): bigint {
  const a = unpack(format, bits);
  if (a.kind === KIND.ZERO) return 0n;
  if (a.kind === KIND.FINITE && a.exponent + bitLength(a.significand) <= 65) {
    const magnitude = integerOf(env, a);
    const value = a.negative ? -magnitude : magnitude;
    if (value >= least && value <= most) {
      if (env.inexact) env.exceptions |= EXCEPTION.INEXACT;
      return value;
    }
  }
  // The result is reported as invalid and as inexact. For a data-exception code it counts as truncated.
  env.exceptions |= EXCEPTION.INVALID | EXCEPTION.INEXACT;
  env.incremented = false;
  return isNan(a) || a.negative ? least : most;
}

/** Returns the bit of TEST DATA CLASS for a number: 0x800 for plus zero to 0x001 for a negative signaling NaN. */
export function classOf(format: Format, bits: bigint): number {
  const { kind, negative, exponent, significand } = unpack(format, bits);
  const subnormal =
    exponent === leastExponent(format) - format.fraction && significand >> BigInt(format.fraction) === 0n;
  const column = kind === KIND.ZERO ? 0 : kind === KIND.FINITE ? (subnormal ? 2 : 1) : kind + 1;
  return 0x800 >> (column * 2 + (negative ? 1 : 0));
}
