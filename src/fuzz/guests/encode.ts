/**
 * Random encodings of the instructions of the table, by format: operation code right, operands likely to meet.
 */

import { FORMATS, type FormatName, INSTRUCTIONS, type InstructionLine } from '../../machine/index.ts';
import type { Random } from '../random.ts';

/** Formats with a base register in the third byte, and those with a second one in the fifth. */
const WITH_BASE = new Set<FormatName>([
  'RX',
  'RXY',
  'RXE',
  'RS',
  'RSY',
  'RSL',
  'S',
  'SI',
  'SIY',
  'SIL',
  'SSa',
  'SSb',
  'SSE',
  'SSF',
  'RRS',
  'RIS',
]);
const WITH_SECOND_BASE = new Set<FormatName>(['SSa', 'SSb', 'SSE', 'SSF']);
const WITH_LONG_DISPLACEMENT = new Set<FormatName>(['RXY', 'RSY', 'SIY']);
/** Formats whose third and fourth byte count halfwords to a target, and the one that has four bytes for that. */
const RELATIVE = new Set<FormatName>(['RI', 'RSI', 'RIEb', 'RIEc', 'RIEe']);
/** Mostly within a program. */
const NEAR = 24;

/** The instruction as hexadecimal digits: 4, 8 or 12 of them. */
export function randomInstruction(random: Random): string {
  if (random.oneIn(40)) return hexOf(randomBytes(random, random.pick([2, 4, 6])));
  return encode(random.pick(INSTRUCTIONS), random);
}

/** Encodes an instruction of the table with random operands. */
export function encode([, format, opcode]: InstructionLine, random: Random): string {
  const { shape, length } = FORMATS[format];
  const bytes = randomBytes(random, length);
  if (random.oneIn(2)) evenRegisters(format, bytes);
  if (WITH_BASE.has(format)) setDisplacement(bytes, 2, random);
  if (WITH_SECOND_BASE.has(format)) setDisplacement(bytes, 4, random);
  if (WITH_LONG_DISPLACEMENT.has(format) && !random.oneIn(8)) bytes[4] = 0;
  if (RELATIVE.has(format) && !random.oneIn(6)) setSigned(bytes, 2, 2, random.below(2 * NEAR) - NEAR);
  if (format === 'RIL' && !random.oneIn(6)) setSigned(bytes, 2, 4, random.below(2 * NEAR) - NEAR);
  setOpcode(shape, bytes, opcode);
  return hexOf(bytes);
}

/** An EXECUTE RELATIVE LONG of the instruction that starts `halfwords` behind it, with modifier register `r`. */
export function executeRelative(r: number, halfwords: number): string {
  const bytes = [0xc6, r << 4, 0, 0, 0, 0];
  setSigned(bytes, 2, 4, halfwords);
  return hexOf(bytes);
}

/** An EXECUTE of the instruction whose address register `b` holds, with modifier register `r`. */
export function execute(r: number, b: number): string {
  return hexOf([0x44, r << 4, b << 4, 0]);
}

/** A branch by `halfwords`. */
export function jump(halfwords: number): string {
  const bytes = [0xa7, 0xf4, 0, 0];
  setSigned(bytes, 2, 2, halfwords);
  return hexOf(bytes);
}

function setOpcode(shape: (typeof FORMATS)[FormatName]['shape'], bytes: number[], opcode: number): void {
  switch (shape) {
    case 'byte':
      bytes[0] = opcode;
      break;
    case 'halfword':
      bytes[0] = opcode >>> 8;
      bytes[1] = opcode & 0xff;
      break;
    case 'nibble':
      bytes[0] = opcode >>> 4;
      bytes[1] = ((bytes[1] as number) & 0xf0) | (opcode & 15);
      break;
    default:
      bytes[0] = opcode >>> 8;
      bytes[5] = opcode & 0xff;
  }
}

/** Many instructions want the even register of a pair. */
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
