/** File descriptors (Linux: struct files_struct). Threads share a table; a fork copies it. */

import { LinuxError } from '../../errors.ts';
import type { LockOwner, LockWait } from '../files/file-locks.ts';
import type { OpenFile } from '../files/open-file.ts';

/** A descriptor in use. */
interface Descriptor {
  readonly file: OpenFile;
  closeOnExec: boolean;
}

/** The descriptors of a process. */
export class FileTable implements LockOwner {
  readonly #descriptors: (Descriptor | undefined)[] = [];
  /** No descriptor below is free. */
  #free = 0;
  #users = 1;
  /** The record locks that its threads wait for. */
  readonly waits = new Set<LockWait>();

  /** The numbers in use, ascending. */
  get numbers(): number[] {
    return [...this.#descriptors.keys()].filter((fd) => this.#descriptors[fd] !== undefined);
  }

  get users(): number {
    return this.#users;
  }

  hold(): void {
    this.#users++;
  }

  /** A thread leaves the table. The last one closes all descriptors. */
  release(): void {
    if (--this.#users > 0) return;
    for (const fd of this.numbers) this.close(fd);
  }

  /** Returns the open file of a descriptor. @throws LinuxError EBADF */
  get(fd: number): OpenFile {
    return this.#get(fd).file;
  }

  /** As `get`, or null. */
  find(fd: number): OpenFile | null {
    return this.#descriptors[fd]?.file ?? null;
  }

  #get(fd: number): Descriptor {
    const descriptor = this.#descriptors[fd];
    if (descriptor === undefined) throw new LinuxError('EBADF', `${fd} is no open descriptor`);
    return descriptor;
  }

  /**
   * Gives an open file, whose reference the table takes over, the lowest free number.
   * @param least the first number to consider
   * @param limit the number of descriptors that there may be
   * @throws LinuxError EMFILE; the reference is released then
   */
  add(file: OpenFile, closeOnExec: boolean, limit: number, least = 0): number {
    let fd = Math.max(least, this.#free);
    while (this.#descriptors[fd] !== undefined) fd++;
    if (fd >= limit) {
      file.release();
      throw new LinuxError('EMFILE', `${limit} descriptors are open`);
    }
    if (least <= this.#free) this.#free = fd + 1;
    this.#descriptors[fd] = { file, closeOnExec };
    return fd;
  }

  /** Gives an open file, whose reference the table takes over, a number. What had it is closed. */
  replace(fd: number, file: OpenFile, closeOnExec: boolean): void {
    const old = this.#descriptors[fd];
    this.#descriptors[fd] = { file, closeOnExec };
    if (old !== undefined) this.#release(old.file);
  }

  /** @throws LinuxError EBADF */
  close(fd: number): void {
    const { file } = this.#get(fd);
    this.#descriptors[fd] = undefined;
    this.#free = Math.min(this.#free, fd);
    this.#release(file);
  }

  /** Any close of a file ends the record locks that the process has on it. */
  #release(file: OpenFile): void {
    file.inode.locks?.releaseRecords(this);
    file.release();
  }

  /** Whether a descriptor is closed by exec. @throws LinuxError EBADF */
  closesOnExec(fd: number): boolean {
    return this.#get(fd).closeOnExec;
  }

  /** @throws LinuxError EBADF */
  setCloseOnExec(fd: number, value: boolean): void {
    this.#get(fd).closeOnExec = value;
  }

  /** Closes what exec closes. */
  exec(): void {
    for (const fd of this.numbers) if (this.#get(fd).closeOnExec) this.close(fd);
  }

  /** Returns a copy, whose descriptors refer to the same open files. */
  copy(): FileTable {
    const copy = new FileTable();
    for (const fd of this.numbers) {
      const { file, closeOnExec } = this.#get(fd);
      file.hold();
      copy.#descriptors[fd] = { file, closeOnExec };
    }
    copy.#free = this.#free;
    return copy;
  }
}
