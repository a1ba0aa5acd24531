/** Compiled forms of instructions. */

import type { Decoded } from '../decoded.ts';
import type { Emitter } from '../emitter.ts';

/**
 * Emits an instruction that is no branch. It changes nothing before its last exit. Returns the number of lookups in the TLB
 * that the interpreter makes for its operands.
 */
export type Form = (e: Emitter, i: Decoded) => number;

/** Returns an instruction's form, or null if it has none with these operands. */
export type FormTable = Readonly<Record<string, Form>>;

/** Operand `n` of an instruction. */
export const operand = (i: Decoded, n: number): number => i.operands[n] as number;
