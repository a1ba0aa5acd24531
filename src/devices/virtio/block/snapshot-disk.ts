/** A disk that keeps what is written in memory, over another one that does not change. */

import { SavedFields, StateError } from '../../saved-state.ts';
import type { DiskBackend } from './backend.ts';

/** What is under a snapshot. */
export interface DiskBase {
  /** Size in bytes, a multiple of 512. */
  readonly size: number;
  /** Returns a copy of `length` bytes. @throws DiskError if they cannot be read */
  read(offset: number, length: number): Uint8Array;
}

/** Length in bytes of what is kept at a time. */
const CLUSTER = 4096;

/** A disk whose writes stay in memory. */
export class SnapshotDisk implements DiskBackend {
  readonly size: number;
  readonly readOnly = false;
  readonly #base: DiskBase;
  /** The clusters that were written, by number. */
  readonly #written = new Map<number, Uint8Array>();

  /** @throws RangeError if the size of the base is not a multiple of 512 */
  constructor(base: DiskBase) {
    demandSize(base.size);
    this.size = base.size;
    this.#base = base;
  }

  /** Number of bytes of memory that the written clusters take. */
  get written(): number {
    return this.#written.size * CLUSTER;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#eachPart(offset, length, (cluster, within, part, done) => {
      const kept = this.#written.get(cluster);
      const source = kept
        ? kept.subarray(within, within + part)
        : this.#base.read(cluster * CLUSTER + within, part);
      bytes.set(source, done);
    });
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#eachPart(offset, bytes.length, (cluster, within, part, done) => {
      this.#writable(cluster, part).set(bytes.subarray(done, done + part), within);
    });
  }

  writeZeros(offset: number, length: number): void {
    this.#eachPart(offset, length, (cluster, within, part) => {
      this.#writable(cluster, part).fill(0, within, within + part);
    });
  }

  flush(): void {
    // Memory is as permanent as it gets.
  }

  save(): unknown {
    const clusters = [...this.#written].sort(([a], [b]) => a - b);
    return {
      size: this.size,
      clusters: clusters.map(([number, bytes]) => ({ number, bytes: bytes.slice() })),
    };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('snapshot disk', state);
    if (saved.integer('size', Number.MAX_SAFE_INTEGER) !== this.size) {
      throw new StateError(`the disk has ${this.size} bytes, and the saved one another size`);
    }
    const last = Math.ceil(this.size / CLUSTER);
    const clusters = saved.list('clusters', last, (value) => {
      const cluster = new SavedFields('cluster of a disk', value);
      return [cluster.integer('number', last - 1), cluster.bytes('bytes', CLUSTER)] as const;
    });
    return () => {
      this.#written.clear();
      for (const [number, bytes] of clusters) this.#written.set(number, bytes);
    };
  }

  /** Returns the cluster that a write of `length` bytes changes. */
  #writable(cluster: number, length: number): Uint8Array {
    const kept = this.#written.get(cluster);
    if (kept) return kept;
    const fresh = new Uint8Array(CLUSTER);
    const start = cluster * CLUSTER;
    const end = Math.min(start + CLUSTER, this.size);
    if (length < end - start) fresh.set(this.#base.read(start, end - start));
    this.#written.set(cluster, fresh);
    return fresh;
  }

  #eachPart(
    offset: number,
    length: number,
    action: (cluster: number, within: number, part: number, done: number) => void,
  ): void {
    for (let done = 0; done < length; ) {
      const at = offset + done;
      const within = at % CLUSTER;
      const part = Math.min(CLUSTER - within, length - done);
      action((at - within) / CLUSTER, within, part, done);
      done += part;
    }
  }
}

/** @throws RangeError if it is not the size of a disk in bytes */
export function demandSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0 || size % 512 !== 0) {
    throw new RangeError(`a disk of ${size} bytes: not a multiple of 512`);
  }
}
