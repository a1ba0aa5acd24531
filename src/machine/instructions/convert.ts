/** Conversion between binary and packed decimal. Principles of Operation, chapter 7. */

import { FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';
import { Packed, readPacked, validSign, writePacked } from './packed.ts';
import { FIRST } from './span.ts';

const NUMBER = new Packed();

/** Returns the number in the packed operand of `size` bytes at the effective address. */
function packed(c: Processor, size: 8 | 16): bigint {
  return readPacked(c, FIRST.atEffective(c, size, FETCH), size, NUMBER).value;
}

/** Stores a number as a packed operand. */
function pack(c: Processor, value: bigint, size: 8 | 16): void {
  FIRST.atEffective(c, size, STORE);
  writePacked(c, FIRST, size, value < 0n ? -value : value, value < 0n);
}

/** CONVERT TO BINARY, 32 bits. On overflow the low bits are loaded, and a fixed-point divide exception is recognized. */
function cvb(c: Processor, r: number): void {
  const value = packed(c, 8);
  c.gr32s[r * 2] = Number(BigInt.asIntN(32, value));
  if (BigInt.asIntN(32, value) !== value) c.program(PGM.FIXED_POINT_DIVIDE);
}

/** CONVERT TO BINARY, 64 bits. On overflow the register does not change, and a fixed-point divide exception is recognized. */
function cvbg(c: Processor, r: number): void {
  const value = packed(c, 16);
  if (BigInt.asIntN(64, value) !== value) c.program(PGM.FIXED_POINT_DIVIDE);
  c.grs[r] = value;
}

/** TEST DECIMAL. Condition code 1: invalid sign; 2: invalid digit; 3: both. */
function tp(c: Processor, l: number): void {
  FIRST.atEffective(c, l + 1, FETCH);
  const { bytes } = c.storage;
  let digits = true;
  for (let i = 0; i <= l; i++) {
    const byte = bytes[FIRST.address(i)] as number;
    if (byte >>> 4 > 9 || (i < l && (byte & 15) > 9)) digits = false;
  }
  const sign = (bytes[FIRST.address(l)] as number) & 15;
  c.cc = (validSign(sign) ? 0 : 1) | (digits ? 0 : 2);
}

// biome-ignore format: a line each
export const CONVERT: readonly InstructionLine[] = [
  ['CVB', 'RX', 0x4f, 'base', cvb],
  ['CVBY', 'RXY', 0xe306, 'ld', cvb],
  ['CVBG', 'RXY', 0xe30e, 'zarch', cvbg],
  ['TP', 'RSL', 0xebc0, 'etf2', tp],
  ['CVD', 'RX', 0x4e, 'base', (c, r1) => pack(c, BigInt(c.signedLow(r1)), 8)],
  ['CVDY', 'RXY', 0xe326, 'ld', (c, r1) => pack(c, BigInt(c.signedLow(r1)), 8)],
  ['CVDG', 'RXY', 0xe32e, 'zarch', (c, r1) => pack(c, c.grs[r1] as bigint, 16)],
];
