/**
 * A model of binary-floating-point instructions, by rational arithmetic. Principles of Operation, chapters 9 and 19. It shares no
 * code with the machine.
 */

import {
  compareRationals,
  infinityOf,
  type Magnitude,
  type Mode,
  type NumberFormat,
  type Operand,
  power,
  type Rational,
  rationalOf,
  roundMagnitude,
  times,
} from './number.ts';

/** Exceptions, as in the flags of the floating-point-control register. */
export const INVALID = 0x80;
export const DIVISION_BY_ZERO = 0x40;
export const OVERFLOW = 0x20;
export const UNDERFLOW = 0x10;
export const INEXACT = 0x08;

/** The mode, the traps (as the exceptions), and where trapped results go. */
export interface Settings {
  readonly format: NumberFormat;
  readonly mode: Mode;
  readonly traps: number;
  /** The format and the exponent adjustment of the result of a trapped overflow or underflow, if not those of the format. */
  readonly trapped?: { readonly format: NumberFormat; readonly adjustment: number };
}

/** The result of an operation. */
export interface Outcome {
  readonly bits: bigint;
  readonly exceptions: number;
  readonly incremented: boolean;
  /** Whether the bits are those of a trapped overflow or underflow. */
  readonly adjusted: boolean;
}

const outcome = (bits: bigint, exceptions = 0): Outcome => ({
  bits,
  exceptions,
  incremented: false,
  adjusted: false,
});

const signOf = ({ width }: NumberFormat, negative: boolean) => (negative ? 1n << BigInt(width - 1) : 0n);
const zeroOf = (format: NumberFormat, negative: boolean) => signOf(format, negative);
const infinite = (format: NumberFormat, negative: boolean) => signOf(format, negative) | infinityOf(format);
const quietBit = ({ fraction }: NumberFormat) => 1n << BigInt(fraction - 1);
const defaultNaN = (format: NumberFormat) => infinityOf(format) | quietBit(format);

/** Returns the result of an invalid operation without NaNs. */
export const invalid = (format: NumberFormat): Outcome => outcome(defaultNaN(format), INVALID);

const isNaNOperand = (one: Operand) => one.class === 'quiet' || one.class === 'signaling';

/** Returns the NaN that results from operands of one format, or null if none is a NaN. */
export function nanOf(format: NumberFormat, operands: readonly Operand[]): Outcome | null {
  const signaling = operands.find((one) => one.class === 'signaling');
  if (signaling) return outcome(signaling.bits | quietBit(format), INVALID);
  const quiet = operands.find((one) => one.class === 'quiet');
  return quiet ? outcome(quiet.bits) : null;
}

const rational = (value: Rational): Magnitude => ({ compare: (other) => compareRationals(value, other) });

/** A magnitude times a rational number. */
const scaled = (magnitude: Magnitude, factor: Rational): Magnitude => ({
  compare: (other) => magnitude.compare(times(other, { n: factor.d, d: factor.n })),
});

/** Returns the result of a trapped overflow (`direction` -1) or underflow (1): its exponent is adjusted. */
function adjustedResult(
  settings: Settings,
  magnitude: Magnitude,
  negative: boolean,
  direction: number,
): Outcome {
  const { format, mode } = settings;
  const { format: into, adjustment } = settings.trapped ?? { format, adjustment: format.adjustment };
  // Rounded in the narrow precision near 1, where its exponent does no harm, then placed in the wide format.
  const exponent = exponentOf(magnitude);
  const near = roundMagnitude(format, scaled(magnitude, power(-exponent)), negative, mode);
  const value = times(rationalOf(format, near.bits), power(exponent + direction * adjustment));
  const bits = roundMagnitude(into, rational(value), negative, 'zero');
  const exceptions = direction < 0 ? OVERFLOW : UNDERFLOW;
  return {
    bits: bits.bits | signOf(into, negative),
    exceptions: exceptions | (near.inexact ? INEXACT : 0),
    incremented: near.incremented,
    adjusted: true,
  };
}

/** Returns the exponent of a magnitude: the largest power of two that is not above it. */
function exponentOf(magnitude: Magnitude): number {
  let low = -70_000;
  let high = 70_000;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (magnitude.compare(power(middle)) >= 0) low = middle;
    else high = middle;
  }
  return low;
}

