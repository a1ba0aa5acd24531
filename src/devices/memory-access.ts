/** Accesses to guest memory by addresses that a guest has calculated: they may end beyond the last address. */

import { GuestAddressError, type GuestMemory } from './memory.ts';

const END = 1n << 64n;

/**
 * Returns a copy of `length` bytes, which may be 0.
 * @param address 0 or higher; it may exceed 64 bits
 * @throws GuestAddressError if some of them are not guest memory
 */
export function readGuest(memory: GuestMemory, address: bigint, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  if (address + BigInt(length) > END) throw new GuestAddressError(address, length);
  return memory.read(address, length);
}

/**
 * Stores all bytes, of which there may be none, or none if it throws.
 * @param address 0 or higher; it may exceed 64 bits
 * @throws GuestAddressError if some of them are not guest memory
 */
export function writeGuest(memory: GuestMemory, address: bigint, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  if (address + BigInt(bytes.length) > END) throw new GuestAddressError(address, bytes.length);
  memory.write(address, bytes);
}
