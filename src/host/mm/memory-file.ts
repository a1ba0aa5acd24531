/**
 * A file in memory (Linux: tmpfs, memfd, and the page cache of other files): pages that belong to no process and can be mapped by any
 * number of them. Shared anonymous memory is such a file, too.
 *
 * A page has no frame until it is touched. The file holds one reference to each of its frames, and every page-table entry
 * another. The frames are freed when the file was closed and nothing maps it any more.
 */

import { FRAME_SIZE, KEY_CHANGED } from '../../machine/index.ts';
import { demandBigint, demandBytes, demandLength } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import { Life } from '../life.ts';

/** An address space that can map files. */
export interface FileMapper {
  /** Drops the pages of a file, by number and half open, that it maps: the next access faults. */
  dropFilePages(file: MemoryFile, first: number, end: number): void;
}

/** What the files of a host share. */
export interface FileCommon {
  /** The files, each until it is freed. */
  readonly files: Set<MemoryFile>;
  /** The address spaces that may map them. */
  readonly spaces: Set<FileMapper>;
}

/** What stands behind a file: how many frames it may have, and what its pages contain when they are first touched. */
export interface FileBacking {
  /** A frame is about to be added. @throws LinuxError ENOSPC, or another error, if the file may not have it */
  claim(): void;
  /** Frames were freed. */
  unclaim(frames: number): void;
  /**
   * Stores what a page contains into its frame, which is zeros. Without this method pages that have no frame are zeros.
   * @throws LinuxError EIO, or another error, if that fails
   */
  fill?(page: number, frame: Uint8Array): void;
  /** Whether it is memory of a device. */
  readonly isDevice?: boolean;
  /** Nothing maps the file any more. It may still be open. */
  unmapped?(): void;
  /** The file was freed. */
  freed?(): void;
}

/** A file in memory. */
export class MemoryFile {
  /** Ends when the file is closed. @internal */
  readonly life: Life;
  readonly #kernel: Kernel;
  readonly #common: FileCommon;
  readonly #backing: FileBacking | null;
  readonly #frames = new Map<number, number>();
  #pages: number;
  #mapped = 0;

  /**
   * @param common the files of the host, this one among them until it is freed
   * @param pages its length in pages of 4 KiB
   * @param backing what stands behind it, or null for zeros and as many frames as there are
   */
  constructor(kernel: Kernel, common: FileCommon, pages: number, backing: FileBacking | null = null) {
    this.#kernel = kernel;
    this.life = new Life(kernel, 'the file was closed', 'EBADF');
    this.#common = common;
    this.#backing = backing;
    this.#pages = pages;
    common.files.add(this);
  }

  /** Its length in pages of 4 KiB. */
  get pages(): number {
    return this.#pages;
  }

  /** Its length in bytes. */
  get length(): bigint {
    return BigInt(this.#pages) << 12n;
  }

  /** Whether the file was freed, with its frames. */
  get freed(): boolean {
    return this.life.ended && this.#mapped === 0;
  }

  /** Whether an address space maps it. */
  get isMapped(): boolean {
    return this.#mapped > 0;
  }

  /** Whether it is shmem, as Linux calls it: a file of tmpfs, of memfd_create or shared anonymous memory. */
  get isShmem(): boolean {
    return this.#backing?.fill === undefined && this.#backing?.isDevice !== true;
  }

  /** The frames of the file, by page. */
  get frames(): ReadonlyMap<number, number> {
    return this.#frames;
  }

  /**
   * Calls `use` with the frame of a page, and returns what it returns. A page without a frame gets one; if `use`
   * throws, it has none again. Preconditions: the page is before the end of the file.
   * @throws LinuxError ENOMEM, what the backing throws, and what `use` throws
   */
  withFrame<T>(page: number, use: (frame: number) => T): T {
    const had = this.#frames.has(page);
    const frame = this.#provide(page);
    try {
      return use(frame);
    } catch (error) {
      if (!had) this.#free([page]);
      throw error;
    }
  }

  /**
   * Returns the frame of a page of the file. A page without a frame gets one with its contents.
   * @param overwritten whether the caller stores to all of the page: the contents do not matter then
   * @throws LinuxError ENOMEM, and what the backing throws
   */
  #provide(page: number, overwritten = false): number {
    return this.#frames.get(page) ?? this.#add(page, overwritten);
  }

