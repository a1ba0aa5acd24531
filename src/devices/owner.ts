/** What devices use of the machine that they belong to: a guest's virtual machine, for one. */

import type { GuestMemory } from './memory.ts';

/** The I/O interruptions of a machine. Any of its CPUs may take one. Principles of Operation, chapter 16, "I/O Interruptions". */
export interface IoInterruptions {
  /**
   * Makes the interruption of a subchannel pending, if it is not pending already.
   * @param subchannel its subsystem-identification word, 32 bits
   * @param parameter its interruption parameter, 32 bits
   * @param isc its interruption subclass, 0 to 7
   */
  request(subchannel: number, parameter: number, isc: number): void;
  /** Makes the interruption of a subchannel no longer pending: its status was cleared. */
  withdraw(subchannel: number): void;
  /** Makes an adapter interruption of a subclass (0 to 7) pending, if there is none. */
  requestAdapter(isc: number): void;
  /** Makes a machine-check interruption pending, which says that channel reports are pending. */
  requestChannelReport(): void;
}

/** What devices use of the machine that they belong to. */
export interface DeviceOwner {
  /** Its absolute storage. */
  readonly memory: GuestMemory;
  readonly interruptions: IoInterruptions;
  /**
   * Whether the storage keys allow an access with a key other than 0. A channel program has the key of its ORB, so the channel
   * subsystem needs this to recognize protection. Without this method keys are not checked, as in QEMU.
   *
   * @param address guest absolute address, 0 to 2^64 - 1
   * @param length at least 1 byte
   * @param key access key, 1 to 15
   * @param store whether the access is a store
   * @throws GuestAddressError if some of the bytes are not guest memory
   */
  keyAllows?(address: bigint, length: number, key: number, store: boolean): boolean;
}
