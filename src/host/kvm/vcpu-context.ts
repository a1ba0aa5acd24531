/**
 * A virtual CPU and its virtual machine as the modules see them that handle interceptions. `Vcpu` and `VirtualMachine`
 * implement these interfaces; those modules import nothing else of them.
 */

import type { Cpu, CpuReset } from '../../machine/index.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Life } from '../life.ts';
import type { Mm } from '../mm/index.ts';
import type { GuestPage } from '../numbers.ts';
import type { AddressRange } from '../units.ts';
import type { CheckedStateDescription } from './checked-state-description.ts';
import type { CollaborativeMemory } from './cmma.ts';
import type { GuestCpuModel } from './cpu-model.ts';
import type { GuestDebug } from './guest-debug.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { FloatingInterrupts, LocalInterrupts } from './interrupts.ts';
import type { PrefixArea } from './prefix-area.ts';
import type { MemorySlots } from './slots.ts';
import type { VcpuCounts } from './statistics.ts';

/**
 * Takes a notification of a virtio device (DIAGNOSE 0x500, function 3): the subsystem-identification word, the number of the queue, and the cookie
 * that the guest passes. Returns a cookie for the next notification, 0 or more, or null to leave it to user space.
 */
export type NotificationHandler = (subchannel: number, queue: bigint, cookie: bigint) => bigint | null;

/** A virtual machine, as its virtual CPUs see it. */
export interface GuestMachine extends GuestMemory {
  readonly mm: Mm;
  readonly gmap: Gmap;
  /** Ends when the virtual machine is destroyed. @internal */
  readonly life: Life;
  readonly slots: MemorySlots;
  /** Collaborative memory management. */
  readonly cmma: CollaborativeMemory;
  /** Whether user space has a channel subsystem. Otherwise no subchannel is operational. */
  readonly channelSubsystem: boolean;
  /** The interruptions that any of its virtual CPUs may take. */
  readonly floating: FloatingInterrupts;
  /**
   * Whether its user controls it (KVM_VM_S390_UCONTROL): the host delivers no interruptions, executes no instructions, and leaves guest
   * addresses that are not mapped to user space. There are no memory slots.
   */
  readonly userControlled: boolean;
  /** Whether user space executes the orders of SIGNAL PROCESSOR that start and reset CPUs, and those that there are not, as in Linux. */
  readonly userStarts: boolean;
  /** What its virtual CPUs say they are. */
  readonly cpuModel: GuestCpuModel;
  /** Whether the operation exceptions of instructions whose first two bytes are 0 are exits: KVM_CAP_S390_USER_INSTR0. */
  readonly userInstruction0: boolean;
  /**
   * Whether user space performs stops, as in Linux after KVM_SET_MP_STATE: `run` returns an interception for one, and it stays pending, so that the
   * CPU is busy for SIGNAL PROCESSOR, until user space has stopped the CPU.
   */
  readonly userStops: boolean;
  /** Whether all operation exceptions that the host does not handle itself are exits: KVM_CAP_S390_USER_OPEREXEC. */
  readonly userOperations: boolean;
  /** Whether user space executes SIGNAL PROCESSOR, but for what concerns running CPUs: KVM_CAP_S390_USER_SIGP. */
  readonly userSigp: boolean;
  /** Hears of the guest's notifications of virtio devices, or null. */
  readonly onNotification: NotificationHandler | null;
  /** Its virtual CPUs. */
  readonly vcpus: readonly GuestCpu[];
  /** Returns the virtual CPU with a CPU address, or undefined. */
  vcpuAt(address: number): GuestCpu | undefined;
  /** Whether memory slots hold all of a range of guest absolute storage. */
  hasMemory(range: AddressRange): boolean;
  /** Makes a guest page accessible. @throws GuestMemoryFault; LinuxError ENOMEM */
  faultIn(address: bigint, write: boolean): void;
  /** Makes a guest page, by number, present and writable, and watches it. @throws GuestMemoryFault; LinuxError ENOMEM */
  watchPage(page: GuestPage): void;
  /** Enables the guest's storage keys. @throws LinuxError ENOMEM */
  enableKeys(): void;
  /** Returns the storage key of the page at a guest absolute address; 0 if the guest does not use keys. @throws LinuxError EFAULT */
  getKey(address: bigint): number;
  /** See `VirtualMachine.setGuestKey`. @throws GuestMemoryFault; LinuxError ENOMEM */
  setGuestKey(page: GuestPage, key: number, compared: number): void;
}

/** A virtual CPU, as the modules see it that handle its interceptions. */
export interface GuestCpu {
  readonly vm: GuestMachine;
  /** CPU address. */
  readonly id: number;
  /** Its state description. */
  readonly block: CheckedStateDescription;
  /** Where interruptions are injected. */
  readonly prefixArea: PrefixArea;
  /** Its debugging by user space. @internal */
  readonly debug: GuestDebug;
  /** What it counts. */
  readonly counts: VcpuCounts;
  /** The guarded-storage registers as they are stored, behind an unused doubleword: 32 bytes. */
  readonly guardedStorage: Uint8Array;
  /** General registers. */
  readonly gr: BigUint64Array;
  /** The external interruptions that are pending for this virtual CPU. */
  readonly local: LocalInterrupts;
  /** Whether it is stopped. */
  stopped: boolean;
  /** Whether the guest has given up the processor since it was entered: DIAGNOSE 0x44, or 0x9c for a certain other CPU. */
  gaveWay: boolean;
  /** Whether a stop is pending. */
  readonly stopping: boolean;
  /** Whether a restart interruption is pending. */
  readonly restartPending: boolean;
  /** Whether it is in the wait state and not stopped. */
  readonly waiting: boolean;
  /** The token of the page-fault handshake that the guest established by DIAGNOSE 0x258, or null if there is none. */
  pageFaultToken: bigint | null;
  /** Whether PSW and control register 0 enable it for a class of external interruptions, given by its subclass mask. */
  enabledFor(mask: number): boolean;
  /** Whether PSW and control register 6 enable it for I/O interruptions of a subclass, given by its bit in control register 6. */
  enabledForIo(mask: number): boolean;
  /** Returns the guest's control register `n`. */
  control(n: number): bigint;
  /** Sets the guest's control register `n`. */
  setControl(n: number, value: bigint): void;
  /** Sets the prefix, and purges the translations that depend on it. */
  setPrefix(prefix: number): void;
  /** Makes a stop pending. @param store whether the CPU stores its status when it stops */
  requestStop(store: boolean): void;
  /** Makes a restart interruption pending, and starts the CPU if it is stopped. */
  restart(): void;
  /** Resets the CPU. Whether it is stopped does not change. */
  reset(kind: CpuReset): void;
  /** Stores the status into 512 bytes at a guest absolute address. @throws GuestMemoryFault; LinuxError ENOMEM */
  storeStatus(address: number): void;
  /** Stores the status at its assigned locations. @throws as `storeStatus` */
  storeStatusAssigned(): void;
  /** Stores the registers into the save areas of a machine check, in the prefix area. @throws as `storeStatus` */
  storeMachineCheckAreas(): void;
  /** Copies the guest's registers from the processor that it runs on. */
  saveRegisters(cpu: Cpu): void;
  /** Copies the guest's registers to the processor. */
  loadRegisters(cpu: Cpu): void;
}