  #add(page: number, overwritten: boolean): number {
    const { frames, storage } = this.#kernel;
    this.#backing?.claim();
    let frame = -1;
    try {
      frame = overwritten ? frames.allocate(0, 'page') : frames.allocateZeroed(0, 'page');
      if (overwritten) storage.keys[frame / FRAME_SIZE] = 0;
      else this.#backing?.fill?.(page, storage.bytes.subarray(frame, frame + FRAME_SIZE));
    } catch (error) {
      this.#backing?.unclaim(1);
      if (frame >= 0) frames.free(frame);
      throw error;
    }
    this.#frames.set(page, frame);
    return frame;
  }

  /** Takes their frames from pages. */
  #free(pages: readonly number[]): void {
    for (const page of pages) {
      this.#kernel.frames.free(this.#frames.get(page) as number);
      this.#frames.delete(page);
    }
    this.#backing?.unclaim(pages.length);
  }

  /** Gives frames to the pages from `first` to `end`, exclusive. @throws LinuxError as `withFrame`; some may have got them then */
  reserve(first: number, end: number): void {
    for (let page = first; page < end; page++) this.#provide(page);
  }

  /**
   * Makes it longer or shorter. Pages beyond the new end lose their frames, and address spaces that map them fault from then on.
   * @param pages its length in pages
   * @throws LinuxError EBADF when it was closed
   */
  resize(pages: number): void {
    this.life.operation(() => {
      const before = this.#pages;
      this.#pages = pages;
      if (pages < before) this.#drop(pages, before);
    });
  }

  /** Takes their frames from the pages from `first` to `end`, exclusive: the next access fills them. @throws LinuxError EBADF */
  discard(first: number, end: number): void {
    this.life.operation(() => this.#drop(first, end));
  }

  #drop(first: number, end: number): void {
    if (this.#mapped > 0) for (const space of this.#common.spaces) space.dropFilePages(this, first, end);
    this.#free([...this.#within(first, end)]);
  }

  /** The pages of a range that have frames, in any order. */
  *#within(first: number, end: number): Iterable<number> {
    if (end - first > this.#frames.size) {
      for (const page of this.#frames.keys()) if (page >= first && page < end) yield page;
    } else {
      for (let page = first; page < end; page++) if (this.#frames.has(page)) yield page;
    }
  }

  /** Returns the first page from `page` on that has a frame, or -1. */
  nextFrame(page: number): number {
    if (this.#pages - page <= this.#frames.size) {
      for (let at = page; at < this.#pages; at++) if (this.#frames.has(at)) return at;
      return -1;
    }
    let next = Infinity;
    for (const at of this.#frames.keys()) if (at >= page && at < next) next = at;
    return next === Infinity ? -1 : next;
  }

  /** The pages that programs have stored to since their frames were added, in any order. */
  *written(): Iterable<number> {
    const { keys } = this.#kernel.storage;
    for (const [page, frame] of this.#frames) {
      if ((keys[frame / FRAME_SIZE] as number) & KEY_CHANGED) yield page;
    }
  }

  /** What was written to a page is elsewhere, too. Preconditions: nothing maps the file. */
  clean(page: number): void {
    const frame = this.#frames.get(page);
    if (frame !== undefined) this.#kernel.storage.keys[frame / FRAME_SIZE]! &= ~KEY_CHANGED;
  }

  /**
   * Copies bytes from offset `at` on into `into`. Holes are zeros, and get no frames unless the backing has their contents.
   * Preconditions: the range is before the end.
   * @throws LinuxError as `withFrame`
   */
  copyOut(at: number, into: Uint8Array): void {
    const { bytes } = this.#kernel.storage;
    const hasHoles = this.#backing?.fill === undefined;
    for (let done = 0; done < into.length; ) {
      const page = Math.floor((at + done) / FRAME_SIZE);
      const from = (at + done) % FRAME_SIZE;
      const count = Math.min(into.length - done, FRAME_SIZE - from);
      const frame = hasHoles ? this.#frames.get(page) : this.#provide(page);
      if (frame === undefined) into.fill(0, done, done + count);
      else into.set(bytes.subarray(frame + from, frame + from + count), done);
      done += count;
    }
  }

  /**
   * Stores bytes from offset `at` on. Returns how many were stored: fewer than all when there is no frame for the rest.
   * Preconditions: the range is before the end.
   * @throws LinuxError as `withFrame`, if none was stored
   */
  copyIn(at: number, from: Uint8Array): number {
    let done = 0;
    try {
      while (done < from.length) {
        const offset = (at + done) % FRAME_SIZE;
        const count = Math.min(from.length - done, FRAME_SIZE - offset);
        const frame = this.#provide(Math.floor((at + done) / FRAME_SIZE), count === FRAME_SIZE);
        this.#store(frame, offset, count === from.length ? from : from.subarray(done, done + count));
        done += count;
      }
    } catch (error) {
      if (done === 0 || !(error instanceof LinuxError)) throw error;
    }
    return done;
  }

  #store(frame: number, offset: number, bytes: Uint8Array): void {
    this.#kernel.storing(frame / FRAME_SIZE, offset, offset + bytes.length - 1);
    this.#kernel.storage.bytes.set(bytes, frame + offset);
  }

  /** Makes the bytes from offset `at` to `end`, exclusive, zeros. Preconditions: they are in one page. */
  zero(at: number, end: number): void {
    const frame = this.#frames.get(Math.floor(at / FRAME_SIZE));
    if (frame !== undefined && at < end) this.#store(frame, at % FRAME_SIZE, new Uint8Array(end - at));
  }

  /** Reads bytes. Bytes that were never written are zeros. @throws LinuxError EINVAL for a range beyond the end; EBADF */
  read(offset: bigint, length: number): Uint8Array {
    demandLength(length);
    this.#checkRange(offset, length);
    return this.life.operation(() => {
      const bytes = new Uint8Array(length);
      this.copyOut(Number(offset), bytes);
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
      this.#provideAll(Number(offset), bytes.length);
      this.copyIn(Number(offset), bytes);
    });
  }

  /** Gives frames to all pages of a range, or to none. @throws LinuxError ENOMEM */
  #provideAll(at: number, length: number): void {
    const added: number[] = [];
    try {
      for (let page = Math.floor(at / FRAME_SIZE); page * FRAME_SIZE < at + length; page++) {
        const had = this.#frames.has(page);
        this.#provide(page);
        if (!had) added.push(page);
      }
    } catch (error) {
      this.#free(added);
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
    if (this.#mapped === 0 && !this.life.ended) this.#backing?.unmapped?.();
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (!this.freed || !this.#common.files.delete(this)) return;
    this.#free([...this.#frames.keys()]);
    this.#backing?.freed?.();
  }

  /** @throws LinuxError EINVAL for a range beyond the end */
  #checkRange(offset: bigint, length: number): void {
    demandBigint('offset', offset);
    if (offset >= 0n && offset + BigInt(length) <= this.length) return;
    throw new LinuxError('EINVAL', `${hex(offset)} + ${length} is beyond the file's ${hex(this.length)}`);
  }
}
