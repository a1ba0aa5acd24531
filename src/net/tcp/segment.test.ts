import { describe, expect, it } from 'vitest';
import { viewOf } from '../addresses.ts';
import { checksum, pseudoSum } from '../checksum.ts';
import { parseIpv4 } from '../ipv4.ts';
import { bytesOfRecorded, RECORDED } from '../testing/recorded.ts';
import { parseSegment } from './segment.ts';

/** A SYN of Linux: 40 bytes, of which 20 are options. */
const SYN = parseIpv4(bytesOfRecorded(RECORDED[4]?.[1] ?? '').subarray(14));

/** Returns what the SYN is with some bytes replaced and a right checksum. */
function changed(at: number, ...bytes: number[]) {
  if (SYN === null) throw new Error('no SYN was recorded');
  const payload = SYN.payload.slice();
  payload.set(bytes, at);
  payload.fill(0, 16, 18);
  const sum = pseudoSum(SYN.source, SYN.destination, 6, payload.length);
  viewOf(payload).setUint16(16, checksum(payload, sum));
  return parseSegment({ ...SYN, payload });
}

it('a SYN of Linux is understood', () => {
  expect(SYN && parseSegment(SYN)).toEqual({
    ...{ from: 47_950, to: 80, sequence: 0x88f3_f8c4, acknowledgement: 0, flags: 2, window: 64_240 },
    ...{ segmentSize: 1460, payload: new Uint8Array(0) },
  });
});

describe('options', () => {
  it.each<[string, number[], number | null]>([
    ['the size is the last one', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 2], 258],
    ['the size has another length', [2, 3, 9, 0], null],
    ['the list ends before the size', [0, 2, 4, 9, 9], null],
    ['unknown ones are skipped', [99, 2, 2, 4, 0, 7, 0], 7],
  ])('%s', (_, options, size) => {
    expect(changed(20, ...options)?.segmentSize).toBe(size);
  });

  it.each<[string, number, number[]]>([
    ['an option of no bytes', 20, [9, 0]],
    ['an option that ends behind the header', 20, [9, 21]],
    ['an option without length', 38, [1, 9]],
    ['a header of 16 bytes', 12, [0x40]],
    ['a header longer than the segment', 12, [0xb0]],
  ])('%s makes a segment wrong', (_, at, bytes) => {
    expect(changed(at, ...bytes)).toBe(null);
  });
});
