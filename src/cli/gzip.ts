/** Compression in parts, between which a caller can report progress. The result is one gzip stream, which every program unpacks (RFC 1952). */

import { constants, crc32, deflateRawSync } from 'node:zlib';

/** Bytes that are compressed at a time. */
const PART = 1 << 24;
/** Magic number, DEFLATE, no flags and no time, the fastest level, any system. */
const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff);
/** Level of compression: most of the gain at a fraction of the time. */
const LEVEL = 1;

/** Returns bytes as a gzip stream, in parts. @param compressed called with the number of bytes that are compressed */
export function gzipInParts(bytes: Uint8Array, compressed: (count: number) => void): Buffer[] {
  const parts = [HEADER];
  let crc = 0;
  for (let at = 0; at === 0 || at < bytes.length; at += PART) {
    const part = bytes.subarray(at, at + PART);
    const isLast = at + PART >= bytes.length;
    const finishFlush = isLast ? constants.Z_FINISH : constants.Z_FULL_FLUSH;
    parts.push(deflateRawSync(part, { level: LEVEL, finishFlush }));
    crc = crc32(part, crc);
    compressed(at + part.length);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(bytes.length % 2 ** 32, 4);
  return [...parts, trailer];
}
