/** Conversion between binary and packed decimal. Principles of Operation, chapter 7. */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';

/** Data-exception code of an invalid decimal operand. */
const DECIMAL = 0x00;

/** Returns the signed number of the packed operand of `size` bytes at the effective address. */
function packed(c: Processor, size: 8 | 16): bigint {
  c.fetchBytes(c.eaHi, c.eaLo, size, BYTES);
  let value = 0n;
  for (let i = 0; i < size; i++) {
    const byte = BYTES[i] as number;
    const last = i === size - 1;
    const low = byte & 15;
    if (byte >>> 4 > 9 || (last ? low < 10 : low > 9)) c.dataException(DECIMAL);
    value = value * 10n + BigInt(byte >>> 4);
    if (!last) value = value * 10n + BigInt(low);
    else if (low === 0xb || low === 0xd) value = -value;
  }
  return value;
}

const BYTES = new Uint8Array(16);

/** Stores a signed number as a packed operand with the sign C or D. */
function pack(c: Processor, value: bigint, size: 8 | 16): void {
  let rest = value < 0n ? -value : value;
  let digit = value < 0n ? 0xd : 0xc;
  for (let i = size - 1; i >= 0; i--) {
    const high = Number(rest % 10n);
    rest /= 10n;
    BYTES[i] = (high << 4) | digit;
    digit = Number(rest % 10n);
    rest /= 10n;
  }
  c.storeBytes(c.eaHi, c.eaLo, size, BYTES);
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
  c.fetchBytes(c.eaHi, c.eaLo, l + 1, BYTES);
  let digits = true;
  for (let i = 0; i <= l; i++) {
    const byte = BYTES[i] as number;
    if (byte >>> 4 > 9 || (i < l && (byte & 15) > 9)) digits = false;
  }
  const sign = ((BYTES[l] as number) & 15) > 9;
  c.cc = (sign ? 0 : 1) | (digits ? 0 : 2);
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
