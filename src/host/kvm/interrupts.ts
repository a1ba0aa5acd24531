/**
 * Pending interruptions: those of one virtual CPU, and those that any virtual CPU may take.
 * The priorities and subclass masks of external interruptions are in `EXTERNAL_CLASSES`.
 */

import { EXT } from '../../machine/index.ts';
import { demandInteger } from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import type { Life } from '../life.ts';
import {
  demandFloatingInterrupt,
  type FloatingInterrupt,
  type MachineCheck,
  type ServiceCall,
} from './interrupt-requests.ts';
import { IoInterrupts, isAdapter } from './io-interrupts.ts';
import {
  CHANNEL_REPORT_CODE,
  CHANNEL_REPORT_MASK,
  isPending,
  mergeMachineChecks,
  NO_MACHINE_CHECK,
} from './machine-check.ts';
import { mergePrograms, type ProgramInterrupt } from './program-interrupt.ts';
import { demandSavedFloating, type SavedFloating } from './saved-cpu.ts';

/** The numbers of floating interruptions that may be pending (Linux: KVM_S390_MAX_FLOAT_IRQS and so on). */
const MAX_IO = 266_250;
const MAX_VIRTIO = 87_381;
const MAX_PAGE_FAULTS = 64 * 255;
/** The bit of channel reports in a machine-check-interruption code. */
const CHANNEL_REPORT = 1n << 54n;

/** A machine check that any CPU may take. */
interface FloatingMachineCheck {
  readonly cr14: bigint;
  readonly mcic: bigint;
}
const NO_FLOATING_CHECK: FloatingMachineCheck = { cr14: 0n, mcic: 0n };

/** @throws LinuxError EBUSY if no more interruptions can be pending */
function demandRoom(name: string, count: number, most: number): void {
  if (count >= most)
    throw new LinuxError('EBUSY', `${count} ${name} interruptions are pending: no more can be`);
}

/** The bits of a service signal's parameter that are the SCCB address. The others indicate pending events. */
const SCCB_ADDRESS = 0xffff_fff8;

/**
 * The program and external interruptions that are pending for one virtual CPU. Methods that change them throw LinuxError EBADF if it
 * was destroyed, and EBUSY while a listener is called.
 */
export class LocalInterrupts {
  /** The senders whose emergency signals are pending, by CPU address. */
  readonly #emergencies = new Set<number>();
  /** The sender of the pending external call, or null if none is pending. */
  #call: number | null = null;
  #program: ProgramInterrupt | null = null;
  #machineCheck: MachineCheck = NO_MACHINE_CHECK;
  /** The token of the pending interruption that begins a page fault of the handshake, or null. */
  #pageFault: bigint | null = null;
  /** The prefix that the CPU gets, or null. */
  #prefix: number | null = null;
  /** The codes of clock interruptions that user space injected: they are due or not when the guest runs. */
  readonly #clocks = new Set<number>();
  readonly #life: Life;

  /** @param life the life of the virtual CPU */
  constructor(life: Life) {
    this.#life = life;
  }

