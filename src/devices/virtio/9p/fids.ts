/** The fids of a session: numbers by which a client names files, some of which are open. */

import type { FileTree, FolderEntry, OpenFile, OpenMode, TreePath } from '../../../files/index.ts';
import { FileError, isName, isPath, isWithin } from '../../../files/index.ts';
import { SavedFields, StateError } from '../../saved-state.ts';
import { NO_FID } from './protocol.ts';

/** Maximum numbers: of fids, of open files and folders, and of entries of all open folders. */
export const FIDS_MAX = 32_768;
export const OPEN_MAX = 512;
export const ENTRIES_MAX = 1 << 20;

/** What a fid has open. Reading an open folder needs its entries, which are read at the first READDIR: null before. */
export type Opened =
  | { readonly kind: 'file'; readonly file: OpenFile; readonly mode: OpenMode }
  | { readonly kind: 'folder'; entries: readonly FolderEntry[] | null }
  /** A file of a saved state that could not be opened again. */
  | { readonly kind: 'stale'; readonly mode: OpenMode };

/** A fid. */
export class Fid {
  #path: TreePath;
  /** Whether its file was removed: something else may have its path now. */
  removed: boolean;
  opened: Opened | null = null;

  constructor(path: TreePath, removed = false) {
    this.#path = path;
    this.removed = removed;
  }

  /** @throws FileError ENOENT if the file was removed */
  get path(): TreePath {
    if (this.removed) throw new FileError('ENOENT');
    return this.#path;
  }

  /** The path, even if the file was removed. */
  get lastPath(): TreePath {
    return this.#path;
  }

  set path(path: TreePath) {
    this.#path = path;
  }
}

/** All fids of a session. */
export class Fids {
  readonly #fids = new Map<number, Fid>();
  #open = 0;
  #entries = 0;

  /** @throws FileError EBADF if there is no such fid */
  get(number: number): Fid {
    const fid = this.#fids.get(number);
    if (!fid) throw new FileError('EBADF');
    return fid;
  }

