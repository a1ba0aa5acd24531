/** Reads files named on the command line, up to a limit, whatever kind of file they are. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UsageError } from './output.ts';
import { ByteProgress } from './progress.ts';
import { reasonOf } from './reasons.ts';

const CHUNK = 1 << 20;

/**
 * Reads a file, a device or a pipe to its end. Shows progress on a terminal if this takes more than a second.
 * @param limit maximum size in bytes
 * @param begins called with the first bytes, up to 1 MiB; throws to reject the file before the rest is read
 * @throws UsageError naming the path if it cannot be read or is larger
 */
export function readLimited(
  path: string,
  limit: number,
  begins: (bytes: Uint8Array) => void = () => {},
): Buffer {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    if (size > limit) throw tooLarge(path, limit);
    const progress = new ByteProgress(`reading ${path}`);
    try {
      return readTo(file, path, limit, begins, (done) => progress.at(done, size));
    } finally {
      progress.end();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UsageError || code === undefined) throw error;
    throw new UsageError(`could not read ${path}: ${reasonOf(error)}`);
  } finally {
    if (file !== null) closeSync(file);
  }
}

function readTo(
  file: number,
  path: string,
  limit: number,
  begins: (bytes: Uint8Array) => void,
  reached: (length: number) => void,
): Buffer {
  const chunks: Buffer[] = [];
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const count = readSync(file, chunk);
    if (length === 0) begins(chunk.subarray(0, count));
    if (count === 0) return Buffer.concat(chunks, length);
    length += count;
    reached(length);
    // The size of a device or a pipe is not known in advance.
    if (length > limit) throw tooLarge(path, limit);
    chunks.push(count === CHUNK ? chunk : Buffer.from(chunk.subarray(0, count)));
  }
}

function tooLarge(path: string, limit: number): UsageError {
  return new UsageError(`${path} is larger than ${limit >> 20} MiB`);
}
