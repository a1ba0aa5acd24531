/** Pipes and FIFOs. Linux: pipe(7), fifo(7). */

import { LinuxError } from '../../errors.ts';
import { O, POLL, S } from '../abi/files.ts';
import { WaitQueue } from '../wait-queue.ts';
import { Dentry } from './dentry.ts';
import type { FileHost, FileSystem } from './file-system.ts';
import { OpenFile } from './open-file.ts';
import { OpenableInode } from './openable-inode.ts';

/** A write of at most so many bytes is not divided. */
export const PIPE_BUF = 4096;
const CAPACITY = 65_536;
/** The largest capacity that fcntl can set. Linux: /proc/sys/fs/pipe-max-size. */
export const PIPE_MAX = 1 << 20;

/** Bytes that all pipes of a host may have room for beyond the first 4 KiB of each: then they have no more. */
const PIPES_MAX = 64 << 20;
const NO_ROOM = new Uint8Array(0);

/** The bytes on their way, and who is at the ends. */
class Pipe {
  readonly queue = new WaitQueue();
  /** Open files that can read, and that can write. */
  readers = 0;
  writers = 0;
  /** How often it was opened for reading and for writing. */
  readerOpens = 0;
  writerOpens = 0;
  #capacity = CAPACITY;
  /** A ring: `#used` bytes from `#start` on. It grows to the capacity. */
  #ring = NO_ROOM;
  #start = 0;
  #used = 0;
  readonly #host: FileHost;

  constructor(host: FileHost) {
    this.#host = host;
  }

  get used(): number {
    return this.#used;
  }

