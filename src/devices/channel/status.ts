/**
 * The subchannel-status word (SCSW) and the interruption-response block (IRB). Principles of Operation, chapter 16,
 * "Interruption-Response Block".
 */

/** Bits of the control field: the low half of word 0 of the SCSW. */
export const CONTROL = {
  START_FUNCTION: 0x4000,
  HALT_FUNCTION: 0x2000,
  CLEAR_FUNCTION: 0x1000,
  FUNCTIONS: 0x7000,
  RESUME_PENDING: 0x0800,
  SUSPENDED: 0x0020,
  ACTIVITY: 0x0fe0,
  ALERT: 0x0010,
  INTERMEDIATE: 0x0008,
  PRIMARY: 0x0004,
  SECONDARY: 0x0002,
  PENDING: 0x0001,
  STATUS: 0x001f,
} as const;

/** Bits of the flags: the high half of word 0 of the SCSW. The others are copied from the ORB. */
export const FLAGS = {
  KEY: 0xf000,
  SUSPEND_CONTROL: 0x0800,
  DEFERRED_CC: 0x0300,
  FORMAT_1: 0x0080,
  PREFETCH: 0x0040,
  INITIAL_STATUS: 0x0020,
  ADDRESS_LIMIT: 0x0010,
  SUPPRESS_SUSPENDED: 0x0008,
  ZERO_CC: 0x0004,
  EXTENDED_CONTROL: 0x0002,
} as const;

/** Bits of the device status. */
export const DEVICE_STATUS = { CHANNEL_END: 0x08, DEVICE_END: 0x04, UNIT_CHECK: 0x02 } as const;

/** Bits of the subchannel status. */
export const SUBCHANNEL_STATUS = {
  PROGRAM_CONTROLLED_INTERRUPTION: 0x80,
  INCORRECT_LENGTH: 0x40,
  PROGRAM_CHECK: 0x20,
  PROTECTION_CHECK: 0x10,
} as const;

/** Length of an interruption-response block in bytes. */
export const IRB_BYTES = 64;
/** Sense data of a device, as BASIC SENSE and the extended-control word have it. */
export const SENSE_BYTES = 32;

const ESW = 12;
const ECW = 32;
/** Bit 7 of the extended-report word: the extended-control word has sense data. Their count is in bits 10 to 15. */
const CONCURRENT_SENSE = 0x0100_0000;

/** A subchannel-status word. */
export interface Scsw {
  /** `FLAGS`. */
  flags: number;
  /** `CONTROL`. */
  control: number;
  /** Absolute address of the last CCW + 8. */
  ccwAddress: number;
  /** `DEVICE_STATUS`. */
  deviceStatus: number;
  /** `SUBCHANNEL_STATUS`. */
  subchannelStatus: number;
  /** Residual count of the last CCW. */
  count: number;
}

/** Returns the status word of a subchannel after a reset. */
export function clearScsw(): Scsw {
  return { flags: 0, control: 0, ccwAddress: 0, deviceStatus: 0, subchannelStatus: 0, count: 0 };
}

/** Stores a status word into 12 bytes of `view` at `offset`. */
export function storeScsw(view: DataView, offset: number, scsw: Scsw): void {
  view.setUint16(offset, scsw.flags);
  view.setUint16(offset + 2, scsw.control);
  view.setUint32(offset + 4, scsw.ccwAddress);
  view.setUint8(offset + 8, scsw.deviceStatus);
  view.setUint8(offset + 9, scsw.subchannelStatus);
  view.setUint16(offset + 10, scsw.count);
}

/** Decodes a status word of 12 bytes. Returns null if a subchannel that is not active cannot have it. */
export function decodeScsw(bytes: Uint8Array): Scsw | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const control = view.getUint16(2);
  const functions = control & CONTROL.FUNCTIONS;
  const suspended = (control & CONTROL.SUSPENDED) !== 0;
  const ccwAddress = view.getUint32(4);
  const known = CONTROL.FUNCTIONS | CONTROL.SUSPENDED | CONTROL.STATUS;
  if (control & ~known || (suspended && (functions !== CONTROL.START_FUNCTION || ccwAddress < 8)))
    return null;
  return {
    flags: view.getUint16(0),
    control,
    ccwAddress,
    deviceStatus: view.getUint8(8),
    subchannelStatus: view.getUint8(9),
    count: view.getUint16(10),
  };
}

/**
 * Returns an interruption-response block of 64 bytes.
 * @param lastPath the last-path-used mask
 * @param sense sense data, if the device has a unit check and the subchannel is in concurrent-sense mode
 */
export function makeIrb(scsw: Scsw, lastPath: number, sense: Uint8Array | null): Uint8Array {
  const irb = new Uint8Array(IRB_BYTES);
  const view = new DataView(irb.buffer);
  storeScsw(view, 0, sense ? { ...scsw, flags: scsw.flags | FLAGS.EXTENDED_CONTROL } : scsw);
  if (scsw.control & CONTROL.PENDING) view.setUint8(ESW + 1, lastPath);
  if (sense) {
    view.setUint32(ESW + 4, CONCURRENT_SENSE | (sense.length << 16));
    irb.set(sense, ECW);
  }
  return irb;
}
