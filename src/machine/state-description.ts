/**
 * The state description (SIE control block): 512 bytes in absolute storage that define a guest CPU. The layout is that of
 * Linux's `struct kvm_s390_sie_block`.
 */

import { PREFIX_BITS } from './addresses.ts';
import { PSW } from './cpu/state.ts';
import { ICTL } from './instructions/line.ts';
import type { Storage } from './storage.ts';

/** Size of a state description in bytes, and its alignment. */
export const STATE_DESCRIPTION_SIZE = 512;

/** Byte offsets of the fields. */
export const SIE = {
  CPU_FLAGS: 0x00,
  PREFIX: 0x04,
  CPU_TIMER: 0x28,
  CLOCK_COMPARATOR: 0x30,
  EPOCH: 0x38,
  LOAD_CONTROLS: 0x44,
  INTERCEPTION_CONTROLS: 0x48,
  INTERCEPTION_CODE: 0x50,
  INTERCEPTION_STATUS: 0x51,
  IPA: 0x56,
  IPB: 0x58,
  /** Execution controls: what the guest may use, see `EXECUTION`. */
  EXECUTION_CONTROLS: 0x60,
  TOD_PROGRAMMABLE: 0x6c,
  STORAGE_ORIGIN: 0x80,
  STORAGE_LIMIT: 0x88,
  PSW: 0x90,
  GR14: 0xa0,
  GR15: 0xa8,
  /** CPU address and code of an intercepted external interruption. */
  EXTERNAL_CPU_ADDRESS: 0xc4,
  EXTERNAL_CODE: 0xc6,
  PROGRAM_LENGTH: 0xcc,
  PROGRAM_CODE: 0xce,
  DATA_EXCEPTION_CODE: 0xd0,
  MONITOR_CLASS: 0xd4,
  /** Event information of program-event recording. */
  PER_CODE: 0xd6,
  PER_ATMID: 0xd7,
  PER_ADDRESS: 0xd8,
  EXCEPTION_ACCESS: 0xe0,
  PER_ACCESS: 0xe1,
  OPERAND_ACCESS: 0xe2,
  /** Translation-exception identification, or the monitor code of a monitor event. */
  TRANSLATION_EXCEPTION: 0xe8,
  CONTROL_REGISTERS: 0x100,
  BREAKING_EVENT_ADDRESS: 0x180,
  PROGRAM_PARAMETER: 0x1de,
} as const;

/** Flags of the first word (CPUSTAT). */
export const CPU_FLAG = {
  STOPPED: 0x8000_0000,
  WAIT: 0x1000_0000,
  STOP_REQUEST: 0x0400_0000,
  IO_REQUEST: 0x0200_0000,
  EXTERNAL_REQUEST: 0x0100_0000,
  RUNNING: 0x0080_0000,
  ZARCH: 0x0000_0800,
  /**
   * The guest's storage is the host's whole address space: origin and limit are ignored. The host's page tables have
   * page-status-table entries.
   */
  STORAGE_MODE: 0x0000_0080,
  /** Program events are watched whatever the guest's PSW says, and are interceptions: the guest-PER enhancement. */
  GUEST_PER: 0x0000_0001,
} as const;

/** Execution controls (ECB, ECB2 and ECB3, behind another byte) as one word: facilities that a guest may use. */
export const EXECUTION = {
  /** Guarded storage. Without it its controls are intercepted, and no event is recognized. */
  GUARDED_STORAGE: 0x0040_0000,
  /** Instruction-execution protection by the guest's own tables. */
  EXECUTION_PROTECTION: 0x0000_2000,
} as const;

/** Interception controls (ICTL) for operation exceptions and for program interruptions. */
export const INTERCEPT_OPERATION = 0x8000_0000;
export const INTERCEPT_PROGRAM = 0x2000_0000;

/** Interception controls (ICTL) of the instructions on storage keys: ISKE, SSKE and RRBE. */
export const INTERCEPT_KEYS = ICTL.ISKE | ICTL.SSKE | ICTL.RRBE;

/** Interception codes. */
export const ICPT = {
  INSTRUCTION: 0x04,
  PROGRAM: 0x08,
  EXTERNAL_REQUEST: 0x10,
  /** An external interruption whose new PSW is enabled for the same interruption. */
  EXTERNAL_INTERRUPTION: 0x14,
  IO_REQUEST: 0x18,
  WAIT: 0x1c,
  VALIDITY: 0x20,
  STOP_REQUEST: 0x28,
  OPERATION: 0x2c,
} as const;

