/**
 * Rounding, and the IEEE exceptions of a result. Principles of Operation, chapter 9, "IEEE Exceptions", and chapter 19,
 * "BFP Rounding".
 */

import {
  assemble,
  bitLength,
  EXTENDED,
  type Format,
  infinity,
  LONG,
  largest,
  leastExponent,
  type Parts,
  precisionOf,
  SHORT,
} from './formats.ts';

/** Rounding modes. */
export const ROUND = {
  NEAREST_EVEN: 0,
  TOWARD_ZERO: 1,
  UP: 2,
  DOWN: 3,
  NEAREST_AWAY: 4,
  /** Round to prepare for shorter precision: an inexact result is cut, and its last bit set to one. */
  SHORTER: 5,
} as const;
export type Round = (typeof ROUND)[keyof typeof ROUND];

/** IEEE exceptions, as the bits of the masks and flags of the floating-point-control register and of data-exception codes. */
export const EXCEPTION = {
  INVALID: 0x80,
  DIVISION_BY_ZERO: 0x40,
  OVERFLOW: 0x20,
  UNDERFLOW: 0x10,
  INEXACT: 0x08,
} as const;

/** What an operation is asked for besides its operands, and what it reports besides its result. */
export class Environment {
  /** The rounding mode. */
  round: Round = ROUND.NEAREST_EVEN;
  /** Exceptions that trap, see `EXCEPTION`. */
  masks = 0;
  /** The exceptions of the operation, see `EXCEPTION`. */
  exceptions = 0;
  /** Whether the last rounding was inexact. */
  inexact = false;
  /** Whether the last rounding increased the magnitude. */
  incremented = false;
  /** Whether the result is that of a trapped overflow or underflow: with an adjusted exponent, see `Target`. */
  isAdjusted = false;

  /** Prepares for an operation. */
  start(round: Round, masks: number): void {
    this.round = round;
    this.masks = masks;
    this.exceptions = 0;
    this.inexact = false;
    this.incremented = false;
    this.isAdjusted = false;
  }

  /** Whether the operation is invalid. */
  get isInvalid(): boolean {
    return (this.exceptions & EXCEPTION.INVALID) !== 0;
  }

  /** Returns whether an exception traps. */
  traps(exception: number): boolean {
    return (this.masks & exception) !== 0;
  }
}

/** Returns whether the magnitude is incremented when a remainder that is not zero is cut off. `half` compares it with a half. */
function increments(round: Round, negative: boolean, odd: boolean, half: number): boolean {
  switch (round) {
    case ROUND.NEAREST_EVEN:
      return half > 0 || (half === 0 && odd);
    case ROUND.NEAREST_AWAY:
      return half >= 0;
    case ROUND.UP:
      return !negative;
    case ROUND.DOWN:
      return negative;
    case ROUND.SHORTER:
      return !odd;
    default:
      return false;
  }
}

/**
 * Returns a magnitude without its last `count` bits, rounded. A negative count appends zeros. Reports in `env` whether
 * the result is inexact and incremented.
 */
export function roundOff(env: Environment, magnitude: bigint, count: number, negative: boolean): bigint {
  env.inexact = false;
  env.incremented = false;
  if (count <= 0) return magnitude << BigInt(-count);
  const cut = magnitude >> BigInt(count);
  const rest = magnitude - (cut << BigInt(count));
  if (rest === 0n) return cut;
  env.inexact = true;
  const middle = 1n << BigInt(count - 1);
  const half = rest === middle ? 0 : rest > middle ? 1 : -1;
  env.incremented = increments(env.round, negative, (cut & 1n) === 1n, half);
  return env.incremented ? cut + 1n : cut;
}

function packFinite(format: Format, negative: boolean, significand: bigint, exponent: number): bigint {
  const top = 1n << BigInt(format.fraction);
  if (significand < top) return assemble(format, negative, 0, significand);
  return assemble(format, negative, exponent + format.fraction + format.bias, significand - top);
}

