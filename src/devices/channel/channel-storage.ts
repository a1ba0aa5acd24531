/** The storage that a channel program may access: the keys and limits that apply to it. */

import { GuestAddressError } from '../memory.ts';
import { readGuest, writeGuest } from '../memory-access.ts';
import type { DeviceOwner } from '../owner.ts';
import { ChannelCheck } from './check.ts';
import type { Orb } from './orb.ts';
import { SUBCHANNEL_STATUS } from './status.ts';

const { PROGRAM_CHECK, PROTECTION_CHECK } = SUBCHANNEL_STATUS;

/** The kinds of address limits of a subchannel: none, data addresses not below the limit, or below it. */
export type LimitMode = 'none' | 'at-least' | 'below';

/** Address-limit checking. Principles of Operation, chapter 17, "Address-Limit Checking". */
export interface AddressLimit {
  readonly mode: LimitMode;
  /** Absolute address, a multiple of 64 KiB. */
  readonly limit: number;
}

/** Storage as a channel program accesses it. Every method throws a ChannelCheck for what is not allowed. */
export class ChannelStorage {
  readonly #owner: DeviceOwner;
  readonly #orb: Orb;
  readonly #limit: AddressLimit;
  /** The first absolute address that CCWs cannot designate: 16 MiB, or 2 GiB of format 1. */
  readonly addressEnd: number;

  constructor(owner: DeviceOwner, orb: Orb, limit: AddressLimit) {
    this.#owner = owner;
    this.#orb = orb;
    this.#limit = limit;
    this.addressEnd = orb.format1 ? 0x8000_0000 : 0x100_0000;
  }

  /** Fetches a CCW or an indirect-data-address word: a program check if there is no storage. */
  fetchControl(address: number, length: number): Uint8Array {
    return this.fetch(BigInt(address), length);
  }

  /** Fetches data. */
  fetchData(address: bigint, length: number): Uint8Array {
    this.#demandLimit(address, length);
    return this.fetch(address, length);
  }

  /** Stores data. */
  storeData(address: bigint, bytes: Uint8Array): void {
    this.#demandLimit(address, bytes.length);
    this.#demandKey(address, bytes.length, true);
    this.#access(() => writeGuest(this.#owner.memory, address, bytes));
  }

  fetch(address: bigint, length: number): Uint8Array {
    this.#demandKey(address, length, false);
    return this.#access(() => readGuest(this.#owner.memory, address, length));
  }

  #demandKey(address: bigint, length: number, store: boolean): void {
    const { key } = this.#orb;
    if (key === 0 || length === 0 || !this.#owner.keyAllows) return;
    const allowed = this.#access(() => this.#owner.keyAllows?.(address, length, key, store));
    if (!allowed) throw new ChannelCheck(PROTECTION_CHECK);
  }

  #demandLimit(address: bigint, length: number): void {
    if (!this.#orb.addressLimit || this.#limit.mode === 'none') return;
    const limit = BigInt(this.#limit.limit);
    const allowed = this.#limit.mode === 'at-least' ? address >= limit : address + BigInt(length) <= limit;
    if (!allowed) throw new ChannelCheck(PROGRAM_CHECK);
  }

  /** Performs an access. A fault is a program check: an invalid address. */
  #access<T>(access: () => T): T {
    try {
      return access();
    } catch (error) {
      if (error instanceof GuestAddressError) throw new ChannelCheck(PROGRAM_CHECK);
      throw error;
    }
  }
}
