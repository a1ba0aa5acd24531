/** Encoding: where the operation code and the base registers of a format are in the bytes of an instruction. */

import { FORMATS, type FormatName } from './formats.ts';

/** Byte offsets of the fields of a base register and a displacement, for the formats that have any. */
const BASE_FIELDS: Partial<Record<FormatName, readonly number[]>> = {
  RX: [2],
  RXY: [2],
  RXE: [2],
  RXF: [2],
  RS: [2],
  RSY: [2],
  RSL: [2],
  S: [2],
  SI: [2],
  SIY: [2],
  SIL: [2],
  RRS: [2],
  RIS: [2],
  SMI: [2],
  SSa: [2, 4],
  SSb: [2, 4],
  SSE: [2, 4],
  SSF: [2, 4],
};

/**
 * Returns the byte offsets of the fields of a base register and a displacement: 4 bits for the register, 12 bits for the
 * displacement or its low part.
 */
export function baseFields(format: FormatName): readonly number[] {
  return BASE_FIELDS[format] ?? [];
}

/** Stores the operation code of an instruction of a format into its bytes, and leaves the other bits unchanged. */
export function setOpcode(bytes: number[] | Uint8Array, format: FormatName, opcode: number): void {
  switch (FORMATS[format].shape) {
    case 'byte':
      bytes[0] = opcode;
      break;
    case 'halfword':
      bytes[0] = opcode >>> 8;
      bytes[1] = opcode & 0xff;
      break;
    case 'nibble':
      bytes[0] = opcode >>> 4;
      bytes[1] = ((bytes[1] ?? 0) & 0xf0) | (opcode & 15);
      break;
    case 'ends':
      bytes[0] = opcode >>> 8;
      bytes[5] = opcode & 0xff;
  }
}
