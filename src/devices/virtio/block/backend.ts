/** Where a block device has its data. */

/** An access to a disk that failed: its driver gets an I/O error. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
}

/** The data of a disk. Offsets and lengths are in bytes, multiples of 512, and within the disk. */
export interface DiskBackend {
  /** Size in bytes, a multiple of 512. */
  readonly size: number;
  readonly readOnly: boolean;
  /** Returns a copy of `length` bytes. @throws DiskError if they cannot be read */
  read(offset: number, length: number): Uint8Array;
  /** Stores bytes, which the caller may change afterwards. @throws DiskError if they cannot be written */
  write(offset: number, bytes: Uint8Array): void;
  /** Stores zeros, or forgets what the range holds, which then reads as zeros. @throws DiskError as `write` */
  writeZeros(offset: number, length: number): void;
  /** Makes everything written permanent. @throws DiskError if this fails */
  flush(): void;
  /** Returns the state that is not elsewhere: values that can be cloned. */
  save(): unknown;
  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void;
}
