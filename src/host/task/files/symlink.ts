/** Symbolic links. */

import { S } from '../abi/files.ts';
import type { Dentry } from './dentry.ts';
import type { FileSystem } from './file-system.ts';
import { Inode } from './inode.ts';

/** A symbolic link. */
export abstract class Symlink extends Inode {
  constructor(fs: FileSystem, ino?: number) {
    super(fs, S.IFLNK | 0o777, ino);
  }

  /** Returns the path that it contains. */
  abstract readLink(): string;

  /**
   * Returns where it leads without a path, as the links of /proc/PID/fd do, or null if the path is to be followed.
   * @throws LinuxError ENOENT if that is gone
   */
  jump(): Dentry | null {
    return null;
  }

  override get size(): number {
    return this.readLink().length;
  }
}

/** A symbolic link with a path that does not change. */
export class MemorySymlink extends Symlink {
  readonly #target: string;
  readonly #gone: () => void;

  /** @param gone called when the link has lost its names */
  constructor(fs: FileSystem, target: string, ino?: number, gone: () => void = () => {}) {
    super(fs, ino);
    this.#target = target;
    this.#gone = gone;
  }

  readLink(): string {
    return this.#target;
  }

  protected override evict(): void {
    this.#gone();
  }
}
