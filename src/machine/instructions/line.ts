/**
 * A line of the instruction table: everything the decoder, the disassembler, the coverage list and a compiler
 * want to know of one instruction.
 */

import type { Facility } from './facilities.ts';
import type { FormatName, Operation } from './formats.ts';

/**
 * Under interpretive execution: which instructions are left to the host. `ALWAYS`, or a bit of the state
 * description's interception controls (ICTL), set by the host that wants to see the instruction.
 */
export const GUEST = {
  ALWAYS: 1,
  LPSW: 0x0040_0000,
  PTLB: 0x0020_0000,
  SSM: 0x0010_0000,
  BSA: 0x0008_0000,
  STCTL: 0x0004_0000,
  STNSM: 0x0002_0000,
  STOSM: 0x0001_0000,
  STCK: 0x0000_8000,
  ISKE: 0x0000_4000,
  SSKE: 0x0000_2000,
  RRBE: 0x0000_1000,
  PC: 0x0000_0800,
  PT: 0x0000_0400,
  TPROT: 0x0000_0200,
  LASP: 0x0000_0100,
} as const;

/** What a line may say beside. */
export interface LineOptions {
  /** A privileged operation: an exception in the problem state. */
  readonly privileged?: boolean;
  /** Left to the host under interpretive execution, see `GUEST`. */
  readonly guest?: number;
  /**
   * Works in units, so that an exception leaves what the units before it have done, with registers that say how far it
   * is. Without it an instruction that meets an exception has changed nothing.
   */
  readonly units?: boolean;
  /** Loads control registers r1 to r3: left to the host when it wants to see one of them loaded. */
  readonly loadsControls?: boolean;
}

/** Mnemonic, format, opcode as the manual prints it (nibble and end bytes appended), facility, what it does. */
export type InstructionLine = readonly [
  mnemonic: string,
  format: FormatName,
  opcode: number,
  facility: Facility,
  run: Operation,
  options?: LineOptions,
];
