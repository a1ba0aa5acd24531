/**
 * Binary-floating-point numbers as rational numbers. This is independent of `machine/bfp`: it does not calculate the bits of a
 * result, but searches the bits whose value is nearest.
 */

/** A format: its width, the bits of its fraction, its bias, and the exponent adjustment of trapped results. */
export interface NumberFormat {
  readonly width: number;
  readonly fraction: number;
  readonly bias: number;
  readonly adjustment: number;
}

export const SHORT: NumberFormat = { width: 32, fraction: 23, bias: 127, adjustment: 192 };
export const LONG: NumberFormat = { width: 64, fraction: 52, bias: 1023, adjustment: 1536 };
export const EXTENDED: NumberFormat = { width: 128, fraction: 112, bias: 16_383, adjustment: 24_576 };

/** A rational number that is not negative. The denominator is positive. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

/** Returns the order of two rational numbers: negative, 0, or positive. */
export function compareRationals(a: Rational, b: Rational): number {
  const difference = a.n * b.d - b.n * a.d;
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

/** Returns 2 to the power of `exponent`. */
export const power = (exponent: number): Rational =>
  exponent >= 0 ? { n: 1n << BigInt(exponent), d: 1n } : { n: 1n, d: 1n << BigInt(-exponent) };

export const times = (a: Rational, b: Rational): Rational => ({ n: a.n * b.n, d: a.d * b.d });

/** The bits of plus infinity, which are one more than those of the largest finite number. */
export function infinityOf({ width, fraction }: NumberFormat): bigint {
  return ((1n << BigInt(width - 1 - fraction)) - 1n) << BigInt(fraction);
}

/**
 * Returns the value of bits without the sign. The bits of infinity have the value of the number that would follow the largest.
 */
export function rationalOf({ fraction, bias }: NumberFormat, bits: bigint): Rational {
  const biased = Number(bits >> BigInt(fraction));
  const low = bits & ((1n << BigInt(fraction)) - 1n);
  const digits = biased === 0 ? low : low + (1n << BigInt(fraction));
  return times({ n: digits, d: 1n }, power(Math.max(biased, 1) - bias - fraction));
}

export type Class = 'zero' | 'finite' | 'infinity' | 'quiet' | 'signaling';

/** A number taken apart. `value` is 0 unless it is finite. */
export interface Operand {
  readonly bits: bigint;
  readonly class: Class;
  readonly negative: boolean;
  readonly value: Rational;
}

/** Takes bits apart. */
export function operandOf(format: NumberFormat, bits: bigint): Operand {
  const sign = 1n << BigInt(format.width - 1);
  const negative = (bits & sign) !== 0n;
  const magnitude = bits & (sign - 1n);
  const infinity = infinityOf(format);
  const value = { n: 0n, d: 1n };
  if (magnitude === 0n) return { bits, class: 'zero', negative, value };
  if (magnitude < infinity) return { bits, class: 'finite', negative, value: rationalOf(format, magnitude) };
  if (magnitude === infinity) return { bits, class: 'infinity', negative, value };
  const quiet = (magnitude >> BigInt(format.fraction - 1)) & 1n;
  return { bits, class: quiet ? 'quiet' : 'signaling', negative, value };
}

/** A magnitude that is known by comparison. It need not be rational: a square root is not. */
export interface Magnitude {
  /** Returns the order of the magnitude and a rational number. */
  compare(other: Rational): number;
}

/** Returns the bits of the largest number that is not above a magnitude. At most those of the largest finite number. */
function floorOf(format: NumberFormat, magnitude: Magnitude): bigint {
  let low = 0n;
  let high = infinityOf(format);
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (magnitude.compare(rationalOf(format, middle)) >= 0) low = middle;
    else high = middle;
  }
  return low;
}

/** The names of rounding modes. */
export type Mode = 'even' | 'zero' | 'up' | 'down' | 'away' | 'shorter';

/** A rounded magnitude, and how it differs from the exact one. */
export interface Rounded {
  readonly bits: bigint;
  readonly inexact: boolean;
  readonly incremented: boolean;
}

/** Rounds a magnitude that is not above the largest finite number by more than a half. */
export function roundMagnitude(
  format: NumberFormat,
  magnitude: Magnitude,
  negative: boolean,
  mode: Mode,
): Rounded {
  const floor = floorOf(format, magnitude);
  const below = rationalOf(format, floor);
  if (magnitude.compare(below) === 0) return { bits: floor, inexact: false, incremented: false };
  const above = rationalOf(format, floor + 1n);
  const middle = { n: below.n * above.d + above.n * below.d, d: 2n * below.d * above.d };
  const half = magnitude.compare(middle);
  const odd = (floor & 1n) === 1n;
  const incremented =
    mode === 'even'
      ? half > 0 || (half === 0 && odd)
      : mode === 'away'
        ? half >= 0
        : mode === 'shorter'
          ? !odd
          : mode === (negative ? 'down' : 'up');
  return { bits: incremented ? floor + 1n : floor, inexact: true, incremented };
}
