/**
 * Control register 0: the bits that this machine looks at. Principles of Operation, chapter 4, "Control Registers". The
 * subclass masks of external interruptions are in `interruption.ts`.
 */

/** The bits in the low half of control register 0. */
export const CR0 = {
  /** Trace-time control, bit 32. */
  TRACE_TIME: 0x8000_0000,
  /** SSM-suppression control, bit 33. */
  SSM_SUPPRESSION: 0x4000_0000,
  /** Low-address-protection control, bit 35. */
  LOW_ADDRESS_PROTECTION: 0x1000_0000,
  /** Extraction-authority control, bit 36. */
  EXTRACTION_AUTHORITY: 0x0800_0000,
  /** Secondary-space control, bit 37. */
  SECONDARY_SPACE: 0x0400_0000,
  /** Fetch-protection-override control, bit 38. */
  FETCH_OVERRIDE: 0x0200_0000,
  /** Storage-protection-override control, bit 39. */
  STORAGE_OVERRIDE: 0x0100_0000,
  /** Enhanced-DAT-enablement control, bit 40. */
  EDAT: 0x0080_0000,
  /** Instruction-execution-protection-enablement control, bit 43. */
  EXECUTION_PROTECTION: 0x0010_0000,
  /** ASN-and-LX-reuse control, bit 44. */
  ASN_LX_REUSE: 0x0008_0000,
  /** AFP-register control, bit 45. */
  AFP_REGISTERS: 0x0004_0000,
} as const;

/** Control register 14: its bits for the translation of address-space numbers, in the low half. */
export const CR14 = {
  /** ASN-translation control, bit 44. */
  ASN_TRANSLATION: 0x0008_0000,
  /** Origin of the ASN first table, bits 45 to 63, in units of 4 KiB. */
  FIRST_TABLE: 0x0007_ffff,
} as const;
