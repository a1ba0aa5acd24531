/** The files of a Linux system, as those see them who hand files over and fetch results. */

import { demandBytes, demandFunction, demandInteger, demandObject, demandText } from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import { readFile } from './exec/code-place.ts';
import { lookup, RegularFile } from './files/index.ts';
import { bytesOf, utf8 } from './memory/user-memory.ts';
import type { HandedTree, SystemFiles } from './system-files.ts';

const PERMISSIONS_MAX = 0o7777;
const ROOT = { fsuid: 0, fsgid: 0, groups: [] };
const CHANGES = ['memory', 'tree', 'nowhere'];

/**
 * The files of a system. Paths are absolute. Each operation throws LinuxError EINVAL for an argument of the wrong type, EBUSY from a
 * callback, ESRCH after `Linux.close`, and the errors of Linux's own system calls, such as ENOENT and ENOSPC.
 */
export class LinuxFiles {
  readonly #files: SystemFiles;
  readonly #kernel: Kernel;
  #closed = false;

  /** @internal */
  constructor(files: SystemFiles, kernel: Kernel) {
    this.#files = files;
    this.#kernel = kernel;
  }

  /**
   * Stores a file, and makes the directories on the way. What had its name is replaced; the file belongs to root.
   * @param contents bytes, or a text, which is stored in UTF-8
   * @param permissions 0 to 0o7777; default 0o644. A program needs 0o755
   */
  write(path: string, contents: Uint8Array | string, permissions = 0o644): void {
    const bytes = typeof contents === 'string' ? bytesOf(utf8(contents)) : contents;
    demandBytes(bytes);
    demandInteger('permissions', permissions, 0, PERMISSIONS_MAX);
    this.#perform(path, (name) => this.#files.write(name, bytes, permissions));
  }

  /** Returns the contents of a regular file. Symbolic links are followed. */
  read(path: string): Uint8Array {
    return this.#perform(path, (name) => {
      const { root } = this.#files;
      const { inode } = lookup({ root, start: root, credentials: ROOT }, name);
      if (!(inode instanceof RegularFile)) throw new LinuxError('EINVAL', `${path} is no regular file`);
      return readFile(inode, 0, inode.size);
    });
  }

  /** Whether there is an executable file with just these bytes at a path. @internal */
  has(path: string, bytes: Uint8Array): boolean {
    return this.#perform(path, (name) => this.#files.has(name, bytes));
  }

  /** Makes a directory, and those on the way, unless they are there. */
  makeDirectory(path: string): void {
    this.#perform(path, (name) => void this.#files.directory(name));
  }

  /** Puts a tree of files on a directory, which is made if it is not there. */
  bind(path: string, handed: HandedTree): void {
    demandTree('handed', handed);
    this.#perform(path, (name) => this.#files.bind(name, handed));
  }

  /**
   * Returns the path of a program: `path` itself, followed from `directory`, if it has a slash, or that of the first file of this name in
   * the directories of `list`, separated by colons, as PATH has them. Returns null if there is none.
   */
  find(path: string, where: { readonly directory: string; readonly list: string }): string | null {
    demandText('path', path);
    demandObject('where', where);
    demandText('directory', where.directory);
    demandText('list', where.list);
    this.#demandOpen();
    const paths = path.includes('/') ? [path] : where.list.split(':').map((one) => `${one}/${path}`);
    return paths.find((one) => this.#files.hasFile(utf8(where.directory), utf8(one))) ?? null;
  }

  #perform<T>(path: string, action: (path: string) => T): T {
    demandText('path', path);
    if (!path.startsWith('/')) throw new LinuxError('EINVAL', `path ${path} does not begin with a slash`);
    this.#demandOpen();
    return this.#kernel.operation(() => action(utf8(path)));
  }

  #demandOpen(): void {
    if (this.#closed) throw new LinuxError('ESRCH', 'the system is closed');
  }

  /** @internal */
  close(): void {
    if (!this.#closed) this.#files.close();
    this.#closed = true;
  }
}

/** @throws LinuxError EINVAL if the value is no tree with a place for its changes */
export function demandTree(name: string, value: HandedTree): void {
  demandObject(name, value);
  demandObject('tree', value.tree);
  demandFunction('tree.attributes', value.tree.attributes);
  const { changes = 'memory' } = value;
  if (!CHANGES.includes(changes))
    throw new LinuxError('EINVAL', `changes ${String(changes)} go nowhere known`);
}
