/**
 * Makes PNG files smaller. Browsers write them fast, not small: flat areas, as in pictures of pages, compress better
 * without filters.
 */

import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = 8;

/** Compresses a picture of 8-bit RGB or RGBA. Returns the given one if that is smaller. */
export function smaller(png: Buffer): Buffer {
  const pieces = chunks(png);
  const header = pieces.find(({ type }) => type === 'IHDR')?.data as Buffer;
  const data = Buffer.concat(pieces.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const pixel = header[9] === 6 ? 4 : 3;
  const lines = unfiltered(inflateSync(data), header.readUInt32BE(0) * pixel, pixel);
  const packed = Buffer.concat([
    png.subarray(0, SIGNATURE),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return packed.length < png.length ? packed : png;
}

function chunks(png: Buffer): { type: string; data: Buffer }[] {
  const found: { type: string; data: Buffer }[] = [];
  for (let at = SIGNATURE; at < png.length; ) {
    const length = png.readUInt32BE(at);
    found.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return found;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** Undoes the filters of all lines, in place. @param width bytes of a line, without the number of its filter */
function unfiltered(lines: Buffer, width: number, pixel: number): Buffer {
  for (let line = 0; line < lines.length; line += width + 1) {
    const filter = lines[line] as number;
    lines[line] = 0;
    for (let at = line + 1; at <= line + width; at++) {
      const [first, top] = [at - line <= pixel, line === 0];
      const left = first ? 0 : (lines[at - pixel] as number);
      const above = top ? 0 : (lines[at - width - 1] as number);
      const corner = first || top ? 0 : (lines[at - width - 1 - pixel] as number);
      lines[at] = ((lines[at] as number) + predicted(filter, left, above, corner)) & 0xff;
    }
  }
  return lines;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  return filter === 4 ? paeth(left, above, corner) : 0;
}

/** Returns the one of the three that is nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}
