/**
 * CHANNEL SUBSYSTEM CALL (CHSC). It is not in the Principles of Operation: this module follows Linux's definitions of the
 * structures (drivers/s390/cio/chsc.h), and QEMU for the answers.
 *
 * A request is a block of 4,096 bytes: its length and command code, 16 bits each, and operands. The response follows at the
 * length of the request: its length and response code, 16 bits each, a word, and data.
 */

import { CHPID } from './pmcw.ts';
import { CSS_ID } from './subchannel-id.ts';

/** Length of the block in bytes. */
export const CHSC_BYTES = 4096;
const REQUEST_MIN = 16;
const REQUEST_MAX = 4088;
const RESPONSE_HEADER = 8;

/** Command codes. */
const COMMAND = {
  STORE_CHANNEL_PATH_DESCRIPTION: 0x0002,
  STORE_SUBCHANNEL_DESCRIPTION: 0x0004,
  STORE_EVENT_INFORMATION: 0x000e,
  STORE_CHARACTERISTICS: 0x0010,
  SET_DOMAIN_ATTRIBUTES: 0x0031,
} as const;

/** Response codes. */
const CODE = {
  DONE: 0x0001,
  INVALID: 0x0003,
  UNKNOWN: 0x0004,
  NO_EVENT: 0x0005,
  INVALID_FORMAT: 0x0007,
  INVALID_SUBSYSTEM: 0x0008,
} as const;

/** Operation codes of SET DOMAIN ATTRIBUTES: multiple images, multiple subchannel sets. */
const ENABLE_IMAGES = 0;
const ENABLE_SETS = 2;
const ATTRIBUTES_REQUEST = 0x0400;

/**
 * Characteristics by word, as QEMU's: bits 6, 7 of the first; multiple images, FICON and extended measurement blocks in the
 * second; 108, channel I/O with indirect blocks. Linux uses the one on images: without it, it needs STORE CPU ADDRESS.
 */
const GENERAL_CHARACTERISTICS = [0x0300_0000, 0x0007_9000, 0, 0x0008_0000] as const;
/** Channel-subsystem-call characteristics by word, as QEMU's: SET DOMAIN ATTRIBUTES, and multiple subchannel sets. */
const CALL_CHARACTERISTICS = [0x4000_0000, 0, 0, 0x0004_0000] as const;
const CALL_CHARACTERISTICS_OFFSET = 2040;
const CHARACTERISTICS_BYTES = 4072;

/** The type of the channel path: emulated I/O, as QEMU's. */
const CHANNEL_PATH_TYPE = 0x32;
const PATH_VALID = 0x8000_0000;
/** Lengths of channel-path descriptions of both formats. */
const DESCRIPTION_BYTES = [8, 32] as const;

/** A subchannel, as STORE SUBCHANNEL DESCRIPTION describes it. */
export interface DescribedSubchannel {
  readonly deviceNumber: number;
  /** Path mask. */
  readonly paths: number;
}

/** What CHANNEL SUBSYSTEM CALL uses of the channel subsystem. */
export interface ChscOwner {
  enableImages(): void;
  enableSets(): void;
  /** Returns a subchannel of set 0, or null. */
  describe(number: number): DescribedSubchannel | null;
}

