/** A root directory and what earlier runs have changed there, as one tree that cannot be changed. */

import {
  type FileAttributes,
  FileError,
  type FileTree,
  type FolderEntry,
  folderOf,
  MODE,
  type OpenFile,
  type OpenMode,
  type TreePath,
  type TreeSpace,
} from '../../files/index.ts';
import type { OverlayRecords } from './overlay-records.ts';

/** The folder of an overlay that has its files. */
export const FILES = 'files';
/** Tells files of the overlay from those of the root. */
const OVERLAY_BIT = 1n << 63n;

/** Returns where the overlay has the file of a path. */
export function placeOf(path: TreePath): TreePath {
  return path === '' ? FILES : `${FILES}/${path}`;
}

/** Returns the attributes of a file, or null if there is none. @throws FileError EACCES, EIO */
export function attributesIn(tree: FileTree, path: TreePath): FileAttributes | null {
  try {
    return tree.attributes(path);
  } catch (error) {
    if (error instanceof FileError && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
    throw error;
  }
}

/** What an overlay consists of. */
export interface OverlayParts {
  /** The root directory, or null for an empty one. */
  readonly lower: FileTree | null;
  /** The folder with the overlay: its files are in its folder `FILES`. */
  readonly upper: FileTree;
  readonly records: OverlayRecords;
}

/** The tree. Nobody may change what it consists of while it is used. */
export class OverlayTree implements FileTree {
  readonly readOnly = true;
  readonly #lower: FileTree | null;
  readonly #upper: FileTree;
  readonly #records: OverlayRecords;
  /** Whether directories of the root show what is in them. */
  readonly #shown = new Map<TreePath, boolean>();

  constructor({ lower, upper, records }: OverlayParts) {
    this.#lower = lower;
    this.#upper = upper;
    this.#records = records;
  }

  attributes(path: TreePath): FileAttributes {
    const upper = attributesIn(this.#upper, placeOf(path));
    if (upper !== null) return this.#recorded(path, upper);
    return this.#lowerOf(path).attributes(path);
  }

  /** What the overlay has belongs to root, unless something else was recorded. */
  #recorded(path: TreePath, upper: FileAttributes): FileAttributes {
    const recorded = this.#records.attributesOf(path);
    const { mode, uid, gid, device } = recorded ?? { mode: upper.mode, uid: 0, gid: 0, device: 0 };
    return { ...upper, id: upper.id ^ OVERLAY_BIT, mode, uid, gid, device: BigInt(device) };
  }

  /** Returns the root, if its file at a path is to be seen. @throws FileError ENOENT otherwise */
  #lowerOf(path: TreePath): FileTree {
    if (this.#lower === null || !this.#shows(path)) throw new FileError('ENOENT');
    return this.#lower;
  }

  /** Whether what the root has at a path is to be seen, if the overlay has nothing there. */
  #shows(path: TreePath): boolean {
    return !this.#records.isRemoved(path) && (path === '' || this.#showsInside(folderOf(path)));
  }

  /** Whether what the root has in a directory is to be seen. */
  #showsInside(path: TreePath): boolean {
    const known = this.#shown.get(path);
    if (known !== undefined) return known;
    if (!this.#isDirectoryBelow(path) || !this.#shows(path)) return false;
    const upper = attributesIn(this.#upper, placeOf(path));
    const shows = upper === null || isFolder(this.#recorded(path, upper));
    this.#shown.set(path, shows);
    return shows;
  }

  #isDirectoryBelow(path: TreePath): boolean {
    const lower = this.#lower === null ? null : attributesIn(this.#lower, path);
    return lower !== null && isFolder(lower);
  }

  open(path: TreePath, mode: OpenMode, truncate: boolean): OpenFile {
    if (mode.write || truncate) throw new FileError('EROFS');
    if (attributesIn(this.#upper, placeOf(path)) !== null) {
      const file = this.#upper.open(placeOf(path), mode, truncate);
      return new OverlayFile(file, (attributes) => this.#recorded(path, attributes));
    }
    return this.#lowerOf(path).open(path, mode, truncate);
  }

  list(path: TreePath, most: number): FolderEntry[] {
    const upper = attributesIn(this.#upper, placeOf(path)) === null ? null : this.#listUpper(path, most);
    if (!this.#showsInside(path)) {
      if (upper === null) throw new FileError('ENOENT');
      return upper;
    }
    const names = new Set((upper ?? []).map(({ name }) => name));
    const lower = this.#lowerOf(path)
      .list(path, most)
      .filter(({ name }) => !names.has(name) && !this.#records.isRemoved(inside(path, name)));
    const all = [...(upper ?? []), ...lower];
    if (all.length > most) throw new FileError('ENOMEM');
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #listUpper(path: TreePath, most: number): FolderEntry[] {
    return this.#upper.list(placeOf(path), most).map(({ name, id, mode }) => ({
      name,
      id: id ^ OVERLAY_BIT,
      mode: this.#records.attributesOf(inside(path, name))?.mode ?? mode,
    }));
  }

  readLink(path: TreePath): string {
    if (attributesIn(this.#upper, placeOf(path)) !== null) return this.#upper.readLink(placeOf(path));
    return this.#lowerOf(path).readLink(path);
  }

  space(): TreeSpace {
    return this.#upper.space();
  }

  change(): void {
    throw new FileError('EROFS');
  }

  create(): OpenFile {
    throw new FileError('EROFS');
  }

  makeFolder(): void {
    throw new FileError('EROFS');
  }

  makeLink(): void {
    throw new FileError('EROFS');
  }

  link(): void {
    throw new FileError('EROFS');
  }

  rename(): void {
    throw new FileError('EROFS');
  }

  remove(): void {
    throw new FileError('EROFS');
  }

  syncFolder(): void {
    throw new FileError('EROFS');
  }

  restoreOpen(path: TreePath | null, mode: OpenMode): OpenFile {
    if (path === null) throw new FileError('ESTALE');
    return this.open(path, mode, false);
  }

  /** The state is in the folders. */
  save(): unknown {
    return null;
  }

  prepareRestore(): () => void {
    return () => {};
  }
}

/** An open file of the overlay: with the attributes that it has in the tree. */
class OverlayFile implements OpenFile {
  readonly #file: OpenFile;
  readonly #recorded: (attributes: FileAttributes) => FileAttributes;

  constructor(file: OpenFile, recorded: (attributes: FileAttributes) => FileAttributes) {
    this.#file = file;
    this.#recorded = recorded;
  }

  attributes(): FileAttributes {
    return this.#recorded(this.#file.attributes());
  }

  change(): void {
    throw new FileError('EROFS');
  }

  read(offset: number, length: number): Uint8Array {
    return this.#file.read(offset, length);
  }

  write(): number {
    throw new FileError('EROFS');
  }

  sync(): void {
    this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }

  save(): unknown {
    return this.#file.save();
  }
}

function isFolder({ mode }: { readonly mode: number }): boolean {
  return (mode & MODE.TYPE) === MODE.FOLDER;
}

function inside(path: TreePath, name: string): TreePath {
  return path === '' ? name : `${path}/${name}`;
}