/** Returns the result of an exact magnitude that is not zero. */
export function resultOf(settings: Settings, magnitude: Magnitude, negative: boolean): Outcome {
  const { format, mode, traps } = settings;
  const tiny = magnitude.compare(power(1 - format.bias)) < 0;
  if (tiny && traps & UNDERFLOW) return adjustedResult(settings, magnitude, negative, 1);
  const sign = signOf(format, negative);
  const limit = power(format.bias + 1);
  if (magnitude.compare(limit) < 0) {
    const { bits, inexact, incremented } = roundMagnitude(format, magnitude, negative, mode);
    if (bits !== infinityOf(format)) {
      const exceptions = inexact ? INEXACT | (tiny ? UNDERFLOW : 0) : 0;
      return { bits: bits | sign, exceptions, incremented, adjusted: false };
    }
  }
  if (traps & OVERFLOW) return adjustedResult(settings, magnitude, negative, -1);
  const toInfinity = mode === 'even' || mode === 'away' || mode === (negative ? 'down' : 'up');
  const bits = sign | (infinityOf(format) - (toInfinity ? 0n : 1n));
  return { bits, exceptions: OVERFLOW | INEXACT, incremented: toInfinity, adjusted: false };
}

/** A rational number with a sign. */
interface Signed {
  readonly negative: boolean;
  readonly value: Rational;
}

const signed = ({ negative, value }: Signed): Rational => (negative ? { n: -value.n, d: value.d } : value);

/** Returns the rounded sum of two finite numbers. `zeroSign` is the sign of a sum of zero. */
function sumResult(settings: Settings, a: Signed, b: Signed): Outcome {
  const [x, y] = [signed(a), signed(b)];
  const n = x.n * y.d + y.n * x.d;
  const d = x.d * y.d;
  if (n !== 0n) return resultOf(settings, rational({ n: n < 0n ? -n : n, d }), n < 0n);
  const bothZero = a.value.n === 0n && a.negative === b.negative;
  return outcome(zeroOf(settings.format, bothZero ? a.negative : settings.mode === 'down'));
}

type Plain = Pick<Operand, 'class' | 'negative' | 'value'>;

/** Returns the sum of two operands that are no NaNs. */
function addPlain(settings: Settings, a: Plain, b: Plain): Outcome {
  const { format } = settings;
  if (a.class === 'infinity' && b.class === 'infinity') {
    return a.negative === b.negative ? outcome(infinite(format, a.negative)) : invalid(format);
  }
  if (a.class === 'infinity') return outcome(infinite(format, a.negative));
  if (b.class === 'infinity') return outcome(infinite(format, b.negative));
  return sumResult(settings, a, b);
}

const opposite = <T extends { negative: boolean }>(one: T): T => ({ ...one, negative: !one.negative });

export function add(settings: Settings, a: Operand, b: Operand): Outcome {
  return nanOf(settings.format, [a, b]) ?? addPlain(settings, a, b);
}

export function subtract(settings: Settings, a: Operand, b: Operand): Outcome {
  return nanOf(settings.format, [a, b]) ?? addPlain(settings, a, opposite(b));
}

/** Returns the product of two operands that are no NaNs; null if it is invalid. */
function product(a: Operand, b: Operand): Plain | null {
  const negative = a.negative !== b.negative;
  const classes = [a.class, b.class];
  if (classes.includes('infinity')) {
    return classes.includes('zero') ? null : { class: 'infinity', negative, value: { n: 0n, d: 1n } };
  }
  const value = times(a.value, b.value);
  return { class: value.n === 0n ? 'zero' : 'finite', negative, value };
}

/** Returns the product of two operands of the format `from`, in the format of the settings. */
export function multiply(settings: Settings, a: Operand, b: Operand, from = settings.format): Outcome {
  const { format } = settings;
  const nan = nanOf(from, [a, b]);
  if (nan) return outcome(widenedNaN(format, from, nan.bits), nan.exceptions);
  const exact = product(a, b);
  if (exact === null) return invalid(format);
  if (exact.class === 'infinity') return outcome(infinite(format, exact.negative));
  if (exact.class === 'zero') return outcome(zeroOf(format, exact.negative));
  return resultOf(settings, rational(exact.value), exact.negative);
}

