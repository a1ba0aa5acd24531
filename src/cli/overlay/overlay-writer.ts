/**
 * Writes what processes have changed in a root directory into the folder of an overlay.
 *
 * First the contents of all files are copied aside: until then nothing of the overlay changes, and what the changes are read from is still
 * there. Then files are removed, made and moved to their places. No symbolic link is followed, since `FolderTree` follows none.
 */

import { setImmediate } from 'node:timers/promises';
import {
  FileError,
  type FileErrorCode,
  type FileTree,
  folderOf,
  MODE,
  type TreePath,
} from '../../files/index.ts';
import { type FolderChange, type Inode, RegularFile, Symlink } from '../../host/task/internal.ts';
import { type ByteBudget, copyContents } from './overlay-contents.ts';
import type { OverlayRecords } from './overlay-records.ts';
import { attributesIn, type OverlayParts, placeOf } from './overlay-tree.ts';

/** The folder with copies. */
export const STAGED = 'staged';
const OPEN = { read: true, write: true, append: false };
/** Paths of a real file system are no longer. */
const PATH_MAX = 4095;
/** Names that one run may change. */
const CHANGES_MAX = 1 << 20;
const PERMISSIONS = 0o7777;
/** What this computer's user may always do, so that the next run can. */
const FILE_OWNER = 0o600;
const FOLDER_OWNER = 0o700;
/** Errors that concern one file, and not all of them. */
const ONE_FILE: Partial<Record<FileErrorCode, string>> = {
  EFBIG: 'it is longer than the file system takes',
  EMLINK: 'the file system does not take so many hard links',
  ENAMETOOLONG: 'the file system does not take so long a name',
  EINVAL: 'the file system does not take the name',
  EEXIST: 'the file system does not tell the name from another one',
  ENOENT: 'its directory is left out',
  ENOTDIR: 'its directory is left out',
  EPERM: 'the file system does not allow it',
};
/** Changes between two looks at what else is to be done, such as signals. */
const PAUSE = 256;

/** Files that were left out: why, how many, and one of them. */
export interface LeftOut {
  readonly reason: string;
  readonly example: TreePath;
  count: number;
}

/** There are too many changes. */
export class TooManyError extends Error {}

/** What is written. */
export interface OverlayChanges {
  readonly changes: Iterable<FolderChange>;
  /** Returns the file that is at a path now. */
  readonly inodeAt: (path: TreePath) => Inode | null;
  readonly budget: ByteBudget;
}

/** Writes changes. Use once. */
export class OverlayWriter {
  readonly #upper: FileTree;
  readonly #lower: FileTree | null;
  readonly #records: OverlayRecords;
  readonly #leftOut = new Map<string, LeftOut>();
  /** Numbers of copies. */
  readonly #staged = new Map<Inode, number>();
  /** Where the copies went. */
  readonly #placed = new Map<Inode, TreePath>();
  /** Directories, each before what is in it, which get their attributes at the end. */
  readonly #directories = new Map<TreePath, Inode>();
  #inodeAt: (path: TreePath) => Inode | null = () => null;
  #copies = 0;
  #count = 0;

  constructor({ upper, lower, records }: OverlayParts) {
    this.#upper = upper;
    this.#lower = lower;
    this.#records = records;
  }

  /**
   * Writes changes, and enters in the records what a real file system does not take. Returns what was left out.
   * @throws TooMuchError, TooManyError, FileError, LinuxError; then `files` has changed only if everything had been copied
   */
  async write({ changes, inodeAt, budget }: OverlayChanges): Promise<LeftOut[]> {
    this.#inodeAt = inodeAt;
    clearStaged(this.#upper);
    this.#upper.makeFolder(STAGED, FOLDER_OWNER);
    try {
      const plan = await this.#stage(changes, budget);
      for (const change of plan) {
        this.#attempt(change.path, () => this.#apply(change));
        await this.#pause();
      }
      for (const [path, inode] of [...this.#directories].reverse()) {
        this.#attempt(path, () => this.#finish(path, inode));
        await this.#pause();
      }
    } finally {
      clearStaged(this.#upper);
    }
    return [...this.#leftOut.values()];
  }

  /** Performs something with a file. Returns whether the file system has done it; otherwise the file is left out. */
  #attempt(path: TreePath, action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      const reason = error instanceof FileError ? ONE_FILE[error.code] : undefined;
      if (reason === undefined) throw error;
      this.#leave(reason, path);
      return false;
    }
  }

  async #pause(): Promise<void> {
    if (++this.#count % PAUSE === 0) await setImmediate();
  }

  async #stage(changes: Iterable<FolderChange>, budget: ByteBudget): Promise<FolderChange[]> {
    const plan: FolderChange[] = [];
    for (const change of changes) {
      if (plan.length >= CHANGES_MAX) throw new TooManyError();
      if (this.#canKeep(change, budget)) plan.push(change);
      await this.#pause();
    }
    return plan;
  }

  #canKeep({ path, inode }: FolderChange, budget: ByteBudget): boolean {
    if (placeOf(path).length > PATH_MAX) {
      // What is removed there was not written either, unless it is of the root: then it is seen again.
      this.#leave('the path is too long', path);
      return false;
    }
    if (!(inode instanceof RegularFile) || this.#staged.has(inode)) return true;
    const number = this.#copies++;
    const file = this.#upper.create(`${STAGED}/${number}`, OPEN, FILE_OWNER);
    try {
      const isCopied = this.#attempt(path, () => {
        copyContents(inode, file, budget);
        file.change(changesOf(inode, FILE_OWNER));
      });
      if (isCopied) this.#staged.set(inode, number);
      return isCopied;
    } finally {
      file.close();
    }
  }

