/**
 * External interruptions that are pending: those of one virtual CPU, and those that any virtual CPU may take.
 * Their priorities and subclass masks are in `EXTERNAL_CLASSES`.
 */

import { EXT } from '../../machine/index.ts';
import { demandInteger } from '../arguments.ts';
import type { Life } from '../life.ts';

/** Bits of a service signal's parameter: the SCCB address; the others say that events are pending. */
const SCCB_ADDRESS = 0xffff_fff8;

/**
 * The external interruptions that are pending at one virtual CPU. What changes them throws LinuxError EBADF when it was
 * destroyed, and EBUSY while a listener is called.
 */
export class LocalInterrupts {
  /** The senders whose emergency signals are pending, by CPU address. */
  readonly #emergencies = new Set<number>();
  /** The sender of the external call that is pending, or null. */
  #call: number | null = null;
  readonly #life: Life;

  /** @param life that of the virtual CPU */
  constructor(life: Life) {
    this.#life = life;
  }

  /** Whether nothing is pending. */
  get empty(): boolean {
    return this.#emergencies.size === 0 && this.#call === null;
  }

  /** Makes an emergency signal pending: one for each sender. @throws LinuxError EINVAL when it is no CPU address */
  emergencySignal(sender: number): void {
    this.#life.demandQuiet();
    demandInteger('sender', sender, 0, 0xffff);
    this.#emergencies.add(sender);
  }

  /**
   * Makes an external call pending. Returns false when one is pending already, which stays.
   * @throws LinuxError EINVAL when the sender is no CPU address
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

  /** The CPU address that is stored with the next interruption of a code: its sender, the lowest of several. */
  senderOf(code: number): number {
    return code === EXT.EMERGENCY_SIGNAL ? Math.min(...this.#emergencies) : (this.#call ?? 0);
  }

  /** Removes the interruption of a code whose sender `senderOf` named. */
  remove(code: number): void {
    this.#life.demandQuiet();
    if (code === EXT.EMERGENCY_SIGNAL) this.#emergencies.delete(this.senderOf(code));
    else this.#call = null;
  }

  clear(): void {
    this.#life.demandQuiet();
    this.#emergencies.clear();
    this.#call = null;
  }
}

/**
 * The external interruptions of a virtual machine that any of its CPUs may take: the service signal. What changes them
 * throws LinuxError EBADF when it was destroyed, and EBUSY while a listener is called.
 */
export class FloatingInterrupts {
  /** The parameter of the service signal that is pending, or null. */
  #serviceSignal: number | null = null;
  readonly #life: Life;

  /** @param life that of the virtual machine */
  constructor(life: Life) {
    this.#life = life;
  }

  /** Whether nothing is pending. */
  get empty(): boolean {
    return this.#serviceSignal === null;
  }

  /**
   * Makes a service signal pending. One that is pending already keeps its SCCB address, unless it has none, and gets
   * the event bits of the new one.
   * @param parameter 32 bits: SCCB address, and in the last three bits which events are pending
   * @throws LinuxError EINVAL when it is not 32 bits
   */
  serviceSignal(parameter: number): void {
    this.#life.demandQuiet();
    demandInteger('parameter', parameter, 0, 0xffff_ffff);
    const old = this.#serviceSignal ?? 0;
    const address = old & SCCB_ADDRESS || parameter & SCCB_ADDRESS;
    this.#serviceSignal = (address | ((old | parameter) & ~SCCB_ADDRESS)) >>> 0;
  }

  /** The parameter of the service signal that is pending; 0 when none is. */
  get parameter(): number {
    return this.#serviceSignal ?? 0;
  }

  clear(): void {
    this.#life.demandQuiet();
    this.#serviceSignal = null;
  }
}
