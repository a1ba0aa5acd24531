/** Files of a shared folder that are open, their attributes, and the errors of node:fs as a guest gets them. */

import {
  type BigIntStats,
  chmodSync,
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  readSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import {
  ERRNO,
  type FileAttributes,
  type FileChanges,
  FileError,
  type FileErrorCode,
  type OpenFile,
  type OpenMode,
} from '../files/index.ts';
import type { BytesPath } from './folder-paths.ts';

/** Performs an operation of node:fs. @throws FileError instead of its errors */
export function performed<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof FileError || code === undefined) throw error;
    if (code === 'ENOTSUP') throw new FileError('EOPNOTSUPP');
    throw new FileError(code in ERRNO ? (code as FileErrorCode) : 'EIO');
  }
}

/** Returns attributes. @param idOf returns what tells a file apart in its tree */
export function attributesOf(stats: BigIntStats, idOf: (stats: BigIntStats) => bigint): FileAttributes {
  return {
    ...{ id: idOf(stats), mode: Number(stats.mode), links: Number(stats.nlink) },
    ...{ uid: Number(stats.uid), gid: Number(stats.gid), device: stats.rdev },
    ...{ size: stats.size, blocks: stats.blocks },
    ...{ accessed: stats.atimeNs, modified: stats.mtimeNs, changed: stats.ctimeNs },
  };
}

/** Changes attributes of what is open, or of what is at a path, which is no symbolic link. @throws FileError, or an error of node:fs */
export function change(target: number | BytesPath, stats: BigIntStats, changes: FileChanges): void {
  demandSameOwner(stats, changes);
  const { mode, size } = changes;
  if (size !== undefined) resize(target, stats, size);
  if (mode !== undefined && typeof target === 'number') fchmodSync(target, mode);
  else if (mode !== undefined) chmodSync(target as BytesPath, mode);
  const times = timesOf(stats, changes);
  if (times === null) return;
  if (typeof target === 'number') futimesSync(target, ...times);
  else utimesSync(target, ...times);
}

/** @throws FileError EPERM: a guest cannot give files to other users of the computer */
export function demandSameOwner(stats: BigIntStats, { uid, gid }: FileChanges): void {
  const isSame = (id: number | undefined, present: bigint) => id === undefined || BigInt(id) === present;
  if (!isSame(uid, stats.uid) || !isSame(gid, stats.gid)) throw new FileError('EPERM');
}

function resize(target: number | BytesPath, stats: BigIntStats, size: number): void {
  if (stats.isDirectory()) throw new FileError('EISDIR');
  if (!stats.isFile()) throw new FileError('EINVAL');
  if (typeof target === 'number') ftruncateSync(target, size);
  else truncateSync(target, size);
}

/** Returns the times of the last access and the last change, in seconds since 1970, or null if they stay. */
export function timesOf(
  stats: BigIntStats,
  { accessed, modified }: FileChanges,
): [accessed: number, modified: number] | null {
  if (accessed === undefined && modified === undefined) return null;
  const seconds = (time: bigint | 'now') => (time === 'now' ? Date.now() / 1000 : Number(time) / 1e9);
  return [seconds(accessed ?? stats.atimeNs), seconds(modified ?? stats.mtimeNs)];
}

/** An open file. */
export class FolderFile implements OpenFile {
  readonly #file: number;
  readonly #mode: OpenMode;
  readonly #idOf: (stats: BigIntStats) => bigint;

  /** @param file the descriptor of a regular file */
  constructor(file: number, mode: OpenMode, idOf: (stats: BigIntStats) => bigint) {
    this.#file = file;
    this.#mode = mode;
    this.#idOf = idOf;
  }

  attributes(): FileAttributes {
    return performed(() => attributesOf(this.#stats(), this.#idOf));
  }

  change(changes: FileChanges): void {
    if (changes.size !== undefined && !this.#mode.write) throw new FileError('EINVAL');
    performed(() => change(this.#file, this.#stats(), changes));
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    performed(() => {
      while (done < length) {
        const count = readSync(this.#file, bytes, done, length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
    });
    return bytes.subarray(0, done);
  }

  write(offset: number, bytes: Uint8Array): number {
    return performed(() => writeSync(this.#file, bytes, 0, bytes.length, offset));
  }

  sync(): void {
    performed(() => fsyncSync(this.#file));
  }

  close(): void {
    performed(() => closeSync(this.#file));
  }

  /** It is opened again by its path. */
  save(): unknown {
    return null;
  }

  #stats(): BigIntStats {
    return fstatSync(this.#file, { bigint: true });
  }
}
