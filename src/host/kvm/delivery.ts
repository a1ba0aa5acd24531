/**
 * Delivers pending interruptions to a virtual CPU: machine checks, external and I/O interruptions, a restart, a stop (Linux:
 * kvm_s390_deliver_pending_interrupts).
 */

import {
  CPU_FLAG,
  type Cpu,
  EXT,
  EXTERNAL_CLASSES,
  ICTL,
  isNullifying,
  LOWCORE,
  PGM,
  PREFIX_BITS,
  PSW,
  SIE,
} from '../../machine/index.ts';
import { type GuestClocks, isClock } from './guest-clocks.ts';
import { interceptedLength } from './instruction-length.ts';
import { type IoInterruption, ioSubclasses, subclassMask, subclassOf } from './io-interrupts.ts';
import { isExigent, isPending, NO_MACHINE_CHECK } from './machine-check.ts';
import { forgetFetchEvent, hasFetchEvent } from './prefix-area.ts';
import type { ProgramInterrupt } from './program-interrupt.ts';
import type { PendingRestart, PendingStop } from './saved-cpu.ts';
import type { VcpuStatistic } from './statistics.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** The load controls that intercept loads of control registers 0, 6 and 14. */
const LOADS_CONTROL_0 = 0x8000;
const LOADS_CONTROL_6 = 0x0200;
const LOADS_CONTROL_14 = 0x0002;
/** What an interruption of the host's services is about: page faults of the handshake, and virtio of the old kind. */
const PAGE_FAULT_BEGINS = 0x0600;
const PAGE_FAULT_ENDS = 0x0680;
const VIRTIO = 0x0d00;

/** An interruption that can be delivered. */
type Deliverable =
  | { readonly kind: 'external'; readonly code: number }
  | { readonly kind: 'io'; readonly interruption: IoInterruption }
  | { readonly kind: 'program'; readonly program: ProgramInterrupt }
  | { readonly kind: 'machine-check' | 'page-fault-begins' | 'page-fault-ends' | 'virtio' };
/** The external mask in the first byte of a PSW. */
const EXTERNAL_IN_BYTE_0 = 0x01;

/** What counts the delivery of an external interruption, by its code. */
const DELIVERY_COUNTS: ReadonlyMap<number, VcpuStatistic> = new Map<number, VcpuStatistic>([
  [EXT.CLOCK_COMPARATOR, 'deliver_ckc'],
  [EXT.CPU_TIMER, 'deliver_cputm'],
  [EXT.EXTERNAL_CALL, 'deliver_external_call'],
  [EXT.EMERGENCY_SIGNAL, 'deliver_emergency_signal'],
  [EXT.SERVICE_SIGNAL, 'deliver_service_signal'],
]);

/**
 * Delivers to one virtual CPU. Holds a pending restart and stop; pending external interruptions are in `local` and
 * `floating`.
 */
export class Delivery {
  readonly #vcpu: GuestCpu;
  readonly #clocks: GuestClocks;
  #restart: PendingRestart = 'none';
  #stop: PendingStop = 'none';

  constructor(vcpu: GuestCpu, clocks: GuestClocks) {
    this.#vcpu = vcpu;
    this.#clocks = clocks;
  }

