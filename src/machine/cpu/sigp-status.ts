/**
 * The status with which a processor answers SIGNAL PROCESSOR.
 * Principles of Operation, chapter 4, "CPU Signaling and Response".
 */

/** Status bits, in the low half of the register. */
export const SIGP_STATUS = {
  NOT_RUNNING: 0x400,
  INCORRECT_STATE: 0x200,
  INVALID_PARAMETER: 0x100,
  EXTERNAL_CALL_PENDING: 0x80,
  STOPPED: 0x40,
  INVALID_ORDER: 0x02,
} as const;