/** Interception status of an instruction. The length of an EXECUTE in bytes is in bits 1 to 3. */
export const INTERCEPTION_STATUS = {
  /** The instruction is the target of an EXECUTE. */
  EXECUTE: 0x01,
  /** Its fetch is a program event, which the host indicates when it has executed the instruction. */
  FETCH_EVENT: 0x02,
} as const;

/** Reason codes of a validity interception, in the high half of IPB. */
export const VALIDITY = {
  /** Not the z/Architecture mode, or a mode flag that is not supported. */
  MODE: 0x0001,
  /** A storage-key assist that is not supported. */
  KEY_ASSIST: 0x0007,
  /** The guest's prefix area cannot be accessed. */
  PREFIX: 0x0037,
} as const;

/** Position of the condition code in bits 0 to 63 of a PSW. */
const CC_SHIFT = 44n;
const CC_BITS = 3n << CC_SHIFT;

/** Access to a state description. `field` is a byte offset, see `SIE`; values are unsigned. */
export class StateDescription {
  /** Absolute address. */
  readonly origin: number;
  readonly #view: DataView;

  /** @throws RangeError if no state description can be at `origin` */
  constructor(storage: Storage, origin: number) {
    if (
      !Number.isInteger(origin) ||
      origin % STATE_DESCRIPTION_SIZE !== 0 ||
      !storage.has(origin, STATE_DESCRIPTION_SIZE)
    ) {
      throw new RangeError(`no state description can be at 0x${origin.toString(16)}`);
    }
    this.origin = origin;
    this.#view = storage.view;
  }

  get8(field: number): number {
    return this.#view.getUint8(this.origin + field);
  }

  set8(field: number, value: number): void {
    this.#view.setUint8(this.origin + field, value);
  }

  get16(field: number): number {
    return this.#view.getUint16(this.origin + field);
  }

  set16(field: number, value: number): void {
    this.#view.setUint16(this.origin + field, value);
  }

  get32(field: number): number {
    return this.#view.getUint32(this.origin + field);
  }

  set32(field: number, value: number): void {
    this.#view.setUint32(this.origin + field, value);
  }

  get64(field: number): bigint {
    return this.#view.getBigUint64(this.origin + field);
  }

  set64(field: number, value: bigint): void {
    this.#view.setBigUint64(this.origin + field, value);
  }

  /** The guest's PSW, bits 0 to 63. */
  get pswMask(): bigint {
    return this.get64(SIE.PSW);
  }

  set pswMask(value: bigint) {
    this.set64(SIE.PSW, value);
  }

  /** The guest's instruction address. */
  get pswAddress(): bigint {
    return this.get64(SIE.PSW + 8);
  }

  set pswAddress(value: bigint) {
    this.set64(SIE.PSW + 8, BigInt.asUintN(64, value));
  }

  /** Number of bits of an address in the guest's addressing mode. */
  get addressBits(): 64 | 31 | 24 {
    const mask = this.pswMask;
    if (mask & PSW.EXTENDED_ADDRESSING) return 64;
    return mask & PSW.BASIC_ADDRESSING ? 31 : 24;
  }

  /** The guest's condition code, 0 to 3. */
  set conditionCode(cc: number) {
    this.pswMask = (this.pswMask & ~CC_BITS) | (BigInt(cc) << CC_SHIFT);
  }

  /** The guest's prefix: the absolute address of its prefix area. */
  get prefix(): number {
    return this.get32(SIE.PREFIX) & PREFIX_BITS;
  }

  set prefix(value: number) {
    this.set32(SIE.PREFIX, value & PREFIX_BITS);
  }

  /** The guest's control register `n`. */
  control(n: number): bigint {
    return this.get64(SIE.CONTROL_REGISTERS + n * 8);
  }

  setControl(n: number, value: bigint): void {
    this.set64(SIE.CONTROL_REGISTERS + n * 8, value);
  }

  /** The subclass masks of external interruptions: the low word of control register 0. */
  get subclassMasks(): number {
    return this.get32(SIE.CONTROL_REGISTERS + 4);
  }

  /** Moves the instruction address by a signed number of bytes. */
  advance(bytes: number): void {
    this.pswAddress = BigInt.asUintN(this.addressBits, this.pswAddress + BigInt(bytes));
  }
}