  /** What is pending besides external interruptions. */
  get pending(): { readonly restart: PendingRestart; readonly stop: PendingStop } {
    return { restart: this.#restart, stop: this.#stop };
  }

  set pending({ restart, stop }) {
    this.#restart = restart;
    this.#stop = stop;
  }

  /** Whether `deliver` has come to a stop that user space performs. It stays pending until the CPU is stopped. */
  stopReached = false;

  /** Whether a restart interruption is pending. */
  get restartPending(): boolean {
    return this.#restart !== 'none';
  }

  /** Whether a stop is pending. */
  get stopping(): boolean {
    return this.#stop !== 'none';
  }

  /** Whether an interruption is pending that `deliver` would deliver at once. */
  get interruptible(): boolean {
    return this.restartPending || this.#vcpu.local.prefix !== null || this.#next() !== null;
  }

  /** Forgets a stop that is pending: the CPU was stopped. */
  clearStop(): void {
    this.#stop = 'none';
  }

  /** Makes a stop pending. */
  requestStop(store: boolean): void {
    this.#stop = store ? 'store-status' : 'stop';
  }

  /** Makes a restart pending. A stopped CPU takes it before all other interruptions, an operating one after them. */
  requestRestart(): void {
    // A second restart does not change the place of the first, which is still pending.
    this.#restart = this.#vcpu.stopped || this.#restart === 'first' ? 'first' : 'last';
  }

  /** Clears all that is pending for this virtual CPU. */
  clear(): void {
    this.#vcpu.local.clear();
    this.#restart = 'none';
    this.#stop = 'none';
    forgetFetchEvent(this.#vcpu.block);
  }

  /**
   * Delivers all that is pending and enabled, by priority, then performs a pending stop. The program event of an
   * intercepted instruction, which the host has completed, comes first (Linux: kvm_s390_handle_per_ifetch_icpt). The machine delivers the
   * guest's clock interruptions itself; they are delivered here only for their place among the others.
   * @param limit units of work: each delivery is one unit, and interruptions beyond the limit stay pending
   * @throws GuestMemoryFault when the prefix area is not backed; the interruption is still pending then
   */
  deliver(cpu: Cpu, limit: number): void {
    const before = cpu.executed;
    this.stopReached = false;
    this.#vcpu.local.clearClocks();
    // With a program interruption, the event is indicated together.
    if (this.#vcpu.local.program === null && hasFetchEvent(this.#vcpu.block)) this.#deliverFetchEvent(cpu);
    const end = before + limit;
    if (!this.#nothingPending && cpu.executed < end) {
      if (this.#restart === 'first') this.#deliverRestart(cpu);
      let next = this.#next();
      while (cpu.executed < end && next !== null && !this.#isClockLoop(next)) {
        this.#deliver(cpu, next);
        next = this.#next();
      }
      if (next === null && cpu.executed < end) {
        if (this.#restart === 'last') this.#deliverRestart(cpu);
        else {
          this.#deliverPrefix();
          if (this.stopping) this.#performStop(cpu);
        }
      }
    }
    this.#requestInterceptions();
  }

  /** Whether it is a clock interruption, which stays due, and its new PSW is enabled for it: a loop, which the machine reports. */
  #isClockLoop(next: Deliverable): boolean {
    return next.kind === 'external' && isClock(next.code) && this.externalNewPswEnabled();
  }

  /** Returns the interruption of the highest priority that is pending and enabled, or null. */
  #next(): Deliverable | null {
    const { local } = this.#vcpu;
    if (this.#exigentDeliverable) return { kind: 'machine-check' };
    if (local.program !== null) return { kind: 'program', program: local.program };
    if (this.#repressibleDeliverable) return { kind: 'machine-check' };
    const code = this.#deliverable();
    if (code !== 0) return { kind: 'external', code };
    const kind = this.#serviceDeliverable();
    if (kind !== null) return { kind };
    const interruption = this.#ioDeliverable();
    return interruption === null ? null : { kind: 'io', interruption };
  }

  #deliver(cpu: Cpu, next: Deliverable): void {
    const { vm, prefixArea } = this.#vcpu;
    switch (next.kind) {
      case 'external':
        this.deliverExternal(cpu, next.code);
        break;
      case 'io':
        prefixArea.io(next.interruption);
        this.#vcpu.counts.deliver_io++;
        cpu.executed++;
        vm.floating.io.remove(next.interruption);
        break;
      case 'program':
        this.#deliverProgram(cpu, next.program);
        break;
      case 'machine-check':
        this.#deliverMachineCheck(cpu);
        break;
      default:
        this.#deliverService(cpu, next.kind);
    }
  }

  /** Delivers the machine check of this virtual CPU, and what is pending for all, together (Linux: __deliver_machine_check). */
  #deliverMachineCheck(cpu: Cpu): void {
    const vcpu = this.#vcpu;
    const { local, prefixArea } = vcpu;
    const { floating } = vcpu.vm;
    const own = isPending(local.machineCheck) ? local.machineCheck : NO_MACHINE_CHECK;
    vcpu.saveRegisters(cpu);
    vcpu.storeMachineCheckAreas();
    prefixArea.machineCheck({ ...own, mcic: own.mcic | floating.machineCheck.mcic }, vcpu.guardedStorage);
    vcpu.counts.deliver_machine_check++;
    cpu.executed++;
    if (own !== NO_MACHINE_CHECK) local.clearMachineCheck();
    floating.clearMachineCheck();
  }

  /** Delivers an external interruption of the host's services. */
  #deliverService(cpu: Cpu, kind: 'page-fault-begins' | 'page-fault-ends' | 'virtio'): void {
    const { local, prefixArea, vm } = this.#vcpu;
    const { floating } = vm;
    switch (kind) {
      case 'page-fault-begins':
        prefixArea.serviceCall(PAGE_FAULT_BEGINS, null, local.pageFault ?? 0n);
        local.pageFault = null;
        break;
      case 'page-fault-ends':
        prefixArea.serviceCall(PAGE_FAULT_ENDS, null, floating.pageFault ?? 0n);
        floating.clearPageFault();
        break;
      case 'virtio': {
        const { parameter = 0, parameter64 = 0n } = floating.virtio ?? {};
        prefixArea.serviceCall(VIRTIO, parameter, parameter64);
        floating.clearVirtio();
      }
    }
    cpu.executed++;
  }

  /** Sets the prefix that user space has injected. */
  #deliverPrefix(): void {
    const { local } = this.#vcpu;
    if (local.prefix === null) return;
    this.#vcpu.setPrefix(local.prefix & PREFIX_BITS);
    local.prefix = null;
  }

  /** Delivers an external interruption. @throws GuestMemoryFault as `deliver` */
  deliverExternal(cpu: Cpu, code: number): void {
    const { vm, local, prefixArea } = this.#vcpu;
    const service = code === EXT.SERVICE_SIGNAL;
    const sender = service || isClock(code) ? 0 : local.senderOf(code);
    prefixArea.external(code, sender, service ? vm.floating.parameter : 0);
    const count = DELIVERY_COUNTS.get(code);
    if (count !== undefined) this.#vcpu.counts[count]++;
    cpu.executed++;
    if (service) vm.floating.clearServiceSignal();
    else if (!isClock(code)) local.remove(code);
  }

  /** Whether the new PSW of external interruptions is enabled for them. @throws GuestMemoryFault if it cannot be read */
  externalNewPswEnabled(): boolean {
    const { vm, block } = this.#vcpu;
    const newPsw = vm.readGuest(BigInt(block.prefix + LOWCORE.EXTERNAL_NEW_PSW), 1);
    return ((newPsw[0] as number) & EXTERNAL_IN_BYTE_0) !== 0;
  }

  /** Whether nothing is pending, apart from clock interruptions, which the machine delivers. */
  get #nothingPending(): boolean {
    const { local, vm } = this.#vcpu;
    return local.empty && vm.floating.empty && this.#restart === 'none' && this.#stop === 'none';
  }