  /** Whether nothing is pending. */
  get empty(): boolean {
    return (
      !this.externalPending &&
      this.#program === null &&
      !isPending(this.#machineCheck) &&
      this.#prefix === null
    );
  }

  /** Whether an external interruption is pending. */
  get externalPending(): boolean {
    return this.#emergencies.size > 0 || this.#call !== null || this.#pageFault !== null;
  }

  /** The pending machine check, which has no condition if none is pending. */
  get machineCheck(): MachineCheck {
    return this.#machineCheck;
  }

  /** Adds a machine check to the pending one, see `mergeMachineChecks`. */
  injectMachineCheck(check: MachineCheck): void {
    this.#life.demandQuiet();
    this.#machineCheck = mergeMachineChecks(this.#machineCheck, check);
  }

  /** Removes the pending machine check. */
  clearMachineCheck(): void {
    this.#life.demandQuiet();
    this.#machineCheck = NO_MACHINE_CHECK;
  }

  /** The token of the pending interruption that begins a page fault of the handshake, or null. */
  get pageFault(): bigint | null {
    return this.#pageFault;
  }

  set pageFault(token: bigint | null) {
    this.#life.demandQuiet();
    this.#pageFault = token;
  }

  /** The prefix that the CPU gets when it runs next, or null. */
  get prefix(): number | null {
    return this.#prefix;
  }

  set prefix(address: number | null) {
    this.#life.demandQuiet();
    this.#prefix = address;
  }

  /** The codes of the clock interruptions that were injected since the guest ran. */
  get clocks(): ReadonlySet<number> {
    return this.#clocks;
  }

  /** User space injects a clock interruption. */
  injectClock(code: number): void {
    this.#life.demandQuiet();
    this.#clocks.add(code);
  }

  /** The guest runs: what the clocks say counts. */
  clearClocks(): void {
    this.#clocks.clear();
  }

  /** The pending program interruption, or null. */
  get program(): ProgramInterrupt | null {
    return this.#program;
  }

  /** Makes a program interruption pending, see `mergePrograms`. */
  injectProgram(program: ProgramInterrupt): void {
    this.#life.demandQuiet();
    this.#program = mergePrograms(this.#program, program);
  }

  /** Removes the pending program interruption. */
  clearProgram(): void {
    this.#life.demandQuiet();
    this.#program = null;
  }

  /**
   * Makes an emergency signal pending, at most one for each sender.
   * @throws LinuxError EINVAL if the sender is not a CPU address
   */
  emergencySignal(sender: number): void {
    this.#life.demandQuiet();
    demandInteger('sender', sender, 0, 0xffff);
    this.#emergencies.add(sender);
  }

  /**
   * Makes an external call pending. Returns false if one is pending already; that one stays.
   * @throws LinuxError EINVAL if the sender is not a CPU address
   */
  externalCall(sender: number): boolean {
    this.#life.demandQuiet();
    demandInteger('sender', sender, 0, 0xffff);
    if (this.#call !== null) return false;
    this.#call = sender;
    return true;
  }

  /** Whether an interruption with this external-interruption code is pending. */
  has(code: number): boolean {
    if (code === EXT.EMERGENCY_SIGNAL) return this.#emergencies.size > 0;
    return code === EXT.EXTERNAL_CALL && this.#call !== null;
  }

  /** Returns the CPU address that is stored with the next interruption of a code: its sender, or the lowest of several. */
  senderOf(code: number): number {
    return code === EXT.EMERGENCY_SIGNAL ? Math.min(...this.#emergencies) : (this.#call ?? 0);
  }

  /** Removes the interruption of a code whose sender `senderOf` returns. */
  remove(code: number): void {
    this.#life.demandQuiet();
    if (code === EXT.EMERGENCY_SIGNAL) this.#emergencies.delete(this.senderOf(code));
    else this.#call = null;
  }

  /** Clears all that is pending. */
  clear(): void {
    this.#life.demandQuiet();
    this.#emergencies.clear();
    this.#call = null;
    this.#program = null;
    this.#machineCheck = NO_MACHINE_CHECK;
    this.#pageFault = this.#prefix = null;
    this.#clocks.clear();
  }

  /** The senders of the pending emergency signals. */
  get emergencies(): readonly number[] {
    return [...this.#emergencies];
  }
}

/**
 * The interruptions of a virtual machine that any of its CPUs may take: the service signal, I/O interruptions, and the machine check
 * for pending channel reports. Methods that change them throw LinuxError EBADF if it was destroyed, and EBUSY while a
 * listener is called.
 */
export class FloatingInterrupts {
  /** The parameter of the pending service signal, or null if none is pending. */
  #serviceSignal: number | null = null;
  /** The pending machine check: its masks, and its code, 0 if none is pending. */
  #machineCheck: FloatingMachineCheck = NO_FLOATING_CHECK;
  readonly #virtio: ServiceCall[] = [];
  /** The tokens of page faults of the handshake that have ended. */
  readonly #pageFaults: bigint[] = [];
  /** The I/O interruptions. */
  readonly io: IoInterrupts;
  readonly #life: Life;

  /** @param life the life of the virtual machine */
  constructor(life: Life) {
    this.#life = life;
    this.io = new IoInterrupts(life);
  }

  /** Whether nothing is pending. */
  get empty(): boolean {
    return (
      !this.serviceSignalPending &&
      !this.machineCheckPending &&
      this.#virtio.length === 0 &&
      this.#pageFaults.length === 0 &&
      this.io.pending === 0
    );
  }

  /** Whether a service signal is pending. */
  get serviceSignalPending(): boolean {
    return this.#serviceSignal !== null;
  }

  /** Whether the machine check for pending channel reports is pending. */
  get channelReportPending(): boolean {
    return (this.#machineCheck.mcic & CHANNEL_REPORT) !== 0n;
  }

  /** Whether a machine check is pending. */
  get machineCheckPending(): boolean {
    return this.#machineCheck !== NO_FLOATING_CHECK;
  }

  /** The masks and the code of the pending machine check. */
  get machineCheck(): FloatingMachineCheck {
    return this.#machineCheck;
  }

  /** Removes the pending machine check. */
  clearMachineCheck(): void {
    this.#life.demandQuiet();
    this.#machineCheck = NO_FLOATING_CHECK;
  }

  /** The first pending virtio interruption of the old kind, or null. */
  get virtio(): ServiceCall | null {
    return this.#virtio[0] ?? null;
  }

  /** Removes the first virtio interruption. */
  clearVirtio(): void {
    this.#life.demandQuiet();
    this.#virtio.shift();
  }

  /** The token of the first page fault of the handshake whose end is pending, or null. */
  get pageFault(): bigint | null {
    return this.#pageFaults[0] ?? null;
  }

  /** Removes the first end of a page fault. */
  clearPageFault(): void {
    this.#life.demandQuiet();
    this.#pageFaults.shift();
  }

  /** Whether an external interruption is pending besides the service signal. */
  get serviceCallPending(): boolean {
    return this.#virtio.length > 0 || this.#pageFaults.length > 0;
  }

  /**
   * Makes an interruption pending, as user space injects it (Linux: kvm_s390_inject_vm).
   * @throws LinuxError EINVAL if it is not one, or a field has more bits than it can have; EBUSY beyond 266,250 I/O interruptions, 87,381
   *   virtio interruptions or 16,320 ends of page faults
   */
  inject(request: FloatingInterrupt): void {
    this.#life.demandQuiet();
    demandFloatingInterrupt(request);
    switch (request.type) {
      case 'service':
        this.serviceSignal(request.parameter);
        return;
      case 'virtio': {
        demandRoom('virtio', this.#virtio.length, MAX_VIRTIO);
        const { parameter, parameter64 } = request;
        this.#virtio.push({ parameter, parameter64 });
        return;
      }
      case 'pfault-done':
        demandRoom('page-fault', this.#pageFaults.length, MAX_PAGE_FAULTS);
        this.#pageFaults.push(request.token);
        return;
      case 'machine-check': {
        const { cr14, mcic } = this.#machineCheck;
        const mask = request.cr14 & CHANNEL_REPORT_MASK;
        this.#machineCheck = { cr14: cr14 | mask, mcic: mcic | request.mcic };
        return;
      }
      case 'io':
        demandRoom('I/O', this.io.count, MAX_IO);
        this.io.inject(request, request.adapter);
        return;
    }
  }

  /** All that is pending, as user space injects it (Linux: get_all_floating_irqs). */
  get all(): FloatingInterrupt[] {
    const all: FloatingInterrupt[] = this.io.all.map((one) => ({
      type: 'io',
      adapter: isAdapter(one),
      ...one,
    }));
    for (const token of this.#pageFaults) all.push({ type: 'pfault-done', token });
    for (const one of this.#virtio) all.push({ type: 'virtio', ...one });
    if (this.#serviceSignal !== null) all.push({ type: 'service', parameter: this.#serviceSignal });
    if (this.machineCheckPending) all.push({ type: 'machine-check', ...this.#machineCheck });
    return all;
  }

  /** Makes the machine check pending that says that channel reports are pending. */
  requestChannelReport(): void {
    this.inject({ type: 'machine-check', cr14: CHANNEL_REPORT_MASK, mcic: CHANNEL_REPORT_CODE });
  }

  /**
   * Makes a service signal pending. A signal that is pending already keeps its SCCB address, if it has one, and gets the
   * event bits of the new one.
   * @param parameter 32 bits: the SCCB address, and in the last three bits the pending events
   * @throws LinuxError EINVAL if it is not 32 bits
   */
  serviceSignal(parameter: number): void {
    this.#life.demandQuiet();
    demandInteger('parameter', parameter, 0, 0xffff_ffff);
    const old = this.#serviceSignal ?? 0;
    const address = old & SCCB_ADDRESS || parameter & SCCB_ADDRESS;
    this.#serviceSignal = (address | ((old | parameter) & ~SCCB_ADDRESS)) >>> 0;
  }

  /** The parameter of the pending service signal, or 0 if none is pending. */
  get parameter(): number {
    return this.#serviceSignal ?? 0;
  }

  /** Clears the pending service signal. */
  clearServiceSignal(): void {
    this.#life.demandQuiet();
    this.#serviceSignal = null;
  }

  /** Returns what is pending. */
  save(): SavedFloating {
    return {
      serviceSignal: this.#serviceSignal,
      channelReport: this.channelReportPending,
      machineCheck: this.machineCheckPending ? this.#machineCheck : null,
      virtio: [...this.#virtio],
      pageFaults: [...this.#pageFaults],
      io: this.io.all,
    };
  }

  /** Replaces what is pending. @throws LinuxError EINVAL if it is not what `save` returns */
  restore(saved: SavedFloating): void {
    demandSavedFloating(saved);
    this.clear();
    this.#serviceSignal = saved.serviceSignal;
    if (saved.channelReport) this.requestChannelReport();
    this.#machineCheck = saved.machineCheck ?? this.#machineCheck;
    this.#virtio.push(...(saved.virtio ?? []));
    this.#pageFaults.push(...(saved.pageFaults ?? []));
    for (const one of saved.io) this.io.add(one);
  }

  /** Clears all that is pending. */
  clear(): void {
    this.clearServiceSignal();
    this.clearMachineCheck();
    this.#virtio.length = this.#pageFaults.length = 0;
    this.io.clear();
  }
}