/** Returns a quiet NaN in another format. */
function widenedNaN(format: NumberFormat, from: NumberFormat, bits: bigint): bigint {
  const sign = (bits >> BigInt(from.width - 1)) & 1n;
  const payload = bits & ((1n << BigInt(from.fraction)) - 1n);
  const shift = BigInt(format.fraction - from.fraction);
  const moved = shift >= 0n ? payload << shift : payload >> -shift;
  return (sign << BigInt(format.width - 1)) | infinityOf(format) | quietBit(format) | moved;
}

/** Returns a times b plus c, or minus c. */
export function multiplyAndAdd(
  settings: Settings,
  [a, b, c]: readonly [Operand, Operand, Operand],
  minus: boolean,
): Outcome {
  const { format } = settings;
  const plain = !isNaNOperand(a) && !isNaNOperand(b);
  const exact = plain ? product(a, b) : null;
  if (plain && exact === null && c.class !== 'signaling') return invalid(format);
  const nan = nanOf(format, [a, b, c]);
  if (nan || exact === null) return nan ?? invalid(format);
  return addPlain(settings, exact, minus ? opposite(c) : c);
}

export function divide(settings: Settings, a: Operand, b: Operand): Outcome {
  const { format } = settings;
  const nan = nanOf(format, [a, b]);
  if (nan) return nan;
  const negative = a.negative !== b.negative;
  if (a.class === 'infinity')
    return b.class === 'infinity' ? invalid(format) : outcome(infinite(format, negative));
  if (b.class === 'infinity') return outcome(zeroOf(format, negative));
  if (b.class === 'zero') {
    return a.class === 'zero' ? invalid(format) : outcome(infinite(format, negative), DIVISION_BY_ZERO);
  }
  if (a.class === 'zero') return outcome(zeroOf(format, negative));
  return resultOf(settings, rational(times(a.value, { n: b.value.d, d: b.value.n })), negative);
}

export function squareRoot(settings: Settings, a: Operand): Outcome {
  const nan = nanOf(settings.format, [a]);
  if (nan) return nan;
  if (a.class === 'zero') return outcome(a.bits);
  if (a.negative) return invalid(settings.format);
  if (a.class === 'infinity') return outcome(a.bits);
  return resultOf(settings, { compare: (other) => compareRationals(a.value, times(other, other)) }, false);
}

/** Returns an operand of the format `from` in the format of the settings. */
export function convert(settings: Settings, a: Operand, from: NumberFormat): Outcome {
  const { format } = settings;
  if (isNaNOperand(a)) {
    return outcome(widenedNaN(format, from, a.bits), a.class === 'signaling' ? INVALID : 0);
  }
  if (a.class === 'zero') return outcome(zeroOf(format, a.negative));
  if (a.class === 'infinity') return outcome(infinite(format, a.negative));
  return resultOf(settings, rational(a.value), a.negative);
}

/** Returns a rational number rounded to an integer, and whether that is inexact and incremented. */
export function roundToInteger(
  { n, d }: Rational,
  negative: boolean,
  mode: Mode,
): { integer: bigint; inexact: boolean; incremented: boolean } {
  const floor = n / d;
  const rest = 2n * (n - floor * d);
  if (rest === 0n) return { integer: floor, inexact: false, incremented: false };
  const odd = (floor & 1n) === 1n;
  const incremented =
    (mode === 'even' && (rest > d || (rest === d && odd))) ||
    (mode === 'away' && rest >= d) ||
    (mode === 'shorter' && !odd) ||
    mode === (negative ? 'down' : 'up');
  return { integer: incremented ? floor + 1n : floor, inexact: true, incremented };
}

/** LOAD FP INTEGER. */
export function integral(settings: Settings, a: Operand): Outcome {
  const { format, mode } = settings;
  const nan = nanOf(format, [a]);
  if (nan) return nan;
  if (a.class !== 'finite') return outcome(a.bits);
  const { integer, inexact, incremented } = roundToInteger(a.value, a.negative, mode);
  const { bits } = roundMagnitude(format, rational({ n: integer, d: 1n }), false, 'even');
  const exceptions = inexact ? INEXACT : 0;
  return { bits: bits | signOf(format, a.negative), exceptions, incremented, adjusted: false };
}

