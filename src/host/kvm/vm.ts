/**
 * A virtual machine: a process's memory as a guest's absolute storage, and virtual CPUs (Linux: struct kvm).
 */

import { eachCleared, INTERCEPT_KEYS, SIE } from '../../machine/index.ts';
import { LinuxError } from '../errors.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Mm } from '../mm/index.ts';
import { GuestMemoryFault } from './fault.ts';
import { FloatingInterrupts } from './interrupts.ts';
import { type MemoryRegion, MemorySlots } from './slots.ts';
import { StorageKeys } from './storage-keys.ts';
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
  /** External interruptions that any of its virtual CPUs may take. */
  readonly floating = new FloatingInterrupts();
  readonly #keys: StorageKeys;
  readonly #vcpus: Vcpu[] = [];

  constructor({ mm, gmap }: VirtualMachineOptions) {
    this.mm = mm;
    this.gmap = gmap;
    this.slots = new MemorySlots(gmap);
    this.#keys = new StorageKeys(mm, this.slots);
    gmap.onInvalidated = (page) => {
      for (const vcpu of this.#vcpus) vcpu.prefixPages.invalidated(page);
    };
  }

  /** Its virtual CPUs, by CPU address. */
  get vcpus(): readonly Vcpu[] {
    return this.#vcpus;
  }

  /** KVM_SET_USER_MEMORY_REGION: see `MemorySlots.set`, which also says what it throws. */
  setMemoryRegion(region: MemoryRegion): void {
    this.slots.set(region);
  }

  /** KVM_GET_DIRTY_LOG: see `MemorySlots.takeLog`, which also says what it throws. */
  getDirtyLog(slot: number): number[] {
    return this.slots.takeLog(slot);
  }

  /**
   * The storage key of the page at a guest absolute address, 0 to 0xfe; 0 when the guest does not use keys.
   * @throws LinuxError EINVAL for an address below 0; EFAULT where no slot is, or the process has no memory
   */
  getKey(address: bigint): number {
    return this.#keys.of(Number(address >> 12n));
  }

  /**
   * Sets the storage key of the page at a guest absolute address; the guest uses keys from then on.
   * @throws LinuxError as `setKeys`
   */
  setKey(address: bigint, key: number): void {
    this.setKeys(Number(address >> 12n), [key]);
  }

  /** KVM_S390_GET_SKEYS: see `StorageKeys.get`, which also says what it throws. */
  getKeys(startFrame: number, count: number): Uint8Array | null {
    return this.#keys.get(startFrame, count);
  }

  /** KVM_S390_SET_SKEYS: see `StorageKeys.set`, which also says what it throws. */
  setKeys(startFrame: number, keys: ArrayLike<number>): void {
    this.#keys.set(startFrame, keys);
  }

  /**
   * The guest uses storage keys from now on, all of them 0: its instructions on them are its own from then on, and
   * a page's key outlives the page's frame.
   * @throws LinuxError ENOMEM when a frame of 1 MiB must be split and cannot; nothing has changed then
   */
  enableKeys(): void {
    this.mm.enableKeys();
    for (const { block } of this.#vcpus) {
      const controls = block.get32(SIE.INTERCEPTION_CONTROLS);
      block.set32(SIE.INTERCEPTION_CONTROLS, (controls & ~INTERCEPT_KEYS) >>> 0);
    }
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

  /** Subsystem reset: floating interruptions are no longer pending. There is no channel subsystem to reset. */
  resetSubsystem(): void {
    eachCleared('subsystem', (part) => {
      if (part === 'floating-interruptions') this.floating.clear();
    });
  }

  /** Whether memory slots hold all of a range of guest absolute storage. In bytes; at least one. */
  hasMemory(address: bigint, length: bigint): boolean {
    for (let at = address; at < address + length; ) {
      const slot = this.slots.at(at);
      if (!slot) return false;
      at = slot.guestPhysAddr + slot.memorySize;
    }
    return true;
  }

  /** Ends the virtual machine: its virtual CPUs, logs and gmap go. The process's memory is not touched. */
  destroy(): void {
    this.gmap.onInvalidated = null;
    this.slots.stopLogs();
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
    guestMemory(address, write, () => this.mm.fault(this.gmap.fault(address), write));
  }

  /**
   * Makes a guest page, by number, present and writable, and watches it.
   * @throws GuestMemoryFault when nothing is there, or not for stores; LinuxError ENOMEM
   */
  watchPage(page: number): void {
    const address = BigInt(page) << 12n;
    guestMemory(address, true, () => this.gmap.watch(address, 4096n));
  }

  /**
   * Sets the storage key of a guest page, by number, for an instruction of the guest.
   * @throws GuestMemoryFault when nothing is there; LinuxError ENOMEM
   */
  setGuestKey(page: number, key: number): void {
    const address = BigInt(page) << 12n;
    guestMemory(address, true, () => this.mm.setKey(Number(this.gmap.fault(address) >> 12n), key));
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
      guestMemory(at, write, () => part(this.gmap.fault(at), done, count));
      done += count;
    }
  }
}

/** What the process does not have behind a guest address is memory that the guest does not have. */
function guestMemory(address: bigint, write: boolean, access: () => void): void {
  try {
    access();
  } catch (error) {
    if (error instanceof LinuxError && error.code === 'EFAULT') throw new GuestMemoryFault(address, write);
    throw error;
  }
}
