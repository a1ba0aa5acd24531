/** The operand of PERFORM FRAME MANAGEMENT FUNCTION: who executes it for itself and who does for a guest read it alike. */

/** What the bits of the first operand's low half ask for. */
export const PFMF = {
  RESERVED: 0xfffc_0101,
  SET_KEY: 0x2_0000,
  CLEAR: 0x1_0000,
  SIZE: 0x7000,
  SIZE_1M: 0x1000,
  KEY: 0xfe,
} as const;
