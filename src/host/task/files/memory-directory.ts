/** Directories whose names are in memory: those of tmpfs. */

import { S } from '../abi/files.ts';
import { Dentry } from './dentry.ts';
import { Directory, type DirectoryCursor, type DirectoryEntry, type NewFile } from './directory.ts';
import type { FileSystem } from './file-system.ts';
import type { Inode } from './inode.ts';

/** A file system whose names are in memory. */
export interface NameStore extends FileSystem {
  /** A name is about to be added. @throws LinuxError ENOSPC if there are too many */
  claimName(): void;
  /** A name was removed. */
  unclaimName(): void;
  /** A file gets another name. */
  linked(inode: Inode): void;
  /** Returns a new file without names. @throws LinuxError EPERM, EINVAL if the file system has no such files */
  makeInode(file: NewFile): Inode;
}

/** What a name counts in the size of a directory. */
const NAME_SIZE = 20;

/** A directory with names in memory. */
export class MemoryDirectory extends Directory {
  declare readonly fs: NameStore;
  /** In the order of their positions. */
  protected readonly names = new Map<string, Dentry>();
  #position = 2;

  /** @param mode permissions: bits of `S` */
  constructor(fs: NameStore, mode: number, ino?: number) {
    super(fs, mode, ino);
    this.links = 2;
  }

  /** The names that it has in memory, with their files. */
  get known(): ReadonlyMap<string, Dentry> {
    return this.names;
  }

  override get size(): number {
    return this.names.size * NAME_SIZE;
  }

  override get isEmpty(): boolean {
    return this.names.size === 0;
  }

  lookup(name: string): Dentry | null {
    return this.names.get(name) ?? null;
  }

  cursor(): DirectoryCursor {
    return new MemoryCursor(this.names);
  }

  override make(name: string, file: NewFile): Dentry {
    this.fs.claimName();
    try {
      const inode = this.fs.makeInode(file);
      own(inode, file);
      return this.#named(name, inode);
    } catch (error) {
      this.fs.unclaimName();
      throw error;
    }
  }

  override makeUnnamed(file: NewFile): Inode {
    const inode = this.fs.makeInode(file);
    own(inode, file);
    inode.links = 0;
    inode.isLinkable = true;
    return inode;
  }

  #named(name: string, inode: Inode): Dentry {
    const dentry = this.place(name, inode);
    if (inode instanceof Directory) this.links++;
    this.touch();
    return dentry;
  }

  /** Gives a file a name, and changes nothing else. */
  protected place(name: string, inode: Inode): Dentry {
    const dentry = new Dentry(name, this.dentry, inode);
    if (inode instanceof Directory) inode.dentry = dentry;
    this.#insert(dentry);
    return dentry;
  }

  override link(name: string, inode: Inode): Dentry {
    this.fs.claimName();
    this.fs.linked(inode);
    inode.links++;
    inode.touchChanged();
    return this.#named(name, inode);
  }

  override remove(dentry: Dentry): void {
    this.forget(dentry.name);
    this.lost(dentry);
    this.touch();
  }

  /** Takes a name out of the directory. */
  protected forget(name: string): void {
    this.names.delete(name);
  }

  /** A file has lost a name that this directory had. */
  protected lost(dentry: Dentry): void {
    const { inode } = dentry;
    dentry.removed = true;
    this.fs.unclaimName();
    inode.touchChanged();
    if (inode instanceof Directory) {
      // Its own entry goes with its name.
      inode.links = 1;
      this.links--;
    }
    inode.unlinked();
  }

  override move(dentry: Dentry, to: MemoryDirectory, name: string, replaced: Dentry | null): void {
    if (replaced !== null) {
      to.forget(name);
      to.lost(replaced);
    }
    this.forget(dentry.name);
    this.#settle(dentry, to, name);
    this.touch();
    to.touch();
    dentry.inode.touchChanged();
  }

  override exchange(one: Dentry, other: Dentry): void {
    const to = other.parent?.inode as MemoryDirectory;
    const [name, otherName] = [one.name, other.name];
    this.forget(name);
    to.forget(otherName);
    this.#settle(one, to, otherName);
    to.#settle(other, this, name);
    for (const changed of [this, to]) changed.touch();
    for (const { inode } of [one, other]) inode.touchChanged();
  }

  /** Enters a name that this directory has lost in another one, or in this. */
  #settle(dentry: Dentry, to: MemoryDirectory, name: string): void {
    dentry.name = name;
    dentry.parent = to.dentry;
    to.#insert(dentry);
    if (!(dentry.inode instanceof Directory)) return;
    this.links--;
    to.links++;
  }

  #insert(dentry: Dentry): void {
    dentry.position = this.#position++;
    this.names.set(dentry.name, dentry);
  }
}

/** Makes a new file that of its maker. */
function own(inode: Inode, { uid, gid }: NewFile): void {
  inode.uid = uid;
  inode.gid = gid;
}

/**
 * Reads a map of names in their order. An iterator of a map continues rightly while names are added and removed; a new one is needed only
 * after a seek.
 */
class MemoryCursor implements DirectoryCursor {
  readonly #names: ReadonlyMap<string, Dentry>;
  #iterator: Iterator<Dentry> | null = null;
  #current: Dentry | null = null;
  /** All positions before this one are before the current name. */
  #reached = 0;

  constructor(names: ReadonlyMap<string, Dentry>) {
    this.#names = names;
  }

  rewind(): void {
    this.#iterator = null;
  }

  at(offset: number): DirectoryEntry | null {
    if (this.#iterator === null || offset < this.#reached) {
      this.#iterator = this.#names.values();
      this.#step();
    }
    while (this.#current !== null && (this.#current.position < offset || this.#isGone(this.#current)))
      this.#step();
    this.#reached = offset;
    if (this.#current === null) {
      // Names may be added yet: they are found from here on.
      this.#iterator = null;
      return null;
    }
    const { name, inode, position } = this.#current;
    return { name, ino: inode.ino, type: inode.mode & S.IFMT, next: position + 1 };
  }

  #step(): void {
    const next = this.#iterator?.next();
    this.#current = next === undefined || next.done === true ? null : next.value;
  }

  #isGone(dentry: Dentry): boolean {
    return this.#names.get(dentry.name) !== dentry;
  }
}
