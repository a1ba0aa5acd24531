/**
 * A virtual machine: a process's memory as a guest's absolute storage, and virtual CPUs (Linux: struct kvm).
 */

import { LinuxError } from '../errors.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Mm } from '../mm/index.ts';
import { GuestMemoryFault } from './fault.ts';
import { type MemoryRegion, MemorySlots } from './slots.ts';
import { Vcpu } from './vcpu.ts';

const VCPUS = 248;

/** What a virtual machine is made of. */
export interface VirtualMachineOptions {
  /** The process whose memory it gets. */
  readonly mm: Mm;
  /** Its gmap; whose it is, frees it. */
  readonly gmap: Gmap;
}

/** A virtual machine on a process. */
export class VirtualMachine {
  readonly mm: Mm;
  readonly gmap: Gmap;
  readonly slots: MemorySlots;
  readonly #vcpus: Vcpu[] = [];

  constructor({ mm, gmap }: VirtualMachineOptions) {
    this.mm = mm;
    this.gmap = gmap;
    this.slots = new MemorySlots(gmap);
  }

  /** Its virtual CPUs, by CPU address. */
  get vcpus(): readonly Vcpu[] {
    return this.#vcpus;
  }

  /** KVM_SET_USER_MEMORY_REGION: see `MemorySlots.set`, which also says what it throws. */
  setMemoryRegion(region: MemoryRegion): void {
    this.slots.set(region);
  }

  /**
   * KVM_CREATE_VCPU: a virtual CPU with the next CPU address, reset. The first runs, the others are stopped.
   * @throws LinuxError EINVAL beyond 248 of them; ENOMEM
   */
  createVcpu(): Vcpu {
    const id = this.#vcpus.length;
    if (id >= VCPUS) throw new LinuxError('EINVAL', `a virtual machine has at most ${VCPUS} virtual CPUs`);
    const vcpu = new Vcpu(this, id);
    this.#vcpus.push(vcpu);
    return vcpu;
  }

  /** Ends the virtual machine: its virtual CPUs and its gmap go. The process's memory is not touched. */
  destroy(): void {
    for (const vcpu of this.#vcpus) vcpu.destroy();
    this.#vcpus.length = 0;
    this.gmap.free();
  }

  /** Reads guest absolute storage. @throws GuestMemoryFault where it is not backed; LinuxError ENOMEM */
  readGuest(address: bigint, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#eachPart(address, length, false, (process, done, count) => {
      bytes.set(this.mm.read(process, count), done);
    });
    return bytes;
  }

  /** Stores into guest absolute storage: all bytes, or none. @throws GuestMemoryFault; LinuxError ENOMEM */
  writeGuest(address: bigint, bytes: Uint8Array): void {
    this.#eachPart(address, bytes.length, true, (process) => this.mm.fault(process, true));
    this.#eachPart(address, bytes.length, true, (process, done, count) => {
      this.mm.write(process, bytes.subarray(done, done + count));
    });
  }

  /**
   * Makes the page at a guest absolute address accessible: links its segment and puts a frame behind it.
   * @throws GuestMemoryFault when nothing is there, or not for stores; LinuxError ENOMEM
   */
  faultIn(address: bigint, write: boolean): void {
    try {
      this.mm.fault(this.gmap.fault(address), write);
    } catch (error) {
      if (error instanceof LinuxError && error.code === 'EFAULT') throw new GuestMemoryFault(address, write);
      throw error;
    }
  }

  #eachPart(
    address: bigint,
    length: number,
    write: boolean,
    part: (process: bigint, done: number, count: number) => void,
  ): void {
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const count = Math.min(length - done, 4096 - Number(at & 0xfffn));
      if (at >= 1n << 64n) throw new GuestMemoryFault(at, write);
      try {
        part(this.gmap.fault(at), done, count);
      } catch (error) {
        if (error instanceof LinuxError && error.code === 'EFAULT') throw new GuestMemoryFault(at, write);
        throw error;
      }
      done += count;
    }
  }
}
