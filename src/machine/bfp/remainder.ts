/** DIVIDE TO INTEGER. Principles of Operation, chapter 19. */

import { invalid, propagated } from './arithmetic.ts';
import { bitLength, isNan, KIND, type Parts, precisionOf, unpack, zero } from './formats.ts';
import {
  Environment,
  EXCEPTION,
  type Exact,
  ROUND,
  type Round,
  rounded,
  roundOff,
  type Target,
} from './rounding.ts';

/** A quotient, a remainder, and the condition code. */
export interface Division {
  readonly quotient: bigint;
  readonly remainder: bigint;
  /** 0: normal quotient; 1: the exponent of the quotient is adjusted, or it is a NaN; plus 2 if the remainder is partial. */
  readonly code: number;
}

/** Packs the integer quotient. Its exceptions are not those of the instruction: an overflow adjusts the exponent. */
const packing = new Environment();

function packQuotient(target: Target, exact: Exact): { quotient: bigint; overflow: boolean } {
  if (exact.significand === 0n) return { quotient: zero(target.format, exact.negative), overflow: false };
  packing.start(ROUND.TOWARD_ZERO, EXCEPTION.OVERFLOW);
  const quotient = rounded(packing, target, exact);
  return { quotient, overflow: (packing.exceptions & EXCEPTION.OVERFLOW) !== 0 };
}

/**
 * Returns the integer quotient of two finite numbers that are not zero: rounded in the mode `round` if it fits in the precision,
 * and otherwise cut to it.
 */
function integerQuotient(a: Parts, b: Parts, precision: number, round: Round): Exact {
  const distance = a.exponent - b.exponent;
  const negative = a.negative !== b.negative;
  const dividend = a.significand << BigInt(Math.max(0, distance));
  const divisor = b.significand << BigInt(Math.max(0, -distance));
  const whole = dividend / divisor;
  const excess = bitLength(whole) - precision;
  if (excess > 0) return { negative, significand: whole >> BigInt(excess), exponent: excess };
  // One bit after the point, and one that stands for the rest.
  const doubled = (dividend << 1n) / divisor;
  const rest = doubled * divisor === dividend << 1n ? 0n : 1n;
  packing.start(round, 0);
  return { negative, significand: roundOff(packing, (doubled << 1n) | rest, 2, negative), exponent: 0 };
}

/** Returns `a` minus `b` times the quotient, exactly. */
function difference(a: Parts, b: Parts, quotient: Exact): Exact {
  const product = b.significand * quotient.significand;
  const exponent = b.exponent + quotient.exponent;
  const lowest = Math.min(a.exponent, exponent);
  const minuend = a.significand << BigInt(a.exponent - lowest);
  const rest = minuend - (product << BigInt(exponent - lowest));
  const negative = rest < 0n ? !a.negative : a.negative;
  return { negative, significand: rest < 0n ? -rest : rest, exponent: lowest };
}

function divideFinite(
  env: Environment,
  target: Target,
  [a, b]: readonly [Parts, Parts],
  round: Round,
): Division {
  const whole = integerQuotient(a, b, precisionOf(target.format), round);
  const rest = difference(a, b, whole);
  const { quotient, overflow } = packQuotient(target, whole);
  if (rest.significand === 0n) {
    return { quotient, remainder: zero(target.format, a.negative), code: overflow ? 1 : 0 };
  }
  const partial = whole.exponent > 0 ? 2 : 0;
  return { quotient, remainder: rounded(env, target, rest), code: (overflow ? 1 : 0) | partial };
}

/**
 * Divides, and rounds the quotient to an integer in the mode `quotientRound`. The remainder is exact except where directed
 * rounding makes the product larger than the dividend; then it is rounded in the environment's mode.
 */
export function divideToInteger(
  env: Environment,
  target: Target,
  [x, y]: readonly [bigint, bigint],
  quotientRound: Round,
): Division {
  const { format } = target;
  const a = unpack(format, x);
  const b = unpack(format, y);
  if (isNan(a) || isNan(b)) {
    const bits = propagated(env, format, [a, b]);
    return { quotient: bits, remainder: bits, code: 1 };
  }
  if (a.kind === KIND.INFINITY || b.kind === KIND.ZERO) {
    const bits = invalid(env, format);
    return { quotient: bits, remainder: bits, code: 1 };
  }
  if (a.kind === KIND.ZERO || b.kind === KIND.INFINITY) {
    return { quotient: zero(format, a.negative !== b.negative), remainder: x, code: 0 };
  }
  return divideFinite(env, target, [a, b], quotientRound);
}
