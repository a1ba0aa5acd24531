/**
 * The path-management-control word (PMCW), and the subchannel-information block (SCHIB) that contains it. Principles of
 * Operation, chapter 15, "Subchannel-Information Block".
 */

import type { LimitMode } from './channel-storage.ts';
import { type Scsw, storeScsw } from './status.ts';

/** Length of a subchannel-information block in bytes. */
export const SCHIB_BYTES = 52;
/** The mask of the only channel path. */
export const PATH = 0x80;
/** The channel-path identifier of this path. */
export const CHPID = 0;

/** Offset of the status word in a subchannel-information block. */
export const SCSW_OFFSET = 28;
const MEASUREMENT_BLOCK = 40;

/** Bits of the flags: the high half of word 1. */
const ENABLED = 0x0080;
const LIMIT_AT_LEAST = 0x0020;
const LIMIT_BELOW = 0x0040;
const LIMIT_MODE = 0x0060;
const MEASUREMENT_UPDATE = 0x0010;
const MULTIPATH = 0x0004;
const DEVICE_NUMBER_VALID = 0x0001;
const INTERRUPTION_SUBCLASS = 0x3800;
const RESERVED_FLAGS = 0xc700;
const PROGRAM_FLAGS = INTERRUPTION_SUBCLASS | ENABLED | LIMIT_MODE | 0x0018 | MULTIPATH;

/** Bits of word 6. */
const MEASUREMENT_FORMAT_1 = 0x4;
const EXTENDED_MEASUREMENT_WORD = 0x2;
const CONCURRENT_SENSE = 0x1;
const RESERVED_CHARACTERISTICS = 0xff1f_fff8;
const PROGRAM_CHARACTERISTICS = MEASUREMENT_FORMAT_1 | CONCURRENT_SENSE;

/** The fields that MODIFY SUBCHANNEL changes. */
export interface ProgramFields {
  /** Interruption parameter, 32 bits. */
  parameter: number;
  /** Subclass, enabled, limit mode, measurement mode, multipath mode. 16 bits. */
  flags: number;
  /** Logical-path mask. */
  paths: number;
  /** Measurement-block index, 16 bits. */
  measurementIndex: number;
  /** Path-operational mask. */
  operational: number;
  /** Measurement-block format, concurrent sense. 32 bits. */
  characteristics: number;
  /** Measurement-block address, 64 bits. */
  measurementBlock: bigint;
}

/** Returns the fields as a reset leaves them. */
export function resetFields(): ProgramFields {
  return {
    ...{ parameter: 0, flags: 0, paths: PATH, measurementIndex: 0, operational: 0xff },
    ...{ characteristics: 0, measurementBlock: 0n },
  };
}

/** Decodes the fields of a subchannel-information block that a program may change. Returns null if they are not valid. */
export function decodeFields(schib: Uint8Array): ProgramFields | null {
  const view = new DataView(schib.buffer, schib.byteOffset, schib.byteLength);
  const flags = view.getUint16(4);
  const characteristics = view.getUint32(24);
  const measurementBlock = view.getBigUint64(MEASUREMENT_BLOCK);
  const reserved = flags & RESERVED_FLAGS || characteristics & RESERVED_CHARACTERISTICS;
  if (reserved || characteristics & EXTENDED_MEASUREMENT_WORD) return null;
  if ((flags & LIMIT_MODE) === LIMIT_MODE) return null;
  if (characteristics & MEASUREMENT_FORMAT_1 && measurementBlock & 0x3fn) return null;
  return {
    parameter: view.getUint32(0),
    flags: flags & PROGRAM_FLAGS,
    paths: view.getUint8(8),
    measurementIndex: view.getUint16(12),
    operational: view.getUint8(14),
    characteristics: characteristics & PROGRAM_CHARACTERISTICS,
    measurementBlock,
  };
}

/** Returns a subchannel-information block of 52 bytes. @param lastPath the last-path-used mask */
export function makeSchib(
  fields: ProgramFields,
  deviceNumber: number,
  lastPath: number,
  scsw: Scsw,
): Uint8Array {
  const schib = new Uint8Array(SCHIB_BYTES);
  const view = new DataView(schib.buffer);
  view.setUint32(0, fields.parameter);
  view.setUint16(4, fields.flags | DEVICE_NUMBER_VALID);
  view.setUint16(6, deviceNumber);
  view.setUint8(8, fields.paths);
  view.setUint8(10, lastPath);
  view.setUint8(11, PATH);
  view.setUint16(12, fields.measurementIndex);
  view.setUint8(14, fields.operational);
  view.setUint8(15, PATH);
  view.setUint8(16, CHPID);
  view.setUint32(24, fields.characteristics);
  storeScsw(view, SCSW_OFFSET, scsw);
  view.setBigUint64(MEASUREMENT_BLOCK, fields.measurementBlock);
  return schib;
}

/** The interruption subclass, 0 to 7. */
export function subclassOf({ flags }: ProgramFields): number {
  return (flags & INTERRUPTION_SUBCLASS) >>> 11;
}

/** Whether the subchannel is enabled. */
export function isEnabled({ flags }: ProgramFields): boolean {
  return (flags & ENABLED) !== 0;
}

/** Whether TEST SUBCHANNEL stores sense data. */
export function hasConcurrentSense({ characteristics }: ProgramFields): boolean {
  return (characteristics & CONCURRENT_SENSE) !== 0;
}

/** Whether the measurement block of the subchannel is updated. */
export function isMeasured({ flags }: ProgramFields): boolean {
  return (flags & MEASUREMENT_UPDATE) !== 0;
}

/** Whether the subchannel has a measurement block of its own, rather than one in the area of all. */
export function hasOwnMeasurementBlock({ characteristics }: ProgramFields): boolean {
  return (characteristics & MEASUREMENT_FORMAT_1) !== 0;
}

/** The limit mode. */
export function limitModeOf({ flags }: ProgramFields): LimitMode {
  if (flags & LIMIT_AT_LEAST) return 'at-least';
  return flags & LIMIT_BELOW ? 'below' : 'none';
}