/** A response: at `offset` from the start of the block. */
export interface ChscResponse {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

type Response = Uint8Array;

/** Performs CHANNEL SUBSYSTEM CALL. Returns null if the length of the request is not valid, which is an operand exception. */
export function performChsc(owner: ChscOwner, block: Uint8Array): ChscResponse | null {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const length = view.getUint16(0);
  if (length < REQUEST_MIN || length > REQUEST_MAX || length % 8 !== 0) return null;
  // It fits: only requests of 16 bytes have responses with data, of at most 4,080 bytes, and any request leaves room for 8.
  return { offset: length, bytes: respond(owner, view, length) };
}

function respond(owner: ChscOwner, request: DataView, length: number): Response {
  switch (request.getUint16(2)) {
    case COMMAND.STORE_CHANNEL_PATH_DESCRIPTION:
      return describeChannelPaths(request, length);
    case COMMAND.STORE_SUBCHANNEL_DESCRIPTION:
      return describeSubchannels(owner, request, length);
    case COMMAND.STORE_EVENT_INFORMATION:
      return refuse(CODE.NO_EVENT);
    case COMMAND.STORE_CHARACTERISTICS:
      return describeCharacteristics(request, length);
    case COMMAND.SET_DOMAIN_ATTRIBUTES:
      return setAttributes(owner, request, length);
    default:
      return refuse(CODE.UNKNOWN);
  }
}

function answer(code: number, parameter: number, data: Uint8Array): Response {
  const response = new Uint8Array(RESPONSE_HEADER + data.length);
  const view = new DataView(response.buffer);
  view.setUint16(0, response.length);
  view.setUint16(2, code);
  view.setUint32(4, parameter);
  response.set(data, RESPONSE_HEADER);
  return response;
}

function refuse(code: number, parameter = 0): Response {
  return answer(code, parameter, new Uint8Array(0));
}

/** Whether a request names an image that exists. @param image 0 is the default one */
function isImage(image: number, multiple: boolean): boolean {
  return image === 0 || (multiple && image === CSS_ID);
}

function describeChannelPaths(request: DataView, length: number): Response {
  const first = request.getUint32(4);
  const last = request.getUint32(8);
  const wanted = (first >>> 8) & 0x0f;
  // Response formats 0 and 1 are told apart by another bit.
  const format = wanted <= 1 ? (first >>> 28) & 1 : wanted;
  if (length !== 16 || first & 0xc000_f000 || last & 0xffff_ff00 || request.getUint32(12)) {
    return refuse(CODE.INVALID, format);
  }
  if (first & 0x0f00_0000) return refuse(CODE.INVALID_FORMAT, format);
  const image = (first >>> 16) & 0xff;
  if (!isImage(image, (first & 0x2000_0000) !== 0)) return refuse(CODE.INVALID_SUBSYSTEM, format);
  if ((last & 0xff) < (first & 0xff)) return refuse(CODE.INVALID, format);
  const found = (first & 0xff) <= CHPID && format <= 1;
  const data = new Uint8Array(found ? DESCRIPTION_BYTES[format as 0 | 1] : 0);
  if (found) new DataView(data.buffer).setUint32(0, PATH_VALID | (CHANNEL_PATH_TYPE << 8) | CHPID);
  return answer(CODE.DONE, format, data);
}

/** The subchannels from the first to the last one of the request, as many as there is room for. */
function describeSubchannels(owner: ChscOwner, request: DataView, length: number): Response {
  const first = request.getUint16(6);
  const last = request.getUint16(10);
  const set = (request.getUint16(4) >>> 4) & 3;
  if (length !== 16 || last < first || set !== 0) return refuse(CODE.INVALID);
  const entry = 32;
  const room = Math.floor((CHSC_BYTES - length - RESPONSE_HEADER) / entry);
  const count = Math.min(last - first + 1, room);
  const data = new Uint8Array(count * entry);
  const view = new DataView(data.buffer);
  for (let n = 0; n < count; n++) {
    const subchannel = owner.describe(first + n);
    if (!subchannel) continue;
    view.setUint8(n * entry, 0xc0);
    view.setUint16(n * entry + 2, subchannel.deviceNumber);
    view.setUint8(n * entry + 4, subchannel.paths);
    view.setUint16(n * entry + 6, first + n);
    view.setUint8(n * entry + 8, CHPID);
  }
  return answer(CODE.DONE, 0, data);
}

function describeCharacteristics(request: DataView, length: number): Response {
  const word = request.getUint32(4);
  if (length !== 16) return refuse(CODE.INVALID);
  if (word & 0x000f_0000) return refuse(CODE.INVALID_FORMAT);
  if (!isImage((word >>> 8) & 0xff, (word & 0x2000_0000) !== 0)) return refuse(CODE.INVALID_SUBSYSTEM);
  if (word & 0xdff0_00ff || request.getUint32(8) || request.getUint32(12)) return refuse(CODE.INVALID);
  const data = new Uint8Array(CHARACTERISTICS_BYTES);
  const view = new DataView(data.buffer);
  GENERAL_CHARACTERISTICS.forEach((bits, index) => {
    view.setUint32(index * 4, bits);
  });
  CALL_CHARACTERISTICS.forEach((bits, index) => {
    view.setUint32(CALL_CHARACTERISTICS_OFFSET + index * 4, bits);
  });
  return answer(CODE.DONE, 0, data);
}

function setAttributes(owner: ChscOwner, request: DataView, length: number): Response {
  const word = request.getUint32(4);
  if (length !== ATTRIBUTES_REQUEST || word & 0xf0ff_0000) return refuse(CODE.INVALID);
  if (word & 0x0f00_0000) return refuse(CODE.INVALID_FORMAT);
  const operation = word & 0xffff;
  if (operation === ENABLE_IMAGES) owner.enableImages();
  else if (operation === ENABLE_SETS) owner.enableSets();
  else return refuse(CODE.INVALID);
  return refuse(CODE.DONE);
}
