/** The files of a tree that are open there: few at a time, and opened again when they are needed again. */

import type { FileTree, OpenFile as TreeFile, TreePath } from '../../../files/index.ts';
import { LinuxError } from '../../errors.ts';
import { ReadAhead } from './read-ahead.ts';
import { fromTree } from './tree-errors.ts';

/** Files that are open at a time, apart from those that cannot be opened again. */
const OPEN_MAX = 64;
/** Files without a name that are open at a time. */
const PINNED_MAX = 512;

/** A file of a tree. */
export interface TreeFileOwner {
  /** Where it is now. @throws LinuxError ESTALE if it has no name any more */
  readonly treePath: TreePath;
  /** What tells it apart in the tree. */
  readonly id: bigint;
}

/** A file that is open. */
interface Opened {
  readonly file: TreeFile;
  readonly canWrite: boolean;
  /** It has no name: it is kept open until it is not needed any more. */
  isPinned: boolean;
}

/** The open files of one tree. */
export class TreeFiles {
  readonly #tree: FileTree;
  /** The one that was used first is at the front. */
  readonly #opened = new Map<TreeFileOwner, Opened>();
  readonly #ahead = new ReadAhead();
  #pinned = 0;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** Returns a file, opened. @throws LinuxError as open(2); ESTALE if something else has its path now */
  get(owner: TreeFileOwner, write: boolean): TreeFile {
    return this.#get(owner, write).file;
  }

  #get(owner: TreeFileOwner, write: boolean): Opened {
    const opened = this.#opened.get(owner);
    if (opened !== undefined && (opened.canWrite || !write)) {
      this.#opened.delete(owner);
      this.#opened.set(owner, opened);
      return opened;
    }
    if (opened?.isPinned) throw new LinuxError('EACCES', 'it has no name, and was opened for reading alone');
    const file = this.#open(owner, write);
    this.close(owner);
    return this.adopt(owner, file, write);
  }

  #open(owner: TreeFileOwner, write: boolean): TreeFile {
    const file = fromTree(() => this.#tree.open(owner.treePath, { read: true, write, append: false }, false));
    try {
      if (fromTree(() => file.attributes()).id === owner.id) return file;
      throw new LinuxError('ESTALE', `something else has the path ${owner.treePath} now`);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Takes over a file that was opened elsewhere. */
  adopt(owner: TreeFileOwner, file: TreeFile, canWrite: boolean): Opened {
    const opened = { file, canWrite, isPinned: false };
    this.#opened.set(owner, opened);
    if (this.#opened.size - this.#pinned > OPEN_MAX) this.#closeOldest();
    return opened;
  }

  #closeOldest(): void {
    for (const [owner, { isPinned }] of this.#opened) {
      if (isPinned) continue;
      this.close(owner);
      return;
    }
  }

  /**
   * The file is about to lose its last name, and is needed: it stays open until `close`.
   * @throws LinuxError ENFILE if there are too many; as `get`
   */
  pin(owner: TreeFileOwner): void {
    if (this.#pinned >= PINNED_MAX)
      throw new LinuxError('ENFILE', `${PINNED_MAX} files without names are open`);
    const opened = this.#forPinning(owner);
    if (!opened.isPinned) this.#pinned++;
    opened.isPinned = true;
  }

  #forPinning(owner: TreeFileOwner): Opened {
    try {
      return this.#get(owner, true);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      return this.#get(owner, false);
    }
  }

  /** Closes a file, if it is open. */
  close(owner: TreeFileOwner): void {
    const opened = this.#opened.get(owner);
    if (opened === undefined) return;
    this.#opened.delete(owner);
    if (opened.isPinned) this.#pinned--;
    this.#ahead.forget(opened.file);
    fromTree(() => opened.file.close());
  }

  /** Closes all files. */
  closeAll(): void {
    for (const owner of [...this.#opened.keys()]) this.close(owner);
  }

  /** Reads bytes from an offset on. What is behind the end stays as it is. @throws LinuxError as `get`; EIO */
  read(owner: TreeFileOwner, at: number, into: Uint8Array): void {
    const { file } = this.#get(owner, false);
    fromTree(() => this.#ahead.read(file, at, into));
  }

  /** The file was changed: what was read before may be wrong. */
  changed(owner: TreeFileOwner): void {
    const opened = this.#opened.get(owner);
    if (opened !== undefined) this.#ahead.forget(opened.file);
  }
}
