/** COMPARE UNTIL SUBSTRING EQUAL. Principles of Operation, chapter 7. */

import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING } from '../cpu/state.ts';
import type { InstructionLine } from './line.ts';
import { advance, advanceRegister, load8, pair, reduceLength } from './operands.ts';
import { remaining } from './text.ts';

/** Maximum number of bytes that one execution compares. A substring has at most 255 bytes, so that every execution gets ahead. */
const UNIT = 0x400;

/** Returns the length in a register, which is signed: a negative one is as good as zero. */
function signedLength(c: Processor, r: number): number {
  const sign = c.addressing === ADDRESSING.BITS_64 ? c.high(r) : c.low(r);
  return sign & 0x8000_0000 ? 0 : remaining(c, r);
}

/** Returns byte `i` of the operand of a pair, or the padding byte behind its end. */
function byteOf(c: Processor, r: number, length: number, i: number): number {
  if (i >= length) return c.low(1) & 0xff;
  c.effectiveRegister(r);
  advance(c, i);
  return load8(c);
}

/** Advances the operand of a pair by `n` bytes, or to its end. */
function passBy(c: Processor, r: number, length: number, n: number): void {
  const bytes = Math.min(length, n);
  advanceRegister(c, r, bytes);
  reduceLength(c, r + 1, bytes);
}

/**
 * Compares both operands, byte by byte, until as many consecutive bytes are equal as register 0 says. The registers then
 * designate the first of these bytes. Condition code 0: found; 1: the operands ended in fewer equal bytes; 2: they ended
 * otherwise; 3: there are more bytes to compare.
 */
function cuse(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  pair(c, r2);
  const wanted = c.low(0) & 0xff;
  const l1 = signedLength(c, r1 + 1);
  const l2 = signedLength(c, r2 + 1);
  const longest = Math.max(l1, l2);
  const count = Math.min(longest, UNIT);
  let equal = 0;
  let i = 0;
  for (; i < count && equal < wanted; i++) {
    equal = byteOf(c, r1, l1, i) === byteOf(c, r2, l2, i) ? equal + 1 : 0;
  }
  passBy(c, r1, l1, i - equal);
  passBy(c, r2, l2, i - equal);
  c.cc = equal === wanted ? 0 : i < longest ? 3 : equal > 0 ? 1 : 2;
}

// biome-ignore format: a line each
export const SUBSTRING: readonly InstructionLine[] = [
  ['CUSE', 'RRE', 0xb257, 'base', cuse],
];
