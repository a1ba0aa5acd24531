/** How the devices of a virtual machine reach guest memory. */

/** The guest has no memory at (part of) an address range. */
export class GuestAddressError extends RangeError {
  override readonly name = 'GuestAddressError';

  /** Names `length` bytes (at least 1) from the guest absolute `address` on. */
  constructor(address: bigint, length: number) {
    super(`the guest has no memory at 0x${address.toString(16)} (${length} bytes)`);
  }
}

/** Guest memory, by guest absolute address: 0 to 2^64 - 1, and no prefixing. */
export interface GuestMemory {
  /**
   * A copy of `length` bytes, which later stores of the guest do not change.
   *
   * @throws {GuestAddressError} unless all of them are guest memory.
   */
  read(address: bigint, length: number): Uint8Array;
  /**
   * Stores bytes: all of them, or none and an error.
   *
   * @throws {GuestAddressError} unless all of them are guest memory.
   */
  write(address: bigint, bytes: Uint8Array): void;
}
