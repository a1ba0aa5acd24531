/**
 * Guest memory that is not there.
 */

/** Guest absolute storage that could not be reached. */
export class GuestMemoryFault extends Error {
  /** Guest absolute address. */
  readonly address: bigint;
  readonly write: boolean;

  constructor(address: bigint, write: boolean) {
    super(`guest address 0x${address.toString(16)} is not backed`);
    this.name = 'GuestMemoryFault';
    this.address = address;
    this.write = write;
  }
}
