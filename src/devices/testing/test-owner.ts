/** An owner of devices for tests: a small memory, and records of the interruptions that devices request. */

import { GuestAddressError, type GuestMemory } from '../memory.ts';
import type { DeviceOwner, IoInterruptions } from '../owner.ts';

/** Guest memory from address 0 on, in one array. Counts the bytes that devices access. */
export class TestMemory implements GuestMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Number of bytes read and written by devices, and number of these accesses. */
  accessed = 0;
  accesses = 0;
  /** Called for each store of a device. */
  onStore: (address: number, length: number) => void = () => {};

  /** @param size in bytes */
  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  read(address: bigint, length: number): Uint8Array {
    this.#demand(address, length);
    return this.bytes.slice(Number(address), Number(address) + length);
  }

  write(address: bigint, bytes: Uint8Array): void {
    this.#demand(address, bytes.length);
    this.bytes.set(bytes, Number(address));
    this.onStore(Number(address), bytes.length);
  }

  #demand(address: bigint, length: number): void {
    if (address < 0n || !Number.isInteger(length) || length < 1) throw new TypeError(`${address}, ${length}`);
    if (address + BigInt(length) > BigInt(this.bytes.length)) throw new GuestAddressError(address, length);
    this.accessed += length;
    this.accesses++;
  }
}

/** A pending I/O interruption of a subchannel. */
export interface PendingInterruption {
  readonly parameter: number;
  readonly isc: number;
}

/** Interruptions that devices have requested and nobody has taken. */
export class TestInterruptions implements IoInterruptions {
  /** By subsystem-identification word. */
  readonly subchannels = new Map<number, PendingInterruption>();
  /** Subclasses of pending adapter interruptions. */
  readonly adapters = new Set<number>();
  channelReports = 0;

  request(subchannel: number, parameter: number, isc: number): void {
    if (!this.subchannels.has(subchannel)) this.subchannels.set(subchannel, { parameter, isc });
  }

  withdraw(subchannel: number): void {
    this.subchannels.delete(subchannel);
  }

  requestAdapter(isc: number): void {
    this.adapters.add(isc);
  }

  requestChannelReport(): void {
    this.channelReports++;
  }

  /** Takes the adapter interruption of a subclass. Returns whether there was one. */
  takeAdapter(isc: number): boolean {
    return this.adapters.delete(isc);
  }
}

/** An owner of devices. */
export class TestOwner implements DeviceOwner {
  readonly memory: TestMemory;
  readonly interruptions = new TestInterruptions();
  /** The key of all storage; accesses with another key are refused. 0: keys are not checked. */
  key = 0;

  /** @param size of its memory in bytes */
  constructor(size = 0x10_0000) {
    this.memory = new TestMemory(size);
  }

  keyAllows(_address: bigint, _length: number, key: number, _store: boolean): boolean {
    return this.key === 0 || this.key === key;
  }
}
