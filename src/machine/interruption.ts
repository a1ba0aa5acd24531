/**
 * Interruption codes, and the classes and priorities of external interruptions. Principles of Operation, chapter 6,
 * "Interruptions".
 */

import { InternalError } from './internal-error.ts';

/** Program-interruption codes. */
export const PGM = {
  OPERATION: 0x01,
  PRIVILEGED_OPERATION: 0x02,
  EXECUTE: 0x03,
  PROTECTION: 0x04,
  ADDRESSING: 0x05,
  SPECIFICATION: 0x06,
  DATA: 0x07,
  FIXED_POINT_OVERFLOW: 0x08,
  FIXED_POINT_DIVIDE: 0x09,
  DECIMAL_OVERFLOW: 0x0a,
  DECIMAL_DIVIDE: 0x0b,
  SEGMENT_TRANSLATION: 0x10,
  PAGE_TRANSLATION: 0x11,
  TRANSLATION_SPECIFICATION: 0x12,
  SPECIAL_OPERATION: 0x13,
  TRACE_TABLE: 0x16,
  SPACE_SWITCH: 0x1c,
  PC_TRANSLATION_SPECIFICATION: 0x1f,
  AFX_TRANSLATION: 0x20,
  ASX_TRANSLATION: 0x21,
  LX_TRANSLATION: 0x22,
  EX_TRANSLATION: 0x23,
  PRIMARY_AUTHORITY: 0x24,
  SECONDARY_AUTHORITY: 0x25,
  LFX_TRANSLATION: 0x26,
  LSX_TRANSLATION: 0x27,
  ALET_SPECIFICATION: 0x28,
  ALEN_TRANSLATION: 0x29,
  ALE_SEQUENCE: 0x2a,
  ASTE_VALIDITY: 0x2b,
  ASTE_SEQUENCE: 0x2c,
  EXTENDED_AUTHORITY: 0x2d,
  LSTE_SEQUENCE: 0x2e,
  ASTE_INSTANCE: 0x2f,
  STACK_FULL: 0x30,
  STACK_EMPTY: 0x31,
  STACK_SPECIFICATION: 0x32,
  STACK_TYPE: 0x33,
  STACK_OPERATION: 0x34,
  ASCE_TYPE: 0x38,
  REGION_FIRST_TRANSLATION: 0x39,
  REGION_SECOND_TRANSLATION: 0x3a,
  REGION_THIRD_TRANSLATION: 0x3b,
  MONITOR_EVENT: 0x40,
  /** Program-event recording. The bit is ORed into the code of another condition, if there is one. */
  PER: 0x80,
} as const;

/** External-interruption codes. */
export const EXT = {
  CLOCK_COMPARATOR: 0x1004,
  CPU_TIMER: 0x1005,
  EMERGENCY_SIGNAL: 0x1201,
  EXTERNAL_CALL: 0x1202,
  SERVICE_SIGNAL: 0x2401,
} as const;

/** A class of external interruptions. Principles of Operation, chapter 6, "External Interruption". */
export interface ExternalClass {
  readonly code: number;
  /** Its subclass mask: the bit of control register 0 that enables it. */
  readonly mask: number;
  /** Whether it is floating: any CPU of the configuration may take it. Otherwise it is pending at one CPU. */
  readonly floating: boolean;
}

/**
 * The classes of external interruptions that this machine has, in order of priority, highest first. Processors and virtual
 * CPUs take the first class that is pending and enabled.
 */
export const EXTERNAL_CLASSES: readonly ExternalClass[] = [
  { code: EXT.EMERGENCY_SIGNAL, mask: 0x4000, floating: false },
  { code: EXT.EXTERNAL_CALL, mask: 0x2000, floating: false },
  { code: EXT.CLOCK_COMPARATOR, mask: 0x800, floating: false },
  { code: EXT.CPU_TIMER, mask: 0x400, floating: false },
  { code: EXT.SERVICE_SIGNAL, mask: 0x200, floating: true },
];

/**
 * Returns the bit of control register 0 that enables external interruptions of a code.
 * @throws InternalError for a code that is not in `EXTERNAL_CLASSES`
 */
export function externalMaskOf(code: number): number {
  const found = EXTERNAL_CLASSES.find((one) => one.code === code);
  if (found === undefined)
    throw new InternalError(`no external interruption has the code 0x${code.toString(16)}`);
  return found.mask;
}

