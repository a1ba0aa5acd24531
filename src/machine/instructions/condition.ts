/** Conditions that instructions go by. Principles of Operation, chapter 4, "Condition Code". */

import type { Processor } from '../cpu/processor.ts';

/** Whether the condition code is among those the mask names: bit 8 for code 0, down to 1 for code 3. */
export function holds(c: Processor, mask: number): boolean {
  return ((mask << c.cc) & 8) !== 0;
}

/** Whether the outcome of a comparison (0 equal, 1 low, 2 high) is among those the mask names. */
export function outcome(order: number, mask: number): boolean {
  return ((mask << order) & 8) !== 0;
}