  /** Adds a fid. @throws FileError EINVAL if there is one of this number; ENFILE if there are too many */
  add(number: number, fid: Fid): void {
    if (number === NO_FID || this.#fids.has(number)) throw new FileError('EINVAL');
    if (this.#fids.size >= FIDS_MAX) throw new FileError('ENFILE');
    this.#fids.set(number, fid);
  }

  /** Removes a fid, and closes what it has open. @throws FileError EBADF if there is no such fid */
  remove(number: number): void {
    const fid = this.get(number);
    this.#fids.delete(number);
    this.#close(fid);
  }

  /** Removes all fids. */
  clear(): void {
    for (const number of [...this.#fids.keys()]) this.remove(number);
  }

  /** @throws FileError EINVAL if the fid is open, EMFILE if too many are */
  demandMayOpen(fid: Fid): void {
    if (fid.opened !== null) throw new FileError('EINVAL');
    if (this.#open >= OPEN_MAX) throw new FileError('EMFILE');
  }

  /** Opens a fid. Preconditions: `demandMayOpen`. */
  open(fid: Fid, opened: Opened): void {
    fid.opened = opened;
    this.#open++;
    if (opened.kind === 'folder') this.#entries += opened.entries?.length ?? 0;
  }

  /** Keeps the entries of an open folder. @throws FileError ENOMEM if there are too many */
  keepEntries(folder: Opened & { kind: 'folder' }, entries: readonly FolderEntry[]): void {
    const all = this.#entries - (folder.entries?.length ?? 0) + entries.length;
    if (all > ENTRIES_MAX) throw new FileError('ENOMEM');
    this.#entries = all;
    folder.entries = entries;
  }

  /** The file of a path was removed, and with a folder everything in it. */
  removedAt(path: TreePath): void {
    for (const fid of this.#fids.values()) {
      if (!fid.removed && isWithin(fid.path, path)) fid.removed = true;
    }
  }

  /** A file or folder has got another path, and what had it before is gone. */
  moved(from: TreePath, to: TreePath): void {
    this.removedAt(to);
    for (const fid of this.#fids.values()) {
      if (!fid.removed && isWithin(fid.path, from)) fid.path = to + fid.path.slice(from.length);
    }
  }

  #close(fid: Fid): void {
    const { opened } = fid;
    if (opened === null) return;
    this.#open--;
    if (opened.kind === 'file') opened.file.close();
    if (opened.kind === 'folder') this.#entries -= opened.entries?.length ?? 0;
  }

  /** Returns the state: values that can be cloned. */
  save(): unknown {
    return [...this.#fids].map(([number, { lastPath, removed, opened }]) => ({
      ...{ number, path: lastPath, removed },
      opened: opened && savedOpened(opened),
    }));
  }

  /** @throws StateError as `ChannelDevice.prepareRestore` does. The tree must have been restored when the fids are */
  prepareRestore(state: unknown, tree: FileTree): () => void {
    const saved = new SavedFields('fids', { state }).list('state', FIDS_MAX, restoredFid);
    if (new Set(saved.map(({ number }) => number)).size < saved.length) throw new StateError('a fid twice');
    const opened = saved.filter(({ open }) => open !== null);
    const entries = opened.reduce((sum, { open }) => sum + (open?.entries?.length ?? 0), 0);
    if (opened.length > OPEN_MAX || entries > ENTRIES_MAX) throw new StateError('too many fids are open');
    return () => {
      this.clear();
      for (const { number, path, removed, open } of saved) {
        const fid = new Fid(path, removed);
        this.#fids.set(number, fid);
        if (open !== null) this.open(fid, reopened(tree, removed ? null : path, open));
      }
    };
  }
}

/** What a saved fid had open. */
interface SavedOpen {
  readonly kind: Opened['kind'];
  readonly mode: OpenMode;
  readonly entries: readonly FolderEntry[] | null;
  readonly file: unknown;
}

const NO_MODE: OpenMode = { read: false, write: false, append: false };

function savedOpened(opened: Opened): SavedOpen {
  if (opened.kind === 'folder') {
    return { kind: 'folder', mode: NO_MODE, entries: opened.entries, file: null };
  }
  const file = opened.kind === 'file' ? opened.file.save() : null;
  return { kind: opened.kind, mode: opened.mode, entries: null, file };
}

function restoredFid(value: unknown) {
  const saved = new SavedFields('fid', value);
  const path = saved.any('path');
  if (typeof path !== 'string' || !isPath(path)) throw new StateError('fid: path is not a path');
  return {
    ...{ number: saved.integer('number', NO_FID - 1), path, removed: saved.flag('removed') },
    open: saved.any('opened') === null ? null : restoredOpen(saved.any('opened')),
  };
}

function restoredOpen(value: unknown): SavedOpen {
  const saved = new SavedFields('open fid', value);
  const kind = saved.any('kind');
  if (kind !== 'file' && kind !== 'folder' && kind !== 'stale')
    throw new StateError('open fid: unknown kind');
  const mode = new SavedFields('mode', saved.any('mode'));
  return {
    kind,
    mode: { read: mode.flag('read'), write: mode.flag('write'), append: mode.flag('append') },
    entries: saved.any('entries') === null ? null : saved.list('entries', ENTRIES_MAX, restoredEntry),
    file: saved.any('file'),
  };
}

function restoredEntry(value: unknown): FolderEntry {
  const saved = new SavedFields('entry', value);
  const name = saved.any('name');
  // An open folder has its own entry, and that of the folder it is in.
  const isDots = name === '.' || name === '..';
  if (typeof name !== 'string' || !(isDots || isName(name))) throw new StateError('entry: not a name');
  return { name, id: saved.bigint('id'), mode: saved.integer('mode', 0xffff_ffff) };
}

/** Opens a file again. A file that is gone, or that cannot be opened, is stale. */
function reopened(tree: FileTree, path: TreePath | null, { kind, mode, entries, file }: SavedOpen): Opened {
  if (kind === 'folder') return { kind, entries };
  if (kind === 'stale') return { kind, mode };
  try {
    if (mode.write && tree.readOnly) throw new FileError('EROFS');
    return { kind, file: tree.restoreOpen(path, mode, file), mode };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { kind: 'stale', mode };
  }
}
