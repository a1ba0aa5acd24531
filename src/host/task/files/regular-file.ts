/** Regular files. */

import { LinuxError } from '../../errors.ts';
import type { MemoryFile } from '../../mm/index.ts';
import { O, S, SEEK } from '../abi/files.ts';
import { FILE_SIZE_MAX, type FileContents } from './file-contents.ts';
import type { FileSystem } from './file-system.ts';
import { OpenFile } from './open-file.ts';
import { OpenableInode } from './openable-inode.ts';
import { type FileCredentials, isRoot, privilegesOf } from './permissions.ts';

/** What fallocate does with a range: give it room, make it a hole, or make it zeros. */
export type Allocation = 'reserve' | 'punch' | 'zero';

/** A regular file, whose contents are in storage. */
export class RegularFile extends OpenableInode {
  readonly #make: () => FileContents;
  #contents: FileContents | null = null;
  /** Number of open files that can write, or less than 0: minus the number of processes that execute it. */
  #writers = 0;

  /**
   * @param mode permissions: bits of `S`
   * @param make makes the contents, when they are first needed
   */
  constructor(fs: FileSystem, mode: number, make: () => FileContents, ino?: number) {
    super(fs, S.IFREG | mode, ino);
    this.#make = make;
  }

  get contents(): FileContents {
    this.#contents ??= this.#make();
    return this.#contents;
  }

  /** Whether the contents were needed yet. */
  get hasContents(): boolean {
    return this.#contents !== null;
  }

  override get size(): number {
    return this.#contents?.size ?? 0;
  }

  override get blocks(): number {
    return this.#contents?.blocks ?? 0;
  }

  override open(flags: number): OpenFile {
    const writes = (flags & O.ACCMODE) !== O.RDONLY;
    if (writes || flags & O.TRUNC) this.takeWriter();
    try {
      if (flags & O.TRUNC) this.truncate(0);
    } catch (error) {
      this.dropWriter();
      throw error;
    }
    if (!writes && flags & O.TRUNC) this.dropWriter();
    return new OpenRegular(this, flags, writes);
  }

  /** Something will write to it. @throws LinuxError ETXTBSY if it is being executed */
  takeWriter(): void {
    if (this.#writers < 0) throw new LinuxError('ETXTBSY', 'the file is being executed');
    this.#writers++;
  }

  dropWriter(): void {
    this.#writers--;
  }

  /** A process executes it: nobody can open it for writing. @throws LinuxError ETXTBSY if somebody has */
  denyWrites(): void {
    if (this.#writers > 0) throw new LinuxError('ETXTBSY', 'the file is open for writing');
    this.#writers--;
  }

  /** The opposite of `denyWrites`. */
  allowWrites(): void {
    this.#writers++;
  }

  /** Reads from an offset on. Returns the number of bytes: fewer than asked for only at the end. @throws LinuxError ENOMEM, EIO */
  read(into: Uint8Array, at: number): number {
    return this.contents.read(into, at);
  }

  /** Writes at an offset. Returns the number of bytes, which may be fewer. @throws LinuxError EFBIG, ENOSPC, ENOMEM */
  write(bytes: Uint8Array, at: number): number {
    const done = this.contents.write(bytes, at);
    if (done > 0) this.touch();
    return done;
  }

  /** Makes it longer or shorter. @throws LinuxError EFBIG */
  truncate(size: number): void {
    this.contents.truncate(size);
    this.touch();
  }

  /**
   * Gives room to a range, or takes it. It becomes longer if the range is beyond its end, unless `keepsSize`.
   * @throws LinuxError EFBIG, ENOSPC, ENOMEM; EOPNOTSUPP
   */
  allocate(
    what: Allocation,
    range: { readonly at: number; readonly length: number },
    keepsSize: boolean,
  ): void {
    const { at, length } = range;
    if (at + length > FILE_SIZE_MAX) throw new LinuxError('EFBIG', `a file cannot have ${at + length} bytes`);
    if (what !== 'reserve') this.punch(at, length);
    if (!keepsSize && at + length > this.size) this.contents.truncate(at + length);
    if (what !== 'punch') this.contents.reserve(at, length);
    this.touch();
  }

  /** Makes a range zeros, if possible without room. @throws LinuxError ENOSPC, ENOMEM */
  protected punch(at: number, length: number): void {
    this.contents.punch(at, length);
  }

  /** Makes what was written permanent. @throws LinuxError EIO */
  sync(): void {}

  /** It was written: it does not run as another user any more, unless root has written. */
  removePrivileges(who: FileCredentials | null): void {
    if (who === null || isRoot(who)) return;
    const bits = privilegesOf(this, who);
    if (bits !== 0) this.change({ mode: this.mode & ~bits });
  }

  protected override evict(): void {
    this.#contents?.close();
  }
}

/** An open regular file. */
export class OpenRegular extends OpenFile {
  readonly file: RegularFile;
  readonly #isWriter: boolean;
  #position = 0;

  constructor(file: RegularFile, flags: number, isWriter: boolean) {
    super(file, flags);
    this.file = file;
    this.#isWriter = isWriter;
  }

  override read(into: Uint8Array): number {
    const done = this.readAt(into, this.#position);
    this.#position += done;
    return done;
  }

  override readAt(into: Uint8Array, offset: number): number {
    const done = this.file.read(into, offset);
    if ((this.flags & O.NOATIME) === 0) this.file.touchAccessed();
    return done;
  }

  override write(bytes: Uint8Array): number {
    const at = this.flags & O.APPEND ? this.file.size : this.#position;
    const done = this.#write(bytes, at);
    this.#position = at + done;
    return done;
  }

  /** With O_APPEND the bytes go to the end, as in Linux, whatever the offset is. */
  override writeAt(bytes: Uint8Array, offset: number): number {
    return this.#write(bytes, this.flags & O.APPEND ? this.file.size : offset);
  }

  #write(bytes: Uint8Array, at: number): number {
    const done = this.file.write(bytes, at);
    if (done > 0) this.file.removePrivileges(this.credentials);
    return done;
  }

  override seek(offset: number, whence: number): number {
    this.#position = this.#target(offset, whence);
    return this.#position;
  }

  #target(offset: number, whence: number): number {
    const { contents, size } = this.file;
    if (whence === SEEK.DATA) return contents.find('data', offset);
    if (whence === SEEK.HOLE) return contents.find('hole', offset);
    const bases: Record<number, number> = { [SEEK.SET]: 0, [SEEK.CUR]: this.#position, [SEEK.END]: size };
    const to = (bases[whence] ?? Number.NaN) + offset;
    if (!(to >= 0 && to <= FILE_SIZE_MAX)) throw new LinuxError('EINVAL', `no offset ${offset}`);
    return to;
  }

  override truncate(size: number): void {
    if (!this.writable) throw new LinuxError('EINVAL', 'it is not open for writing');
    if (size < 0) throw new LinuxError('EINVAL', `a file cannot have ${size} bytes`);
    this.file.truncate(size);
    this.file.removePrivileges(this.credentials);
  }

  override sync(): void {
    this.file.sync();
  }

  override mappable(): MemoryFile {
    return this.file.contents.memory;
  }

  protected override closed(): void {
    if (this.#isWriter) this.file.dropWriter();
  }
}
