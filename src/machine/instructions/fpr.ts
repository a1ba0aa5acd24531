/**
 * Floating-point registers, and when a program may use them. Principles of Operation, chapter 9, "Floating-Point Registers".
 */

import { CR0 } from '../control-registers.ts';
import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import { fetch64, X, XL } from './operands.ts';

/** Data-exception codes: use of an additional register, or of the control register, without the AFP-register control. */
const AFP_REGISTER = 1;
const BFP_INSTRUCTION = 2;
export const DFP_INSTRUCTION = 3;
/** Registers that do not need the AFP-register control. */
const BASIC = 0b0101_0101;

/** The sign, in the high half of a number. */
export const SIGN = 0x8000_0000;

function afp(c: Processor): boolean {
  return (c.cr0 & CR0.AFP_REGISTERS) !== 0;
}

/** Requires a register to be available: otherwise a data exception. */
export function register(c: Processor, r: number): number {
  if (!afp(c) && (r > 7 || !(BASIC & (1 << r)))) c.dataException(AFP_REGISTER);
  return r;
}

/** Requires the AFP-register control, without which no BFP or DFP instruction works: otherwise a data exception. */
export function control(c: Processor, code = BFP_INSTRUCTION): Processor {
  if (!afp(c)) c.dataException(code);
  return c;
}

/** Requires a register to designate a pair, r and r + 2, of an extended operand. */
export function extended(c: Processor, r: number): number {
  if (r & 2) c.program(PGM.SPECIFICATION);
  return register(c, r);
}

/** The scratch operand behind the floating-point registers. */
export const FX = 16;

/** Fetches a long operand from the effective address. Returns its index in `fop`. */
export function m64f(c: Processor): number {
  fetch64(c, X);
  c.fop32[FX * 2] = c.op32[XL] as number;
  c.fop32[FX * 2 + 1] = c.op32[XL + 1] as number;
  return FX;
}

/** Fetches a short operand from the effective address. Returns its index in `fop`, whose high half it is. */
export function m32f(c: Processor): number {
  c.fop32[FX * 2 + 1] = c.load32(c.eaHi, c.eaLo);
  return FX;
}

/** An operation of register r1 and an operand, given by its index in `fop`. */
type OfOperand = (c: Processor, r1: number, operand: number) => void;

/** The forms of a BFP operation: the second operand in a register, or in storage as a long or a short number. */
export const inRegister = (run: OfOperand) => (c: Processor, r1: number, r2: number) =>
  run(control(c), r1, r2);
export const longStorage = (run: OfOperand) => (c: Processor, r1: number) => run(c, r1, m64f(control(c)));
export const shortStorage = (run: OfOperand) => (c: Processor, r1: number) => run(c, r1, m32f(control(c)));
