/**
 * Program interruptions that user space makes pending (Linux: struct kvm_s390_pgm_info, KVM_S390_PROGRAM_INT).
 */

import { PGM } from '../../machine/index.ts';
import { demandDoubleword, demandInteger, demandObject } from '../arguments.ts';
import { LinuxError } from '../errors.ts';

/** A program interruption with all that may be stored with it. What does not belong to its code is ignored. */
export interface ProgramInterrupt {
  /** Program-interruption code, 16 bits, with the bit of PER (0x80) if a program event is indicated. */
  readonly code: number;
  /** Translation-exception identification, 64 bits. */
  readonly teid: bigint;
  /** Monitor code, 64 bits, and monitor class, 16 bits. */
  readonly monitorCode: bigint;
  readonly monitorClass: number;
  /** Data-exception code, 32 bits. */
  readonly dataExceptionCode: number;
  /** Exception access identification and operand access identification, 8 bits each. */
  readonly exceptionAccess: number;
  readonly operandAccess: number;
  /** Event information of PER: code, ATMID, address, and PER access identification. */
  readonly perCode: number;
  readonly perAtmid: number;
  readonly perAddress: bigint;
  readonly perAccess: number;
  /** Length of the instruction in bytes: 0, 2, 4 or 6. */
  readonly length: number;
  /** Whether the PSW is set back to the instruction if the exception nullifies it. */
  readonly rewind: boolean;
}

/** A program interruption as user space gives it: without a `length`, the length of the last intercepted instruction is taken. */
export type ProgramRequest = Partial<ProgramInterrupt> & { readonly code: number };

const NOTHING: ProgramInterrupt = {
  code: 0,
  teid: 0n,
  monitorCode: 0n,
  monitorClass: 0,
  dataExceptionCode: 0,
  exceptionAccess: 0,
  operandAccess: 0,
  perCode: 0,
  perAtmid: 0,
  perAddress: 0n,
  perAccess: 0,
  length: 0,
  rewind: true,
};

/** Number of bits of each field that is a number. */
const BITS = {
  code: 16,
  monitorClass: 16,
  dataExceptionCode: 32,
  exceptionAccess: 8,
  operandAccess: 8,
  perCode: 8,
  perAtmid: 8,
  perAccess: 8,
} as const;

/**
 * Returns a request with all its fields.
 * @param lastLength the length of an instruction where the request gives none
 * @throws LinuxError EINVAL for a field that has more bits, or a length that is not 0, 2, 4 or 6
 */
export function completeProgram(request: ProgramRequest, lastLength: number): ProgramInterrupt {
  demandObject('request', request);
  const whole = { ...NOTHING, length: lastLength, ...request };
  for (const [name, bits] of Object.entries(BITS)) {
    demandInteger(name, whole[name as keyof typeof BITS], 0, 2 ** bits - 1);
  }
  for (const name of ['teid', 'monitorCode', 'perAddress'] as const) demandDoubleword(name, whole[name]);
  demandInteger('length', whole.length, 0, 6);
  if (whole.length % 2 !== 0) throw new LinuxError('EINVAL', `length ${whole.length} is not 0, 2, 4 or 6`);
  return whole;
}

/**
 * Combines a program interruption with one that is pending: a program event alone keeps the other condition, and another
 * condition alone keeps the event (Linux: __inject_prog).
 */
export function mergePrograms(old: ProgramInterrupt | null, fresh: ProgramInterrupt): ProgramInterrupt {
  if (old === null) return fresh;
  const { perCode, perAtmid, perAddress, perAccess, length, rewind } = fresh;
  if (fresh.code === PGM.PER) {
    const code = old.code | PGM.PER;
    return { ...old, code, perCode, perAtmid, perAddress, perAccess, length, rewind };
  }
  if (fresh.code & PGM.PER) return fresh;
  const event = {
    perCode: old.perCode,
    perAtmid: old.perAtmid,
    perAddress: old.perAddress,
    perAccess: old.perAccess,
  };
  return { ...fresh, ...event, code: (old.code & PGM.PER) | fresh.code };
}
