/** Guest absolute storage, as the host accesses it. */

/**
 * Guest absolute storage cannot be accessed: no slot has it, or the process has not mapped it, or not for this kind of
 * access.
 */
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

/** The absolute storage of a guest, by guest absolute address. */
export interface GuestMemory {
  /** Returns a copy of `length` bytes. @throws GuestMemoryFault; LinuxError ENOMEM */
  readGuest(address: bigint, length: number): Uint8Array;
  /** Stores bytes: all of them, or none. @throws GuestMemoryFault; LinuxError ENOMEM */
  writeGuest(address: bigint, bytes: Uint8Array): void;
}
