/** The files that a process sees, for a debugger: its program and the shared libraries above all. */

import { LinuxError } from '../../host/index.ts';
import {
  lookup,
  pathOf,
  RegularFile,
  readFile,
  Symlink,
  type System,
  type Thread,
} from '../../host/task/internal.ts';
import {
  type RemoteFile,
  RemoteFileError,
  type RemoteFileErrorCode,
  type RemoteFiles,
} from '../gdb/target.ts';

const KNOWN: readonly string[] = [
  ...['EPERM', 'ENOENT', 'EIO', 'EBADF', 'EACCES', 'EISDIR', 'EINVAL', 'EMFILE', 'EROFS', 'ENAMETOOLONG'],
];
const NS_PER_SECOND = 1_000_000_000n;
const ROOT = { fsuid: 0, fsgid: 0, groups: [] };

/** Files below the root directory of a system, as root reads them. */
export class ProcessFiles implements RemoteFiles {
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  open(path: string): RemoteFile {
    const { inode } = this.#found(path, true);
    if (!(inode instanceof RegularFile)) throw new RemoteFileError('EISDIR');
    return {
      size: inode.size,
      mode: inode.mode,
      modified: Number(inode.times.modified / NS_PER_SECOND),
      read: (offset, length) => performed(() => readFile(inode, offset, length)),
    };
  }

  readLink(path: string): string {
    const { inode } = this.#found(path, false);
    if (!(inode instanceof Symlink)) throw new RemoteFileError('EINVAL');
    return inode.readLink();
  }

  #found(path: string, follow: boolean) {
    const { root } = this.#system;
    return performed(() => lookup({ root, start: root, credentials: ROOT }, path, { follow }));
  }
}

/** The path of the program of a thread, a character for each byte. */
export function programPath({ root }: System, { space }: Thread): string {
  return (space.program && pathOf(space.program, root)) ?? space.executable;
}

function performed<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    throw new RemoteFileError(KNOWN.includes(error.code) ? (error.code as RemoteFileErrorCode) : 'EIO');
  }
}
