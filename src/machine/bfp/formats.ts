/**
 * The three formats of binary floating-point (BFP) numbers, and the numbers that their bits represent. Principles of
 * Operation, chapter 19, "Binary-Floating-Point Number Representation".
 */

/** A format. From the left it has a sign, a biased exponent, and a fraction. */
export interface Format {
  /** Number of bits of the format. */
  readonly width: number;
  /** Number of bits of the fraction. A normal number has one more bit of precision. */
  readonly fraction: number;
  /** The largest exponent of a finite number, which is also the bias. */
  readonly bias: number;
}

export const SHORT: Format = { width: 32, fraction: 23, bias: 127 };
export const LONG: Format = { width: 64, fraction: 52, bias: 1023 };
export const EXTENDED: Format = { width: 128, fraction: 112, bias: 16_383 };

/** Returns the number of bits of a format's precision. */
export const precisionOf = ({ fraction }: Format) => fraction + 1;

/** Returns the least exponent of a normal number of a format. */
export const leastExponent = ({ bias }: Format) => 1 - bias;

/** The kinds of data, in the order of TEST DATA CLASS except that it tells normal and subnormal numbers apart. */
export const KIND = { ZERO: 0, FINITE: 1, INFINITY: 2, QUIET_NAN: 3, SIGNALING_NAN: 4 } as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** A number in its parts. A finite number has the magnitude `significand` times 2 to the power of `exponent`. */
export interface Parts {
  readonly kind: Kind;
  readonly negative: boolean;
  readonly exponent: number;
  /** Of a finite number. The fraction of a NaN, as its format has it. */
  readonly significand: bigint;
}

/** Returns the bits of a sign, a biased exponent and a fraction. */
export function assemble(format: Format, negative: boolean, biased: number, fraction: bigint): bigint {
  const sign = negative ? 1n << BigInt(format.width - 1) : 0n;
  return sign | (BigInt(biased) << BigInt(format.fraction)) | fraction;
}

const maximumBiased = ({ bias }: Format) => 2 * bias + 1;

export const zero = (format: Format, negative: boolean) => assemble(format, negative, 0, 0n);
export const infinity = (format: Format, negative: boolean) =>
  assemble(format, negative, maximumBiased(format), 0n);
/** Returns the bits of the largest finite number. */
export const largest = (format: Format, negative: boolean) =>
  assemble(format, negative, maximumBiased(format) - 1, (1n << BigInt(format.fraction)) - 1n);

const quietBit = ({ fraction }: Format) => 1n << BigInt(fraction - 1);

/** Returns the bits of the default NaN: positive and quiet, with a payload of zeros. */
export const defaultNaN = (format: Format) =>
  assemble(format, false, maximumBiased(format), quietBit(format));

/** Returns the bits of the quiet NaN for a NaN of another format: its payload is extended or cut on the right. */
export function quietNaN(format: Format, from: Format, { negative, significand }: Parts): bigint {
  const longer = format.fraction - from.fraction;
  const payload = longer >= 0 ? significand << BigInt(longer) : significand >> BigInt(-longer);
  return assemble(format, negative, maximumBiased(format), payload | quietBit(format));
}

/** Takes a number apart. */
export function unpack(format: Format, bits: bigint): Parts {
  const { width, fraction, bias } = format;
  const negative = bits >> BigInt(width - 1) !== 0n;
  const biased = Number((bits >> BigInt(fraction)) & BigInt(maximumBiased(format)));
  const significand = bits & ((1n << BigInt(fraction)) - 1n);
  if (biased === maximumBiased(format)) {
    const quiet = (significand & quietBit(format)) !== 0n;
    const kind = significand === 0n ? KIND.INFINITY : quiet ? KIND.QUIET_NAN : KIND.SIGNALING_NAN;
    return { kind, negative, exponent: 0, significand };
  }
  if (biased > 0) {
    const normal = significand | (1n << BigInt(fraction));
    return { kind: KIND.FINITE, negative, exponent: biased - bias - fraction, significand: normal };
  }
  const kind = significand === 0n ? KIND.ZERO : KIND.FINITE;
  return { kind, negative, exponent: 1 - bias - fraction, significand };
}

/** Returns whether a number is a NaN. */
export const isNan = ({ kind }: Parts) => kind === KIND.QUIET_NAN || kind === KIND.SIGNALING_NAN;

/** Returns the number of bits of a positive integer, 0 for 0. */
export function bitLength(n: bigint): number {
  let rest = n;
  let length = 0;
  while (rest >> 64n !== 0n) {
    rest >>= 64n;
    length += 64;
  }
  const high = Number(rest >> 32n);
  return length + (high === 0 ? 32 - Math.clz32(Number(rest)) : 64 - Math.clz32(high));
}
