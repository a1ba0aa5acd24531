/**
 * The assigned storage locations: where an interruption stores its identification, and where its PSWs are. Processors and
 * virtual CPUs use the same functions. Principles of Operation, chapter 3, "Assigned Storage Locations".
 */

import { type EventIndication, NO_EVENTS } from './cpu/program-events.ts';
import { EXT, isAccessRegisterException, isTranslationException, PGM, storesWord } from './interruption.ts';
import type { Storage } from './storage.ts';

/** Real byte addresses of the assigned storage locations. */
export const LOWCORE = {
  EXTERNAL_PARAMETER: 128,
  EXTERNAL_CPU_ADDRESS: 132,
  EXTERNAL_CODE: 134,
  /** A halfword: zeros, then the instruction length in bytes. */
  SVC_ILC: 136,
  SVC_CODE: 138,
  /** A halfword: zeros, then the instruction length in bytes. */
  PROGRAM_ILC: 140,
  PROGRAM_CODE: 142,
  DATA_EXCEPTION_CODE: 144,
  /** A halfword: zeros, then the monitor class. */
  MONITOR_CLASS: 148,
  PER_CODE: 150,
  PER_ATMID: 151,
  PER_ADDRESS: 152,
  EXCEPTION_ACCESS: 160,
  PER_ACCESS: 161,
  OPERAND_ACCESS: 162,
  TRANSLATION_EXCEPTION: 168,
  MONITOR_CODE: 176,
  /** A parameter of external interruptions of hypervisors: 64 bits. */
  EXTERNAL_PARAMETER_64: 184,
  /** Three words: subsystem identification, interruption parameter, interruption identification. */
  IO_CODE: 184,
  /** The architectural mode: 1 after a machine check. */
  ARCHITECTURAL_MODE: 163,
  MACHINE_CHECK_CODE: 232,
  EXTERNAL_DAMAGE_CODE: 244,
  FAILING_STORAGE_ADDRESS: 248,
  BREAKING_EVENT_ADDRESS: 272,
  RESTART_OLD_PSW: 288,
  EXTERNAL_OLD_PSW: 304,
  SVC_OLD_PSW: 320,
  PROGRAM_OLD_PSW: 336,
  MACHINE_CHECK_OLD_PSW: 352,
  IO_OLD_PSW: 368,
  RESTART_NEW_PSW: 416,
  EXTERNAL_NEW_PSW: 432,
  SVC_NEW_PSW: 448,
  PROGRAM_NEW_PSW: 464,
  MACHINE_CHECK_NEW_PSW: 480,
  IO_NEW_PSW: 496,
  /** Origin and length characteristic of the extended save area of machine checks. */
  EXTENDED_SAVE_AREA: 4528,
  /** 16 bytes. */
  FIXED_LOGOUT: 4864,
} as const;

/** Access to the first page of a prefix area. */
export interface AssignedStorage {
  /** Stores the low 8 bits of `value` at a location. */
  set8(location: number, value: number): void;
  /** Stores the low 16 bits. */
  set16(location: number, value: number): void;
  /** Stores the low 32 bits. */
  set32(location: number, value: number): void;
  /** Stores the low 64 bits. */
  set64(location: number, value: bigint): void;
}

/** A frame of absolute storage as the first page of a prefix area. */
export class AssignedFrame implements AssignedStorage {
  /** Absolute byte address of the frame. */
  base = 0;
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  set8(location: number, value: number): void {
    this.#storage.set8(this.base + location, value);
  }

  set16(location: number, value: number): void {
    this.#storage.set16(this.base + location, value);
  }

  set32(location: number, value: number): void {
    this.#storage.set32(this.base + location, value);
  }

  set64(location: number, value: bigint): void {
    this.#storage.set64(this.base + location, value);
  }
}

/** The identification of a program interruption. Fields that do not belong to its code are ignored. */
export interface ProgramIdentification {
  /** Program-interruption code, with the bit of PER if `events` are indicated. */
  readonly code: number;
  /** Length of the instruction in bytes: 2, 4 or 6, or 0 if no instruction caused it. */
  readonly length: number;
  /** Translation-exception identification; 0 if there is none. */
  readonly teid: bigint;
  /**
   * The access register of the operand, in the access-register mode; of an ASTE-instance exception, which space it is about:
   * `ASTE_INSTANCE`; otherwise 0.
   */
  readonly exceptionAccess: number;
  readonly dataExceptionCode: number;
  /** The register numbers of MOVE PAGE, 0 for other instructions. */
  readonly operandAccess: number;
  readonly monitorClass: number;
  readonly monitorCode: bigint;
  readonly breakingEventAddress: bigint;
  /** The event information of program-event recording. Default: no events. */
  readonly events?: EventIndication;
}

/** Stores the identification of a program interruption, without the PSW. */
export function storeProgram(into: AssignedStorage, what: ProgramIdentification): void {
  const { teid, events = NO_EVENTS } = what;
  const code = what.code & ~PGM.PER;
  into.set16(LOWCORE.PROGRAM_ILC, what.length);
  into.set16(LOWCORE.PROGRAM_CODE, what.code);
  if (what.code & PGM.PER) {
    into.set8(LOWCORE.PER_CODE, events.code);
    into.set8(LOWCORE.PER_ATMID, events.atmid);
    into.set64(LOWCORE.PER_ADDRESS, events.address);
    if (events.access !== null) into.set8(LOWCORE.PER_ACCESS, events.access);
  }
  into.set64(LOWCORE.BREAKING_EVENT_ADDRESS, what.breakingEventAddress);
  if (code === PGM.DATA) into.set32(LOWCORE.DATA_EXCEPTION_CODE, what.dataExceptionCode);
  if (code === PGM.MONITOR_EVENT) {
    into.set16(LOWCORE.MONITOR_CLASS, what.monitorClass);
    into.set64(LOWCORE.MONITOR_CODE, what.monitorCode);
  }
  if (code === PGM.PAGE_TRANSLATION) into.set8(LOWCORE.OPERAND_ACCESS, what.operandAccess);
  const byRegister = isTranslationException(code) || isAccessRegisterException(code);
  if (byRegister || code === PGM.PROTECTION || code === PGM.ASTE_INSTANCE) {
    into.set8(LOWCORE.EXCEPTION_ACCESS, what.exceptionAccess);
  }
  if (storesWord(code)) into.set32(LOWCORE.TRANSLATION_EXCEPTION + 4, Number(teid));
  else if (teid !== 0n || isTranslationException(code) || code === PGM.PROTECTION)
    into.set64(LOWCORE.TRANSLATION_EXCEPTION, teid);
}

/**
 * Stores the identification of an external interruption, without the PSW.
 * @param cpuAddress of the sending CPU; 0 if no CPU sent it
 * @param parameter stored for a service signal only
 */
export function storeExternal(
  into: AssignedStorage,
  code: number,
  cpuAddress: number,
  parameter: number,
): void {
  if (code === EXT.SERVICE_SIGNAL) into.set32(LOWCORE.EXTERNAL_PARAMETER, parameter);
  into.set16(LOWCORE.EXTERNAL_CPU_ADDRESS, cpuAddress);
  into.set16(LOWCORE.EXTERNAL_CODE, code);
}

/**
 * Stores the identification of a supervisor-call interruption, without the PSW.
 * @param length of the instruction in bytes
 */
export function storeSupervisorCall(into: AssignedStorage, code: number, length: number): void {
  into.set16(LOWCORE.SVC_ILC, length);
  into.set16(LOWCORE.SVC_CODE, code);
}
