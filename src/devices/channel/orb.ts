/** The operation-request block (ORB), the operand of START SUBCHANNEL. Principles of Operation, chapter 15, "Operation-Request Block". */

import { FLAGS } from './status.ts';

/** Length in bytes of the part of an ORB that is used. */
export const ORB_BYTES = 12;

/** A valid operation-request block. */
export interface Orb {
  /** Interruption parameter, 32 bits. */
  readonly parameter: number;
  /** Storage key of the channel program and its data, 0 to 15. */
  readonly key: number;
  /** The flags that the subchannel-status word repeats (`FLAGS`), the key included. */
  readonly flags: number;
  readonly format1: boolean;
  readonly suspendControl: boolean;
  readonly suppressSuspended: boolean;
  readonly initialStatus: boolean;
  /** Whether data addresses are subject to address-limit checking. */
  readonly addressLimit: boolean;
  /** Whether indirect-data-address words have 64 bits. */
  readonly format2Idaws: boolean;
  /** Length in bytes of the blocks that indirect-data-address words designate: 2,048 or 4,096. */
  readonly idawBlock: number;
  /** Logical-path mask. */
  readonly paths: number;
  /** Whether a count other than 0 of a format-1 CCW is no incorrect length if the command transfers no data. */
  readonly suppressLength: boolean;
  /** Absolute address of the channel program, 31 bits. */
  readonly program: number;
}

/** Bits of word 1. */
const SUSPEND_CONTROL = 0x0800_0000;
const RESERVED_OR_TRANSPORT_MODE = 0x0004_0000;
const FORMAT_1 = 0x0080_0000;
const INITIAL_STATUS = 0x0020_0000;
const ADDRESS_LIMIT = 0x0010_0000;
const SUPPRESS_SUSPENDED = 0x0008_0000;
const FORMAT_2_IDAWS = 0x0002_0000;
const IDAWS_OF_2K = 0x0001_0000;
const SUPPRESS_LENGTH = 0x80;
const MODIFIED_IDAWS = 0x40;
const RESERVED = 0x3e;
const STATUS_FLAGS =
  FLAGS.KEY |
  FLAGS.SUSPEND_CONTROL |
  FLAGS.FORMAT_1 |
  FLAGS.PREFETCH |
  FLAGS.INITIAL_STATUS |
  FLAGS.ADDRESS_LIMIT |
  FLAGS.SUPPRESS_SUSPENDED;

/**
 * Decodes an operation-request block. Returns null if it is not valid, or asks for what is not installed: transport mode and
 * modified indirect data addresses.
 * @param bytes at least 12
 */
export function decodeOrb(bytes: Uint8Array): Orb | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = view.getUint32(4);
  const program = view.getUint32(8);
  if (word & (RESERVED_OR_TRANSPORT_MODE | MODIFIED_IDAWS | RESERVED) || program & 0x8000_0000) return null;
  return {
    parameter: view.getUint32(0),
    key: word >>> 28,
    flags: (word >>> 16) & STATUS_FLAGS,
    format1: (word & FORMAT_1) !== 0,
    suspendControl: (word & SUSPEND_CONTROL) !== 0,
    suppressSuspended: (word & SUPPRESS_SUSPENDED) !== 0,
    initialStatus: (word & INITIAL_STATUS) !== 0,
    addressLimit: (word & ADDRESS_LIMIT) !== 0,
    format2Idaws: (word & FORMAT_2_IDAWS) !== 0,
    idawBlock: word & FORMAT_2_IDAWS && !(word & IDAWS_OF_2K) ? 4096 : 2048,
    paths: (word >>> 8) & 0xff,
    suppressLength: (word & SUPPRESS_LENGTH) !== 0,
    program,
  };
}