  #leave(reason: string, path: TreePath): void {
    const known = this.#leftOut.get(reason);
    if (known === undefined) this.#leftOut.set(reason, { reason, example: path, count: 1 });
    else known.count++;
  }

  #apply({ path, inode }: FolderChange): void {
    if (path !== '') this.#makeParents(folderOf(path));
    if (inode === null) {
      this.#removePlaced(path);
      if (this.#lower !== null && attributesIn(this.#lower, path) !== null) this.#records.remove(path);
      else this.#records.forget(path);
      return;
    }
    if (isFolder(inode)) this.#makeFolder(path, inode);
    else this.#place(path, inode);
  }

  /** Makes the directories on the way that the overlay does not have. */
  #makeParents(path: TreePath): void {
    const missing: [TreePath, Inode][] = [];
    for (let at = path; !this.#directories.has(at); at = folderOf(at)) {
      const inode = this.#inodeAt(at);
      if (inode === null) break;
      missing.unshift([at, inode]);
      if (at === '') break;
    }
    for (const [at, inode] of missing) this.#makeFolder(at, inode);
  }

  #makeFolder(path: TreePath, inode: Inode): void {
    const place = placeOf(path);
    const before = attributesIn(this.#upper, place);
    if (before !== null && !isFolder(before)) this.#upper.remove(place, false);
    if (before === null || !isFolder(before)) this.#upper.makeFolder(place, FOLDER_OWNER);
    this.#directories.set(path, inode);
    this.#record(path, inode);
  }

  #place(path: TreePath, inode: Inode): void {
    const place = placeOf(path);
    if (inode instanceof RegularFile) this.#placeFile(place, inode);
    else {
      this.#removePlaced(path);
      if (inode instanceof Symlink) {
        this.#upper.makeLink(place, inode.readLink());
        this.#upper.change(place, timesOf(inode));
      } else {
        // A device, a FIFO or a socket: an empty file stands for it.
        this.#upper.create(place, OPEN, FILE_OWNER).close();
        this.#upper.change(place, timesOf(inode));
      }
    }
    this.#record(path, inode);
  }

  #placeFile(place: TreePath, inode: RegularFile): void {
    const first = this.#placed.get(inode);
    const there = attributesIn(this.#upper, place);
    if (first !== undefined) {
      if (there !== null && there.id === this.#upper.attributes(first).id) return;
      if (there !== null) this.#removeAll(place, isFolder(there));
      this.#upper.link(first, place);
      return;
    }
    const staged = `${STAGED}/${this.#staged.get(inode)}`;
    // Other names that the overlay has of it, and that nobody has looked at, keep it.
    if (there !== null && there.links > 1 && (there.mode & MODE.TYPE) === MODE.FILE) {
      this.#overwrite(staged, place);
    } else {
      if (there !== null && isFolder(there)) this.#removeAll(place, true);
      this.#upper.rename(staged, place);
    }
    this.#placed.set(inode, place);
  }

  #overwrite(staged: TreePath, place: TreePath): void {
    const from = this.#upper.open(staged, OPEN, false);
    const to = this.#upper.open(place, OPEN, true);
    try {
      const { size, mode, modified, accessed } = from.attributes();
      to.change({ size: Number(size) });
      for (let at = 0; at < Number(size); ) {
        const bytes = from.read(at, 1 << 20);
        for (let done = 0; done < bytes.length; ) done += to.write(at + done, bytes.subarray(done));
        at += bytes.length;
      }
      to.change({ mode: mode & MODE.SETTABLE });
      to.change({ modified, accessed });
    } finally {
      from.close();
      to.close();
    }
  }

  /** Enters what the real file system does not take. */
  #record(path: TreePath, inode: Inode): void {
    const { mode, uid, gid, rdev } = inode;
    const isPlain = inode instanceof RegularFile || isFolder(inode);
    const permissions = mode & PERMISSIONS;
    const isKept =
      uid === 0 &&
      gid === 0 &&
      (inode instanceof Symlink || (isPlain && permissions === permissionsOf(inode, ownerOf(inode))));
    this.#records.setAttributes(path, isKept ? null : { mode, uid, gid, device: rdev });
  }

  #finish(path: TreePath, inode: Inode): void {
    const place = placeOf(path);
    this.#upper.change(place, { mode: permissionsOf(inode, FOLDER_OWNER) });
    this.#upper.change(place, timesOf(inode));
  }

  #removePlaced(path: TreePath): void {
    const there = attributesIn(this.#upper, placeOf(path));
    if (there !== null) this.#removeAll(placeOf(path), isFolder(there));
  }

  #removeAll(place: TreePath, folder: boolean): void {
    removeAll(this.#upper, place, folder);
  }
}

/** Removes what an earlier run has left. */
export function clearStaged(upper: FileTree): void {
  if (attributesIn(upper, STAGED) !== null) removeAll(upper, STAGED, true);
}

function removeAll(tree: FileTree, path: TreePath, folder: boolean): void {
  if (folder) {
    for (const { name, mode } of tree.list(path, Infinity))
      removeAll(tree, `${path}/${name}`, isFolder({ mode }));
  }
  tree.remove(path, folder);
}

function isFolder({ mode }: { readonly mode: number }): boolean {
  return (mode & MODE.TYPE) === MODE.FOLDER;
}

function ownerOf(inode: Inode): number {
  return isFolder(inode) ? FOLDER_OWNER : FILE_OWNER;
}

/** Permissions on the real file system: no file becomes one that runs as its owner. */
function permissionsOf({ mode }: Inode, owner: number): number {
  return (mode & MODE.SETTABLE) | owner;
}

function timesOf({ times: { accessed, modified } }: Inode) {
  return { accessed, modified };
}

function changesOf(inode: Inode, owner: number) {
  return { mode: permissionsOf(inode, owner), ...timesOf(inode) };
}
