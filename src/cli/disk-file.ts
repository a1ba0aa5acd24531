/** Files as disks of a guest. */

import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { type DiskBackend, type DiskBase, DiskError, SnapshotDisk } from '../devices/index.ts';
import { UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';

/** How a guest may use a file: `snapshot` keeps what it writes in memory. */
const MODES = ['snapshot', 'ro', 'rw'] as const;
type Mode = (typeof MODES)[number];

const SECTOR = 512;
const ZEROS = new Uint8Array(1 << 20);

/** A disk on the command line. */
export interface DiskFlag {
  readonly path: string;
  readonly mode: Mode;
}

/** Parses FILE, FILE:ro, FILE:rw or FILE:snapshot, and appends it to the previous ones. */
export function diskOption(text: string, before: readonly DiskFlag[] = []): DiskFlag[] {
  const at = text.lastIndexOf(':');
  const mode = MODES.find((one) => one === text.slice(at + 1));
  const disk: DiskFlag =
    at > 0 && mode !== undefined ? { path: text.slice(0, at), mode } : { path: text, mode: 'snapshot' };
  return [...before, disk];
}

/** An open disk. */
export interface OpenDisk {
  readonly mode: Mode;
  /** Returns the disk for one run of a guest: a snapshot begins anew. */
  backend(): DiskBackend;
}

/** Opens a disk. @throws UsageError if the file cannot be used as one */
export function openDisk({ path, mode }: DiskFlag): OpenDisk {
  const file = new DiskFile(path, mode === 'rw');
  return { mode, backend: () => (mode === 'snapshot' ? new SnapshotDisk(file) : file) };
}

/** A file as a disk. It stays open until the program ends. */
class DiskFile implements DiskBackend, DiskBase {
  readonly size: number;
  readonly readOnly: boolean;
  readonly #path: string;
  readonly #file: number;

  constructor(path: string, writable: boolean) {
    this.#path = path;
    this.readOnly = !writable;
    try {
      this.#file = openSync(path, writable ? 'r+' : 'r');
    } catch (error) {
      throw new UsageError(`could not open the disk ${path}: ${reasonOf(error)}`);
    }
    const found = fstatSync(this.#file);
    this.size = found.size;
    if (found.isFile() && this.size > 0 && this.size % SECTOR === 0) return;
    closeSync(this.#file);
    const problem = found.isFile() ? `its size, ${this.size} bytes, is not a multiple of 512` : 'not a file';
    throw new UsageError(`could not use ${path} as a disk: ${problem}`);
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#all(length, (done) => readSync(this.#file, bytes, done, length - done, offset + done));
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#all(bytes.length, (done) => writeSync(this.#file, bytes, done, bytes.length - done, offset + done));
  }

  writeZeros(offset: number, length: number): void {
    for (let done = 0; done < length; done += ZEROS.length) {
      this.write(offset + done, ZEROS.subarray(0, Math.min(ZEROS.length, length - done)));
    }
  }

  flush(): void {
    if (!this.readOnly) this.#access(() => fsyncSync(this.#file));
  }

  /** The state of a file is in the file. */
  save(): unknown {
    return null;
  }

  prepareRestore(): () => void {
    return () => {};
  }

  /** Calls `part` until all bytes are done. @throws DiskError if the file is shorter than it was, or cannot be accessed */
  #all(length: number, part: (done: number) => number): void {
    this.#access(() => {
      for (let done = 0; done < length; ) {
        const count = part(done);
        if (count === 0) throw new DiskError(`${this.#path} is shorter than it was`);
        done += count;
      }
    });
  }

  #access(access: () => void): void {
    try {
      access();
    } catch (error) {
      if (error instanceof DiskError) throw error;
      throw new DiskError(`${this.#path}: ${reasonOf(error)}`);
    }
  }
}
