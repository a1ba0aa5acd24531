/**
 * The environment of binary-floating-point instructions: rounding modes, and what an exception does. Principles of Operation,
 * chapter 9, "IEEE Exceptions", and chapter 19.
 */

import { EXTENDED, type Format, LONG, SHORT } from '../bfp/formats.ts';
import {
  Environment,
  EXCEPTION,
  ROUND,
  type Round,
  type Target,
  TO_EXTENDED,
  TO_LONG,
  TO_SHORT,
} from '../bfp/rounding.ts';
import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';

/** The environment of the current instruction. */
export const ENV = new Environment();

/** The inexact mask and flag, and the BFP rounding mode, in the floating-point-control register. */
const INEXACT_MASK = 0x0800_0000;
export const INEXACT_FLAG = 0x0008_0000;
const ROUNDING = 7;

/** Returns whether the engine's own arithmetic may be used: round to nearest even, and no trap of an inexact result. */
export const isNative = (fpc: number) => (fpc & (INEXACT_MASK | ROUNDING)) === 0;

/** Rounding modes by the last three bits of the floating-point-control register. The others cannot be set. */
const BY_CONTROL: readonly (Round | undefined)[] = [
  ROUND.NEAREST_EVEN,
  ROUND.TOWARD_ZERO,
  ROUND.UP,
  ROUND.DOWN,
  undefined,
  undefined,
  undefined,
  ROUND.SHORTER,
];

/** Rounding modes by the M3 field of an instruction. 0 selects the mode of the control register; the others are invalid. */
const BY_FIELD: readonly (Round | undefined)[] = [
  undefined,
  ROUND.NEAREST_AWAY,
  undefined,
  ROUND.SHORTER,
  ROUND.NEAREST_EVEN,
  ROUND.TOWARD_ZERO,
  ROUND.UP,
  ROUND.DOWN,
];

/** Bit of the M4 field that suppresses the inexact exception. */
const SUPPRESS_INEXACT = 4;

/** Returns the mode of the control register. */
export const currentRound = ({ fpc }: Processor) => BY_CONTROL[fpc & ROUNDING] ?? ROUND.NEAREST_EVEN;

/** Returns the mode that a field of an instruction selects. An invalid one is a specification exception. */
export function roundOf(c: Processor, field: number): Round {
  if (field === 0) return currentRound(c);
  return BY_FIELD[field] ?? c.program(PGM.SPECIFICATION);
}

/** Prepares `ENV` for an instruction. */
export function begin(c: Processor, round = currentRound(c)): Environment {
  ENV.start(round, c.fpc >>> 24);
  return ENV;
}

/** Ends the instruction if an exception traps that suppresses it. Otherwise its result can be stored. */
export function demandResult(c: Processor): void {
  const trapped = ENV.exceptions & ENV.masks;
  if (trapped & EXCEPTION.INVALID) c.dataException(EXCEPTION.INVALID);
  if (trapped & EXCEPTION.DIVISION_BY_ZERO) c.dataException(EXCEPTION.DIVISION_BY_ZERO);
}

/** In a data-exception code: the result was incremented. */
const INCREMENTED = 4;

/**
 * Reports the exceptions of an instruction whose result is stored: sets flags, or ends the instruction with a data exception.
 * @param field M4 of the instruction
 */
export function report(c: Processor, field = 0): void {
  const { exceptions, masks } = ENV;
  if (exceptions === 0) return;
  const inexact =
    exceptions & EXCEPTION.INEXACT ? EXCEPTION.INEXACT | (ENV.incremented ? INCREMENTED : 0) : 0;
  const recognized = field & SUPPRESS_INEXACT ? exceptions & ~EXCEPTION.INEXACT : exceptions;
  const trapped = recognized & masks;
  if (trapped & EXCEPTION.OVERFLOW) c.dataException(EXCEPTION.OVERFLOW | inexact);
  if (trapped & EXCEPTION.UNDERFLOW) c.dataException(EXCEPTION.UNDERFLOW | inexact);
  c.fpc = (c.fpc | ((recognized & ~trapped) << 16)) >>> 0;
  if (trapped & EXCEPTION.INEXACT) c.dataException(inexact);
}

/** A format as instructions use it: its targets, and how registers hold it. */
export interface RegisterFormat {
  readonly format: Format;
  readonly target: Target;
  /** Returns the bits of an operand. */
  read(c: Processor, index: number): bigint;
  /** Loads a register. */
  write(c: Processor, r: number, bits: bigint): void;
}

export const SHORT_REGISTER: RegisterFormat = {
  format: SHORT,
  target: TO_SHORT,
  read: (c, index) => BigInt(c.fop32[index * 2 + 1] as number),
  write: (c, r, bits) => void (c.fr32[r * 2 + 1] = Number(bits)),
};

export const LONG_REGISTER: RegisterFormat = {
  format: LONG,
  target: TO_LONG,
  read: (c, index) => c.fop[index] as bigint,
  write: (c, r, bits) => void (c.fr[r] = bits),
};

export const EXTENDED_REGISTER: RegisterFormat = {
  format: EXTENDED,
  target: TO_EXTENDED,
  read: (c, index) => ((c.fop[index] as bigint) << 64n) | (c.fop[index + 2] as bigint),
  write: (c, r, bits) => {
    c.fr[r] = bits >> 64n;
    c.fr[r + 2] = BigInt.asUintN(64, bits);
  },
};

/** Returns the condition code of a number: 0 for zero, 1 below zero, 2 above zero, 3 for a NaN. */
export function codeOf({ width, fraction }: Format, bits: bigint): number {
  const magnitude = bits & ((1n << BigInt(width - 1)) - 1n);
  if (magnitude === 0n) return 0;
  if (magnitude > ((1n << BigInt(width - 1 - fraction)) - 1n) << BigInt(fraction)) return 3;
  return bits === magnitude ? 2 : 1;
}
