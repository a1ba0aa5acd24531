/**
 * A file in memory (Linux: tmpfs, memfd): pages that belong to no process and can be mapped by any number of them. Shared
 * anonymous memory is such a file, too.
 *
 * A page has no frame until it is touched. The file holds one reference to each of its frames, and every page-table entry
 * another. The frames are freed when the file was closed and nothing maps it any more.
 */

import { FRAME_SIZE } from '../../machine/index.ts';
import { demandBigint, demandBytes, demandLength } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import { Life } from '../life.ts';
import { PAGE_BYTES } from '../units.ts';
import { GROWN_LIMIT } from './addresses.ts';

/** A file in memory, of a fixed length. */
export class MemoryFile {
  /** Its length in pages of 4 KiB. */
  readonly pages: number;
  /** Ends when the file is closed. @internal */
  readonly life: Life;
  readonly #kernel: Kernel;
  readonly #all: Set<MemoryFile>;
  readonly #frames = new Map<number, number>();
  #mapped = 0;

  /**
   * @param all the files of the host, this one among them until it is freed
   * @param length bytes
   * @throws LinuxError EINVAL when that is not a positive multiple of 4 KiB up to 8 PiB
   */
  constructor(kernel: Kernel, all: Set<MemoryFile>, length: bigint) {
    demandBigint('length', length);
    if (length <= 0n || length % PAGE_BYTES !== 0n || length > GROWN_LIMIT) {
      throw new LinuxError('EINVAL', `length ${hex(length)} is not a positive multiple of 4 KiB up to 8 PiB`);
    }
    this.#kernel = kernel;
    this.life = new Life(kernel, 'the file was closed', 'EBADF');
    this.#all = all;
    all.add(this);
    this.pages = Number(length >> 12n);
  }

  /** Its length in bytes. */
  get length(): bigint {
    return BigInt(this.pages) << 12n;
  }

  /** Whether the file was freed, with its frames. */
  get freed(): boolean {
    return this.life.ended && this.#mapped === 0;
  }

  /** The frames of the file, by page. */
  get frames(): ReadonlyMap<number, number> {
    return this.#frames;
  }

  /**
   * Calls `use` with the frame of a page, and returns what it returns. A page without a frame gets one of zeros; if `use`
   * throws, it has none again. Preconditions: the page is before the end of the file.
   * @throws LinuxError ENOMEM, and what `use` throws
   */
  withFrame<T>(page: number, use: (frame: number) => T): T {
    const had = this.#frames.has(page);
    const frame = this.#provide(page);
    try {
      return use(frame);
    } catch (error) {
      if (!had) this.#discard([page]);
      throw error;
    }
  }

  /** Returns the frame of a page of the file. A page without a frame gets one of zeros. @throws LinuxError ENOMEM */
  #provide(page: number): number {
    let frame = this.#frames.get(page);
    if (frame === undefined) {
      frame = this.#kernel.frames.allocateZeroed(0, 'page');
      this.#frames.set(page, frame);
    }
    return frame;
  }

  /** Takes their frames from pages that nothing maps. */
  #discard(pages: readonly number[]): void {
    for (const page of pages) {
      this.#kernel.frames.free(this.#frames.get(page) as number);
      this.#frames.delete(page);
    }
  }

  /** Reads bytes. Bytes that were never written are zeros. @throws LinuxError EINVAL for a range beyond the end; EBADF */
  read(offset: bigint, length: number): Uint8Array {
    demandLength(length);
    this.#checkRange(offset, length);
    return this.life.operation(() => {
      const bytes = new Uint8Array(length);
      this.#eachPart(offset, length, (page, from, done, count) => {
        const frame = this.#frames.get(page);
        if (frame === undefined) return;
        bytes.set(this.#kernel.storage.bytes.subarray(frame + from, frame + from + count), done);
      });
      return bytes;
    });
  }

  /**
   * Writes bytes: all, or none. Shared mappings of the file see them.
   * @throws LinuxError EINVAL for a range beyond the end; ENOMEM; EBADF
   */
  write(offset: bigint, bytes: Uint8Array): void {
    demandBytes(bytes);
    this.#checkRange(offset, bytes.length);
    this.life.operation(() => {
      this.#provideAll(offset, bytes.length);
      this.#eachPart(offset, bytes.length, (page, from, done, count) => {
        this.#kernel.storage.bytes.set(bytes.subarray(done, done + count), this.#provide(page) + from);
      });
    });
  }

  /** Gives frames to all pages of a range, or to none. @throws LinuxError ENOMEM */
  #provideAll(offset: bigint, length: number): void {
    const added: number[] = [];
    try {
      this.#eachPart(offset, length, (page) => {
        const had = this.#frames.has(page);
        this.#provide(page);
        if (!had) added.push(page);
      });
    } catch (error) {
      this.#discard(added);
      throw error;
    }
  }

  /**
   * Closes the file: it cannot be mapped, read or written any more. Its frames stay while it is mapped.
   * @throws LinuxError EBADF when it was closed
   */
  close(): void {
    this.life.operation(() => {
      this.life.end();
      this.#freeIfUnused();
    });
  }

  /** Adds `pages`, which may be negative, to the number of pages of address space that map the file. */
  mapped(pages: number): void {
    this.#mapped += pages;
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (!this.freed) return;
    for (const frame of this.#frames.values()) this.#kernel.frames.free(frame);
    this.#frames.clear();
    this.#all.delete(this);
  }

  /** @throws LinuxError EINVAL for a range beyond the end */
  #checkRange(offset: bigint, length: number): void {
    demandBigint('offset', offset);
    if (offset >= 0n && offset + BigInt(length) <= this.length) return;
    throw new LinuxError('EINVAL', `${hex(offset)} + ${length} is beyond the file's ${hex(this.length)}`);
  }

  #eachPart(
    offset: bigint,
    length: number,
    part: (page: number, from: number, done: number, count: number) => void,
  ): void {
    const start = Number(offset);
    for (let done = 0; done < length; ) {
      const from = (start + done) % FRAME_SIZE;
      const count = Math.min(length - done, FRAME_SIZE - from);
      part(Math.floor((start + done) / FRAME_SIZE), from, done, count);
      done += count;
    }
  }
}
