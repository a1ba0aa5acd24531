/** Facility list and system information. Principles of Operation, chapter 4 ("Facility Indications") and chapter 10. */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { aligned, assigned } from './operands.ts';

/** Real address at which STORE FACILITY LIST stores the first 32 bits. */
const FACILITY_LIST = 200;

/** STORE FACILITY LIST. */
function stfl(c: Processor): void {
  const at = assigned(c, FACILITY_LIST);
  for (let i = 0; i < 4; i++) c.storage.bytes[at + i] = c.machine.facilities[i] as number;
}

/**
 * STORE FACILITY LIST EXTENDED. For a guest it is an interception, as for one whose state description designates no facility list. Register 0 holds the number of doublewords of the operand, and then that of the list, less one.
 */
function stfle(c: Processor): void {
  aligned(c, 8);
  const list = c.machine.facilities;
  const wanted = (c.low(0) & 0xff) + 1;
  const available = list.length / 8;
  c.storeBytes(c.eaHi, c.eaLo, Math.min(wanted, available) * 8, list);
  c.gr32[0] = (c.low(0) & ~0xff) | (available - 1);
  c.cc = wanted < available ? 3 : 0;
}

/** Bits of registers 0 and 1 that must be zero for STORE SYSTEM INFORMATION. */
const STSI_ZERO_0 = 0x0fff_ff00;
const STSI_ZERO_1 = 0xffff_0000;
const BASIC_MACHINE = 0x1000_0000;

/** STORE SYSTEM INFORMATION: reports the level, the basic machine; it has no further information (condition code 3). */
function stsi(c: Processor): void {
  const function_ = c.gr32[0] as number;
  if (function_ & STSI_ZERO_0 || (c.gr32[2] as number) & STSI_ZERO_1) c.program(PGM.SPECIFICATION);
  if (function_ >>> 28 === 0) {
    c.gr32[0] = BASIC_MACHINE;
    c.cc = 0;
  } else {
    c.cc = 3;
  }
}

// biome-ignore format: a line each
export const FACILITY: readonly InstructionLine[] = [
  ['STFL', 'S', 0xb2b1, 'base', stfl, { privileged: true, intercept: ICTL.ALWAYS }],
  ['STFLE', 'S', 0xb2b0, 'stfle', stfle, { intercept: ICTL.ALWAYS }],
  ['STSI', 'S', 0xb27d, 'base', stsi, { privileged: true, intercept: ICTL.ALWAYS }],
];
