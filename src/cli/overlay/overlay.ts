/** `run --overlay OUT`: a folder of this computer that keeps what programs have changed in their root directory. */

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { FileError, type FileTree } from '../../files/index.ts';
import { LinuxError } from '../../host/index.ts';
import type { Linux } from '../../host/task/index.ts';
import { FolderTree } from '../folder-tree.ts';
import { UsageError } from '../output.ts';
import { reasonOf } from '../reasons.ts';
import { ByteBudget, TooMuchError } from './overlay-contents.ts';
import { OverlayRecords, pathText } from './overlay-records.ts';
import { FILES, OverlayTree } from './overlay-tree.ts';
import { clearStaged, type LeftOut, OverlayWriter, TooManyError } from './overlay-writer.ts';

const REMOVED = 'removed';
const ATTRIBUTES = 'attributes';
const LOCK = 'lock';
/** Lists are no longer: a million paths of ordinary length. */
const LIST_MAX = 256 << 20;
/** Characters of a path that a message shows. */
const SHOWN_MAX = 200;

/** Options of an overlay. */
export interface OverlayOptions {
  /** The root directory, or null for one in memory. */
  readonly lower: FileTree | null;
  /** Folders that are handed to the program: the overlay must not be in them, nor they in it. */
  readonly folders: readonly string[];
}

/** A folder that is used as an overlay. */
export class Overlay {
  /** The root directory with the changes of earlier runs. */
  readonly tree: FileTree;
  /** Whether no run has left changes yet. */
  readonly isNew: boolean;
  readonly #folder: string;
  readonly #lower: FileTree | null;
  readonly #upper: FolderTree;
  readonly #records = new OverlayRecords();

  /** @throws UsageError if it cannot be used */
  constructor(folder: string, { lower, folders }: OverlayOptions) {
    if (process.platform === 'win32') throw new UsageError('--overlay is not there on Windows');
    this.#folder = folder;
    this.#lower = lower;
    demandApart(folder, folders);
    this.isNew = usable(folder, () => prepare(folder, lower));
    usable(folder, () => lock(join(folder, LOCK)));
    try {
      this.#upper = usable(folder, () => new FolderTree(folder, { readOnly: false }));
      usable(folder, () => clearStaged(this.#upper));
      this.#readList(REMOVED, (text) => this.#records.readRemoved(text));
      this.#readList(ATTRIBUTES, (text) => this.#records.readAttributes(text));
    } catch (error) {
      this.#unlock();
      throw error;
    }
    this.tree = new OverlayTree({ lower, upper: this.#upper, records: this.#records });
  }

  #readList(name: string, read: (text: string) => void): void {
    const path = join(this.#folder, name);
    if (!existsSync(path)) return;
    usable(path, () => {
      if (statSync(path).size > LIST_MAX) throw new RangeError('it is too long');
      read(readFileSync(path, 'latin1'));
    });
  }

  /**
   * Writes what was changed in the root directory of a system. Returns a line for each reason why files were left out.
   * Preconditions: `tree` is the root directory. Nothing changes meanwhile.
   * @param limit maximum number of bytes of all changed files
   * @throws UsageError if it cannot be written
   */
  async keep(linux: Linux, limit: number): Promise<string[]> {
    const root = linux.system.files.folders[0];
    if (root === undefined) return [];
    const writer = new OverlayWriter({ lower: this.#lower, upper: this.#upper, records: this.#records });
    try {
      const leftOut = await writer.write({
        changes: root.differences(),
        inodeAt: (path) => root.inodeAt(path),
        budget: new ByteBudget(limit),
      });
      this.#writeList(REMOVED, this.#records.removedText());
      this.#writeList(ATTRIBUTES, this.#records.attributesText());
      return leftOut.map((one) => sentence(this.#folder, one));
    } catch (error) {
      throw new UsageError(`could not keep the changes in ${this.#folder}: ${failureOf(error, limit)}`);
    }
  }

  #writeList(name: string, text: string): void {
    const path = join(this.#folder, name);
    if (text === '') {
      rmSync(path, { force: true });
      return;
    }
    writeFileSync(`${path}.new`, text, 'latin1');
    renameSync(`${path}.new`, path);
  }

  /** Ends its use. */
  close(): void {
    this.#upper.close();
    this.#unlock();
  }

  #unlock(): void {
    rmSync(join(this.#folder, LOCK), { force: true });
  }
}

/** Performs something with the folder. @throws UsageError */
function usable<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`could not use ${path}: ${reasonOf(error)}`);
  }
}

/** @throws UsageError if the folder is in one of the others, or one of them is in it: the program would see it, or change it */
function demandApart(folder: string, others: readonly string[]): void {
  const real = realOf(folder);
  for (const other of others) {
    const its = realOf(other);
    if (isWithin(real, its) || isWithin(its, real)) {
      throw new UsageError(`${folder} cannot keep changes: it and ${other} must not be in each other`);
    }
  }
}

/** Returns the path without symbolic links of something that need not be there yet. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const whole = resolve(path);
    return dirname(whole) === whole ? whole : join(realOf(dirname(whole)), basename(whole));
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Makes the folder ready. Returns whether it is new. @throws UsageError, or an error of node:fs */
function prepare(folder: string, lower: FileTree | null): boolean {
  if (!existsSync(folder)) mkdirSync(folder);
  const names = readdirSync(folder).filter((name) => name !== LOCK);
  if (names.includes(FILES)) return false;
  if (names.length > 0) throw new UsageError(`${folder} is not empty, and has no folder "${FILES}" of a run`);
  const permissions = lower === null ? 0o755 : (lower.attributes('').mode & 0o777) | 0o700;
  mkdirSync(join(folder, FILES), { mode: permissions });
  return true;
}

/** Makes a file that tells that the folder is used. @throws UsageError if another process uses it */
function lock(path: string): void {
  for (const isLast of [false, true]) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, `${process.pid}\n`);
      closeSync(file);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number.parseInt(readFileSync(path, 'latin1'), 10);
    if (isLast || isAlive(owner)) throw new UsageError(`${dirname(path)} is used by process ${owner}`);
    rmSync(path);
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function failureOf(error: unknown, limit: number): string {
  if (error instanceof TooMuchError) return `they are more than the ${limit >> 20} MiB of --max-files`;
  if (error instanceof TooManyError) return 'they are too many files';
  if (error instanceof FileError) return reasonOf(error.code);
  if (error instanceof LinuxError) return error.message;
  if ((error as NodeJS.ErrnoException).code !== undefined) return reasonOf(error);
  throw error;
}

function sentence(folder: string, { reason, example, count }: LeftOut): string {
  const whole = Buffer.from(pathText(example), 'latin1').toString();
  const path = whole.length > SHOWN_MAX ? `${whole.slice(0, SHOWN_MAX)}…` : whole;
  return `${folder} does not keep ${count === 1 ? path : `${count} files, among them ${path}`}: ${reason}`;
}
