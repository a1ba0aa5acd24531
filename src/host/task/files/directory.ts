/** Directories. */

import { LinuxError } from '../../errors.ts';
import { O, S, SEEK } from '../abi/files.ts';
import type { Dentry } from './dentry.ts';
import type { FileSystem } from './file-system.ts';
import type { Inode } from './inode.ts';
import { OpenFile } from './open-file.ts';
import { OpenableInode } from './openable-inode.ts';

/** What a directory tells of a file when it is read. */
export interface DirectoryEntry {
  readonly name: string;
  readonly ino: number;
  /** Bits of `S.IFMT`. */
  readonly type: number;
  /** The offset of the next entry. */
  readonly next: number;
}

/** Reads the entries of a directory apart from `.` and `..`, while names are added and removed. */
export interface DirectoryCursor {
  /** Returns the first entry at an offset, 2 or more, or after it; null at the end. */
  at(offset: number): DirectoryEntry | null;
  /** The directory is read from its start. */
  rewind(): void;
}

/** A file to be made. */
export interface NewFile {
  /** Type and permissions: bits of `S`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The device that a device node is for. */
  readonly rdev?: number;
  /** Where a symbolic link leads. */
  readonly target?: string;
}

/**
 * A directory. The operations that change it are called by the system calls' implementations (create.ts, remove.ts, rename.ts), which
 * check permissions and whether the names are there. Those here fail as in file systems that do not have them.
 */
export abstract class Directory extends OpenableInode {
  /** Its name. Set when it gets one, and not before anything is looked up in it. */
  dentry!: Dentry;

  constructor(fs: FileSystem, mode: number, ino?: number) {
    super(fs, S.IFDIR | mode, ino);
  }

  /** Returns the file of a name, or null. Preconditions: the name is one of 1 to 255 bytes, neither `.` nor `..`. */
  abstract lookup(name: string): Dentry | null;

  /** Returns what reads the entries. */
  abstract cursor(): DirectoryCursor;

  /** Whether rmdir may remove it. */
  abstract get isEmpty(): boolean;

  /** Makes a file. Preconditions: there is none of this name. @throws LinuxError EACCES, EPERM, ENOSPC */
  make(_name: string, { mode }: NewFile): Dentry {
    throw new LinuxError((mode & S.IFMT) === S.IFREG ? 'EACCES' : 'EPERM', 'no file can be made there');
  }

  /** Makes a file without a name, for O_TMPFILE. @throws LinuxError EOPNOTSUPP, ENOSPC */
  makeUnnamed(_file: NewFile): Inode {
    throw new LinuxError('EOPNOTSUPP', 'no file without a name can be made there');
  }

  /** Gives a file of the same file system another name. Preconditions as `make`. @throws LinuxError EPERM, EMLINK, ENOSPC */
  link(_name: string, _inode: Inode): Dentry {
    throw new LinuxError('EPERM', 'no link can be made there');
  }

  /** Removes a name: of an empty directory, or of anything else. @throws LinuxError EPERM */
  remove(_dentry: Dentry): void {
    throw new LinuxError('EPERM', 'nothing can be removed there');
  }

  /**
   * Moves a name of this directory to another one of the same file system, or the same one.
   * @param replaced what has the new name: it loses it. An empty directory, or not a directory
   * @throws LinuxError EPERM
   */
  move(_dentry: Dentry, _to: Directory, _name: string, _replaced: Dentry | null): void {
    throw new LinuxError('EPERM', 'nothing can be renamed there');
  }

  /** Exchanges a name of this directory with one of another, or of the same, in one file system. @throws LinuxError EINVAL */
  exchange(_dentry: Dentry, _with: Dentry): void {
    throw new LinuxError('EINVAL', 'the file system cannot exchange names');
  }

  override open(flags: number): OpenDirectory {
    return new OpenDirectory(this, flags);
  }
}

/** Offsets of the entries that every directory has. */
const SELF = 0;
const PARENT = 1;
const FIRST = 2;

/** An open directory. */
export class OpenDirectory extends OpenFile {
  readonly directory: Directory;
  /** The offset of the next entry. Whoever takes an entry sets it to the entry's `next`. */
  position = SELF;
  readonly #cursor: DirectoryCursor;

  constructor(directory: Directory, flags: number) {
    super(directory, flags);
    this.directory = directory;
    this.#cursor = directory.cursor();
  }

  /**
   * Returns the entry at `position`, or null at the end. The position stays.
   * @throws LinuxError ENOENT if the directory was removed
   */
  entry(): DirectoryEntry | null {
    const { directory, position } = this;
    const { dentry } = directory;
    if (dentry.removed) throw new LinuxError('ENOENT', 'the directory was removed');
    if (position === SELF) {
      this.#cursor.rewind();
      directory.touchAccessed();
      return { name: '.', ino: directory.ino, type: S.IFDIR, next: PARENT };
    }
    if (position === PARENT) {
      // The entry of a file system's root tells its own number, as in Linux; `..` is followed elsewhere.
      const { ino } = dentry.parent?.inode ?? directory;
      return { name: '..', ino, type: S.IFDIR, next: FIRST };
    }
    return this.#cursor.at(position);
  }

  override read(): never {
    throw new LinuxError('EISDIR', 'it is a directory');
  }

  override write(): never {
    throw new LinuxError('EBADF', 'a directory is not open for writing');
  }

  override readAt(): never {
    throw new LinuxError('EISDIR', 'it is a directory');
  }

  override seek(offset: number, whence: number): number {
    const base = whence === SEEK.SET ? 0 : whence === SEEK.CUR ? this.position : Number.NaN;
    const to = base + offset;
    if (!Number.isSafeInteger(to) || to < 0) throw new LinuxError('EINVAL', `no offset ${offset}`);
    this.position = to;
    return to;
  }

  override sync(): void {}
}

/** Whether flags of open ask for more than a directory allows. */
export function wantsToWrite(flags: number): boolean {
  return (flags & O.ACCMODE) !== O.RDONLY || (flags & O.TRUNC) !== 0;
}
