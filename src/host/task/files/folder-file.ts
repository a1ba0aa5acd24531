/** Regular files of a tree. */

import type { FileAttributes, TreePath } from '../../../files/index.ts';
import { LinuxError } from '../../errors.ts';
import type { FileBacking } from '../../mm/index.ts';
import { O, S } from '../abi/files.ts';
import { FileContents } from './file-contents.ts';
import type { FolderStore } from './folder-store.ts';
import type { OpenFile } from './open-file.ts';
import type { CachedFile } from './page-cache.ts';
import { type Allocation, RegularFile } from './regular-file.ts';
import { fromTree } from './tree-errors.ts';
import type { TreeFileOwner } from './tree-files.ts';

const PAGE = 4096;
const ZEROS = 1 << 16;

/** A regular file that was found in a tree. Its pages are read when they are touched. */
export class FolderFile extends RegularFile implements CachedFile, TreeFileOwner {
  declare readonly fs: FolderStore;
  readonly id: bigint;
  /** Where it was found. */
  readonly #source: TreePath;
  /** Length and time in the tree when it was looked at last. */
  #seen: { readonly size: number; readonly modified: bigint };
  /** Up to where pages are read from the tree. */
  #sourceEnd: number;
  /** Whether it was changed in memory: its pages cannot be read again. */
  #isModified = false;
  /** Whether it was changed in the tree through this file system since it was looked at. */
  #hasWritten = false;

  constructor(fs: FolderStore, source: TreePath, { id, mode, size, modified }: FileAttributes) {
    super(fs, mode & ~S.IFMT, () => this.#makeContents(), fs.inoOf(id));
    this.id = id;
    this.#source = source;
    this.#seen = { size: Number(size), modified };
    this.#sourceEnd = this.#seen.size;
  }

  get treePath(): TreePath {
    return this.fs.isShared ? this.fs.pathOf(this) : this.#source;
  }

  override get size(): number {
    return this.hasContents ? super.size : this.#seen.size;
  }

  override get blocks(): number {
    return this.#isModified ? super.blocks : Math.ceil(this.size / 512);
  }

  /** Whether its contents are not those of the tree any more, and will not be. */
  get isModified(): boolean {
    return this.#isModified || (!this.fs.isShared && this.#hasStores());
  }

  /** Whether programs have stored into its pages. */
  #hasStores(): boolean {
    if (!this.hasContents) return false;
    for (const _ of this.contents.memory.written()) return true;
    return false;
  }

