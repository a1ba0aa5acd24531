/**
 * The bits of a PSW. Principles of Operation, chapter 4, "Program-Status-Word Format".
 */

/** Masks of the first word of a PSW, bits 0 to 31. */
export const PSW = {
  PER: 0x4000_0000,
  DAT: 0x0400_0000,
  IO: 0x0200_0000,
  EXTERNAL: 0x0100_0000,
  MACHINE_CHECK: 0x0004_0000,
  WAIT: 0x0002_0000,
  PROBLEM_STATE: 0x0001_0000,
  EXTENDED_ADDRESSING: 0x0000_0001,
} as const;

/** Mask of the second word of a PSW, bits 32 to 63. */
export const PSW_BASIC_ADDRESSING = 0x8000_0000;

/** The number of bits of an address in the addressing mode of a PSW, given by its first two words. */
export function addressBits(hi: number, lo: number): 64 | 31 | 24 {
  if (hi & PSW.EXTENDED_ADDRESSING) return 64;
  return lo & PSW_BASIC_ADDRESSING ? 31 : 24;
}
