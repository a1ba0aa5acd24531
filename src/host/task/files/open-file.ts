/**
 * An open file description (Linux: struct file): what open, pipe, socket and the like make, and what descriptors refer to. Descriptors
 * that were duplicated or inherited share it, with its offset and its flags.
 */

import { LinuxError } from '../../errors.ts';
import type { MemoryFile } from '../../mm/index.ts';
import { O, POLL } from '../abi/files.ts';
import type { Blocking } from '../process/blocking.ts';
import type { Caller } from '../process/caller.ts';
import { WaitQueue } from '../wait-queue.ts';
import type { Dentry } from './dentry.ts';
import type { LockOwner, LockWait } from './file-locks.ts';
import type { Inode } from './inode.ts';
import type { FileCredentials } from './permissions.ts';

/** Flags of open that are not kept: they concern the opening alone. */
const OPENING = O.CREAT | O.EXCL | O.NOCTTY | O.TRUNC | O.CLOEXEC;

/** An open file. A method that a kind of file does not have fails as Linux's does. */
export abstract class OpenFile implements LockOwner {
  /** What it is open on. */
  readonly inode: Inode;
  /** The name by which it was opened, or null if it has none. */
  dentry: Dentry | null = null;
  /** Access mode and status flags: bits of `O`. */
  flags: number;
  /** For whom it was opened; null for the kernel. */
  credentials: FileCredentials | null = null;
  /** The waiters for a change of what `poll` returns. */
  readonly queue: WaitQueue;
  /** The locks that somebody waits for in its name. */
  readonly waits = new Set<LockWait>();
  /** Called when the last descriptor was closed. */
  #atEnd: Set<() => void> | null = null;
  #references = 1;

  /** @param queue the waiters of the object behind it, if several open files share them */
  constructor(inode: Inode, flags: number, queue = new WaitQueue()) {
    this.inode = inode;
    this.flags = flags & ~OPENING;
    this.queue = queue;
    inode.hold();
  }

  get readable(): boolean {
    const access = this.flags & O.ACCMODE;
    return (access === O.RDONLY || access === O.RDWR) && !this.isPath;
  }

  get writable(): boolean {
    const access = this.flags & O.ACCMODE;
    return (access === O.WRONLY || access === O.RDWR) && !this.isPath;
  }

  get nonBlocking(): boolean {
    return (this.flags & O.NONBLOCK) !== 0;
  }

  /** Whether it only names a file: O_PATH. */
  get isPath(): boolean {
    return (this.flags & O.PATH) !== 0;
  }

  /**
   * Whether open has to wait until this is false, for `queue`. It is open already: if the waiting ends early, `release` closes it.
   */
  get opening(): boolean {
    return false;
  }

  /**
   * It was opened for a caller, who knows no more than its name. Returns it, or another file to use instead, which the caller releases it for.
   * @throws LinuxError if this caller cannot open it
   */
  opened(_caller: Caller): OpenFile {
    return this;
  }

  /** Nanoseconds after which a read, and a write, cease to wait. */
  get readPatience(): number {
    return Infinity;
  }

  get writePatience(): number {
    return Infinity;
  }

  /** Another descriptor refers to it. */
  hold(): void {
    this.#references++;
  }

  /** A descriptor does not refer to it any more. The last one ends it. */
  release(): void {
    if (--this.#references > 0) return;
    this.inode.locks?.release(this);
    for (const action of this.#atEnd ?? []) action();
    this.#atEnd = null;
    this.closed();
    this.inode.drop();
  }

  /** Whether a descriptor refers to it. */
  get isOpen(): boolean {
    return this.#references > 0;
  }

  /** Has something done when the last descriptor is closed. */
  whenClosed(action: () => void): void {
    this.#atEnd ??= new Set();
    this.#atEnd.add(action);
  }

  /** The opposite of `whenClosed`. */
  notWhenClosed(action: () => void): void {
    this.#atEnd?.delete(action);
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

  /**
   * Reads for a caller, for files whose reads depend on who reads, or wait for more than a byte: terminals. Returns null if `read` is to be
   * used. The result is what was read, or a number that the call returns: 0, a negative error number, or one of `RESTART`.
   * @param length in bytes
   */
  reader(_length: number, _caller: Caller): Blocking<Uint8Array | number> | null {
    return null;
  }

  /**
   * Asks whether a caller may write now. Returns 0, or one of `RESTART`, which the call returns instead of writing.
   * @throws LinuxError EIO
   */
  mayWrite(_caller: Caller): number {
    return 0;
  }

  /** As `read`, from an offset in bytes and without moving the file's own. @throws LinuxError ESPIPE if it has no offsets */
  readAt(_into: Uint8Array, _offset: number): number {
    throw new LinuxError('ESPIPE', 'it has no offsets');
  }

  /** As `write`, at an offset. @throws LinuxError as `readAt` */
  writeAt(_bytes: Uint8Array, _offset: number): number {
    throw new LinuxError('ESPIPE', 'it has no offsets');
  }

  /** Moves the offset, and returns it. @param whence one of `SEEK` */
  seek(_offset: number, _whence: number): number {
    throw new LinuxError('ESPIPE', 'it has no offsets');
  }

  /** Returns the contents, for a mapping. @throws LinuxError ENODEV if it cannot be mapped */
  mappable(): MemoryFile {
    throw new LinuxError('ENODEV', 'it cannot be mapped');
  }

  /** Makes the file longer or shorter. @param size in bytes. @throws LinuxError EINVAL if it has no length */
  truncate(_size: number): void {
    throw new LinuxError('EINVAL', 'it has no length');
  }

  /** Makes what was written permanent. @throws LinuxError EINVAL for files that cannot be */
  sync(): void {
    throw new LinuxError('EINVAL', 'it keeps nothing');
  }

  /** Returns the number of bytes that can be read at once. @throws LinuxError ENOTTY if it does not tell */
  available(): number {
    throw new LinuxError('ENOTTY', 'it does not tell how many bytes it has');
  }

  /**
   * ioctl, but for the commands that all files have.
   * @param argument as the program passes it: often an address
   * @throws LinuxError ENOTTY for a command that it does not have
   */
  control(command: number, _argument: number, _caller: Caller): Blocking<number> | number {
    throw new LinuxError('ENOTTY', `it has no command 0x${command.toString(16)}`);
  }

  /** What /proc/PID/fdinfo shows of its kind: lines. */
  get information(): string {
    return '';
  }

  /** What it is ready for now: bits of `POLL`. */
  poll(): number {
    return POLL.IN | POLL.OUT | POLL.RDNORM | POLL.WRNORM;
  }

  /** The last descriptor was closed. */
  protected closed(): void {}
}

/** A file that is only named: O_PATH. */
export class PathFile extends OpenFile {
  override read(): never {
    throw new LinuxError('EBADF', 'it was opened with O_PATH');
  }

  override write(): never {
    throw new LinuxError('EBADF', 'it was opened with O_PATH');
  }

  override readAt(): never {
    throw new LinuxError('EBADF', 'it was opened with O_PATH');
  }

  override writeAt(): never {
    throw new LinuxError('EBADF', 'it was opened with O_PATH');
  }

  override seek(): never {
    throw new LinuxError('EBADF', 'it was opened with O_PATH');
  }

  override truncate(): never {
    throw new LinuxError('EBADF', 'it was opened with O_PATH');
  }

  override sync(): never {
    throw new LinuxError('EBADF', 'it was opened with O_PATH');
  }

  override poll(): number {
    return POLL.NVAL;
  }
}
