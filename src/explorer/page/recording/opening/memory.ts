/**
 * The size of a guest's memory, as a text.
 */

import { parseNumber } from '../../../../scenario/index.ts';

/** Bytes of a mebibyte. */
export const MIB = 1n << 20n;

/** Returns the size of guest memory that a text means, or why it means none. */
export function memoryOf(text: string): { readonly memory: bigint } | { readonly error: string } {
  try {
    const memory = parseNumber(text.trim());
    if (memory >= MIB && memory % MIB === 0n) return { memory };
    return { error: 'The memory must be a multiple of 1M, such as 64M.' };
  } catch (error) {
    return { error: `${(error as Error).message}.` };
  }
}