  get free(): number {
    return Math.max(0, this.#room - this.#used);
  }

  /** The capacity, as far as there is memory for all pipes. */
  get #room(): number {
    const more = this.#capacity - Math.max(PIPE_BUF, this.#ring.length);
    const isThere = this.#host.pipeBytes + Math.max(0, more) <= PIPES_MAX;
    return isThere ? this.#capacity : Math.min(this.#capacity, Math.max(PIPE_BUF, this.#ring.length));
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** @throws LinuxError EBUSY if more is on its way */
  set capacity(bytes: number) {
    if (bytes < this.#used) throw new LinuxError('EBUSY', `${this.#used} bytes are in the pipe`);
    this.#capacity = bytes;
    if (this.#ring.length > bytes) this.#move(bytes);
    this.queue.wake();
  }

  /** Puts bytes in. Preconditions: there is room. */
  put(bytes: Uint8Array): void {
    const needed = this.#used + bytes.length;
    if (needed > this.#ring.length) this.#grow(needed);
    const ring = this.#ring;
    const end = (this.#start + this.#used) % ring.length;
    const first = Math.min(bytes.length, ring.length - end);
    ring.set(bytes.subarray(0, first), end);
    ring.set(bytes.subarray(first), 0);
    this.#used += bytes.length;
  }

  /** Takes bytes out. Returns their number. */
  take(into: Uint8Array): number {
    const count = Math.min(into.length, this.#used);
    this.#copy(into, count);
    if (count > 0) this.#start = (this.#start + count) % this.#ring.length;
    this.#used -= count;
    return count;
  }

  #copy(into: Uint8Array, count: number): void {
    const first = Math.min(count, this.#ring.length - this.#start);
    into.set(this.#ring.subarray(this.#start, this.#start + first));
    into.set(this.#ring.subarray(0, count - first), first);
  }

  #grow(needed: number): void {
    this.#move(Math.min(this.#room, Math.max(needed, PIPE_BUF, this.#ring.length * 2)));
  }

  #move(length: number): void {
    this.#count(length);
    const ring = new Uint8Array(length);
    this.#copy(ring, this.#used);
    this.#ring = ring;
    this.#start = 0;
  }

  /** The ring is about to have another length. */
  #count(length: number): void {
    this.#host.pipeBytes += Math.max(PIPE_BUF, length) - Math.max(PIPE_BUF, this.#ring.length);
  }

  /** Nobody is at either end: what is on its way is lost. */
  reset(): void {
    this.#count(0);
    this.#ring = NO_ROOM;
    this.#start = 0;
    this.#used = 0;
  }
}

/** A FIFO, or the inode of a pipe, which has no name. */
export class Fifo extends OpenableInode {
  readonly #pipe: Pipe;

  /** @param mode permissions: bits of `S` */
  constructor(fs: FileSystem, mode: number, ino?: number) {
    super(fs, S.IFIFO | mode, ino);
    this.#pipe = new Pipe(fs.host);
  }

  /** A file that was opened without O_NONBLOCK may have to wait for the other end: see `OpenFile.opening`. */
  override open(flags: number): PipeEnd {
    const access = flags & O.ACCMODE;
    if (access === O.WRONLY && flags & O.NONBLOCK && this.#pipe.readers === 0) {
      throw new LinuxError('ENXIO', 'nobody has the FIFO open for reading');
    }
    return new PipeEnd(this, this.#pipe, flags);
  }
}

/** An open end of a pipe or a FIFO, or both ends. */
export class PipeEnd extends OpenFile {
  readonly #pipe: Pipe;
  /** The number of times that the other end had been opened when this one was. */
  readonly #opensBefore: number;
  /** Whether it waits for the other end before it is open. */
  #mustWait: boolean;

  constructor(inode: Fifo, pipe: Pipe, flags: number) {
    super(inode, flags, pipe.queue);
    this.#pipe = pipe;
    this.#opensBefore = this.readable ? pipe.writerOpens : pipe.readerOpens;
    if (this.readable) {
      pipe.readers++;
      pipe.readerOpens++;
    }
    if (this.writable) {
      pipe.writers++;
      pipe.writerOpens++;
    }
    this.#mustWait = !this.nonBlocking && (pipe.readers === 0 || pipe.writers === 0);
    pipe.queue.wake();
  }

  /** The other end was opened since, even if it is closed again. */
  override get opening(): boolean {
    if (this.#mustWait && this.#opensNow !== this.#opensBefore) this.#mustWait = false;
    return this.#mustWait;
  }

  get #opensNow(): number {
    return this.readable ? this.#pipe.writerOpens : this.#pipe.readerOpens;
  }

  /** Number of bytes that can be read now: FIONREAD. */
  override available(): number {
    return this.#pipe.used;
  }

  /** Capacity in bytes: F_GETPIPE_SZ. */
  get capacity(): number {
    return this.#pipe.capacity;
  }

  /**
   * Sets the capacity: F_SETPIPE_SZ. It becomes the next power of two of at least 4 KiB.
   * @throws LinuxError EPERM for more than 1 MiB; EBUSY if more is on its way
   */
  setCapacity(bytes: number): void {
    // Root can have more in Linux; here the memory is Guesthouse's.
    if (bytes > PIPE_MAX) throw new LinuxError('EPERM', `${bytes} bytes are more than ${PIPE_MAX}`);
    let capacity = PIPE_BUF;
    while (capacity < bytes) capacity *= 2;
    this.#pipe.capacity = capacity;
  }

  override read(into: Uint8Array): number | null {
    if (!this.readable) throw new LinuxError('EBADF', 'it is the end for writing');
    const pipe = this.#pipe;
    if (into.length === 0) return 0;
    if (pipe.used === 0) return pipe.writers === 0 ? 0 : null;
    const wasFull = pipe.free < PIPE_BUF;
    const count = pipe.take(into);
    if (wasFull) pipe.queue.wake(POLL.OUT | POLL.WRNORM);
    return count;
  }

  /**
   * Writes bytes: up to PIPE_BUF of them all at once, more as far as there is room. A caller that waits writes the rest later.
   * @throws LinuxError EPIPE if nobody reads: the process gets SIGPIPE
   */
  override write(bytes: Uint8Array): number | null {
    if (!this.writable) throw new LinuxError('EBADF', 'it is the end for reading');
    const pipe = this.#pipe;
    if (bytes.length === 0) return 0;
    if (pipe.readers === 0) throw new LinuxError('EPIPE', 'nobody reads the pipe');
    const needed = bytes.length <= PIPE_BUF ? bytes.length : 1;
    if (pipe.free < needed) return null;
    const count = Math.min(bytes.length, pipe.free);
    pipe.put(bytes.subarray(0, count));
    pipe.queue.wake(POLL.IN | POLL.RDNORM);
    return count;
  }

  override poll(): number {
    const pipe = this.#pipe;
    let events = 0;
    if (this.readable) {
      if (pipe.used > 0) events |= POLL.IN | POLL.RDNORM;
      // A FIFO that nobody has opened for writing yet is not at its end.
      if (pipe.writers === 0 && pipe.writerOpens !== this.#opensBefore) events |= POLL.HUP;
    }
    if (this.writable) {
      if (pipe.free >= PIPE_BUF) events |= POLL.OUT | POLL.WRNORM;
      if (pipe.readers === 0) events |= POLL.ERR;
    }
    return events;
  }

  protected override closed(): void {
    const pipe = this.#pipe;
    if (this.readable) pipe.readers--;
    if (this.writable) pipe.writers--;
    if (pipe.readers === 0 && pipe.writers === 0) pipe.reset();
    pipe.queue.wake();
  }
}

/**
 * Makes a pipe.
 * @param fs the file system of pipes
 * @param flags bits of `O`: NONBLOCK, for both ends
 */
export function makePipe(
  fs: FileSystem,
  flags: number,
): { readonly reader: PipeEnd; readonly writer: PipeEnd } {
  const inode = new Fifo(fs, 0o600);
  const dentry = new Dentry(`pipe:[${inode.ino}]`, null, inode);
  // The ends do not wait for each other.
  const reader = inode.open(O.RDONLY | O.NONBLOCK);
  const writer = inode.open(O.WRONLY | O.NONBLOCK);
  for (const end of [reader, writer]) {
    end.flags = (end.flags & ~O.NONBLOCK) | (flags & O.NONBLOCK);
    end.dentry = dentry;
  }
  return { reader, writer };
}
