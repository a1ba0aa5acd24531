/**
 * A cache of blocks of files in a tree. A read of a page reads the whole block around it, since the neighbouring pages are usually needed
 * too. A program touches its pages in random order, so the cache keeps many blocks.
 */

import type { OpenFile } from '../../../files/index.ts';

/** Bytes in a block. */
export const BLOCK_SIZE = 1 << 16;
/** Blocks that are kept, of all files: 16 MiB. */
export const BLOCKS_MAX = 256;

/** A block of a file. The last one of the file can be shorter. */
interface Block {
  readonly file: OpenFile;
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** What was read last of the files of one tree. */
export class ReadAhead {
  /** The blocks of each file, by number. */
  readonly #files = new Map<OpenFile, Map<number, Block>>();
  /** All blocks. The one that was used first is at the front. */
  readonly #blocks = new Set<Block>();

  /** Reads bytes from an offset on. What is behind the end of the file stays as it is. @throws FileError as `OpenFile.read` */
  read(file: OpenFile, at: number, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const index = Math.floor((at + done) / BLOCK_SIZE);
      const from = at + done - index * BLOCK_SIZE;
      const { bytes } = this.#block(file, index);
      into.set(bytes.subarray(from, from + into.length - done), done);
      done += BLOCK_SIZE - from;
    }
  }

  #block(file: OpenFile, index: number): Block {
    const found = this.#files.get(file)?.get(index);
    if (found !== undefined) {
      this.#blocks.delete(found);
      this.#blocks.add(found);
      return found;
    }
    const block = { file, index, bytes: file.read(index * BLOCK_SIZE, BLOCK_SIZE) };
    const blocks = this.#files.get(file) ?? new Map<number, Block>();
    this.#files.set(file, blocks);
    blocks.set(index, block);
    this.#blocks.add(block);
    if (this.#blocks.size > BLOCKS_MAX) this.#forgetOldest();
    return block;
  }

  #forgetOldest(): void {
    for (const block of this.#blocks) {
      this.#blocks.delete(block);
      this.#files.get(block.file)?.delete(block.index);
      return;
    }
  }

  /** Forgets a file that was changed or closed. */
  forget(file: OpenFile): void {
    for (const block of this.#files.get(file)?.values() ?? []) this.#blocks.delete(block);
    this.#files.delete(file);
  }
}
