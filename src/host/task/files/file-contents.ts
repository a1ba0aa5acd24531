/**
 * The contents of a regular file: pages in storage, which shared mappings, reads and writes have in common (Linux: struct
 * address_space), and a length in bytes.
 */

import { LinuxError } from '../../errors.ts';
import { type FileBacking, MemoryFile } from '../../mm/index.ts';
import type { FileHost } from './file-system.ts';

const PAGE = 4096;
/** The maximum length of a file: the pages of a longer one would have no exact offsets. */
export const FILE_SIZE_MAX = 2 ** 53 - PAGE;

/** The contents of one file. */
export class FileContents {
  /** What mmap maps. Its pages beyond the length do not exist. */
  readonly memory: MemoryFile;
  readonly #isSparse: boolean;
  #size: number;

  /** @param size length in bytes: holes, or what the backing fills its pages with */
  constructor(host: FileHost, backing: FileBacking | null, size = 0) {
    this.memory = new MemoryFile(host.kernel, host.common, pagesOf(size), backing);
    this.#isSparse = backing?.fill === undefined;
    this.#size = size;
  }

  /** Length in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Number of blocks of 512 bytes that its frames take. */
  get blocks(): number {
    return this.memory.frames.size * (PAGE / 512);
  }

  /** Reads from an offset on. Returns the number of bytes: fewer than asked for only at the end. @throws LinuxError ENOMEM, EIO */
  read(into: Uint8Array, at: number): number {
    const count = Math.min(into.length, this.#size - at);
    if (count <= 0) return 0;
    this.memory.copyOut(at, count === into.length ? into : into.subarray(0, count));
    return count;
  }

  /**
   * Writes at an offset. Returns the number of bytes: fewer than given only if there is no room for more.
   * @throws LinuxError EFBIG beyond `FILE_SIZE_MAX`; ENOSPC, ENOMEM if there is room for none
   */
  write(bytes: Uint8Array, at: number): number {
    if (bytes.length === 0) return 0;
    if (at >= FILE_SIZE_MAX) throw new LinuxError('EFBIG', `no file has an offset ${at}`);
    const before = this.#size;
    const end = Math.min(at + bytes.length, FILE_SIZE_MAX);
    this.#resizePages(Math.max(before, end));
    let done = 0;
    try {
      done = this.memory.copyIn(at, end - at < bytes.length ? bytes.subarray(0, end - at) : bytes);
    } finally {
      // What a program has stored behind the end, in the last page, is not a part of the file.
      if (done > 0) this.memory.zero(before, Math.min(at, PAGE * pagesOf(before)));
      if (done > 0) this.#size = Math.max(before, at + done);
      this.#resizePages(this.#size);
    }
    return done;
  }

  /**
   * The bytes at an offset were written where the contents are stored. Pages that are here get them, too.
   * @throws LinuxError EFBIG
   */
  stored(bytes: Uint8Array, at: number): void {
    if (at + bytes.length > this.#size) this.truncate(at + bytes.length);
    for (let done = 0; done < bytes.length; ) {
      const page = Math.floor((at + done) / PAGE);
      const count = Math.min(bytes.length - done, (page + 1) * PAGE - at - done);
      if (this.memory.frames.has(page)) this.memory.copyIn(at + done, bytes.subarray(done, done + count));
      done += count;
    }
  }

  /** Makes it longer, with zeros, or shorter. @throws LinuxError EFBIG */
  truncate(size: number): void {
    if (size > FILE_SIZE_MAX) throw new LinuxError('EFBIG', `a file cannot have ${size} bytes`);
    const kept = Math.min(size, this.#size);
    this.memory.zero(kept, PAGE * pagesOf(kept));
    this.#size = size;
    this.#resizePages(size);
  }

  #resizePages(size: number): void {
    const pages = pagesOf(size);
    if (pages !== this.memory.pages) this.memory.resize(pages);
  }

  /** Returns the first offset with data, or of a hole, from `at` on. Its end is a hole. @throws LinuxError ENXIO beyond the end */
  find(what: 'data' | 'hole', at: number): number {
    if (at < 0 || at >= this.#size) throw new LinuxError('ENXIO', `offset ${at} is beyond the end`);
    if (!this.#isSparse) return what === 'data' ? at : this.#size;
    let page = Math.floor(at / PAGE);
    if (what === 'data') page = this.memory.nextFrame(page);
    else while (this.memory.frames.has(page)) page++;
    if (page < 0) throw new LinuxError('ENXIO', `no data from offset ${at} on`);
    return Math.min(Math.max(at, page * PAGE), this.#size);
  }

  /** Gives frames to a range. The length stays. @throws LinuxError ENOSPC, ENOMEM */
  reserve(at: number, length: number): void {
    const end = pagesOf(Math.min(at + length, this.#size));
    this.memory.reserve(Math.floor(at / PAGE), end);
  }

  /** Makes a range zeros, without frames where it covers whole pages. Preconditions: nothing fills its pages. */
  punch(at: number, length: number): void {
    const end = Math.min(at + length, PAGE * pagesOf(this.#size));
    const first = pagesOf(at);
    const last = Math.floor(end / PAGE);
    if (first >= last) {
      this.memory.zero(at, end);
      return;
    }
    this.memory.zero(at, first * PAGE);
    this.memory.zero(last * PAGE, end);
    this.memory.discard(first, last);
  }

  /** The file is gone. Its frames stay while it is mapped. */
  close(): void {
    this.memory.close();
  }
}

/** Returns the number of pages of `size` bytes. */
function pagesOf(size: number): number {
  return Math.ceil(size / PAGE);
}
