/** Guest memory, as the devices of a virtual machine access it. */

/** An access to an address range of which a part, or all of it, is not guest memory. */
export class GuestAddressError extends RangeError {
  override readonly name = 'GuestAddressError';

  /** @param length at least 1 byte from the guest absolute `address` on */
  constructor(address: bigint, length: number) {
    super(`the guest has no memory at 0x${address.toString(16)} (${length} bytes)`);
  }
}

/** Guest memory by guest absolute address, 0 to 2^64 - 1, without prefixing. */
export interface GuestMemory {
  /**
   * Returns a copy of `length` bytes.
   *
   * @throws GuestAddressError if some of them are not guest memory
   */
  read(address: bigint, length: number): Uint8Array;
  /**
   * Stores all bytes, or none if it throws.
   *
   * @throws GuestAddressError if some of them are not guest memory
   */
  write(address: bigint, bytes: Uint8Array): void;
}
