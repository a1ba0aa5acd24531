import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gzipInParts } from './gzip.ts';

const MIB = 1 << 20;

/** Returns bytes that repeat after a while. */
function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * i) >>> 7);
}

describe('compression in parts', () => {
  it.each([0, 1, 5000, 16 * MIB, 33 * MIB + 1])('%i bytes are one gzip stream', async (length) => {
    const bytes = bytesOf(length);
    const counts: number[] = [];
    const packed = Buffer.concat(gzipInParts(bytes, (count) => counts.push(count)));
    expect(gunzipSync(packed).equals(bytes)).toBe(true);
    expect(counts.at(-1)).toBe(length);
    expect(counts).toHaveLength(Math.max(1, Math.ceil(length / (16 * MIB))));
    // Browsers accept no second stream behind the first.
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    expect((await new Response(unpacked).arrayBuffer()).byteLength).toBe(length);
  });
});