  #makeContents(): FileContents {
    const backing: FileBacking = {
      claim: () => (this.#isModified ? this.fs.budget : this.fs.cache).claim(),
      unclaim: (frames) => (this.#isModified ? this.fs.budget : this.fs.cache).unclaim(frames),
      fill: (page, frame) => this.#fill(page, frame),
      unmapped: () => this.#unmapped(),
      freed: () => this.fs.treeFiles.close(this),
    };
    return new FileContents(this.fs.host, backing, this.#seen.size);
  }

  #fill(page: number, frame: Uint8Array): void {
    const count = Math.min(PAGE, this.#sourceEnd - page * PAGE);
    if (count > 0)
      this.fs.treeFiles.read(this, page * PAGE, count === PAGE ? frame : frame.subarray(0, count));
  }

  override open(flags: number): OpenFile {
    const writes = (flags & (O.ACCMODE | O.TRUNC)) !== 0;
    // Whether the computer lets it be read or written is found out now.
    if (this.fs.isShared) this.fs.treeFiles.get(this, writes);
    else if (!this.#isModified && (flags & O.TRUNC) === 0) this.fs.treeFiles.get(this, false);
    return super.open(flags);
  }

  override hold(): void {
    super.hold();
    this.fs.cache.active(this);
  }

  protected override idle(): void {
    this.fs.cache.idle(this);
    this.#unmapped();
  }

  protected override evict(): void {
    this.fs.cache.active(this);
    super.evict();
    // A mapping of it may still need it.
    if (!this.hasContents) this.fs.treeFiles.close(this);
  }

  dropPages(): void {
    if (!this.hasContents || this.isHeld || this.isModified || this.contents.memory.isMapped) return;
    const { memory } = this.contents;
    this.#unmapped();
    if (!this.#hasStores()) memory.discard(0, memory.pages);
  }

  override write(bytes: Uint8Array, at: number): number {
    if (!this.fs.isShared) {
      this.#modify();
      return super.write(bytes, at);
    }
    if (bytes.length === 0) return 0;
    const done = fromTree(() => this.fs.treeFiles.get(this, true).write(at, bytes));
    this.contents.stored(bytes.subarray(0, done), at);
    this.#wrote();
    return done;
  }

  override truncate(size: number): void {
    if (this.fs.isShared) {
      fromTree(() => this.fs.treeFiles.get(this, true).change({ size }));
      this.contents.truncate(size);
      this.#wrote();
      return;
    }
    this.#modify();
    this.#sourceEnd = Math.min(this.#sourceEnd, size);
    super.truncate(size);
  }

  /** A change went to the tree. */
  #wrote(): void {
    this.fs.treeFiles.changed(this);
    this.#sourceEnd = this.contents.size;
    this.#hasWritten = true;
    this.touch();
  }

  /** It is about to be changed in memory: its pages belong to what was changed from now on. */
  #modify(): void {
    if (this.#isModified) return;
    const frames = this.contents.memory.frames.size;
    this.fs.cache.unclaim(frames);
    this.fs.budget.take(frames);
    this.#isModified = true;
    this.fs.altered.add(this);
  }

  override allocate(
    what: Allocation,
    range: { readonly at: number; readonly length: number },
    keepsSize: boolean,
  ): void {
    if (this.fs.isShared) {
      this.#allocateInTree(what, range.at + range.length, keepsSize);
      return;
    }
    this.#modify();
    super.allocate(what, range, keepsSize);
  }

  /** A hole where the tree has contents would be filled with them: there it is zeros. */
  protected override punch(at: number, length: number): void {
    const end = at + length;
    const border = Math.min(Math.max(at, PAGE * Math.ceil(this.#sourceEnd / PAGE)), end);
    this.#writeZeros(at, Math.min(border, this.size));
    if (border < end) super.punch(border, end - border);
  }

  /** A tree cannot make holes, and gives room when it is needed. */
  #allocateInTree(what: Allocation, end: number, keepsSize: boolean): void {
    if (what !== 'reserve') throw new LinuxError('EOPNOTSUPP', 'the folder cannot make holes');
    if (!keepsSize && end > this.size) this.truncate(end);
  }

  #writeZeros(from: number, end: number): void {
    const zeros = new Uint8Array(Math.max(0, Math.min(ZEROS, end - from)));
    for (let at = from; at < end; ) at += this.write(zeros.subarray(0, Math.min(ZEROS, end - at)), at);
  }

  override sync(): void {
    if (!this.fs.isShared) return;
    this.#writeBack();
    fromTree(() => this.fs.treeFiles.get(this, false).sync());
  }

  /** Nothing maps it any more, or nobody has it open. An error now is nobody's. */
  #unmapped(): void {
    try {
      if (!this.isGone) this.#writeBack();
    } catch {
      // As in Linux: who wants to know calls msync or fsync.
    }
  }

  /** Writes what programs have stored into its pages to the tree, if changes go there. */
  #writeBack(): void {
    if (!this.fs.isShared || !this.hasContents) return;
    const { memory, size } = this.contents;
    for (const page of [...memory.written()]) {
      const count = Math.min(PAGE, size - page * PAGE);
      if (count > 0) this.#writePage(page, count);
      if (!memory.isMapped) memory.clean(page);
    }
  }

  #writePage(page: number, count: number): void {
    const bytes = new Uint8Array(count);
    this.contents.memory.copyOut(page * PAGE, bytes);
    const file = this.fs.treeFiles.get(this, true);
    for (let done = 0; done < count; ) {
      done += fromTree(() => file.write(page * PAGE + done, bytes.subarray(done)));
    }
    this.#wrote();
  }

  /** Whether the tree has the same file as when it was looked at, as far as one can see. */
  isSame({ size, modified }: FileAttributes): boolean {
    return Number(size) === this.#seen.size && modified === this.#seen.modified;
  }

  /** Other programs may have changed it: what was read before is forgotten then. Preconditions: changes go to the tree. */
  refresh(attributes: FileAttributes): void {
    const size = Number(attributes.size);
    const isOurs = this.#hasWritten && size === this.size;
    if (!isOurs && !this.isSame(attributes)) this.#forget(size);
    this.#seen = { size, modified: attributes.modified };
    this.#hasWritten = false;
  }

  #forget(size: number): void {
    this.#sourceEnd = size;
    this.fs.treeFiles.changed(this);
    if (!this.hasContents) return;
    const { memory } = this.contents;
    this.#writeBack();
    memory.discard(0, memory.pages);
    this.contents.truncate(size);
  }

  /** Its last name is about to go: if it is used, it stays open in the tree. @throws LinuxError ENFILE */
  keepOpen(): void {
    const isUsed = this.isHeld || (this.hasContents && this.contents.memory.isMapped);
    if (this.fs.isShared && isUsed) this.fs.treeFiles.pin(this);
  }
}
