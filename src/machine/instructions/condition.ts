/** Conditions in a mask field. Principles of Operation, chapter 4, "Condition Code". */

import type { Processor } from '../cpu/processor.ts';

/** Returns whether a mask selects the current condition code: bit 8 is code 0, bit 1 is code 3. */
export function holds(c: Processor, mask: number): boolean {
  return ((mask << c.cc) & 8) !== 0;
}

/** Returns whether a mask selects the result of a comparison: 0 equal, 1 low, 2 high. */
export function outcome(order: number, mask: number): boolean {
  return ((mask << order) & 8) !== 0;
}
