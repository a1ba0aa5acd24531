/** Directories of a tree. */

import type { FileAttributes, TreePath } from '../../../files/index.ts';
import { ERRNO, FileError } from '../../../files/index.ts';
import { LinuxError } from '../../errors.ts';
import { S } from '../abi/files.ts';
import type { Dentry } from './dentry.ts';
import { DeviceNode } from './devices.ts';
import { Directory, type DirectoryCursor, type DirectoryEntry, type NewFile } from './directory.ts';
import { FolderFile } from './folder-file.ts';
import { type FolderStore, joined, treeChild } from './folder-store.ts';
import type { Inode } from './inode.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { Fifo } from './pipe.ts';
import { SocketInode } from './socket-inode.ts';
import { MemorySymlink } from './symlink.ts';
import { fromTree } from './tree-errors.ts';

/** The number of entries that a directory of a tree may have. */
const ENTRIES_MAX = 1 << 20;

/** A directory that was found in a tree. Names are looked up in the tree when they are asked for, and kept. */
export class FolderDirectory extends MemoryDirectory {
  declare readonly fs: FolderStore;
  /** Where it was found. */
  readonly #source: TreePath;
  /** Names of the tree that were removed, or moved away, in memory. */
  readonly #removed = new Set<string>();

  constructor(fs: FolderStore, source: TreePath, attributes: FileAttributes) {
    super(fs, attributes.mode & ~S.IFMT, fs.inoOf(attributes.id));
    this.#source = source;
    apply(this, attributes);
  }

  /** Where it is in the tree. */
  get treePath(): TreePath {
    return this.fs.isShared ? this.fs.pathOf(this) : this.#source;
  }

  /** The names that were removed in memory. */
  get removedNames(): ReadonlySet<string> {
    return this.#removed;
  }

  override get isEmpty(): boolean {
    return this.list().length === 0;
  }

  override lookup(name: string): Dentry | null {
    const known = this.names.get(name) ?? null;
    if (this.fs.isShared) return this.#revalidated(name, known);
    if (known !== null || this.#removed.has(name)) return known;
    const attributes = this.attributesOf(name);
    return attributes === null ? null : this.#enter(name, attributes);
  }

  /** Looks into the tree again: other programs may have changed it. */
  #revalidated(name: string, known: Dentry | null): Dentry | null {
    if (known?.mounted) return known;
    const attributes = this.attributesOf(name);
    const isSame =
      known !== null &&
      attributes !== null &&
      this.fs.idOf(known.inode) === attributes.id &&
      known.inode.type === (attributes.mode & S.IFMT);
    if (known !== null && !isSame) {
      this.forget(name);
      this.lost(known);
    }
    if (attributes === null) return null;
    if (!isSame) return this.#enter(name, attributes);
    if (known.inode instanceof FolderFile) known.inode.refresh(attributes);
    apply(known.inode, attributes);
    return known;
  }

  /** Returns what the tree knows of a name, or null if it does not have it. @throws LinuxError ENAMETOOLONG, EACCES, EIO */
  attributesOf(name: string): FileAttributes | null {
    const path = treeChild(this.treePath, name);
    try {
      return this.fs.tree.attributes(path);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw new LinuxError(error.code, `error ${ERRNO[error.code]} of the folder, at ${name}`);
    }
  }

  /** Gives a file of the tree its name here. */
  #enter(name: string, attributes: FileAttributes): Dentry {
    const path = treeChild(this.treePath, name);
    const dentry = this.place(name, this.#inodeOf(path, attributes));
    this.fs.origins.set(dentry, path);
    return dentry;
  }

