/** Guest memory as numbers in the byte order of a virtqueue: little-endian, or big-endian for the legacy interface. */

import type { GuestMemory } from '../memory.ts';
import { readGuest, writeGuest } from '../memory-access.ts';

/** Accesses to numbers in guest memory. Each throws a GuestAddressError if there is no memory. */
export class GuestWords {
  readonly memory: GuestMemory;
  readonly littleEndian: boolean;

  constructor(memory: GuestMemory, littleEndian: boolean) {
    this.memory = memory;
    this.littleEndian = littleEndian;
  }

  get16(address: bigint): number {
    return this.view(address, 2).getUint16(0, this.littleEndian);
  }

  set16(address: bigint, value: number): void {
    const view = new DataView(new ArrayBuffer(2));
    view.setUint16(0, value, this.littleEndian);
    this.store(address, view);
  }

  /** Returns a copy of memory. */
  view(address: bigint, length: number): DataView {
    const bytes = readGuest(this.memory, address, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  store(address: bigint, view: DataView): void {
    writeGuest(this.memory, address, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }
}
