/** Directories and files whose contents are computed when somebody looks: those of /proc. */

import { LinuxError } from '../../errors.ts';
import { S, SEEK } from '../abi/files.ts';
import { Dentry } from './dentry.ts';
import { Directory, type DirectoryCursor, type DirectoryEntry } from './directory.ts';
import type { FileSystem } from './file-system.ts';
import type { Inode } from './inode.ts';
import { OpenFile } from './open-file.ts';
import { OpenableInode } from './openable-inode.ts';

/** A file in a directory that is computed. */
export interface SyntheticEntry {
  readonly name: string;
  readonly ino: number;
  /** Bits of `S.IFMT`. */
  readonly type: number;
}

/** A directory whose entries are computed. Nothing can be made or removed there. */
export abstract class SyntheticDirectory extends Directory {
  /** Returns the file of a name, or null. */
  protected abstract find(name: string): Inode | null;

  /** Returns the entries, in the same order each time as far as they are the same. */
  abstract list(): readonly SyntheticEntry[];

  lookup(name: string): Dentry | null {
    const inode = this.find(name);
    if (inode === null) return null;
    const dentry = new Dentry(name, this.dentry, inode);
    if (inode instanceof Directory) inode.dentry = dentry;
    return dentry;
  }

  cursor(): DirectoryCursor {
    return new SyntheticCursor(this);
  }

  /** Linux removes none of these directories. */
  override get isEmpty(): boolean {
    return false;
  }
}

/** Reads the entries that a directory had when it was read from its start. */
class SyntheticCursor implements DirectoryCursor {
  readonly #directory: SyntheticDirectory;
  #entries: readonly SyntheticEntry[] | null = null;

  constructor(directory: SyntheticDirectory) {
    this.#directory = directory;
  }

  rewind(): void {
    this.#entries = null;
  }

  at(offset: number): DirectoryEntry | null {
    this.#entries ??= this.#directory.list();
    const entry = this.#entries[offset - 2];
    return entry === undefined ? null : { ...entry, next: offset + 1 };
  }
}

/** A directory with the same files always. */
export class FixedDirectory extends SyntheticDirectory {
  readonly #files = new Map<string, Inode>();

  /** @param mode permissions: bits of `S` */
  constructor(fs: FileSystem, mode: number, files: Iterable<readonly [name: string, file: Inode]>) {
    super(fs, mode);
    for (const [name, file] of files) this.#files.set(name, file);
    this.links = 2;
  }

  protected find(name: string): Inode | null {
    return this.#files.get(name) ?? null;
  }

  list(): SyntheticEntry[] {
    return [...this.#files].map(([name, { ino, type }]) => ({ name, ino, type }));
  }
}

/** Gives the root of a file system its name, by which it can be mounted. */
export function rootOf(directory: Directory): Dentry {
  const root = new Dentry('', null, directory);
  directory.dentry = root;
  return root;
}

/** What a file that is computed does when it is used. */
export interface SyntheticContents {
  /** Returns what it contains now. Without this method it cannot be read: EINVAL. */
  read?(): Uint8Array;
  /** Takes what was written to it, and where. Returns the number of bytes taken. Without this method: EINVAL. */
  write?(bytes: Uint8Array, at: number): number;
}

/** A file whose contents are computed when it is read from its start. */
export class SyntheticFile extends OpenableInode {
  readonly #contents: SyntheticContents;

  /** @param mode permissions: bits of `S` */
  constructor(fs: FileSystem, mode: number, contents: SyntheticContents, ino?: number) {
    super(fs, S.IFREG | mode, ino);
    this.#contents = contents;
  }

  override open(flags: number): OpenFile {
    return new OpenSynthetic(this, flags, this.#contents);
  }
}

class OpenSynthetic extends OpenFile {
  readonly #contents: SyntheticContents;
  #bytes: Uint8Array | null = null;
  #position = 0;

  constructor(file: SyntheticFile, flags: number, contents: SyntheticContents) {
    super(file, flags);
    this.#contents = contents;
  }

  override read(into: Uint8Array): number {
    const count = this.readAt(into, this.#position);
    this.#position += count;
    return count;
  }

  override readAt(into: Uint8Array, offset: number): number {
    if (offset === 0 || this.#bytes === null) {
      if (this.#contents.read === undefined) throw new LinuxError('EINVAL', 'it cannot be read');
      this.#bytes = this.#contents.read();
    }
    const part = this.#bytes.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  override write(bytes: Uint8Array): number {
    const count = this.writeAt(bytes, this.#position);
    this.#position += count;
    return count;
  }

  override writeAt(bytes: Uint8Array, offset: number): number {
    if (this.#contents.write === undefined) throw new LinuxError('EINVAL', 'it cannot be written');
    return this.#contents.write(bytes, offset);
  }

  override seek(offset: number, whence: number): number {
    const base = whence === SEEK.SET ? 0 : whence === SEEK.CUR ? this.#position : Number.NaN;
    const to = base + offset;
    if (!Number.isSafeInteger(to) || to < 0) throw new LinuxError('EINVAL', `no offset ${offset}`);
    this.#position = to;
    return to;
  }
}
