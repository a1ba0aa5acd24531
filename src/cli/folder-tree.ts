/** A folder of this computer as a tree of files for guests. */

import {
  type BigIntStats,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import {
  type FileAttributes,
  type FileChanges,
  FileError,
  type FileTree,
  type FolderEntry,
  type OpenFile,
  type OpenMode,
  type TreePath,
  type TreeSpace,
} from '../files/index.ts';
import { attributesOf, change, demandSameOwner, FolderFile, performed, timesOf } from './folder-file.ts';
import { CheckedPaths, DescriptorPaths, type FolderPaths, inBytes, withName } from './folder-paths.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = constants;
/** Where the number of a file system is put into what tells its files apart. Numbers of files are smaller in practice. */
const SYSTEM_SHIFT = 48n;

/** Options of a tree. */
export interface FolderTreeOptions {
  readonly readOnly: boolean;
  /** Whether files are reached by descriptors: see folder-paths.ts. Default: on Linux. */
  readonly byDescriptor?: boolean;
}

/** A folder. */
export class FolderTree implements FileTree {
  readonly readOnly: boolean;
  readonly #paths: FolderPaths;
  /** The file systems below the folder, in the order in which they were met. */
  readonly #systems = new Map<bigint, bigint>();
  readonly #idOf = (stats: BigIntStats) => this.#id(stats);

  /** @throws an error of node:fs if the folder cannot be used */
  constructor(folder: string, { readOnly, byDescriptor = hasDescriptors() }: FolderTreeOptions) {
    this.readOnly = readOnly;
    this.#paths = byDescriptor ? new DescriptorPaths(folder) : new CheckedPaths(realpathSync(folder));
    this.attributes('');
  }

  /** Ends its use. Files that are open stay open. */
  close(): void {
    this.#paths.close();
  }

  attributes(path: TreePath): FileAttributes {
    return this.#named(path, (name) => attributesOf(lstatSync(name, { bigint: true }), this.#idOf));
  }

  change(path: TreePath, changes: FileChanges): void {
    if (this.#named(path, (name) => lstatSync(name).isSymbolicLink())) this.#changeLink(path, changes);
    else performed(() => this.#paths.withFile(path, (file, stats) => change(file, stats, changes)));
  }

  /** A symbolic link has times, but no permissions of its own. */
  #changeLink(path: TreePath, changes: FileChanges): void {
    if (changes.size !== undefined) throw new FileError('EINVAL');
    if (changes.mode !== undefined) throw new FileError('EOPNOTSUPP');
    this.#named(path, (name) => {
      const stats = lstatSync(name, { bigint: true });
      demandSameOwner(stats, changes);
      const times = timesOf(stats, changes);
      if (times !== null) lutimesSync(name, ...times);
    });
  }

  open(path: TreePath, mode: OpenMode, truncate: boolean): OpenFile {
    const flags = flagsOf(mode) | this.#paths.openFlags;
    return performed(() =>
      this.#paths.withFile(path, (name, stats) => {
        demandRegular(stats);
        return this.#opened(openSync(name, flags), mode, truncate);
      }),
    );
  }

  create(path: TreePath, mode: OpenMode, permissions: number): OpenFile {
    const flags = flagsOf(mode) | O_CREAT | O_EXCL | O_NOFOLLOW;
    return this.#named(path, (name) => this.#opened(openSync(name, flags, permissions), mode, false));
  }

  /** Returns a file that was just opened, unless it turns out not to be one. */
  #opened(file: number, mode: OpenMode, truncate: boolean): OpenFile {
    try {
      demandRegular(fstatSync(file));
      if (truncate) ftruncateSync(file, 0);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    return new FolderFile(file, mode, this.#idOf);
  }

  list(path: TreePath, most = Infinity): FolderEntry[] {
    return performed(() => this.#paths.withFolder(path, (folder) => this.#entries(folder, most)));
  }

  #entries(folder: string, most: number): FolderEntry[] {
    const entries: FolderEntry[] = [];
    const open = opendirSync(inBytes(`${folder}/.`), { encoding: 'latin1' });
    try {
      for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
        if (entries.length >= most) throw new FileError('ENOMEM');
        const { name } = entry;
        // Another program may have removed it since.
        const stats = lstatSync(inBytes(`${folder}/${name}`), { bigint: true, throwIfNoEntry: false });
        if (stats) entries.push({ name, id: this.#id(stats), mode: Number(stats.mode) });
      }
      // In any run the same.
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } finally {
      open.closeSync();
    }
  }

  makeFolder(path: TreePath, permissions: number): void {
    this.#named(path, (name) => void mkdirSync(name, { mode: permissions }));
  }

  makeLink(path: TreePath, target: string): void {
    this.#named(path, (name) => symlinkSync(inBytes(target), name));
  }

  readLink(path: TreePath): string {
    return this.#named(path, (name) => readlinkSync(name, { encoding: 'latin1' }));
  }

  link(from: TreePath, to: TreePath): void {
    this.#named(from, (source) => {
      if (!lstatSync(source).isFile()) throw new FileError('EPERM');
      withName(this.#paths, to, (name) => linkSync(source, name));
    });
  }

  rename(from: TreePath, to: TreePath): void {
    this.#named(from, (source) => withName(this.#paths, to, (name) => renameSync(source, name)));
  }

  remove(path: TreePath, folder: boolean): void {
    this.#named(path, (name) => (folder ? rmdirSync(name) : unlinkSync(name)));
  }

  syncFolder(path: TreePath): void {
    performed(() =>
      this.#paths.withFolder(path, (folder) => {
        const file = openSync(inBytes(`${folder}/.`), O_RDONLY | O_DIRECTORY);
        try {
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
      }),
    );
  }

  space(): TreeSpace {
    const found = this.#named('', (name) => statfsSync(name, { bigint: true }));
    return {
      ...{ blockSize: Number(found.bsize), blocks: found.blocks, free: found.bfree, available: found.bavail },
      ...{ files: found.files, freeFiles: found.ffree },
    };
  }

  restoreOpen(path: TreePath | null, mode: OpenMode): OpenFile {
    if (path === null) throw new FileError('ESTALE');
    return this.open(path, mode, false);
  }

  /** The state of a folder is in the folder. */
  save(): unknown {
    return null;
  }

  prepareRestore(): () => void {
    return () => {};
  }

  #named<T>(path: TreePath, action: (name: Buffer) => T): T {
    return performed(() => withName(this.#paths, path, action));
  }

  #id({ dev, ino }: BigIntStats): bigint {
    let system = this.#systems.get(dev);
    if (system === undefined) {
      system = BigInt(this.#systems.size);
      this.#systems.set(dev, system);
    }
    return BigInt.asUintN(64, ino ^ (system << SYSTEM_SHIFT));
  }
}

/** Whether an open folder has a path: see folder-paths.ts. */
function hasDescriptors(): boolean {
  return process.platform === 'linux' && existsSync('/proc/self/fd');
}

function flagsOf({ read, write, append }: OpenMode): number {
  const access = write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
  return append ? access | O_APPEND : access;
}

/** @throws FileError unless it is a regular file: a pipe or a device of this computer is nothing for a guest */
function demandRegular(stats: { isFile(): boolean; isDirectory(): boolean }): void {
  if (stats.isDirectory()) throw new FileError('EISDIR');
  if (!stats.isFile()) throw new FileError('ENXIO');
}
