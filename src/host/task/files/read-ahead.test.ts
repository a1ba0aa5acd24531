/** What is read of a file again, and what is not. */

import { describe, expect, it } from 'vitest';
import type { OpenFile } from '../../../files/index.ts';
import { BLOCK_SIZE, BLOCKS_MAX, ReadAhead } from './read-ahead.ts';

/** A file whose byte at an offset is a function of it, and the offsets that were read. */
function file(size: number, byte: (offset: number) => number) {
  const offsets: number[] = [];
  const read = (offset: number, length: number) => {
    offsets.push(offset);
    return Uint8Array.from({ length: Math.max(0, Math.min(length, size - offset)) }, (_, i) =>
      byte(offset + i),
    );
  };
  return { offsets, open: { read } as Partial<OpenFile> as OpenFile };
}

describe('read ahead', () => {
  it('reads each block once, in whatever order pages are needed', () => {
    const { offsets, open } = file(3 * BLOCK_SIZE, (offset) => (offset >> 8) & 0xff);
    const ahead = new ReadAhead();
    const into = new Uint8Array(4096);
    for (const at of [2 * BLOCK_SIZE, 4096, 2 * BLOCK_SIZE + 8192, 0, 4096]) {
      ahead.read(open, at, into);
      expect([into[0], into[4095]]).toEqual([(at >> 8) & 0xff, ((at + 4095) >> 8) & 0xff]);
    }
    expect(offsets).toEqual([2 * BLOCK_SIZE, 0]);
  });

  it('reads across blocks, and leaves what is behind the end', () => {
    const { open } = file(BLOCK_SIZE + 3, () => 1);
    const into = new Uint8Array(8).fill(9);
    new ReadAhead().read(open, BLOCK_SIZE - 2, into);
    expect([...into]).toEqual([1, 1, 1, 1, 1, 9, 9, 9]);
  });

  it('reads again what was forgotten, and what was used first when there are too many blocks', () => {
    const { offsets, open } = file(Infinity, () => 1);
    const ahead = new ReadAhead();
    const page = new Uint8Array(16);
    ahead.read(open, 0, page);
    ahead.forget(open);
    ahead.read(open, 0, page);
    expect(offsets).toEqual([0, 0]);
    for (let block = 1; block <= BLOCKS_MAX; block++) ahead.read(open, block * BLOCK_SIZE, page);
    offsets.length = 0;
    ahead.read(open, BLOCK_SIZE, page);
    ahead.read(open, 0, page);
    expect(offsets).toEqual([0]);
  });
});
