/**
 * Reaches the files of a shared folder, and nothing outside of it, whatever a guest has put there: no symbolic link is followed.
 *
 * Node has no openat. On Linux an open folder can be named by its descriptor, /proc/self/fd/N, and what stands behind this path is looked
 * up in that very folder. So each name on the way is opened in the folder before it with O_NOFOLLOW, and no other program can exchange
 * a folder for a symbolic link between a check and a use. Elsewhere each name is checked and then used: safe against the guest, whose
 * requests are served one after another, but not against other programs that change the folder at the same moment.
 */

import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { FileError, folderOf, nameOf, type TreePath } from '../files/index.ts';

/** Opens nothing but the name: no permission to read is needed. Linux: include/uapi/asm-generic/fcntl.h; Node does not name it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A path for functions of node:fs: bytes, since names need not be UTF-8. */
export type BytesPath = Buffer;

/** Ways to the files of a folder. Errors are those of node:fs, or a FileError. */
export interface FolderPaths {
  /** Flags that are needed to open the path that `withFile` passes, so that neither a link is followed nor a pipe waited for. */
  readonly openFlags: number;
  /** Calls `action` with a path of a folder to which names can be appended. ENOTDIR if it is none, or a symbolic link is on the way. */
  withFolder<T>(path: TreePath, action: (folder: string) => T): T;
  /** Calls `action` with a path of an object that is no symbolic link. ELOOP if it is one. */
  withFile<T>(path: TreePath, action: (file: BytesPath, stats: BigIntStats) => T): T;
  /** Ends their use. */
  close(): void;
}

/** Calls `action` with a path whose last name is still to be looked up. It must not follow a symbolic link of that name. */
export function withName<T>(paths: FolderPaths, path: TreePath, action: (name: BytesPath) => T): T {
  const name = path === '' ? '.' : nameOf(path);
  return paths.withFolder(folderOf(path), (folder) => action(inBytes(`${folder}/${name}`)));
}

/** Returns a path whose characters are bytes. */
export function inBytes(path: string): BytesPath {
  return Buffer.from(path, 'latin1');
}

/** Ways by descriptors: Linux. */
export class DescriptorPaths implements FolderPaths {
  readonly openFlags = 0;
  readonly #root: number;

  /** @param folder to which symbolic links may lead */
  constructor(folder: string) {
    this.#root = openSync(folder, O_PATH | O_DIRECTORY);
  }

  withFolder<T>(path: TreePath, action: (folder: string) => T): T {
    let folder = this.#root;
    try {
      for (const name of path === '' ? [] : path.split('/')) {
        const next = openSync(inBytes(`${byDescriptor(folder)}/${name}`), O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (folder !== this.#root) closeSync(folder);
        folder = next;
      }
      return action(byDescriptor(folder));
    } finally {
      if (folder !== this.#root) closeSync(folder);
    }
  }

  withFile<T>(path: TreePath, action: (file: BytesPath, stats: BigIntStats) => T): T {
    return withName(this, path, (name) => {
      const file = openSync(name, O_PATH | O_NOFOLLOW);
      try {
        const stats = fstatSync(file, { bigint: true });
        if (stats.isSymbolicLink()) throw new FileError('ELOOP');
        return action(inBytes(byDescriptor(file)), stats);
      } finally {
        closeSync(file);
      }
    });
  }

  close(): void {
    closeSync(this.#root);
  }
}

function byDescriptor(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

/** Ways by paths whose names are checked one after another: systems without /proc. */
export class CheckedPaths implements FolderPaths {
  readonly openFlags = O_NOFOLLOW | O_NONBLOCK;
  /** The path of the folder; its characters are bytes. */
  readonly #root: string;

  /** @param folder an absolute path without symbolic links */
  constructor(folder: string) {
    this.#root = Buffer.from(folder).toString('latin1');
  }

  withFolder<T>(path: TreePath, action: (folder: string) => T): T {
    let folder = this.#root;
    for (const name of path === '' ? [] : path.split('/')) {
      folder = `${folder}/${name}`;
      if (!lstatSync(inBytes(folder)).isDirectory()) throw new FileError('ENOTDIR');
    }
    return action(folder);
  }

  withFile<T>(path: TreePath, action: (file: BytesPath, stats: BigIntStats) => T): T {
    return withName(this, path, (name) => {
      const stats = lstatSync(name, { bigint: true });
      if (stats.isSymbolicLink()) throw new FileError('ELOOP');
      return action(name, stats);
    });
  }

  close(): void {
    // Nothing is open.
  }
}
