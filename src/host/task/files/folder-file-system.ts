/** A tree of files that was handed over, mounted: see `FolderStore`. */

import type { FileTree, TreePath } from '../../../files/index.ts';
import { Dentry } from './dentry.ts';
import { Directory } from './directory.ts';
import type { FileHost } from './file-system.ts';
import { FolderDirectory } from './folder-directory.ts';
import { FolderFile } from './folder-file.ts';
import { type FolderOptions, FolderStore, treeChild } from './folder-store.ts';
import type { Inode } from './inode.ts';
import type { MemoryDirectory } from './memory-directory.ts';
import { fromTree } from './tree-errors.ts';

/** A difference between a tree and what processes have made of it in memory. */
export interface FolderChange {
  /** Where it is, from the root of the tree. */
  readonly path: TreePath;
  /** The file that is there now, new or changed; null if what the tree has there was removed, with all that is in it. */
  readonly inode: Inode | null;
}

/** The file system of a tree. */
export class FolderFileSystem extends FolderStore {
  readonly root: Dentry;

  /** @throws LinuxError if the tree cannot be used */
  constructor(host: FileHost, tree: FileTree, options: FolderOptions) {
    super(host, tree, options);
    const attributes = fromTree(() => tree.attributes(''));
    const directory = new FolderDirectory(this, '', attributes);
    this.root = new Dentry('', null, directory);
    directory.dentry = this.root;
    this.found(attributes.id, directory);
    this.origins.set(this.root, '');
  }

  /**
   * What was changed in memory, each directory before what is in it. A path at which something else is now than in the tree is first
   * removed, then there again. Nothing may be changed meanwhile.
   */
  *differences(): Iterable<FolderChange> {
    if (this.altered.has(this.root.inode)) yield { path: '', inode: this.root.inode };
    yield* this.#within(this.root.inode as MemoryDirectory, '', this.origins.get(this.root) === '');
  }

  /** @param inPlace whether the tree has this directory at the path, so that what is not known of it is the same */
  *#within(directory: Directory, path: TreePath, inPlace: boolean): Iterable<FolderChange> {
    if (directory instanceof FolderDirectory) {
      for (const name of inPlace ? directory.removedNames : []) {
        const there = treeChild(path, name);
        const now = directory.known.get(name);
        if (now === undefined || this.origins.get(now) !== there) yield { path: there, inode: null };
      }
      if (!inPlace) for (const { name } of directory.list()) directory.lookup(name);
    }
    for (const [name, dentry] of (directory as MemoryDirectory).known) {
      yield* this.#of(dentry, treeChild(path, name));
    }
  }

  *#of(dentry: Dentry, path: TreePath): Iterable<FolderChange> {
    const { inode } = dentry;
    // A directory that was made for something to be mounted on it.
    if (dentry.mounted !== null && !this.origins.has(dentry)) return;
    const inPlace = this.origins.get(dentry) === path;
    const isModified = inode instanceof FolderFile && inode.isModified;
    if (!inPlace || isModified || this.altered.has(inode)) yield { path, inode };
    if (inode instanceof Directory) yield* this.#within(inode, path, inPlace);
  }

  /** Ends the use of the tree. Files cannot be read from it any more. */
  close(): void {
    this.treeFiles.closeAll();
  }
}