/** A program interruption that a processor reports to the host. */
export interface ProgramInterruption {
  readonly class: 'program';
  /** A program-interruption code, see `PGM`; with the bit of PER, if events are indicated: see `Cpu.eventIndication`. */
  readonly code: number;
  /** Translation-exception identification: page address, fetch or store, and space; 0 if there is none. */
  readonly teid: bigint;
  /** Length of the instruction in bytes: 2, 4 or 6, or 0 if no instruction caused it. */
  readonly length: number;
}

/** A SUPERVISOR CALL that a processor reports to the host. */
export interface SupervisorCallInterruption {
  readonly class: 'supervisor-call';
  /** The 8-bit number in the instruction. */
  readonly code: number;
  /** Length of the instruction in bytes: 2, or the length of the EXECUTE. */
  readonly length: number;
  /**
   * Whether a program interruption for program events follows: it is not reported by itself. See `Cpu.eventIndication`.
   */
  readonly events?: true;
}

/** An interruption that a processor reports instead of taking it through its prefix area. */
export type Interruption = ProgramInterruption | SupervisorCallInterruption;

/**
 * Bits of a translation-exception identification: the page, whether the access was a store or a fetch, what forbids the access (bits
 * 56, 60 and 61; zeros: the instruction was terminated), and of this, low-address and key-controlled protection.
 */
export const TEID_PAGE = ~0xfffn;
export const TEID_STORE = 0x400n;
export const TEID_FETCH = 0x800n;
export const TEID_REASON = 0x8cn;
export const TEID_LOW_ADDRESS = 0x80n;
export const TEID_KEY = 0x08n;

/** Returns whether a code is a translation exception, which a host resolves by making a table entry valid. */
export function isTranslationException(code: number): boolean {
  return (
    code === PGM.SEGMENT_TRANSLATION ||
    code === PGM.PAGE_TRANSLATION ||
    (code >= PGM.ASCE_TYPE && code <= PGM.REGION_THIRD_TRANSLATION)
  );
}

const NULLIFYING: ReadonlySet<number> = new Set<number>([
  PGM.SEGMENT_TRANSLATION,
  PGM.PAGE_TRANSLATION,
  PGM.ASCE_TYPE,
  PGM.REGION_FIRST_TRANSLATION,
  PGM.REGION_SECOND_TRANSLATION,
  PGM.REGION_THIRD_TRANSLATION,
  PGM.TRACE_TABLE,
  PGM.PER,
]);

const COMPLETING: ReadonlySet<number> = new Set<number>([
  PGM.FIXED_POINT_OVERFLOW,
  PGM.DECIMAL_OVERFLOW,
  PGM.SPACE_SWITCH,
  PGM.MONITOR_EVENT,
]);

/** Returns whether an instruction completes although it ends with a program exception or event. */
export function isCompleting(code: number): boolean {
  return COMPLETING.has(code);
}

/**
 * Returns whether a program exception nullifies its instruction: the old PSW then designates the instruction, not the next
 * one. `PGM.PER` by itself stands for instruction-fetching nullification. Principles of Operation, chapter 5, "Types of Instruction Ending".
 */
export function isNullifying(code: number): boolean {
  return (
    NULLIFYING.has(code) ||
    (code >= PGM.AFX_TRANSLATION && code <= PGM.STACK_OPERATION && code !== PGM.ALET_SPECIFICATION)
  );
}

/**
 * Returns whether a code is an exception or event that stores an identification of 32 bits at real address 172: an address-space
 * number, or the number of a PROGRAM CALL.
 */
export function storesWord(code: number): boolean {
  if (code === PGM.SPACE_SWITCH || code === PGM.LSTE_SEQUENCE) return true;
  return code >= PGM.AFX_TRANSLATION && code <= PGM.LSX_TRANSLATION;
}

/** Returns whether a code is an exception of access-register translation. */
export function isAccessRegisterException(code: number): boolean {
  return code >= PGM.ALET_SPECIFICATION && code <= PGM.EXTENDED_AUTHORITY;
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(PGM).map(([name, code]) => [code, name.toLowerCase().replaceAll('_', '-')]),
);

/** Returns the architecture's name of a program-interruption code, such as `segment-translation` or `operation, per`. */
export function programInterruptionName(code: number): string {
  const other = code & ~PGM.PER;
  if (code & PGM.PER && other !== 0) return `${programInterruptionName(other)}, per`;
  return NAMES.get(code) ?? `program interruption 0x${code.toString(16)}`;
}
