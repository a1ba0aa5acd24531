/** Channel-command words (CCW) of both formats. Principles of Operation, chapter 15, "Channel-Command Word". */

/** Flags of a CCW. */
export const CCW_FLAG = {
  CHAIN_DATA: 0x80,
  CHAIN_COMMAND: 0x40,
  SUPPRESS_LENGTH: 0x20,
  SKIP: 0x10,
  INTERRUPT: 0x08,
  INDIRECT: 0x04,
  SUSPEND: 0x02,
  MODIFIED_INDIRECT: 0x01,
} as const;

/** Length of a CCW in bytes. */
export const CCW_BYTES = 8;
/** Command code of TRANSFER IN CHANNEL. In format 0 the high four bits are ignored. */
export const TIC = 0x08;

/** A channel-command word. */
export interface Ccw {
  readonly command: number;
  /** `CCW_FLAG`. */
  readonly flags: number;
  /** In bytes, 16 bits. */
  readonly count: number;
  /** Data address, or the address of the next CCW or of indirect-data-address words: 24 bits, or 32 of format 1. */
  readonly address: number;
}

/** Decodes a CCW of 8 bytes. */
export function decodeCcw(bytes: Uint8Array, format1: boolean): Ccw {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const command = view.getUint8(0);
  return format1
    ? { command, flags: view.getUint8(1), count: view.getUint16(2), address: view.getUint32(4) }
    : { command, flags: view.getUint8(4), count: view.getUint16(6), address: view.getUint32(0) & 0xff_ffff };
}

/** Whether a CCW is a transfer in channel. */
export function isTransfer(ccw: Ccw, format1: boolean): boolean {
  return format1 ? ccw.command === TIC : (ccw.command & 0x0f) === TIC;
}
