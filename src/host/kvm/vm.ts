/**
 * A virtual machine: a process's memory as a guest's absolute storage, and virtual CPUs (Linux: struct kvm).
 */

import { eachCleared, FRAME_SIZE, INTERCEPT_KEYS, INTERCEPT_OPERATION, SIE } from '../../machine/index.ts';
import {
  demandBigint,
  demandBytes,
  demandDoubleword,
  demandFlag,
  demandInstance,
  demandInteger,
  demandKey,
  demandLength,
  demandObject,
  show,
} from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import { Gmap } from '../gmap/index.ts';
import { Life } from '../life.ts';
import { Mm, PendingFault } from '../mm/index.ts';
import type { GuestPage } from '../numbers.ts';
import { processPage } from '../numbers.ts';
import { type AddressRange, GUEST_LIMIT, PAGE_BYTES } from '../units.ts';
import { CollaborativeMemory } from './cmma.ts';
import { demandCpuModel, type GuestCpuModel, modelOf } from './cpu-model.ts';
import { GuestMemoryFault } from './guest-memory.ts';
import { FloatingInterrupts } from './interrupts.ts';
import { AbsoluteMemory } from './memory-operations.ts';
import { type MemoryRegion, MemorySlots } from './slots.ts';
import { StorageKeys } from './storage-keys.ts';
import { Vcpu } from './vcpu.ts';
import type { GuestMachine, NotificationHandler } from './vcpu-context.ts';

/** The maximum number of virtual CPUs of a virtual machine (KVM_CAP_MAX_VCPUS). */
export const MAX_VCPUS = 248;
/** Bytes from which on `readGuest` makes the range present before it allocates the buffer. */
const LONG = FRAME_SIZE;
/** The number of the last page of a guest. */
const LAST_PAGE = 2 ** 52 - 1;

/** Options of a virtual machine. */
export interface VirtualMachineOptions {
  /** The process whose memory it gets. */
  readonly mm: Mm;
  /** A gmap of the process. The virtual machine owns it: `destroy` frees it. */
  readonly gmap: Gmap;
  /** See `GuestMachine.userControlled`; default false. */
  readonly userControlled?: boolean;
  /** The interruptions that any virtual CPU may take, for several virtual machines that share them; default its own. */
  readonly floating?: FloatingInterrupts;
}

/** What a new virtual CPU is made of. */
export interface VcpuOptions {
  /** Its CPU address, 0 to 247; default the next one after those that were created. */
  readonly id?: number;
  /**
   * Absolute address of a frame of zeros for the state description, which others may see as well. It belongs to the caller,
   * and must stay allocated until the virtual machine is destroyed. Default a frame of its own.
   */
  readonly description?: number;
}

/** A virtual machine on a process. */
export class VirtualMachine implements GuestMachine {
  readonly mm: Mm;
  readonly gmap: Gmap;
  readonly slots: MemorySlots;
  /** Collaborative memory management. */
  readonly cmma: CollaborativeMemory;
  /** Interruptions that any of its virtual CPUs may take. */
  readonly floating: FloatingInterrupts;
  /** Its absolute storage, as KVM_S390_MEM_OP accesses it. */
  readonly absoluteMemory: AbsoluteMemory;
  readonly userControlled: boolean;
  userStarts = false;
  userStops = false;
  userSigp = false;
  onNotification: NotificationHandler | null = null;
  readonly #keys: StorageKeys;
  readonly #vcpus: Vcpu[] = [];
  readonly #byAddress = new Map<number, Vcpu>();
  #channelSubsystem = false;
  #cpuModel: GuestCpuModel;
  #userInstruction0 = false;
  #userOperations = false;
  /** Ends when the virtual machine is destroyed. @internal */
  readonly life: Life;
  readonly #unsubscribe: () => void;

