/** A file system in memory (Linux: tmpfs). */

import { LinuxError } from '../../errors.ts';
import { Dentry } from './dentry.ts';
import { Devices } from './devices.ts';
import type { NewFile } from './directory.ts';
import { type FileHost, FileSystem, type FileSystemSpace, MAGIC } from './file-system.ts';
import { FrameBudget } from './frame-budget.ts';
import type { Inode } from './inode.ts';
import { MemoryDirectory, type NameStore } from './memory-directory.ts';
import { makeMemoryInode } from './memory-inodes.ts';

/** Options of a tmpfs. */
export interface TmpfsOptions {
  /** The devices that nodes are for. Default: none. */
  readonly devices?: Devices;
  /** Maximum length of all files together, in bytes; default 512 MiB. */
  readonly capacity?: number;
  /** Maximum number of names; default 262,144. */
  readonly names?: number;
  /** Permissions of the root; default 0o755. */
  readonly mode?: number;
  /** Its name, as /proc/filesystems lists it; default tmpfs. */
  readonly type?: string;
}

const PAGE = 4096;
const CAPACITY = 512 << 20;
const NAMES = 1 << 18;

/** A file system in memory. */
export class Tmpfs extends FileSystem implements NameStore {
  readonly root: Dentry;
  readonly #devices: Devices;
  /** The frames of its files. */
  readonly budget: FrameBudget;
  readonly #namesMax: number;
  #names = 0;

  constructor(host: FileHost, options: TmpfsOptions = {}) {
    super(host, options.type ?? 'tmpfs', MAGIC.TMPFS);
    this.#devices = options.devices ?? new Devices();
    this.budget = new FrameBudget(Math.floor((options.capacity ?? CAPACITY) / PAGE));
    this.#namesMax = options.names ?? NAMES;
    const root = new MemoryDirectory(this, options.mode ?? 0o755);
    this.root = new Dentry('', null, root);
    root.dentry = this.root;
  }

  claimName(): void {
    if (this.#names >= this.#namesMax) {
      throw new LinuxError('ENOSPC', `the file system has ${this.#namesMax} names`);
    }
    this.#names++;
  }

  unclaimName(): void {
    this.#names--;
  }

  linked(): void {}

  makeInode(file: NewFile): Inode {
    return makeMemoryInode(this, file, { devices: this.#devices, budget: this.budget });
  }

  override space(): FileSystemSpace {
    const { limit, used } = this.budget;
    return {
      ...{ blockSize: PAGE, blocks: limit, free: limit - used, available: limit - used },
      ...{ files: this.#namesMax, freeFiles: this.#namesMax - this.#names },
    };
  }
}
