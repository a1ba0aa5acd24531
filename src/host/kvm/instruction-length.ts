/** The length of an intercepted instruction. */

import { ICPT, SIE, type StateDescription } from '../../machine/index.ts';

/**
 * Returns the distance from the intercepted instruction to the instruction that the PSW designates, in bytes: the length of
 * the instruction, or of the EXECUTE whose target it is.
 */
export function interceptedLength(block: StateDescription): number {
  const status = block.get8(SIE.INTERCEPTION_STATUS);
  if (status & 1) return (status >>> 4) & 6;
  const top = block.get16(SIE.IPA) >>> 14;
  return top === 0 ? 2 : top === 3 ? 6 : 4;
}

/** Returns the length of the instruction that the last interception was about, or 0 (Linux: kvm_s390_get_ilen). */
export function lastLength(block: StateDescription): number {
  switch (block.get8(SIE.INTERCEPTION_CODE)) {
    case ICPT.INSTRUCTION:
    case ICPT.OPERATION:
      return interceptedLength(block);
    case ICPT.PROGRAM:
      return block.get16(SIE.PROGRAM_LENGTH) & 6;
    default:
      return 0;
  }
}