  #inodeOf(path: TreePath, attributes: FileAttributes): Inode {
    const { fs } = this;
    const known = fs.known(attributes.id);
    // Another name of a file that was found. A directory has one: this one has another place.
    if (known !== undefined && !(known instanceof Directory) && isStill(known, attributes)) return known;
    const inode = makeInode(fs, path, attributes);
    apply(inode, attributes);
    fs.found(attributes.id, inode);
    return inode;
  }

  protected override place(name: string, inode: Inode): Dentry {
    const dentry = super.place(name, inode);
    this.fs.named(dentry);
    return dentry;
  }

  protected override forget(name: string): void {
    const dentry = this.names.get(name);
    super.forget(name);
    if (dentry === undefined || this.fs.isShared) return;
    if (this.fs.origins.get(dentry) === joined(this.#source, name)) this.#removed.add(name);
  }

  protected override lost(dentry: Dentry): void {
    this.fs.unnamed(dentry);
    super.lost(dentry);
  }

  override make(name: string, file: NewFile): Dentry {
    if (!this.fs.isShared) return super.make(name, file);
    const made = this.#makeInTree(treeChild(this.treePath, name), file);
    const attributes = this.attributesOf(name);
    if (attributes === null) {
      made?.close();
      throw new LinuxError('EIO', `${name} was made, and is gone`);
    }
    const dentry = this.#enter(name, attributes);
    if (made !== null) this.fs.treeFiles.adopt(dentry.inode as FolderFile, made, true);
    if (dentry.inode instanceof Directory) this.links++;
    this.touch();
    return dentry;
  }

  /** Makes a file in the tree. Returns a regular file, open. */
  #makeInTree(path: TreePath, { mode, target = '' }: NewFile) {
    const { tree } = this.fs;
    const permissions = mode & 0o1777;
    switch (mode & S.IFMT) {
      case S.IFREG:
        return fromTree(() => tree.create(path, { read: true, write: true, append: false }, permissions));
      case S.IFDIR:
        fromTree(() => tree.makeFolder(path, permissions));
        return null;
      case S.IFLNK:
        fromTree(() => tree.makeLink(path, target));
        return null;
      default:
        throw new LinuxError('EPERM', 'the folder has no devices, pipes and sockets');
    }
  }

  override makeUnnamed(file: NewFile): Inode {
    if (!this.fs.isShared) return super.makeUnnamed(file);
    throw new LinuxError('EOPNOTSUPP', 'the folder has no files without names');
  }

  override link(name: string, inode: Inode): Dentry {
    if (this.fs.isShared) {
      const from = this.fs.pathOf(inode);
      fromTree(() => this.fs.tree.link(from, treeChild(this.treePath, name)));
    }
    return super.link(name, inode);
  }

  override remove(dentry: Dentry): void {
    if (this.fs.isShared) {
      this.#keepOpen(dentry.inode);
      const path = treeChild(this.treePath, dentry.name);
      fromTree(() => this.fs.tree.remove(path, dentry.inode instanceof Directory));
    }
    super.remove(dentry);
  }

  override move(dentry: Dentry, to: MemoryDirectory, name: string, replaced: Dentry | null): void {
    if (this.fs.isShared) {
      if (replaced !== null) this.#keepOpen(replaced.inode);
      const from = treeChild(this.treePath, dentry.name);
      const target = treeChild((to as FolderDirectory).treePath, name);
      fromTree(() => this.fs.tree.rename(from, target));
    }
    super.move(dentry, to, name, replaced);
  }

  override exchange(one: Dentry, other: Dentry): void {
    if (this.fs.isShared) throw new LinuxError('EINVAL', 'the folder cannot exchange names');
    super.exchange(one, other);
  }

  /** A file is about to lose a name in the tree. */
  #keepOpen(inode: Inode): void {
    if (inode instanceof FolderFile && this.fs.namesOf(inode) <= 1) inode.keepOpen();
  }

  override cursor(): DirectoryCursor {
    return new FolderCursor(this);
  }

  /** Returns all entries: those of the tree, and those that were made in memory. @throws LinuxError ENOMEM if there are too many */
  list(): Omit<DirectoryEntry, 'next'>[] {
    const entries: Omit<DirectoryEntry, 'next'>[] = [];
    const { tree, isShared } = this.fs;
    const inTree = fromTree(() => tree.list(this.treePath, ENTRIES_MAX));
    const seen = new Set<string>();
    for (const { name, id, mode } of inTree) {
      seen.add(name);
      if (isShared || (!this.names.has(name) && !this.#removed.has(name))) {
        entries.push({ name, ino: this.fs.inoOf(id), type: mode & S.IFMT });
      }
    }
    for (const [name, { inode }] of this.names) {
      if (!(isShared && seen.has(name))) entries.push({ name, ino: inode.ino, type: inode.type });
    }
    return entries;
  }
}

/** Reads the entries that a directory had when it was read from its start. */
class FolderCursor implements DirectoryCursor {
  readonly #directory: FolderDirectory;
  #entries: readonly Omit<DirectoryEntry, 'next'>[] | null = null;

  constructor(directory: FolderDirectory) {
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

/** Whether a file that was found before is that of a name. Numbers of files are used again when files are gone. */
function isStill(known: Inode, attributes: FileAttributes): boolean {
  if (known.type !== (attributes.mode & S.IFMT)) return false;
  return !(known instanceof FolderFile) || known.isModified || known.isHeld || known.isSame(attributes);
}

/** Makes the inode of a file of a tree. Devices and FIFOs are those of the system, not of the computer. */
function makeInode(fs: FolderStore, path: TreePath, attributes: FileAttributes): Inode {
  const { mode, device } = attributes;
  const permissions = mode & ~S.IFMT;
  switch (mode & S.IFMT) {
    case S.IFDIR:
      return new FolderDirectory(fs, path, attributes);
    case S.IFLNK:
      return new MemorySymlink(
        fs,
        fromTree(() => fs.tree.readLink(path)),
        fs.inoOf(attributes.id),
      );
    case S.IFIFO:
      return new Fifo(fs, permissions, fs.inoOf(attributes.id));
    case S.IFSOCK:
      return new SocketInode(fs, permissions, fs.inoOf(attributes.id));
    case S.IFCHR:
    case S.IFBLK:
      return new DeviceNode(
        fs,
        mode,
        Number(BigInt.asUintN(32, device)),
        fs.devices,
        fs.inoOf(attributes.id),
      );
    default:
      return new FolderFile(fs, path, attributes);
  }
}

/** Gives a file the attributes that the tree has. */
function apply(inode: Inode, { mode, uid, gid, links, accessed, modified, changed }: FileAttributes): void {
  inode.mode = mode;
  inode.uid = uid;
  inode.gid = gid;
  inode.links = links;
  Object.assign(inode.times, { accessed, modified, changed });
}
