/** A file system in memory (Linux: tmpfs). */

import { LinuxError } from '../../errors.ts';
import type { FileBacking } from '../../mm/index.ts';
import { S } from '../abi/files.ts';
import { Dentry } from './dentry.ts';
import { DeviceNode, Devices } from './devices.ts';
import type { NewFile } from './directory.ts';
import { FileContents } from './file-contents.ts';
import { type FileHost, FileSystem, type FileSystemSpace, MAGIC } from './file-system.ts';
import type { Inode } from './inode.ts';
import { MemoryDirectory, type NameStore } from './memory-directory.ts';
import { Fifo } from './pipe.ts';
import { RegularFile } from './regular-file.ts';
import { SocketInode } from './socket-inode.ts';
import { MemorySymlink } from './symlink.ts';

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

  unclaim(frames: number): void {
    this.#used -= frames;
  }

  freed(): void {}
}

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

  makeInode({ mode, rdev = 0, target = '' }: NewFile): Inode {
    const permissions = mode & ~S.IFMT;
    switch (mode & S.IFMT) {
      case S.IFREG:
        return new RegularFile(this, permissions, new FileContents(this.host, this.budget));
      case S.IFDIR:
        return new MemoryDirectory(this, permissions);
      case S.IFLNK:
        return new MemorySymlink(this, target);
      case S.IFIFO:
        return new Fifo(this, permissions);
      case S.IFSOCK:
        return new SocketInode(this, permissions);
      case S.IFCHR:
      case S.IFBLK:
        return new DeviceNode(this, mode, rdev, this.#devices);
      default:
        throw new LinuxError('EINVAL', `there are no files of type ${(mode & S.IFMT).toString(8)}`);
    }
  }

  override space(): FileSystemSpace {
    const { limit, used } = this.budget;
    return {
      ...{ blockSize: PAGE, blocks: limit, free: limit - used, available: limit - used },
      ...{ files: this.#namesMax, freeFiles: this.#namesMax - this.#names },
    };
  }
}
