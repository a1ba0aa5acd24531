/**
 * The breaking-event-address register as an operand: the breaking-event-address-register-enhancement facility. Principles of
 * Operation, chapters 4 ("Breaking-Event-Address Recording") and 10.
 */

import type { Processor } from '../cpu/processor.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { aligned, fetch64, put64, X, XL } from './operands.ts';
import { loadPswExtended } from './psw.ts';

/** LOAD BEAR. */
function lbear(c: Processor): void {
  fetch64(aligned(c, 8), X);
  c.breakingHi = c.op32[XL + 1] as number;
  c.breakingLo = c.op32[XL] as number;
}

/** STORE BEAR. */
function stbear(c: Processor): void {
  c.op32[XL + 1] = c.breakingHi;
  c.op32[XL] = c.breakingLo;
  put64(aligned(c, 8), X);
}

const PRIVILEGED = { privileged: true } as const;

// biome-ignore format: a line each
export const BREAKING_EVENT: readonly InstructionLine[] = [
  ['LBEAR', 'S', 0xb200, 'bear', lbear, PRIVILEGED],
  ['STBEAR', 'S', 0xb201, 'bear', stbear, PRIVILEGED],
  // As LPSWE, but it is no breaking event: an interruption handler restores the interrupted program's register before it.
  ['LPSWEY', 'SIY', 0xeb71, 'bear', loadPswExtended, { privileged: true, intercept: ICTL.LPSW }],
];
