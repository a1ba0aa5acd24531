/**
 * Decimal arithmetic: addition, comparison, multiplication, division and shifts of packed operands. Principles of
 * Operation, chapter 8. An instruction has read both operands when it stores the result, so operands may overlap. Every data
 * exception suppresses the operation, where the architecture also permits that the result is unpredictable.
 */

import { FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';
import { advance } from './operands.ts';
import { digitsIn, invalidDecimal, Packed, readPacked, tenTo, writePacked } from './packed.ts';
import { FIRST, SECOND } from './span.ts';

/** Program mask: decimal-overflow mask. */
const DECIMAL_OVERFLOW_MASK = 4;

/** The operands of the instruction under way. */
const A = new Packed();
const B = new Packed();

/** Sets the spans of both operands and reads them. `access` is that of the first operand. The length codes are bytes minus one. */
function operands(c: Processor, l1: number, l2: number, access: typeof FETCH | typeof STORE): void {
  FIRST.atEffective(c, l1 + 1, access);
  SECOND.atSecond(c, l2 + 1, FETCH);
  readPacked(c, FIRST, l1 + 1, A);
  readPacked(c, SECOND, l2 + 1, B);
}

/**
 * Stores a result at the first operand and sets the condition code. A zero has the given sign only if it is what an
 * overflow leaves; otherwise it is positive.
 */
function store(c: Processor, l1: number, magnitude: bigint, negative: boolean): void {
  const overflow = magnitude >= tenTo(digitsIn(l1 + 1));
  const below = negative && magnitude !== 0n;
  writePacked(c, FIRST, l1 + 1, magnitude, below);
  c.cc = overflow ? 3 : magnitude === 0n ? 0 : below ? 1 : 2;
  if (overflow && c.programMask & DECIMAL_OVERFLOW_MASK) c.program(PGM.DECIMAL_OVERFLOW);
}

/** Stores a signed sum as `store` does. */
function storeSum(c: Processor, l1: number, sum: bigint): void {
  store(c, l1, sum < 0n ? -sum : sum, sum < 0n);
}

/** ADD DECIMAL. */
function ap(c: Processor, l1: number, l2: number): void {
  operands(c, l1, l2, STORE);
  storeSum(c, l1, A.value + B.value);
}

/** SUBTRACT DECIMAL. */
function sp(c: Processor, l1: number, l2: number): void {
  operands(c, l1, l2, STORE);
  storeSum(c, l1, A.value - B.value);
}

/**
 * ZERO AND ADD. Only the second operand is checked; therefore the instruction itself must detect the overlap that would
 * destroy it, which in other instructions makes a digit or a sign invalid.
 */
function zap(c: Processor, l1: number, l2: number): void {
  SECOND.atSecond(c, l2 + 1, FETCH);
  FIRST.atEffective(c, l1 + 1, STORE);
  const last = FIRST.address(l1);
  for (let i = 0; i < l2; i++) if (SECOND.address(i) === last) invalidDecimal(c);
  readPacked(c, SECOND, l2 + 1, B);
  store(c, l1, B.magnitude, B.negative);
}

/** COMPARE DECIMAL. Zeros are equal, whatever their signs. */
function cp(c: Processor, l1: number, l2: number): void {
  operands(c, l1, l2, FETCH);
  const a = A.value;
  const b = B.value;
  c.cc = a === b ? 0 : a < b ? 1 : 2;
}

/** Maximum length code of a multiplier or divisor: fifteen digits. */
const MAX_FACTOR = 7;

/** Requires the second operand to be shorter than the first, and to have at most fifteen digits. */
function shorter(c: Processor, l1: number, l2: number): void {
  if (l2 > MAX_FACTOR || l2 >= l1) c.program(PGM.SPECIFICATION);
}

/** MULTIPLY DECIMAL. The multiplicand must begin with as many bytes of zeros as the multiplier has bytes. */
function mp(c: Processor, l1: number, l2: number): void {
  shorter(c, l1, l2);
  operands(c, l1, l2, STORE);
  if (A.magnitude >= tenTo(digitsIn(l1 - l2))) invalidDecimal(c);
  writePacked(c, FIRST, l1 + 1, A.magnitude * B.magnitude, A.negative !== B.negative);
}

/** DIVIDE DECIMAL. The quotient replaces the left part of the first operand, the remainder the right part. */
function dp(c: Processor, l1: number, l2: number): void {
  shorter(c, l1, l2);
  operands(c, l1, l2, STORE);
  const size = l1 - l2;
  if (A.magnitude >= B.magnitude * tenTo(digitsIn(size))) c.program(PGM.DECIMAL_DIVIDE);
  writePacked(c, FIRST, size, A.magnitude / B.magnitude, A.negative !== B.negative);
  advance(c, size);
  FIRST.atEffective(c, l2 + 1, STORE);
  writePacked(c, FIRST, l2 + 1, A.magnitude % B.magnitude, A.negative);
}

/** SHIFT AND ROUND DECIMAL. The second address is a signed number of six bits: to the left if it is positive. */
function srp(c: Processor, l1: number, i3: number): void {
  FIRST.atEffective(c, l1 + 1, STORE);
  readPacked(c, FIRST, l1 + 1, A);
  if (i3 > 9) invalidDecimal(c);
  const shift = (c.ea2Lo << 26) >> 26;
  if (shift >= 0) store(c, l1, A.magnitude * tenTo(shift), A.negative);
  // The rounding digit is added to the last of the digits that are shifted out.
  else store(c, l1, (A.magnitude / tenTo(-shift - 1) + BigInt(i3)) / 10n, A.negative);
}

// biome-ignore format: a line each
export const DECIMAL: readonly InstructionLine[] = [
  ['SRP', 'SSb', 0xf0, 'base', srp],
  ['ZAP', 'SSb', 0xf8, 'base', zap],
  ['CP', 'SSb', 0xf9, 'base', cp],
  ['AP', 'SSb', 0xfa, 'base', ap],
  ['SP', 'SSb', 0xfb, 'base', sp],
  ['MP', 'SSb', 0xfc, 'base', mp],
  ['DP', 'SSb', 0xfd, 'base', dp],
];
