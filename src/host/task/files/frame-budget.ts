/** Bounds how much storage the files of a file system have. */

import { LinuxError } from '../../errors.ts';
import type { FileBacking } from '../../mm/index.ts';

/** The frames that files of a file system have, and how many they may have. */
export class FrameBudget implements FileBacking {
  /** In frames. */
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  claim(): void {
    if (this.#used >= this.limit) throw new LinuxError('ENOSPC', `the file system has ${this.limit} pages`);
    this.#used++;
  }

  /** Frames that are there already count from now on, even beyond the limit. */
  take(frames: number): void {
    this.#used += frames;
  }

  unclaim(frames: number): void {
    this.#used -= frames;
  }
}
