/** Files that lead out of the system: bytes that somebody outside passes in, and takes. */

import { LinuxError } from '../../errors.ts';
import { O, POLL, S } from '../abi/files.ts';
import { WaitQueue } from '../wait-queue.ts';
import { Dentry } from './dentry.ts';
import type { FileSystem } from './file-system.ts';
import type { Inode } from './inode.ts';
import { OpenFile } from './open-file.ts';
import { OpenableInode } from './openable-inode.ts';

/** The name that /proc shows, as that of a pipe. */
function pipeName(inode: Inode): Dentry {
  return new Dentry(`pipe:[${inode.ino}]`, null, inode);
}

/** Bytes that may wait to be read. */
const CAPACITY = 1 << 16;

/** Bytes from outside, as a pipe: standard input. */
export class InputPipe extends OpenableInode {
  #parts: Uint8Array[] = [];
  #length = 0;
  #ended = false;
  #wanted = false;
  #file: InputFile | null = null;

  constructor(fs: FileSystem) {
    super(fs, S.IFIFO | 0o600);
  }

  /** Number of bytes that `pass` takes now. */
  get room(): number {
    return Math.max(0, CAPACITY - this.#length);
  }

  /** Number of bytes that wait to be read. */
  get length(): number {
    if (this.#length === 0) this.#wanted = true;
    return this.#length;
  }

  /** Whether all was passed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether somebody has looked for bytes when there were none, since bytes came last. */
  get isWanted(): boolean {
    return this.#wanted && !this.#ended;
  }

  /** Whether somebody waits for bytes. */
  get isAwaited(): boolean {
    return !this.#ended && this.#file !== null && this.#file.queue.length > 0;
  }

  /** Passes bytes in, whatever `room` is. */
  pass(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    this.#wanted = false;
    this.#file?.queue.wake();
  }

  /** No more bytes come. */
  end(): void {
    this.#ended = true;
    this.#file?.queue.wake();
  }

  /** Takes bytes, or returns null if there are none yet. */
  take(into: Uint8Array): number | null {
    let done = 0;
    while (done < into.length && this.#parts.length > 0) {
      const part = this.#parts[0]!;
      const count = Math.min(part.length, into.length - done);
      into.set(part.subarray(0, count), done);
      done += count;
      if (count === part.length) this.#parts.shift();
      else this.#parts[0] = part.subarray(count);
    }
    this.#length -= done;
    if (done > 0 || into.length === 0 || this.#ended) return done;
    this.#wanted = true;
    return null;
  }

  open(flags: number): OpenFile {
    this.#file ??= new InputFile(this, flags);
    this.#file.dentry = pipeName(this);
    return this.#file;
  }
}

class InputFile extends OpenFile {
  readonly #stream: InputPipe;

  constructor(stream: InputPipe, flags: number) {
    super(stream, flags);
    this.#stream = stream;
  }

  override read(into: Uint8Array): number | null {
    return this.#stream.take(into);
  }

  override available(): number {
    return this.#stream.length;
  }

  override poll(): number {
    if (this.#stream.length > 0) return POLL.IN | POLL.RDNORM;
    return this.#stream.ended ? POLL.HUP : 0;
  }
}

/** Takes bytes out. */
export type OutputTaker = (bytes: Uint8Array) => void;

/** Bytes that go out, as a pipe: standard output. */
export class OutputPipe extends OpenableInode {
  readonly #take: OutputTaker;
  /** The waiters for room. */
  readonly queue = new WaitQueue();
  #closed = false;
  #paused = false;

  constructor(fs: FileSystem, take: OutputTaker) {
    super(fs, S.IFIFO | 0o600);
    this.#take = take;
  }

  /** Whether nobody takes bytes any more: a write is EPIPE. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether bytes are not taken for now. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Whether somebody waits until bytes are taken. */
  get isAwaited(): boolean {
    return this.#paused && this.queue.length > 0;
  }

  /** The reader is slow: who writes waits until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  /** The reader takes bytes again. */
  resume(): void {
    this.#paused = false;
    this.queue.wake();
  }

  /** The reader has ended. */
  close(): void {
    this.#closed = true;
    this.resume();
  }

  /** Passes bytes out, or returns null if they are not taken for now. @throws LinuxError EPIPE */
  put(bytes: Uint8Array): number | null {
    if (this.#closed) throw new LinuxError('EPIPE', 'the reader has closed the output');
    if (this.#paused) return null;
    this.#take(bytes);
    return bytes.length;
  }

  open(flags: number): OpenFile {
    const file = new OutputFile(this, (flags & ~O.ACCMODE) | O.WRONLY);
    file.dentry = pipeName(this);
    return file;
  }
}

class OutputFile extends OpenFile {
  readonly #stream: OutputPipe;

  constructor(stream: OutputPipe, flags: number) {
    super(stream, flags, stream.queue);
    this.#stream = stream;
  }

  override write(bytes: Uint8Array): number | null {
    return this.#stream.put(bytes);
  }

  override poll(): number {
    if (this.#stream.closed) return POLL.ERR | POLL.OUT | POLL.WRNORM;
    return this.#stream.paused ? 0 : POLL.OUT | POLL.WRNORM;
  }
}
