/** The files and directories that /proc consists of. */

import {
  type Dentry,
  type FileSystem,
  type Inode,
  Symlink,
  SyntheticDirectory,
  type SyntheticEntry,
  SyntheticFile,
} from '../files/index.ts';
import { bytesOf } from '../memory/user-memory.ts';

/** Returns a file with the text that a function returns. @param permissions bits of `S` */
export function textFile(fs: FileSystem, text: () => string, permissions = 0o444): SyntheticFile {
  return new SyntheticFile(fs, permissions, { read: () => bytesOf(text()) });
}

/** Returns a file with the bytes that a function returns. */
export function bytesFile(fs: FileSystem, bytes: () => Uint8Array, permissions = 0o444): SyntheticFile {
  return new SyntheticFile(fs, permissions, { read: bytes });
}

/** A symbolic link whose target is computed. */
export class ComputedLink extends Symlink {
  readonly #target: () => string;
  readonly #jump: () => Dentry | null;

  /** @param jump returns what it leads to without a path, or null if the path is to be followed */
  constructor(fs: FileSystem, target: () => string, jump: () => Dentry | null = () => null) {
    super(fs);
    this.#target = target;
    this.#jump = jump;
  }

  readLink(): string {
    return this.#target();
  }

  override jump(): Dentry | null {
    return this.#jump();
  }

  override get size(): number {
    return 0;
  }
}

/** Makes a file of a directory. */
export type Maker = (fs: FileSystem) => Inode;

/** A directory of files that are made when somebody looks. Some may not be there at the time. */
export class MadeDirectory extends SyntheticDirectory {
  readonly #makers: ReadonlyMap<string, Maker>;
  readonly #made = new Map<string, Inode>();

  constructor(fs: FileSystem, makers: Readonly<Record<string, Maker>>, mode = 0o555) {
    super(fs, mode);
    this.#makers = new Map(Object.entries(makers));
  }

  protected find(name: string): Inode | null {
    const before = this.#made.get(name);
    if (before !== undefined) return before;
    const made = this.#makers.get(name)?.(this.fs) ?? null;
    if (made !== null) this.#made.set(name, made);
    return made;
  }

  list(): SyntheticEntry[] {
    return [...this.#makers.keys()].map((name) => entryOf(name, this.find(name)!));
  }
}

/** A directory whose names are numbers, of things that come and go. */
export class NumberedDirectory extends SyntheticDirectory {
  readonly #numbers: () => readonly number[];
  readonly #make: (number: number) => Inode;
  readonly #made = new Map<number, Inode>();
  readonly #rest: MadeDirectory | null;

  /**
   * @param numbers returns the numbers that there are
   * @param rest the files besides them
   */
  constructor(
    fs: FileSystem,
    numbers: () => readonly number[],
    make: (number: number) => Inode,
    rest: MadeDirectory | null = null,
    mode = 0o555,
  ) {
    super(fs, mode);
    this.#numbers = numbers;
    this.#make = make;
    this.#rest = rest;
  }

  protected find(name: string): Inode | null {
    const number = /^(0|[1-9][0-9]*)$/.test(name) ? Number(name) : -1;
    if (number < 0) return this.#rest?.lookup(name)?.inode ?? null;
    const present = this.#numbers();
    for (const old of this.#made.keys()) if (!present.includes(old)) this.#made.delete(old);
    return present.includes(number) ? this.#of(number) : null;
  }

  #of(number: number): Inode {
    let inode = this.#made.get(number);
    if (inode === undefined) this.#made.set(number, (inode = this.#make(number)));
    return inode;
  }

  list(): SyntheticEntry[] {
    const rest = this.#rest?.list() ?? [];
    return [...rest, ...this.#numbers().map((number) => entryOf(String(number), this.#of(number)))];
  }
}

function entryOf(name: string, { ino, type }: Inode): SyntheticEntry {
  return { name, ino, type };
}
