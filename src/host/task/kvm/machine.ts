/**
 * What a virtual machine of /dev/kvm is (Linux: struct kvm): its files share it, and the last one that is closed ends it.
 */

import { hasFacility, SIE } from '../../../machine/index.ts';
import { LinuxError } from '../../errors.ts';
import {
  type FloatingInterrupt,
  FloatingInterrupts,
  type GuestCpuModel,
  VirtualMachine,
} from '../../kvm/index.ts';
import { Life } from '../../life.ts';
import type { Mm } from '../../mm/index.ts';
import type { Caller } from '../process/caller.ts';
import type { System } from '../system.ts';
import type { WaitQueue } from '../wait-queue.ts';
import { CPU_FEAT_SIZE, NO_MEM_LIMIT } from './abi.ts';
import { Adapters } from './adapters.ts';
import { availableFunctions, FACILITY, initialMask, initialModel, withFacility } from './cpu-model.ts';
import { EventDescriptors } from './event-descriptors.ts';
import { InterruptDescriptors } from './interrupt-descriptors.ts';
import { Routes } from './routes.ts';

/** The limit of a guest's storage at first: all addresses of a Linux process but the last page (TASK_SIZE_MAX). */
const HIGHEST_LIMIT = (1n << 64n) - 4096n;

/** What counts a floating interruption. */
const COUNTS = {
  io: 'inject_io',
  'machine-check': 'inject_float_mchk',
  'pfault-done': 'inject_pfault_done',
  service: 'inject_service_signal',
  virtio: 'inject_virtio',
} as const;

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
  /** The interruptions that any virtual CPU may take. */
  readonly floating: FloatingInterrupts;
  /** Whether there is a floating interrupt controller: it stays, even if its file is closed. */
  hasFlic = false;
  /** CPU addresses of its virtual CPUs. */
  readonly vcpus = new Set<number>();
  /** The virtual CPUs whose threads wait for an interruption. */
  readonly idle = new Set<IdleVcpu>();
  #userCpuState = false;
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
  /** The facilities that a guest may have: those of the CPU model count if they are here. */
  #facilityMask: Uint8Array;
  #cpuModel: GuestCpuModel;
  /** What user space says the guest has (struct kvm_s390_vm_cpu_feat, struct kvm_s390_vm_cpu_subfunc): KVM keeps it, and the guest does not depend on it. */
  features: Uint8Array = new Uint8Array(CPU_FEAT_SIZE);
  functions: Uint8Array;
  /** What the guest's TOD clock is ahead of the machine's. */
  #epoch = 0n;
  /** The eventfds that notifications of virtio devices wake. */
  readonly events = new EventDescriptors();
  /** The adapters, the routes to them, and the eventfds that use the routes. */
  readonly adapters: Adapters;
  readonly routes: Routes;
  readonly interruptEvents: InterruptDescriptors;
  #users = 1;

  /** The process can have guests from then on, also if the machine is user-controlled. @throws LinuxError ENOMEM */
  constructor(system: System, mm: Mm, userControlled: boolean) {
    this.system = system;
    this.mm = mm;
    this.userControlled = userControlled;
    this.memoryLimit = userControlled ? NO_MEM_LIMIT : HIGHEST_LIMIT;
    this.floating = new FloatingInterrupts(
      new Life(system.host.kernel, 'the virtual machine has ended', 'EBADF'),
    );
    this.#facilityMask = initialMask(system.host.machine);
    this.#cpuModel = initialModel(system.host.machine);
    this.functions = availableFunctions(system.host.machine);
    mm.enableSie();
    this.#vm = userControlled ? null : this.#makeVm();
    this.adapters = new Adapters(
      (request) => this.injectFloating(request),
      () => this.#has(FACILITY.SUPPRESSION),
    );
    this.routes = new Routes(mm, this.adapters);
    this.interruptEvents = new InterruptDescriptors(this.routes);
  }

  #makeVm(): VirtualMachine {
    const { mm, userControlled, floating } = this;
    const gmap = this.system.host.createGmap(mm);
    const vm = new VirtualMachine({ mm, gmap, userControlled, floating });
    vm.userStarts = true;
    vm.cpuModel = this.#cpuModel;
    vm.onNotification = (subchannel, queue) => this.events.notify(subchannel, queue);
    return vm;
  }

  /** Whether user space starts and stops the virtual CPUs: it has used KVM_SET_MP_STATE. */
  get userCpuState(): boolean {
    return this.#userCpuState;
  }

  /** From now on user space starts and stops the virtual CPUs. */
  leaveCpuStates(): void {
    this.#userCpuState = true;
    if (this.#vm !== null) this.#vm.userStops = true;
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

  /** What its virtual CPUs say they are. @throws LinuxError EBUSY if there are virtual CPUs */
  get cpuModel(): GuestCpuModel {
    return this.#cpuModel;
  }

  set cpuModel(model) {
    this.demandNoVcpus();
    this.#cpuModel = model;
    if (this.#vm !== null) this.#vm.cpuModel = model;
  }

  /** The facilities that a guest may have. */
  get facilityMask(): Uint8Array {
    return this.#facilityMask;
  }

  /** Gives the guest a facility, as a capability asks for. @throws LinuxError EBUSY if there are virtual CPUs */
  enableFacility(facility: number): void {
    const { cpuId, facilities } = this.#cpuModel;
    this.cpuModel = { cpuId, facilities: withFacility(facilities, facility) };
    this.#facilityMask = withFacility(this.#facilityMask, facility);
  }

  #has(facility: number): boolean {
    return hasFacility(this.#facilityMask, facility) && hasFacility(this.#cpuModel.facilities, facility);
  }

  /** Makes an interruption pending that any virtual CPU may take. @throws LinuxError EINVAL, EBUSY as `FloatingInterrupts.inject` */
  injectFloating(request: FloatingInterrupt): void {
    this.floating.inject(request);
    this.counts[COUNTS[request.type]]++;
    this.kick();
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
    this.interruptEvents.close();
    this.#vm?.destroy();
  }
}
