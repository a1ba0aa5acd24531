/**
 * The pages that file systems keep of files which are stored elsewhere (Linux: the page cache). They are given back when there are too
 * many, and when storage runs out: the files that were closed first lose theirs.
 */

import type { Kernel } from '../../kernel.ts';

/** A file whose pages can be read again. */
export interface CachedFile {
  /** Gives back the pages, unless they are in use or were changed. */
  dropPages(): void;
}

/** The pages of the files of one host that can be read again. */
export class PageCache {
  /** In frames: there may be more, if they are in use. */
  readonly #limit: number;
  /** Files that nobody has open, the one that was closed first at the front. */
  readonly #idle = new Set<CachedFile>();
  readonly #kernel: Kernel;
  #used = 0;

  /** @param capacity in bytes */
  constructor(kernel: Kernel, capacity: number) {
    this.#kernel = kernel;
    this.#limit = Math.floor(capacity / 4096);
    kernel.frames.shrinkers.add(() => this.#shrink(0));
  }

  /** Number of frames. */
  get used(): number {
    return this.#used;
  }

  /** A frame is about to be added. */
  claim(): void {
    if (this.#used >= this.#limit) this.#shrink(Math.floor(this.#limit / 2));
    this.#used++;
  }

  /** Frames were given back, or do not belong to the cache any more. */
  unclaim(frames: number): void {
    this.#used -= frames;
  }

  /** A file is opened. */
  active(file: CachedFile): void {
    this.#idle.delete(file);
  }

  /** A file was closed. */
  idle(file: CachedFile): void {
    this.#idle.delete(file);
    this.#idle.add(file);
  }

  /** Gives back pages until `target` are left, or none is to be had. Returns whether frames were freed. */
  #shrink(target: number): boolean {
    const before = this.#kernel.frames.available;
    for (const file of [...this.#idle]) {
      if (this.#used <= target) break;
      file.dropPages();
    }
    return this.#kernel.frames.available > before;
  }
}
