/**
 * What a machine says it can do. Principles of Operation, chapter 4 ("Facility Indications") and chapter 10.
 */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { aligned, assigned } from './operands.ts';

/** Where STORE FACILITY LIST leaves its first 32 bits: a real address. */
const FACILITY_LIST = 200;

/** STORE FACILITY LIST. */
function stfl(c: Processor): void {
  const at = assigned(c, FACILITY_LIST);
  for (let i = 0; i < 4; i++) c.storage.bytes[at + i] = c.machine.facilities[i] as number;
}

/** STORE FACILITY LIST EXTENDED: register 0 says for how many doublewords there is room, and is told how many exist. */
function stfle(c: Processor): void {
  aligned(c, 8);
  const list = c.machine.facilities;
  const room = ((c.gr32[0] as number) & 0xff) + 1;
  const there = list.length / 8;
  c.storeBytes(c.eaHi, c.eaLo, Math.min(room, there) * 8, list);
  c.gr32[0] = ((c.gr32[0] as number) & ~0xff) | (there - 1);
  c.cc = room < there ? 3 : 0;
}

/** Bits of registers 0 and 1 that STORE SYSTEM INFORMATION wants zero. */
const STSI_ZERO_0 = 0x0fff_ff00;
const STSI_ZERO_1 = 0xffff_0000;
const BASIC_MACHINE = 0x1000_0000;

/** STORE SYSTEM INFORMATION: which level this is; there is no information beyond that. */
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
  ['STFLE', 'S', 0xb2b0, 'stfle', stfle],
  ['STSI', 'S', 0xb27d, 'base', stsi, { privileged: true, intercept: ICTL.ALWAYS }],
];
