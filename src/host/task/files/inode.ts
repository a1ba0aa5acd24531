/** An inode: a file of any type, apart from its names (Linux: struct inode). */

import { LinuxError } from '../../errors.ts';
import { S } from '../abi/files.ts';
import type { OpenFile } from './open-file.ts';

/** Times of a file, in nanoseconds since 1970. */
export interface FileTimes {
  accessed: bigint;
  modified: bigint;
  changed: bigint;
}

/** A file of any type. */
export abstract class Inode {
  /** Tells it from the other files of its device. */
  readonly ino: number;
  /** Type and permissions: bits of `S`. */
  mode: number;
  uid = 0;
  gid = 0;
  /** Number of names. */
  links = 1;
  readonly times: FileTimes;

  constructor(ino: number, mode: number, now: bigint) {
    this.ino = ino;
    this.mode = mode;
    this.times = { accessed: now, modified: now, changed: now };
  }

  /** The file system that it is of, as st_dev shows it: see makedev(3). */
  get device(): number {
    return 1;
  }

  /** The device that a device node is for; otherwise 0. */
  get rdev(): number {
    return 0;
  }

  /** In bytes. */
  get size(): number {
    return 0;
  }

  /** Number of blocks of 512 bytes that it takes. */
  get blocks(): number {
    return Math.ceil(this.size / 512);
  }

  get type(): number {
    return this.mode & S.IFMT;
  }

  /** Opens it. @param flags bits of `O`. @throws LinuxError ENXIO if nothing of its type can be opened */
  open(_flags: number): OpenFile {
    throw new LinuxError('ENXIO', 'a file of this type cannot be opened');
  }
}
