/** Copies the contents of files of a system into an overlay. */

import type { OpenFile } from '../../files/index.ts';
import { LinuxError } from '../../host/index.ts';
import type { RegularFile } from '../../host/task/internal.ts';

const CHUNK = 1 << 20;
const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);

/** The bytes that may still be written. */
export class ByteBudget {
  readonly limit: number;
  #left: number;

  constructor(limit: number) {
    this.limit = limit;
    this.#left = limit;
  }

  /** Takes some of what is left. @throws TooMuchError if less is left */
  take(count: number): void {
    this.#left -= count;
    if (this.#left < 0) throw new TooMuchError();
  }
}

/** The changes are more than the limit. */
export class TooMuchError extends Error {}

/** Copies a file. Blocks of zeros become holes. @param to a new file. @throws TooMuchError, FileError, LinuxError */
export function copyContents(from: RegularFile, to: OpenFile, budget: ByteBudget): void {
  const { size } = from;
  if (size === 0) return;
  to.change({ size });
  const buffer = new Uint8Array(Math.min(CHUNK, size));
  for (let at = nextData(from, 0); at < size; at = nextData(from, at)) {
    const end = Math.min(from.contents.find('hole', at), size);
    while (at < end) {
      const count = from.read(buffer.subarray(0, Math.min(buffer.length, end - at)), at);
      if (count === 0) return;
      // What is read counts, too: a file of the root that is all zeros can be longer than anybody wants to wait for.
      budget.take(count);
      writeBlocks(to, at, buffer.subarray(0, count));
      at += count;
    }
  }
}

/** Returns the offset of the next data, or Infinity. */
function nextData(from: RegularFile, at: number): number {
  if (at >= from.size) return Infinity;
  try {
    return from.contents.find('data', at);
  } catch (error) {
    if (error instanceof LinuxError && error.code === 'ENXIO') return Infinity;
    throw error;
  }
}

function writeBlocks(to: OpenFile, at: number, bytes: Uint8Array): void {
  let start = 0;
  const flush = (end: number) => {
    for (let done = start; done < end; ) done += to.write(at + done, bytes.subarray(done, end));
  };
  for (let block = 0; block < bytes.length; block += BLOCK) {
    const end = Math.min(block + BLOCK, bytes.length);
    if (ZEROS.compare(bytes, block, end, 0, end - block) !== 0) continue;
    flush(block);
    start = end;
  }
  flush(bytes.length);
}
