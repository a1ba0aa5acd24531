/**
 * A line of the instruction table: one instruction, as the decoder, the disassembler, the facility list and a compiler use
 * it.
 */

import type { Facility } from './facilities.ts';
import type { FormatName, Operation } from './formats.ts';

/**
 * The interception controls of instructions: the bits of the state description's ICTL field. The host sets a bit to
 * intercept the instruction; `ALWAYS` marks instructions that are always intercepted. The last two bits are no bits of the
 * field.
 */
export const ICTL = {
  ALWAYS: 1,
  /** Set while the state description does not let the guest use the guarded-storage controls. */
  GUARDED_STORAGE: 2,
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
  PR: 0x0000_0008,
  BAKR: 0x0000_0004,
} as const;

/** Further properties of an instruction. */
export interface LineOptions {
  /** Whether it is privileged: a privileged-operation exception in the problem state. */
  readonly privileged?: boolean;
  /** The interception control that intercepts it when a guest executes it, see `ICTL`. Default: it is not intercepted. */
  readonly intercept?: number;
  /**
   * Whether it works in units of operation: after an exception the completed units keep their results, and registers
   * show how far it is. An instruction without units that ends in an exception has changed nothing.
   */
  readonly units?: boolean;
  /** Whether it loads control registers r1 to r3: intercepted if the host wants to see one of them loaded (LCTL controls). */
  readonly loadsControls?: boolean;
}

/**
 * One instruction. The opcode is as the Principles of Operation print it: one byte; two bytes; a byte and a nibble; or the
 * first and the last byte. `run` does the operation, given the operands as the format passes them (`formats.ts`).
 */
export type InstructionLine = readonly [
  mnemonic: string,
  format: FormatName,
  opcode: number,
  facility: Facility,
  run: Operation,
  options?: LineOptions,
];

/** Whether nothing is to be checked before the operation: no privilege, no interception. */
export function isPlain([, , , , , options]: InstructionLine): boolean {
  return options?.privileged !== true && (options?.intercept ?? 0) === 0;
}
