/** A tree of files that was handed over, mounted: see `FolderStore`. */

import type { FileTree, TreePath } from '../../../files/index.ts';
import { Dentry } from './dentry.ts';
import type { FileHost } from './file-system.ts';
import { FolderDirectory } from './folder-directory.ts';
import { FolderFile } from './folder-file.ts';
import { type FolderOptions, FolderStore, joined } from './folder-store.ts';
import type { Inode } from './inode.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { fromTree } from './tree-errors.ts';

/** A difference between a tree and what processes have made of it in memory. */
export interface FolderChange {
  /** Where it is, from the root of the tree. */
  readonly path: TreePath;
  /** The file that is there now, new or changed; null if what the tree has there was removed, with all that is in it. */
  readonly inode: Inode | null;
}

/** A directory that may have differences. */
interface Inside {
  readonly directory: MemoryDirectory;
  /** Whether the tree has it at the same path, so that what is not known of it is the same. */
  readonly inPlace: boolean;
}

/** A path that may differ, and a directory there to look into. */
interface Difference extends FolderChange {
  readonly isChanged: boolean;
  readonly inside: Inside | null;
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
   * removed, then there again. Paths may be longer than those of a tree. Nothing may be changed meanwhile.
   */
  *differences(): Iterable<FolderChange> {
    // Not recursive: a process can make directories in each other as deep as it likes.
    const open: Iterator<Difference>[] = [[this.#difference(this.root, '')][Symbol.iterator]()];
    while (open.length > 0) {
      const next = (open.at(-1) as Iterator<Difference>).next();
      if (next.done) {
        open.pop();
        continue;
      }
      const { path, inode, isChanged, inside } = next.value;
      if (isChanged) yield { path, inode };
      if (inside !== null) open.push(this.#within(inside, path));
    }
  }

  *#within({ directory, inPlace }: Inside, path: TreePath): Iterator<Difference> {
    if (directory instanceof FolderDirectory) {
      for (const name of inPlace ? directory.removedNames : []) {
        const there = joined(path, name);
        const now = directory.known.get(name);
        const isBack = now !== undefined && this.origins.get(now) === there;
        if (!isBack) yield { path: there, inode: null, isChanged: true, inside: null };
      }
      if (!inPlace) for (const { name } of directory.list()) directory.lookup(name);
    }
    for (const [name, dentry] of directory.known) {
      // Not a directory that was made for something to be mounted on it.
      if (dentry.mounted === null || this.origins.has(dentry))
        yield this.#difference(dentry, joined(path, name));
    }
  }

  #difference(dentry: Dentry, path: TreePath): Difference {
    const { inode } = dentry;
    const inPlace = this.origins.get(dentry) === path;
    const isModified = inode instanceof FolderFile && inode.isModified;
    const isChanged = !inPlace || isModified || this.altered.has(inode);
    const inside = inode instanceof MemoryDirectory ? { directory: inode, inPlace } : null;
    return { path, inode, isChanged, inside };
  }

  /** Returns the file that is at a path now, or null. Nothing that is mounted is entered. @throws LinuxError */
  inodeAt(path: TreePath): Inode | null {
    let at: Inode | null = this.root.inode;
    for (const name of path === '' ? [] : path.split('/')) {
      if (!(at instanceof MemoryDirectory)) return null;
      at = at.lookup(name)?.inode ?? null;
    }
    return at;
  }

  /** Ends the use of the tree. Files cannot be read from it any more. */
  close(): void {
    this.treeFiles.closeAll();
  }
}
