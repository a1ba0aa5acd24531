/**
 * The console input of a guest that is played live. What the guest was given is kept with its place in the run, so that another
 * run of the same guest gets it at the same place.
 */

import type { Monitor } from '../../vmm/index.ts';

/** Maximum number of bytes that wait for the guest. More are dropped, as a terminal does. */
const WAITING_MAX = 1 << 16;

/** Input, and the place at which the guest was given it. */
export interface Input {
  /** Steps done, and the TOD clock: it may advance between two steps. */
  readonly step: number;
  readonly tod: bigint;
  readonly bytes: Uint8Array;
}

/** The input of one run. */
export class GivenInput {
  /** What was given, in order. The live run adds to it; the others read it. */
  readonly #given: Input[];
  readonly #isLive: boolean;
  /** The index of the first input that this run has not got. */
  #next: number;
  #waiting: Uint8Array[] = [];
  #length = 0;

  /**
   * @param next the index of the first input that the run has not got
   * @param isLive whether the run gets input from outside
   */
  constructor(given: Input[], next: number, isLive: boolean) {
    this.#given = given;
    this.#next = next;
    this.#isLive = isLive;
  }

  /** How many inputs the run has got. */
  get count(): number {
    return this.#next;
  }

  /** Whether input from outside waits. */
  get waits(): boolean {
    return this.#length > 0;
  }

  /** Adds input from outside. Returns the number of bytes accepted. */
  add(bytes: Uint8Array): number {
    const accepted = bytes.slice(0, WAITING_MAX - this.#length);
    if (accepted.length > 0) this.#waiting.push(accepted);
    this.#length += accepted.length;
    return accepted.length;
  }

  /** How many units of work the run may do before `give` must be called. Input is given exactly between two units. */
  unitsBefore(monitor: Monitor, step: number, units: number): number {
    if (this.#isLive) return this.waits && monitor.inputSpace > 0 ? 1 : units;
    const next = this.#given[this.#next];
    return next === undefined ? units : Math.min(units, Math.max(1, next.step - step));
  }

  /** Gives the guest what is due here. Preconditions: it is exactly between two units of work, or waits for input. */
  give(monitor: Monitor, step: number, tod: bigint): void {
    if (this.#isLive) this.#giveWaiting(monitor, step, tod);
    for (;;) {
      const next = this.#given[this.#next];
      if (next === undefined || next.step !== step || next.tod !== tod) return;
      monitor.input(next.bytes);
      this.#next++;
    }
  }

  #giveWaiting(monitor: Monitor, step: number, tod: bigint): void {
    for (let bytes = this.#waiting.shift(); bytes !== undefined; bytes = this.#waiting.shift()) {
      const accepted = monitor.input(bytes);
      this.#length -= accepted;
      if (accepted > 0) this.#given.push({ step, tod, bytes: bytes.slice(0, accepted) });
      this.#next = this.#given.length;
      if (accepted === bytes.length) continue;
      this.#waiting.unshift(bytes.subarray(accepted));
      return;
    }
  }
}
