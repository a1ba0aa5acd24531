/** Branching, and the conditions it goes by. Principles of Operation, chapter 7. */

import type { Cpu } from '../cpu.ts';
import type { InstructionLine } from '../line.ts';

/** Whether the condition code is among those the mask names: bit 8 for code 0, down to 1 for code 3. */
export function holds(c: Cpu, mask: number): boolean {
  return ((mask << c.cc) & 8) !== 0;
}

export const BRANCH: readonly InstructionLine[] = [
  ['BRC', 'RI', 0xa74, 'base', (c, m, i) => void (holds(c, m) && c.branchRelative(i))],
  ['BRCL', 'RIL', 0xc04, 'zarch', (c, m, i) => void (holds(c, m) && c.branchRelative(i))],
  ['BCR', 'RR', 0x07, 'base', (c, m, r) => void (r !== 0 && holds(c, m) && c.branchRegister(r))],
];