  /** @throws LinuxError EINVAL when the gmap is not one of the process; ESRCH, ENOENT when one of the two has ended */
  constructor(options: VirtualMachineOptions) {
    demandObject('options', options);
    const { mm, gmap, floating, userControlled = false } = options;
    demandFlag('userControlled', userControlled);
    demandInstance('mm', mm, Mm);
    demandInstance('gmap', gmap, Gmap);
    if (floating !== undefined) demandInstance('floating', floating, FloatingInterrupts);
    if (gmap.mm !== mm) throw new LinuxError('EINVAL', `gmap ${gmap.id} is not one of process ${mm.id}`);
    mm.life.demand();
    gmap.life.demand();
    this.life = new Life(mm.kernel, 'the virtual machine was destroyed', 'EBADF');
    this.floating = floating ?? new FloatingInterrupts(this.life);
    this.#cpuModel = modelOf(mm.kernel.machine);
    this.mm = mm;
    this.gmap = gmap;
    this.userControlled = userControlled;
    this.slots = new MemorySlots(gmap);
    this.cmma = new CollaborativeMemory(mm, this.slots, this.life);
    this.#keys = new StorageKeys(mm, this.slots);
    this.absoluteMemory = new AbsoluteMemory(this);
    this.#unsubscribe = gmap.onInvalidated.subscribe((page) => {
      for (const vcpu of this.#vcpus) vcpu.prefixPages.invalidated(page);
    });
  }

  /** Whether user space has a channel subsystem: see `enableChannelSubsystem`. */
  get channelSubsystem(): boolean {
    return this.#channelSubsystem;
  }

  /**
   * KVM_CAP_S390_CSS_SUPPORT: user space executes I/O instructions from now on, apart from TPI. Until then, they end with condition
   * code 3: no subchannel is operational.
   */
  enableChannelSubsystem(): void {
    this.life.operation(() => {
      this.#channelSubsystem = true;
    });
  }

  /**
   * What its virtual CPUs say they are: at first, all that the machine has.
   * @throws LinuxError EBUSY if there are virtual CPUs; EINVAL if it is not a model; EBADF if it was destroyed
   */
  get cpuModel(): GuestCpuModel {
    return this.#cpuModel;
  }

  set cpuModel(model) {
    demandCpuModel(model);
    this.life.demandQuiet();
    if (this.#vcpus.length > 0)
      throw new LinuxError('EBUSY', 'the virtual machine has virtual CPUs: their model cannot change');
    this.#cpuModel = model;
  }

  /** See `enableUserInstruction0`. */
  get userInstruction0(): boolean {
    return this.#userInstruction0;
  }

  /** KVM_CAP_S390_USER_INSTR0: the operation exceptions of instructions whose first two bytes are 0 are exits from now on. */
  enableUserInstruction0(): void {
    this.life.operation(() => {
      this.#userInstruction0 = true;
      this.#interceptOperations();
    });
  }

  /** See `enableUserOperations`. */
  get userOperations(): boolean {
    return this.#userOperations;
  }

  /** KVM_CAP_S390_USER_OPEREXEC: all operation exceptions that the host does not handle itself are exits from now on. */
  enableUserOperations(): void {
    this.life.operation(() => {
      this.#userOperations = true;
      this.#interceptOperations();
    });
  }

  #interceptOperations(): void {
    for (const { block } of this.#vcpus) {
      const controls = block.get32(SIE.INTERCEPTION_CONTROLS);
      block.set32(SIE.INTERCEPTION_CONTROLS, (controls | INTERCEPT_OPERATION) >>> 0);
    }
  }

  /** Its virtual CPUs, in the order in which they were created: by CPU address, unless addresses were asked for. */
  get vcpus(): readonly Vcpu[] {
    return this.#vcpus;
  }

  /** Returns the virtual CPU with a CPU address, or undefined. */
  vcpuAt(address: number): Vcpu | undefined {
    return this.#byAddress.get(address);
  }

  /** KVM_SET_USER_MEMORY_REGION. See `MemorySlots.set`. @throws LinuxError as that */
  setMemoryRegion(region: MemoryRegion): void {
    this.life.operation(() => {
      this.slots.set(region);
      this.cmma.slotChanged(region.slot);
    });
  }

  /** KVM_GET_DIRTY_LOG. See `MemorySlots.takeLog`. @throws LinuxError as that */
  getDirtyLog(slot: number): number[] {
    return this.life.operation(() => this.slots.takeLog(slot));
  }

  /**
   * Returns the storage key of the page at a guest absolute address, 0 to 0xfe; 0 if the guest does not use keys.
   * @throws LinuxError EINVAL for an address below 0; EFAULT where there is no slot, or the process has no memory
   */
  getKey(address: bigint): number {
    demandBigint('address', address);
    return this.life.operation(() => this.#keys.of(Number(address >> 12n)));
  }

  /**
   * Sets the storage key of the page at a guest absolute address; the guest uses keys from then on.
   * @throws LinuxError as `setKeys`
   */
  setKey(address: bigint, key: number): void {
    demandBigint('address', address);
    this.setKeys(Number(address >> 12n), [key]);
  }

  /** KVM_S390_GET_SKEYS. See `StorageKeys.get`. @throws LinuxError as that */
  getKeys(startFrame: number, count: number): Uint8Array | null {
    return this.life.operation(() => this.#keys.get(startFrame, count));
  }

  /** KVM_S390_SET_SKEYS. See `StorageKeys.set`. @throws LinuxError as that */
  setKeys(startFrame: number, keys: ArrayLike<number>): void {
    this.life.operation(() => this.#keys.set(startFrame, keys));
  }

  /**
   * Enables the guest's storage keys: all are 0 at first, the machine executes the instructions on keys from then on, and
   * the key of a page outlives the frame of the page.
   * @throws LinuxError ENOMEM when a frame of 1 MiB must be split and cannot; nothing has changed then
   */
  enableKeys(): void {
    this.life.operation(() => {
      this.#keys.enable();
      for (const { block } of this.#vcpus) {
        const controls = block.get32(SIE.INTERCEPTION_CONTROLS);
        block.set32(SIE.INTERCEPTION_CONTROLS, (controls & ~INTERCEPT_KEYS) >>> 0);
      }
    });
  }

  /**
   * KVM_CREATE_VCPU: creates a virtual CPU, and resets it. CPU 0 operates, the others are stopped.
   * @throws LinuxError EINVAL for a CPU address that is not 0 to 247, or a state description that is not at a frame; EEXIST if there is a
   *   virtual CPU with this address; ENOMEM
   */
  createVcpu(options: VcpuOptions = {}): Vcpu {
    demandObject('options', options);
    const { id = this.#vcpus.length, description } = options;
    if (!Number.isInteger(id) || id < 0 || id >= MAX_VCPUS)
      throw new LinuxError('EINVAL', `CPU address ${show(id)} is not 0 to ${MAX_VCPUS - 1}`);
    if (this.#byAddress.has(id)) throw new LinuxError('EEXIST', `there is a virtual CPU ${id}`);
    if (description !== undefined && this.mm.kernel.frames.purposeOf(description) === undefined)
      throw new LinuxError('EINVAL', `no frame that is in use begins at ${show(description)}`);
    return this.life.operation(() => {
      this.mm.life.demand();
      const vcpu = new Vcpu(this, id, description);
      this.#vcpus.push(vcpu);
      this.#byAddress.set(id, vcpu);
      return vcpu;
    });
  }

  /** KVM_S390_VM_MEM_ENABLE_CMMA: lets the guest use ESSA, see `cmma`. @throws LinuxError EBUSY if there are virtual CPUs */
  enableCmma(): void {
    this.cmma.enable(this.#vcpus.length);
  }

  /** Subsystem reset: floating interruptions are no longer pending. There is no channel subsystem to reset. */
  resetSubsystem(): void {
    this.life.demandQuiet();
    eachCleared('subsystem', (part) => {
      if (part === 'floating-interruptions') this.floating.clear();
    });
  }

  /**
   * Whether memory slots hold all of a range of guest absolute storage, in bytes.
   * @throws LinuxError EINVAL for a number that is not a bigint from 0 to 2^64 - 1
   */
  hasMemory(range: AddressRange): boolean {
    demandObject('range', range);
    const { address, length } = range;
    demandDoubleword('address', address);
    demandDoubleword('length', length);
    for (let at = address; at < address + length; ) {
      const slot = this.slots.at(at);
      if (!slot) return false;
      at = slot.guestPhysAddr + slot.memorySize;
    }
    return true;
  }

  /**
   * Destroys the virtual machine: its virtual CPUs, logs and gmap are freed. The process's memory is not touched. The
   * process may have ended, and the gmap may have been freed, before.
   * @throws LinuxError EBADF when it was destroyed
   */
  destroy(): void {
    this.life.operation(() => {
      this.life.end();
      this.#unsubscribe();
      if (!this.mm.ended) this.slots.stopLogs();
      for (const vcpu of this.#vcpus) vcpu.destroy();
      this.#vcpus.length = 0;
      this.#byAddress.clear();
      if (!this.gmap.freed) this.gmap.free();
    });
  }

  /**
   * Reads guest absolute storage.
   * @throws GuestMemoryFault where it is not backed; LinuxError EINVAL for an address that is not a bigint from 0 to
   *   2^64 - 1 or a length that is not an integer up to 2^31 - 4096; ENOMEM
   */
  readGuest(address: bigint, length: number): Uint8Array {
    demandLength(length);
    return this.life.operation(() => {
      // A long range is made present first: a wrong length cannot exhaust memory.
      if (length > LONG) this.#eachPart(address, length, false, (process) => this.mm.fault(process, false));
      const bytes = new Uint8Array(length);
      this.#eachPart(address, length, false, (process, done, count) => {
        bytes.set(this.mm.read(process, count), done);
      });
      return bytes;
    });
  }

  /** Stores into guest absolute storage: all bytes, or none. @throws GuestMemoryFault, LinuxError as `readGuest` */
  writeGuest(address: bigint, bytes: Uint8Array): void {
    demandBytes(bytes);
    this.life.operation(() => {
      this.#eachPart(address, bytes.length, true, (process) => this.mm.fault(process, true));
      this.#eachPart(address, bytes.length, true, (process, done, count) => {
        this.mm.write(process, bytes.subarray(done, done + count));
      });
    });
  }

  /**
   * Makes the page at a guest absolute address accessible: links its segment, and gives the page a frame.
   * @throws GuestMemoryFault when the guest has no memory there, or none for stores; LinuxError ENOMEM
   */
  faultIn(address: bigint, write: boolean): void {
    demandFlag('write', write);
    this.life.demand();
    guestMemory(address, write, () => this.mm.fault(this.gmap.fault(address), write));
  }

  /**
   * Makes a guest page, by number, present and writable, and watches it.
   * @throws GuestMemoryFault when the guest has no memory there, or none for stores; LinuxError ENOMEM
   */
  watchPage(page: GuestPage): void {
    demandInteger('page', page, 0, LAST_PAGE);
    this.life.demand();
    const address = BigInt(page) << 12n;
    guestMemory(address, true, () => this.gmap.watch({ address, length: PAGE_BYTES }));
  }

  /**
   * Sets the storage key of a guest page, by number, for an instruction of the guest.
   * @param compared bits of a key: if the page's key equals `key` in them, it stays as it is; 0: it is always set
   * @throws GuestMemoryFault when the guest has no memory there; LinuxError ENOMEM
   */
  setGuestKey(page: GuestPage, key: number, compared = 0): void {
    demandKey(key);
    demandInteger('compared', compared, 0, 0xff);
    demandInteger('page', page, 0, LAST_PAGE);
    this.life.demand();
    const address = BigInt(page) << 12n;
    guestMemory(address, true, () => {
      const at = processPage(Number(this.gmap.fault(address) >> 12n));
      if (compared === 0 || ((this.mm.keyOf(at) ^ key) & compared) !== 0) this.mm.setKey(at, key);
    });
  }

  #eachPart(
    address: bigint,
    length: number,
    write: boolean,
    part: (process: bigint, done: number, count: number) => void,
  ): void {
    demandDoubleword('address', address);
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const count = Math.min(length - done, FRAME_SIZE - Number(at % PAGE_BYTES));
      if (at >= GUEST_LIMIT) throw new GuestMemoryFault(at, write);
      guestMemory(at, write, () => part(this.gmap.fault(at), done, count));
      done += count;
    }
  }
}

/** Performs an access, and turns EFAULT into GuestMemoryFault, but for a page that user space is to provide. */
function guestMemory(address: bigint, write: boolean, access: () => void): void {
  try {
    access();
  } catch (error) {
    const isFault =
      error instanceof LinuxError && error.code === 'EFAULT' && !(error instanceof PendingFault);
    if (isFault) throw new GuestMemoryFault(address, write);
    throw error;
  }
}
