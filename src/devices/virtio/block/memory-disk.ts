/** A disk in an array of bytes. */

import { SavedFields } from '../../saved-state.ts';
import { type DiskBackend, DiskError } from './backend.ts';
import { demandSize } from './snapshot-disk.ts';

/** A disk that changes an array of bytes, or only reads it. */
export class MemoryDisk implements DiskBackend {
  readonly #bytes: Uint8Array;
  readonly readOnly: boolean;

  /** @throws RangeError if the length of the array is not a multiple of 512 */
  constructor(bytes: Uint8Array, readOnly = false) {
    demandSize(bytes.length);
    this.#bytes = bytes;
    this.readOnly = readOnly;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#demandWritable();
    this.#bytes.set(bytes, offset);
  }

  writeZeros(offset: number, length: number): void {
    this.#demandWritable();
    this.#bytes.fill(0, offset, offset + length);
  }

  flush(): void {
    // There is nothing behind the array.
  }

  #demandWritable(): void {
    if (this.readOnly) throw new DiskError('the disk is read-only');
  }

  save(): unknown {
    return this.readOnly ? {} : { bytes: this.#bytes.slice() };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('disk', state);
    if (this.readOnly) return () => {};
    const bytes = saved.bytes('bytes', this.size);
    return () => this.#bytes.set(bytes);
  }
}
