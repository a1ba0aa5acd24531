/**
 * Pending interruptions: those of one virtual CPU, and those that any virtual CPU may take.
 * The priorities and subclass masks of external interruptions are in `EXTERNAL_CLASSES`.
 */

import { EXT } from '../../machine/index.ts';
import { demandInteger } from '../arguments.ts';
import type { Life } from '../life.ts';
import { IoInterrupts } from './io-interrupts.ts';
import { mergePrograms, type ProgramInterrupt } from './program-interrupt.ts';
import { demandSavedFloating, type SavedFloating } from './saved-cpu.ts';

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
  readonly #life: Life;

  /** @param life the life of the virtual CPU */
  constructor(life: Life) {
    this.#life = life;
  }

  /** Whether nothing is pending. */
  get empty(): boolean {
    return !this.externalPending && this.#program === null;
  }

  /** Whether an external interruption is pending. */
  get externalPending(): boolean {
    return this.#emergencies.size > 0 || this.#call !== null;
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
  #channelReport = false;
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
    return !this.serviceSignalPending && !this.#channelReport && this.io.pending === 0;
  }

  /** Whether a service signal is pending. */
  get serviceSignalPending(): boolean {
    return this.#serviceSignal !== null;
  }

  /** Whether the machine check for pending channel reports is pending. */
  get channelReportPending(): boolean {
    return this.#channelReport;
  }

  /** Makes the machine check pending that says that channel reports are pending. */
  requestChannelReport(): void {
    this.#life.demandQuiet();
    this.#channelReport = true;
  }

  /** Clears the machine check for channel reports. */
  clearChannelReport(): void {
    this.#life.demandQuiet();
    this.#channelReport = false;
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
      channelReport: this.#channelReport,
      io: this.io.all,
    };
  }

  /** Replaces what is pending. @throws LinuxError EINVAL if it is not what `save` returns */
  restore(saved: SavedFloating): void {
    demandSavedFloating(saved);
    this.clear();
    this.#serviceSignal = saved.serviceSignal;
    this.#channelReport = saved.channelReport;
    for (const one of saved.io) this.io.add(one);
  }

  /** Clears all that is pending. */
  clear(): void {
    this.clearServiceSignal();
    this.clearChannelReport();
    this.io.clear();
  }
}
