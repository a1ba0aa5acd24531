/**
 * An open file description (Linux: struct file): what open, pipe, socket and the like make, and what descriptors refer to. Descriptors
 * that were duplicated or inherited share it, with its offset and its flags.
 */

import { LinuxError } from '../../errors.ts';
import type { MemoryFile } from '../../mm/index.ts';
import { O, POLL } from '../abi/files.ts';
import { WaitQueue } from '../wait-queue.ts';
import type { Inode } from './inode.ts';

/** An open file. A method that a kind of file does not have fails as Linux's does. */
export abstract class OpenFile {
  /** What it is open on. */
  readonly inode: Inode;
  /** Access mode and status flags: bits of `O`. */
  flags: number;
  /** The waiters for a change of what `poll` returns. */
  readonly queue: WaitQueue;
  #references = 1;

  /** @param queue the waiters of the object behind it, if several open files share them */
  constructor(inode: Inode, flags: number, queue = new WaitQueue()) {
    this.inode = inode;
    this.flags = flags;
    this.queue = queue;
  }

  get readable(): boolean {
    return (this.flags & O.ACCMODE) !== O.WRONLY;
  }

  get writable(): boolean {
    return (this.flags & O.ACCMODE) !== O.RDONLY;
  }

  get nonBlocking(): boolean {
    return (this.flags & O.NONBLOCK) !== 0;
  }

  /** Another descriptor refers to it. */
  hold(): void {
    this.#references++;
  }

  /** A descriptor does not refer to it any more. The last one ends it. */
  release(): void {
    if (--this.#references === 0) this.closed();
  }

  /**
   * Reads into `into`, at most its length. Returns the number of bytes, 0 at the end, or null if it would have to wait: the caller then
   * waits for `queue`. Preconditions: it is open for reading.
   */
  read(_into: Uint8Array): number | null {
    throw new LinuxError('EINVAL', 'it cannot be read');
  }

  /** Writes bytes. Returns their number, at least 1 if there are any, or null if it would have to wait. */
  write(_bytes: Uint8Array): number | null {
    throw new LinuxError('EINVAL', 'it cannot be written');
  }

  /** As `read`, from an offset in bytes and without moving the file's own. @throws LinuxError ESPIPE if it has no offsets */
  readAt(_into: Uint8Array, _offset: number): number {
    throw new LinuxError('ESPIPE', 'it has no offsets');
  }

  /** As `write`, at an offset. @throws LinuxError as `readAt` */
  writeAt(_bytes: Uint8Array, _offset: number): number {
    throw new LinuxError('ESPIPE', 'it has no offsets');
  }

  /** Moves the offset, and returns it. `whence`: 0 from the start, 1 from here, 2 from the end, 3 the next data, 4 the next hole. */
  seek(_offset: number, _whence: number): number {
    throw new LinuxError('ESPIPE', 'it has no offsets');
  }

  /** Returns the contents, for a mapping. @throws LinuxError ENODEV if it cannot be mapped */
  mappable(): MemoryFile {
    throw new LinuxError('ENODEV', 'it cannot be mapped');
  }

  /** What it is ready for now: bits of `POLL`. */
  poll(): number {
    return POLL.IN | POLL.OUT | POLL.RDNORM | POLL.WRNORM;
  }

  /** The last descriptor was closed. */
  protected closed(): void {}
}
