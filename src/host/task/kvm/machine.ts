/**
 * What a virtual machine of /dev/kvm is (Linux: struct kvm): its files share it, and the last one that is closed ends it.
 */

import { SIE } from '../../../machine/index.ts';
import { LinuxError } from '../../errors.ts';
import { VirtualMachine } from '../../kvm/index.ts';
import type { Mm } from '../../mm/index.ts';
import type { Caller } from '../process/caller.ts';
import type { System } from '../system.ts';
import type { WaitQueue } from '../wait-queue.ts';
import { NO_MEM_LIMIT } from './abi.ts';
import { EventDescriptors } from './event-descriptors.ts';

/** The limit of a guest's storage at first: all addresses of a Linux process but the last page (TASK_SIZE_MAX). */
const HIGHEST_LIMIT = (1n << 64n) - 4096n;

/** A virtual CPU whose thread sleeps until it can go on. */
export interface IdleVcpu {
  readonly runnable: boolean;
  readonly idle: WaitQueue;
}

/** A virtual machine of a process. */
export class KvmMachine {
  readonly system: System;
  /** The process's memory. No other process can use the virtual machine. */
  readonly mm: Mm;
  readonly userControlled: boolean;
  /** The virtual machine; null if its user controls it: then each virtual CPU has its own, with its own guest address space. */
  #vm: VirtualMachine | null;
  /** CPU addresses of its virtual CPUs. */
  readonly vcpus = new Set<number>();
  /** The virtual CPUs whose threads wait for an interruption. */
  readonly idle = new Set<IdleVcpu>();
  /** Whether user space starts and stops the virtual CPUs: it has used KVM_SET_MP_STATE. */
  userCpuState = false;
  /** Whether there is an interrupt controller: KVM_CAP_S390_IRQCHIP. */
  hasIrqchip = false;
  /** Whether user space hears of STORE SYSTEM INFORMATION: KVM_CAP_S390_USER_STSI. */
  userStsi = false;
  /** How many floating interruptions user space has made pending, by Linux's names (struct kvm_vm_stat). */
  readonly counts = {
    inject_io: 0,
    inject_float_mchk: 0,
    inject_pfault_done: 0,
    inject_service_signal: 0,
    inject_virtio: 0,
  };
  /** The first guest absolute address that no slot can have. */
  memoryLimit: bigint;
  /** The CPU ID and the list of facilities that user space has set, or null. */
  cpuId: bigint | null = null;
  facilities: Uint8Array | null = null;
  /** What the guest's TOD clock is ahead of the machine's. */
  #epoch = 0n;
  /** The eventfds that notifications of virtio devices wake. */
  readonly events = new EventDescriptors();
  #users = 1;

  /** @throws LinuxError ENOMEM */
  constructor(system: System, mm: Mm, userControlled: boolean) {
    this.system = system;
    this.mm = mm;
    this.userControlled = userControlled;
    this.memoryLimit = userControlled ? NO_MEM_LIMIT : HIGHEST_LIMIT;
    this.#vm = userControlled ? null : this.#makeVm();
  }

  #makeVm(): VirtualMachine {
    const { mm, userControlled } = this;
    const gmap = this.system.host.createGmap(mm);
    const vm = new VirtualMachine({ mm, gmap, userControlled, reportsMissingMemory: false });
    vm.userStarts = true;
    vm.onNotification = (subchannel, queue) => this.events.notify(subchannel, queue);
    return vm;
  }

  /** The virtual machine. @throws LinuxError EINVAL if its user controls it */
  get vm(): VirtualMachine {
    if (this.#vm === null) throw new LinuxError('EINVAL', 'the virtual machine is controlled by its user');
    return this.#vm;
  }

  /** Makes the virtual machine of a virtual CPU that its user controls. @throws LinuxError ENOMEM */
  makeVmOfVcpu(): VirtualMachine {
    return this.#makeVm();
  }

  /** @throws LinuxError EIO for a caller whose memory is not that of the virtual machine */
  demandOwner({ space }: Caller & { readonly space: { readonly mm: Mm } }): void {
    if (space.mm !== this.mm) throw new LinuxError('EIO', 'the virtual machine belongs to another process');
  }

  /** @throws LinuxError EBUSY if there are virtual CPUs */
  demandNoVcpus(): void {
    if (this.vcpus.size > 0) throw new LinuxError('EBUSY', 'there are virtual CPUs already');
  }

  /** The guest's TOD clock. */
  get tod(): bigint {
    return BigInt.asUintN(64, this.system.host.machine.clock.tod + this.#epoch);
  }

  set tod(value: bigint) {
    this.#epoch = BigInt.asUintN(64, value - this.system.host.machine.clock.tod);
    for (const { block } of this.#vm?.vcpus ?? []) block.set64(SIE.EPOCH, this.#epoch);
  }

  /** What the guest's TOD clock is ahead of the machine's, for a new virtual CPU. */
  get epoch(): bigint {
    return this.#epoch;
  }

  /** Wakes the threads of virtual CPUs that wait and can go on. */
  kick(): void {
    for (const vcpu of this.idle) if (vcpu.runnable) vcpu.idle.wake();
  }

  hold(): void {
    this.#users++;
  }

  release(): void {
    if (--this.#users > 0) return;
    this.events.close();
    this.#vm?.destroy();
  }
}
