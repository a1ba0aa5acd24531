/**
 * Kinds of operands: formats whose operands the interpreter's loop (`../engine/cpu.ts`) takes apart by itself. Its switch has these
 * numbers as literals, of which V8 makes one jump.
 */

import type { FormatName } from './formats.ts';

/**
 * The kind of an instruction that the loop passes as it is to its function in `EXECUTES`: one of another format, or one that is to be
 * checked for privilege or interception.
 */
export const ENCODED = 1;

/** The kinds of frequent formats. Formats with the same operands have the same. */
export const KINDS: Readonly<Partial<Record<FormatName, number>>> = {
  RR: 2,
  RRE: 3,
  RRF: 4,
  RX: 5,
  RXY: 6,
  RS: 7,
  RSY: 8,
  RI: 9,
  RIL: 10,
  RIEb: 11,
  RIEc: 12,
  RIEd: 13,
  RIEe: 13,
  RIEg: 13,
  RSI: 13,
  RIEf: 14,
  SI: 15,
  SIY: 16,
  SIL: 17,
  SSa: 18,
};
