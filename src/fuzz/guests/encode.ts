/** Random encodings of the instructions of the table: correct operation codes, and operands that are likely to overlap. */

import {
  baseFields,
  FORMATS,
  type FormatName,
  INSTRUCTIONS,
  type InstructionLine,
  setOpcode,
} from '../../machine/index.ts';
import type { Random } from '../random.ts';

const WITH_LONG_DISPLACEMENT = new Set<FormatName>(['RXY', 'RSY', 'SIY']);
/** Formats whose third and fourth byte count halfwords to a branch target. RIL has four bytes for that. */
const RELATIVE = new Set<FormatName>(['RI', 'RSI', 'RIEb', 'RIEc', 'RIEe']);
/** Maximum distance of most branch targets, in halfwords, so that they lie in the program. */
const NEAR = 24;

/** Returns an instruction as 4, 8 or 12 hexadecimal digits. */
export function randomInstruction(random: Random): string {
  if (random.oneIn(40)) return hexOf(randomBytes(random, random.pick([2, 4, 6])));
  return encode(random.pick(INSTRUCTIONS), random);
}

/** Encodes an instruction of the table with random operands. */
export function encode([, format, opcode]: InstructionLine, random: Random): string {
  const { length } = FORMATS[format];
  const bytes = randomBytes(random, length);
  if (random.oneIn(2)) evenRegisters(format, bytes);
  for (const at of baseFields(format)) setDisplacement(bytes, at, random);
  if (WITH_LONG_DISPLACEMENT.has(format) && !random.oneIn(8)) bytes[4] = 0;
  if (RELATIVE.has(format) && !random.oneIn(6)) setSigned(bytes, 2, 2, random.below(2 * NEAR) - NEAR);
  if (format === 'RIL' && !random.oneIn(6)) setSigned(bytes, 2, 4, random.below(2 * NEAR) - NEAR);
  setOpcode(bytes, format, opcode);
  return hexOf(bytes);
}

/** An EXECUTE RELATIVE LONG of the instruction that starts `halfwords` after it, with modifier register `r`. */
export function executeRelative(r: number, halfwords: number): string {
  const bytes = [0xc6, r << 4, 0, 0, 0, 0];
  setSigned(bytes, 2, 4, halfwords);
  return hexOf(bytes);
}

/** An EXECUTE of the instruction at the address in register `b`, with modifier register `r`. */
export function execute(r: number, b: number): string {
  return hexOf([0x44, r << 4, b << 4, 0]);
}

/** A branch by `halfwords`. */
export function jump(halfwords: number): string {
  const bytes = [0xa7, 0xf4, 0, 0];
  setSigned(bytes, 2, 2, halfwords);
  return hexOf(bytes);
}

/** Makes register numbers even: many instructions require the even register of a pair. */
function evenRegisters(format: FormatName, bytes: number[]): void {
  const at = format === 'RRE' || format === 'RRF' ? 3 : 1;
  bytes[at] = (bytes[at] as number) & 0xee;
}

function setDisplacement(bytes: number[], at: number, random: Random): void {
  const displacement = random.pick([0, 0, 1, 7, 8, 0x100, 0xff8, 0xfff, random.below(4096)]);
  bytes[at] = ((bytes[at] as number) & 0xf0) | (displacement >>> 8);
  bytes[at + 1] = displacement & 0xff;
}

function setSigned(bytes: number[], at: number, length: number, value: number): void {
  for (let i = 0; i < length; i++) bytes[at + i] = (value >> (8 * (length - 1 - i))) & 0xff;
}

function randomBytes(random: Random, length: number): number[] {
  return Array.from({ length }, () => random.below(256));
}

function hexOf(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