  /** The external-interruption code of the highest priority that is pending and enabled, or 0. */
  #deliverable(): number {
    const { block } = this.#vcpu;
    if ((block.pswMask & PSW.EXTERNAL) === 0n) return 0;
    const subclasses = block.subclassMasks;
    for (const { code, mask } of EXTERNAL_CLASSES) {
      if ((subclasses & mask) !== 0 && this.#pending(code, mask)) return code;
    }
    return 0;
  }

  /** Whether an interruption with this code is pending for this virtual CPU to take. */
  #pending(code: number, mask: number): boolean {
    switch (code) {
      case EXT.CLOCK_COMPARATOR:
        // While the guest is stepped, it is not interrupted by each tick (Linux: ckc_interrupts_enabled).
        return this.#clocks.comparatorDue && !this.#vcpu.debug.singleStepping;
      case EXT.CPU_TIMER:
        return this.#clocks.timerDue;
      case EXT.SERVICE_SIGNAL:
        return (
          this.#vcpu.vm.floating.serviceSignalPending &&
          !this.#leavesFloating((other) => other.enabledFor(mask))
        );
      default:
        return this.#vcpu.local.has(code);
    }
  }

  /** Returns the pending I/O interruption that this virtual CPU can take, or null. */
  #ioDeliverable(): IoInterruption | null {
    const { vm, block } = this.#vcpu;
    const { io } = vm.floating;
    if (io.pending === 0 || (block.pswMask & PSW.IO) === 0n) return null;
    const enabled = ioSubclasses(this.#vcpu);
    const found = io.first(enabled);
    if (found === null) return null;
    const mask = subclassMask(subclassOf(found));
    return this.#leavesFloating((other) => other.enabledForIo(mask)) ? null : found;
  }

  /** Whether an exigent machine check is pending and enabled: by the PSW alone. */
  get #exigentDeliverable(): boolean {
    const { block, local } = this.#vcpu;
    return isExigent(local.machineCheck) && (block.pswMask & PSW.MACHINE_CHECK) !== 0n;
  }

  /** Whether a repressible machine check is pending and enabled, by the PSW and control register 14. */
  get #repressibleDeliverable(): boolean {
    const { vm, block, local } = this.#vcpu;
    const { floating } = vm;
    if (!floating.machineCheckPending && !isPending(local.machineCheck)) return false;
    const masks = floating.machineCheck.cr14 | local.machineCheck.cr14;
    return (block.pswMask & PSW.MACHINE_CHECK) !== 0n && (this.#vcpu.control(14) & masks) !== 0n;
  }

  /** The external interruption of the host's services that is pending and enabled, by the PSW alone, or null. */
  #serviceDeliverable(): 'page-fault-begins' | 'page-fault-ends' | 'virtio' | null {
    const { block, local, vm } = this.#vcpu;
    if ((block.pswMask & PSW.EXTERNAL) === 0n) return null;
    if (local.pageFault !== null) return 'page-fault-begins';
    if (!vm.floating.serviceCallPending) return null;
    if (this.#leavesFloating((other) => (other.block.pswMask & PSW.EXTERNAL) !== 0n)) return null;
    return vm.floating.pageFault === null ? 'virtio' : 'page-fault-ends';
  }

  /** Whether a floating interruption is left to another virtual CPU, which waits and is enabled for it. */
  #leavesFloating(isEnabled: (other: GuestCpu) => boolean): boolean {
    const { waiting, vm } = this.#vcpu;
    return !waiting && vm.vcpus.some((other) => other.waiting && isEnabled(other));
  }

  #deliverFetchEvent(cpu: Cpu): void {
    const { block, prefixArea } = this.#vcpu;
    prefixArea.program(PGM.PER, interceptedLength(block));
    cpu.executed++;
  }

  /** Delivers the program interruption that user space made pending (Linux: __deliver_prog). */
  #deliverProgram(cpu: Cpu, program: ProgramInterrupt): void {
    const { block, prefixArea, local } = this.#vcpu;
    const address = block.pswAddress;
    if (program.rewind && isNullifying(program.code & ~PGM.PER)) block.advance(-program.length);
    try {
      prefixArea.pendingProgram(program);
    } catch (error) {
      block.pswAddress = address;
      throw error;
    }
    cpu.executed++;
    local.clearProgram();
  }

  #deliverRestart(cpu: Cpu): void {
    this.#vcpu.prefixArea.restart();
    this.#vcpu.counts.deliver_restart_signal++;
    cpu.executed++;
    this.#restart = 'none';
  }

  #performStop(cpu: Cpu): void {
    const vcpu = this.#vcpu;
    if (this.#stop === 'store-status') {
      vcpu.saveRegisters(cpu);
      vcpu.storeStatusAssigned();
    }
    vcpu.counts.deliver_stop_signal++;
    if (vcpu.vm.userStops) this.stopReached = true;
    else vcpu.stopped = true;
  }

  /**
   * Requests an interception for the moment when the guest enables a pending interruption that is masked off now, by its
   * PSW or in a control register (Linux: set_intercept_indicators).
   */
  #requestInterceptions(): void {
    const { block, local, vm } = this.#vcpu;
    const { serviceSignalPending, serviceCallPending } = vm.floating;
    const external = local.externalPending || serviceSignalPending || serviceCallPending;
    const io = vm.floating.io.pending !== 0;
    const externalByPsw = external && (block.pswMask & PSW.EXTERNAL) === 0n;
    const ioByPsw = io && (block.pswMask & PSW.IO) === 0n;
    const flags = block.get32(SIE.CPU_FLAGS) & ~(CPU_FLAG.EXTERNAL_REQUEST | CPU_FLAG.IO_REQUEST);
    const requests = (externalByPsw ? CPU_FLAG.EXTERNAL_REQUEST : 0) | (ioByPsw ? CPU_FLAG.IO_REQUEST : 0);
    block.set32(SIE.CPU_FLAGS, (flags | requests) >>> 0);
    const check = vm.floating.machineCheckPending || isPending(local.machineCheck);
    const checkByPsw = check && (block.pswMask & PSW.MACHINE_CHECK) === 0n;
    const interceptions = block.get32(SIE.INTERCEPTION_CONTROLS);
    const wanted = checkByPsw ? interceptions | ICTL.LPSW : interceptions & ~ICTL.LPSW;
    if (wanted !== (interceptions | 0)) block.set32(SIE.INTERCEPTION_CONTROLS, wanted >>> 0);
    const controls =
      (external && !externalByPsw ? LOADS_CONTROL_0 : 0) |
      (io && !ioByPsw ? LOADS_CONTROL_6 : 0) |
      (check && !checkByPsw ? LOADS_CONTROL_14 : 0);
    block.set16(SIE.LOAD_CONTROLS, controls | this.#vcpu.debug.loadControls);
  }
}
