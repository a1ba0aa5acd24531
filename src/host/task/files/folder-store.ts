/**
 * A tree of files that was handed over, as a file system: what its files have in common.
 *
 * Files are read from the tree when they are looked up and used. Changes stay in memory, as if they lay on the tree, or go to the tree.
 * Whatever names and links a process makes, only the tree is reached: it follows no symbolic link.
 */

import { type FileTree, nameOf, type TreePath } from '../../../files/index.ts';
import { LinuxError } from '../../errors.ts';
import { PATH_MAX } from '../abi/files.ts';
import type { Dentry } from './dentry.ts';
import type { Devices } from './devices.ts';
import { Directory, type NewFile } from './directory.ts';
import { type FileHost, FileSystem, type FileSystemSpace, type InodeChanges, MAGIC } from './file-system.ts';
import { FrameBudget } from './frame-budget.ts';
import type { Inode } from './inode.ts';
import type { NameStore } from './memory-directory.ts';
import { makeMemoryInode } from './memory-inodes.ts';
import type { PageCache } from './page-cache.ts';
import { fromTree } from './tree-errors.ts';
import { TreeFiles } from './tree-files.ts';

/** Where changes go: they are refused, they stay in memory, or they go to the tree. */
export type ChangesGo = 'nowhere' | 'memory' | 'tree';

/** Options of a file system of a tree. */
export interface FolderOptions {
  readonly changes: ChangesGo;
  /** Pages of files that are in the tree. */
  readonly cache: PageCache;
  /** The devices that nodes are for. */
  readonly devices: Devices;
  /** Maximum length of all files together that are changed in memory, in bytes; default 512 MiB. */
  readonly capacity?: number;
}

const PAGE = 4096;
const CAPACITY = 512 << 20;
/** Maximum number of names that are made in memory. */
const NAMES = 1 << 18;
/** Permissions that a tree keeps. */
const SETTABLE = 0o1777;

/** The files of one tree. */
export class FolderStore extends FileSystem implements NameStore {
  readonly tree: FileTree;
  readonly changes: ChangesGo;
  readonly cache: PageCache;
  readonly budget: FrameBudget;
  readonly devices: Devices;
  readonly treeFiles: TreeFiles;
  /** Where names are in the tree that were found there. */
  readonly origins = new WeakMap<Dentry, TreePath>();
  /** The files that are not as in the tree any more: their attributes, contents or names were changed in memory. */
  readonly altered = new WeakSet<Inode>();
  /** The files that were found in the tree, by what tells them apart there. */
  readonly #inodes = new Map<bigint, Inode>();
  readonly #ids = new WeakMap<Inode, bigint>();
  readonly #numbers = new Map<bigint, number>();
  readonly #names = new WeakMap<Inode, Set<Dentry>>();
  /** How many more names can be made in memory. Each name of the tree that goes makes room for one. */
  #room = NAMES;

  constructor(
    host: FileHost,
    tree: FileTree,
    { changes, cache, devices, capacity = CAPACITY }: FolderOptions,
  ) {
    super(host, changes === 'memory' ? 'overlay' : '9p', changes === 'memory' ? MAGIC.OVERLAYFS : MAGIC.V9FS);
    this.tree = tree;
    this.changes = changes === 'tree' && tree.readOnly ? 'nowhere' : changes;
    this.readOnly = this.changes === 'nowhere';
    this.cache = cache;
    this.devices = devices;
    this.budget = new FrameBudget(Math.floor(capacity / PAGE));
    this.treeFiles = new TreeFiles(tree);
  }

  /** Whether changes go to the tree, and other programs may change it, too. */
  get isShared(): boolean {
    return this.changes === 'tree';
  }

  claimName(): void {
    if (this.#room <= 0) throw new LinuxError('ENOSPC', `the file system has ${NAMES} new names`);
    this.#room--;
  }

  unclaimName(): void {
    this.#room++;
  }

  linked(inode: Inode): void {
    this.altered.add(inode);
  }

  makeInode(file: NewFile): Inode {
    return makeMemoryInode(this, file, this);
  }

  /** Returns the number of a file of the tree. */
  inoOf(id: bigint): number {
    let ino = this.#numbers.get(id);
    if (ino === undefined) {
      ino = this.takeIno();
      this.#numbers.set(id, ino);
    }
    return ino;
  }

  /** Returns the file that was found in the tree before, or undefined. */
  known(id: bigint): Inode | undefined {
    const inode = this.#inodes.get(id);
    return inode?.isGone ? undefined : inode;
  }

  /** A file was found in the tree. */
  found(id: bigint, inode: Inode): void {
    this.#inodes.set(id, inode);
    this.#ids.set(inode, id);
  }

  /** Returns what tells a file apart in the tree, or undefined for one that was made in memory. */
  idOf(inode: Inode): bigint | undefined {
    return this.#ids.get(inode);
  }

  /** A file has got a name. */
  named(dentry: Dentry): void {
    const names = this.#names.get(dentry.inode);
    if (names === undefined) this.#names.set(dentry.inode, new Set([dentry]));
    else names.add(dentry);
  }

  /** A file has lost a name. */
  unnamed(dentry: Dentry): void {
    this.#names.get(dentry.inode)?.delete(dentry);
  }

  /** Number of names of a file that are known. */
  namesOf(inode: Inode): number {
    return this.#names.get(inode)?.size ?? 0;
  }

  /** Returns a path of a file as it is named now. @throws LinuxError ESTALE if it has no name */
  pathOf(inode: Inode): TreePath {
    if (inode instanceof Directory) return treePathOf(inode.dentry);
    for (const dentry of this.#names.get(inode) ?? []) return treePathOf(dentry);
    throw new LinuxError('ESTALE', 'the file has no name any more');
  }

  override changing(inode: Inode, { mode, uid, gid, accessed, modified }: InodeChanges): void {
    if (!this.isShared) {
      this.altered.add(inode);
      return;
    }
    const changes = {
      ...(mode !== undefined && { mode: mode & SETTABLE }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      ...(accessed !== undefined && { accessed }),
      ...(modified !== undefined && { modified }),
    };
    fromTree(() => this.tree.change(this.pathOf(inode), changes));
  }

  override space(): FileSystemSpace {
    if (this.changes === 'memory') {
      const { limit, used } = this.budget;
      return {
        ...{ blockSize: PAGE, blocks: limit, free: limit - used, available: limit - used },
        ...{ files: NAMES, freeFiles: this.#room },
      };
    }
    const { blockSize, blocks, free, available, files, freeFiles } = fromTree(() => this.tree.space());
    return {
      ...{ blockSize, blocks: Number(blocks), free: Number(free), available: Number(available) },
      ...{ files: Number(files), freeFiles: Number(freeFiles) },
    };
  }
}

/** Returns the path in the tree of a name. */
function treePathOf(dentry: Dentry): TreePath {
  const names: string[] = [];
  for (let at = dentry; at.parent !== null; at = at.parent) names.unshift(at.name);
  return names.join('/');
}

/** Returns the path of a file in a directory, however long it is. */
export function joined(directory: TreePath, name: string): TreePath {
  return directory === '' ? name : `${directory}/${name}`;
}

/** Returns the path in a tree of a file in a directory. @throws LinuxError ENAMETOOLONG */
export function treeChild(directory: TreePath, name: string): TreePath {
  const path = joined(directory, name);
  if (path.length >= PATH_MAX)
    throw new LinuxError('ENAMETOOLONG', `${nameOf(path)} is too deep in the folder`);
  return path;
}