/** Returns an integer in the format of the settings. */
export function fromInteger(settings: Settings, value: bigint): Outcome {
  if (value === 0n) return outcome(0n);
  const n = value < 0n ? -value : value;
  return resultOf(settings, rational({ n, d: 1n }), value < 0n);
}

/** Returns an operand as an integer of a range. The bits of the outcome are its value, which may be negative. */
export function toInteger(mode: Mode, a: Operand, least: bigint, most: bigint): Outcome {
  const bad = (value: bigint) => outcome(value, INVALID | INEXACT);
  if (isNaNOperand(a)) return bad(least);
  if (a.class === 'infinity') return bad(a.negative ? least : most);
  const { integer, inexact, incremented } = roundToInteger(a.value, a.negative, mode);
  const value = a.negative ? -integer : integer;
  if (value < least) return bad(least);
  if (value > most) return bad(most);
  return { bits: value, exceptions: inexact ? INEXACT : 0, incremented, adjusted: false };
}

/** Returns the condition code of a comparison, and whether it is invalid. */
export function compare(a: Operand, b: Operand, signal: boolean): { code: number; invalid: boolean } {
  if (isNaNOperand(a) || isNaNOperand(b)) {
    return { code: 3, invalid: signal || a.class === 'signaling' || b.class === 'signaling' };
  }
  const rank = (one: Operand) => (one.class === 'infinity' ? (one.negative ? -1 : 1) : 0);
  const order =
    rank(a) !== rank(b) ? rank(a) - rank(b) : rank(a) !== 0 ? 0 : compareRationals(signed(a), signed(b));
  return { code: order === 0 ? 0 : order < 0 ? 1 : 2, invalid: false };
}

/** The result of DIVIDE TO INTEGER. */
export interface DivisionOutcome {
  readonly quotient: bigint;
  readonly remainder: Outcome;
  readonly code: number;
}

/** DIVIDE TO INTEGER; `quotientMode` is the mode of the quotient. */
export function divideToInteger(
  settings: Settings,
  a: Operand,
  b: Operand,
  quotientMode: Mode,
): DivisionOutcome {
  const { format } = settings;
  const nan = nanOf(format, [a, b]);
  if (nan) return { quotient: nan.bits, remainder: nan, code: 1 };
  if (a.class === 'infinity' || b.class === 'zero') {
    const bad = invalid(format);
    return { quotient: bad.bits, remainder: bad, code: 1 };
  }
  const negative = a.negative !== b.negative;
  if (a.class === 'zero' || b.class === 'infinity') {
    return { quotient: zeroOf(format, negative), remainder: outcome(a.bits), code: 0 };
  }
  const ratio = times(a.value, { n: b.value.d, d: b.value.n });
  const fits = compareRationals({ n: ratio.n / ratio.d, d: 1n }, power(format.fraction + 1)) < 0;
  const whole = fits
    ? roundToInteger(ratio, negative, quotientMode).integer
    : cutInteger(ratio, format.fraction + 1);
  return division(settings, [a, b], whole, fits);
}

/** Returns the integer part of a rational number, with zeros behind its first `digits` bits. */
function cutInteger({ n, d }: Rational, digits: number): bigint {
  const whole = n / d;
  const excess = BigInt(whole.toString(2).length - digits);
  return (whole >> excess) << excess;
}

function division(
  settings: Settings,
  [a, b]: readonly [Operand, Operand],
  whole: bigint,
  fits: boolean,
): DivisionOutcome {
  const { format } = settings;
  const negative = a.negative !== b.negative;
  const taken = times(b.value, { n: whole, d: 1n });
  const rest = compareRationals(a.value, taken);
  const remainder =
    rest === 0
      ? outcome(zeroOf(format, a.negative))
      : sumResult(settings, a, { negative: !a.negative, value: taken });
  const partial = !fits && rest !== 0 ? 2 : 0;
  if (whole === 0n) return { quotient: zeroOf(format, negative), remainder, code: partial };
  const quotient = resultOf(
    { format, mode: 'zero', traps: OVERFLOW },
    rational({ n: whole, d: 1n }),
    negative,
  );
  return { quotient: quotient.bits, remainder, code: partial | (quotient.adjusted ? 1 : 0) };
}
