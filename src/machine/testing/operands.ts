/** Encodes any line of the table, for tests of every line. */

import { baseFields, setOpcode } from '../instructions/encode.ts';
import { FORMATS, type FormatName } from '../instructions/formats.ts';
import type { InstructionLine } from '../instructions/line.ts';

/** The bytes of an instruction whose operands are by registers 4, 6, 8 and 9; immediates and lengths are `filler`. */
export function encodeLine([, format, opcode]: InstructionLine, filler: number): Uint8Array {
  const { length, shape } = FORMATS[format];
  const bytes = new Uint8Array(length);
  const [r1, r3, b1, b2] = [4, 6, 8, 9];
  // The fields between the operation code and the base registers.
  const fields: Partial<Record<FormatName, readonly number[]>> = {
    E: [],
    I: [filler],
    IE: [0, filler],
    RRE: [0, (r1 << 4) | r3],
    RRF: [0, (r1 << 4) | r3],
    RX: [r1 << 4],
    RXY: [r1 << 4],
    RXE: [r1 << 4],
    RXF: [r1 << 4],
    RSL: [(filler & 15) << 4],
    S: [],
    SI: [filler],
    SIY: [filler],
    SIL: [0, 0, 0, filler],
    SSa: [filler],
    SSb: [filler],
    SSE: [],
    SSF: [r1 << 4],
  };
  const rest = fields[format] ?? [(r1 << 4) | r3];
  bytes.set(rest, shape === 'halfword' ? 2 : 1);
  for (const [i, at] of baseFields(format).entries()) bytes[at] = (i === 0 ? b1 : b2) << 4;
  setOpcode(bytes, format, opcode);
  return bytes;
}
