/** A file system (Linux: struct super_block): its number, its clock, and the room that it has. */

import type { Kernel } from '../../kernel.ts';
import type { FileCommon } from '../../mm/index.ts';
import { makeDevice } from '../abi/files.ts';

/** What file systems need of a host. */
export class FileHost {
  readonly kernel: Kernel;
  /** The files in memory of the host. */
  readonly common: FileCommon;
  /** Returns the present time in nanoseconds since 1970. */
  readonly now: () => bigint;
  /** Bytes that pipes have room for beyond what each has at least. */
  pipeBytes = 0;
  #systems = 0;

  constructor(kernel: Kernel, common: FileCommon, now: () => bigint) {
    this.kernel = kernel;
    this.common = common;
    this.now = now;
  }

  /** Returns the number of a new file system, as st_dev shows it: file systems without a device have major number 0. */
  takeDevice(): number {
    return makeDevice(0, ++this.#systems);
  }
}

/** What statfs tells. Numbers of blocks of `blockSize` bytes, and of files. */
export interface FileSystemSpace {
  readonly blockSize: number;
  readonly blocks: number;
  readonly free: number;
  readonly available: number;
  readonly files: number;
  readonly freeFiles: number;
}

/** The numbers by which statfs tells file systems apart. Linux: include/uapi/linux/magic.h. */
export const MAGIC = {
  TMPFS: 0x0102_1994,
  PROC: 0x9fa0,
  PIPEFS: 0x5049_5045,
  SOCKFS: 0x534f_434b,
  ANONYMOUS: 0x0904_1934,
  /** A folder of the computer is a file system of 9P to Linux. */
  V9FS: 0x0102_1997,
  SYSFS: 0x6265_6572,
  DEVPTS: 0x1cd1,
  OVERLAYFS: 0x794c_7630,
} as const;

const NO_SPACE: FileSystemSpace = {
  ...{ blockSize: 4096, blocks: 0, free: 0, available: 0 },
  ...{ files: 0, freeFiles: 0 },
};

/** Changes of attributes by chmod, chown and utimens. What is missing stays. */
export interface InodeChanges {
  /** Permissions: bits of `S`. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Nanoseconds since 1970. */
  readonly accessed?: bigint;
  readonly modified?: bigint;
}

/** A file system. */
export class FileSystem {
  readonly host: FileHost;
  /** Its name, as /proc/filesystems lists it. */
  readonly type: string;
  /** One of `MAGIC`. */
  readonly magic: number;
  /** What st_dev shows for its files. */
  readonly device: number;
  /** Whether nothing on it can be changed. */
  readOnly = false;
  #inodes = 0;

  constructor(host: FileHost, type: string, magic: number) {
    this.host = host;
    this.type = type;
    this.magic = magic;
    this.device = host.takeDevice();
  }

  /** Returns the present time in nanoseconds since 1970. */
  now(): bigint {
    return this.host.now();
  }

  /** Returns the number of a new inode. */
  takeIno(): number {
    return ++this.#inodes;
  }

  /** Attributes of a file are about to change. @param inode the file, an `Inode`. @throws LinuxError if they must not */
  changing(_inode: object, _changes: InodeChanges): void {}

  /** What statfs tells of it. */
  space(): FileSystemSpace {
    return NO_SPACE;
  }
}
