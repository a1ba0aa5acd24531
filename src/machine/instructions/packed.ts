/**
 * Packed decimal operands: four bits a digit, the sign in the rightmost four bits. Principles of Operation, chapter 8,
 * "Decimal-Number Formats".
 */

import type { Processor } from '../cpu/processor.ts';
import type { Span } from './span.ts';

/** Maximum number of digits of an operand: sixteen bytes without the sign. */
const MAX_DIGITS = 31;
/** Data-exception code of an invalid decimal operand. */
const DECIMAL_OPERAND = 0x00;
/** Sign codes that results have. */
const PLUS = 0xc;
const MINUS = 0xd;

/** The number in a packed operand. Zero has a sign, too. */
export class Packed {
  magnitude = 0n;
  negative = false;

  /** The number as a signed one, in which zero has no sign. */
  get value(): bigint {
    return this.negative ? -this.magnitude : this.magnitude;
  }
}

/** Recognizes a data exception because of an invalid digit or sign. */
export function invalidDecimal(c: Processor): never {
  return c.dataException(DECIMAL_OPERAND);
}

/** Returns whether a sign code is valid: A to F. */
export const validSign = (code: number) => code > 9;

/** Returns whether a valid sign code is a minus: B or D. */
export const isMinus = (code: number) => code === 0xb || code === MINUS;

/** Reads the operand of `size` bytes (1 to 16) in a span. Recognizes a data exception if a digit or the sign is invalid. */
export function readPacked(c: Processor, span: Span, size: number, into: Packed): Packed {
  const { bytes } = c.storage;
  let magnitude = 0n;
  for (let i = 0; i < size - 1; i++) {
    const byte = bytes[span.address(i)] as number;
    const high = byte >>> 4;
    const low = byte & 15;
    if (high > 9 || low > 9) invalidDecimal(c);
    magnitude = magnitude * 100n + BigInt(high * 10 + low);
  }
  const byte = bytes[span.address(size - 1)] as number;
  if (byte >>> 4 > 9 || !validSign(byte & 15)) invalidDecimal(c);
  into.magnitude = magnitude * 10n + BigInt(byte >>> 4);
  into.negative = isMinus(byte & 15);
  return into;
}

/** Returns the number of digits in a packed operand of `size` bytes. */
export const digitsIn = (size: number) => 2 * size - 1;

/** Powers of ten, up to that of an operand with the maximum number of digits. */
const TENS = Array.from({ length: MAX_DIGITS + 1 }, (_, n) => 10n ** BigInt(n));

/** Returns 10 to the power of `n`, 0 to 31. */
export const tenTo = (n: number) => TENS[n] as bigint;

/** Stores a number as an operand of `size` bytes (1 to 16). Digits that do not fit are ignored. */
export function writePacked(
  c: Processor,
  span: Span,
  size: number,
  magnitude: bigint,
  negative: boolean,
): void {
  const { bytes } = c.storage;
  const digits = magnitude.toString().padStart(MAX_DIGITS, '0');
  const first = digits.length - digitsIn(size);
  const digit = (n: number) => digits.charCodeAt(first + n) & 15;
  for (let i = 0; i < size - 1; i++) bytes[span.address(i)] = (digit(2 * i) << 4) | digit(2 * i + 1);
  bytes[span.address(size - 1)] = (digit(2 * size - 2) << 4) | (negative ? MINUS : PLUS);
}
