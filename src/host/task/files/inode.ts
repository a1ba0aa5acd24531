/** An inode: a file of any type, apart from its names (Linux: struct inode). */

import { S } from '../abi/files.ts';
import type { FileLocks } from './file-locks.ts';
import type { FileSystem, InodeChanges } from './file-system.ts';

/** Times of a file, in nanoseconds since 1970. */
export interface FileTimes {
  accessed: bigint;
  modified: bigint;
  changed: bigint;
}

/** A time that is recorded is recorded again after a day at the latest: relatime. */
const DAY = 86_400_000_000_000n;

/** A file of any type. */
export abstract class Inode {
  readonly fs: FileSystem;
  /** Tells it from the other files of its file system. */
  readonly ino: number;
  /** Type and permissions: bits of `S`. */
  mode: number;
  uid = 0;
  gid = 0;
  /** Number of names. */
  links = 1;
  /** Whether a file without names can get one again: that of O_TMPFILE. */
  isLinkable = false;
  readonly times: FileTimes;
  /** Its advisory locks, or null as long as nobody has asked for one. */
  locks: FileLocks | null = null;
  #holds = 0;
  #evicted = false;

  constructor(fs: FileSystem, mode: number, ino = fs.takeIno()) {
    const now = fs.now();
    this.fs = fs;
    this.ino = ino;
    this.mode = mode;
    this.times = { accessed: now, modified: now, changed: now };
  }

  /** The file system that it is of, as st_dev shows it: see makedev(3). */
  get device(): number {
    return this.fs.device;
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
    return 0;
  }

  get type(): number {
    return this.mode & S.IFMT;
  }

  /** Whether something has it open. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Whether it has ended: nothing can use it again. */
  get isGone(): boolean {
    return this.#evicted;
  }

  /** Something has it open, or uses it otherwise without a name. */
  hold(): void {
    this.#holds++;
  }

  /** The opposite of `hold`. A file without names ends with the last use. */
  drop(): void {
    this.#holds--;
    if (this.#holds === 0) this.idle();
    this.#endIfUnused();
  }

  /** It has lost a name. A file that nothing uses ends with its last name. */
  unlinked(): void {
    this.links--;
    this.#endIfUnused();
  }

  #endIfUnused(): void {
    if (this.links > 0 || this.#holds > 0 || this.#evicted) return;
    this.#evicted = true;
    this.evict();
  }

  /** Its contents have changed. */
  touch(): void {
    this.times.modified = this.fs.now();
    this.times.changed = this.times.modified;
  }

  /** Its attributes have changed. */
  touchChanged(): void {
    this.times.changed = this.fs.now();
  }

  /** It was read. The time is recorded as Linux's `relatime` does. */
  touchAccessed(): void {
    const { accessed, modified, changed } = this.times;
    if (this.fs.readOnly) return;
    const now = this.fs.now();
    if (accessed <= modified || accessed <= changed || now - accessed >= DAY) this.times.accessed = now;
  }

  /** Changes attributes. Who calls has checked whether that is allowed. @throws LinuxError EPERM, EROFS, EIO */
  change(changes: InodeChanges): void {
    this.fs.changing(this, changes);
    const { mode, uid, gid, accessed, modified } = changes;
    if (mode !== undefined) this.mode = (this.mode & S.IFMT) | (mode & ~S.IFMT);
    if (uid !== undefined) this.uid = uid;
    if (gid !== undefined) this.gid = gid;
    if (accessed !== undefined) this.times.accessed = accessed;
    if (modified !== undefined) this.times.modified = modified;
    this.touchChanged();
  }

  /** Nothing has it open any more. */
  protected idle(): void {}

  /** It has no names and nothing uses it: what it has of the host is given back. */
  protected evict(): void {}
}