/** Returns whether an overflow results in infinity, and not in the largest number. */
function overflowsToInfinity(round: Round, negative: boolean): boolean {
  if (round === ROUND.TOWARD_ZERO || round === ROUND.SHORTER) return false;
  return round === ROUND.UP ? !negative : round === ROUND.DOWN ? negative : true;
}

/** Where a result goes. */
export interface Target {
  readonly format: Format;
  /** The format of the result of a trapped overflow or underflow. */
  readonly trapped: Format;
  /** The exponent adjustment of that result. Figure 19-8. */
  readonly adjustment: number;
}

const own = (format: Format, adjustment: number): Target => ({ format, trapped: format, adjustment });

/** The targets of arithmetic, by format. */
export const TO_SHORT = own(SHORT, 192);
export const TO_LONG = own(LONG, 1536);
export const TO_EXTENDED = own(EXTENDED, 24_576);

/** Returns the target of LOAD ROUNDED: a trapped overflow or underflow leaves its result in the format of the source. */
export function roundedFrom(source: Format, format: Format): Target {
  return { format, trapped: source, adjustment: source === LONG ? 512 : 8192 };
}

/** A number that is not zero: the magnitude `significand` times 2 to the power of `exponent`. */
export type Exact = Pick<Parts, 'negative' | 'exponent' | 'significand'>;

/** Returns the result of a trapped overflow or underflow: `digits`, rounded to the target's precision, as it fits. */
function adjusted(env: Environment, target: Target, { negative, significand, exponent }: Exact): bigint {
  const { format, trapped, adjustment } = target;
  env.isAdjusted = true;
  const longer = trapped.fraction - format.fraction;
  const direction = exponent > 0 ? -adjustment : adjustment;
  return packFinite(trapped, negative, significand << BigInt(longer), exponent - longer + direction);
}

function roundedSubnormal(
  env: Environment,
  format: Format,
  { negative, significand, exponent }: Exact,
): bigint {
  const least = leastExponent(format) - format.fraction;
  const digits = roundOff(env, significand, least - exponent, negative);
  if (env.inexact) env.exceptions |= EXCEPTION.UNDERFLOW | EXCEPTION.INEXACT;
  return packFinite(format, negative, digits, least);
}

function overflow(env: Environment, target: Target, rounded: Exact): bigint {
  const { negative } = rounded;
  env.exceptions |= EXCEPTION.OVERFLOW;
  if (env.traps(EXCEPTION.OVERFLOW)) return adjusted(env, target, rounded);
  env.exceptions |= EXCEPTION.INEXACT;
  env.incremented = overflowsToInfinity(env.round, negative);
  return env.incremented ? infinity(target.format, negative) : largest(target.format, negative);
}

/**
 * Returns the bits of a number, rounded to the target's format. Adds the exceptions overflow, underflow and inexact.
 *
 * If the significand does not have all bits of the exact result, it has at least two more than the precision, and the last of
 * them is set if any bit that follows is.
 */
export function rounded(env: Environment, target: Target, exact: Exact): bigint {
  const { format } = target;
  const { negative, significand, exponent } = exact;
  const length = bitLength(significand);
  // Tininess is detected before rounding.
  const tiny = exponent + length - 1 < leastExponent(format);
  if (tiny && !env.traps(EXCEPTION.UNDERFLOW)) return roundedSubnormal(env, format, exact);
  const excess = length - precisionOf(format);
  let digits = roundOff(env, significand, excess, negative);
  let lowest = exponent + excess;
  if (bitLength(digits) > precisionOf(format)) {
    digits >>= 1n;
    lowest++;
  }
  if (env.inexact) env.exceptions |= EXCEPTION.INEXACT;
  const result = { negative, significand: digits, exponent: lowest };
  if (tiny) {
    env.exceptions |= EXCEPTION.UNDERFLOW;
    return adjusted(env, target, result);
  }
  if (lowest + format.fraction > format.bias) return overflow(env, target, result);
  return packFinite(format, negative, digits, lowest);
}
