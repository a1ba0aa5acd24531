/**
 * The clocks of a virtual CPU: its TOD clock, clock comparator and CPU timer. The machine keeps them while the guest runs.
 * While it does not run, this module reads them, and lets the CPU timer run during a wait.
 */

import { type Clock, EXT, externalMaskOf, SIE, type StateDescription } from '../../machine/index.ts';

/** The first value that the TOD clock cannot have: an interruption that would be due then never is. */
const TOD_END = 1n << 64n;

/** Whether an external-interruption code is that of a clock. A clock interruption stays due until the clock is set anew. */
export function isClock(code: number): boolean {
  return code === EXT.CLOCK_COMPARATOR || code === EXT.CPU_TIMER;
}

/** The clocks of one virtual CPU. */
export class GuestClocks {
  readonly #clock: Clock;
  readonly #block: StateDescription;
  /**
   * The TOD value of the machine at which the guest began to wait, or null if it does not wait. Its CPU timer runs
   * meanwhile.
   */
  waitingSince: bigint | null = null;

  /** @param clock the clock of the machine */
  constructor(clock: Clock, block: StateDescription) {
    this.#clock = clock;
    this.#block = block;
  }

  /** The TOD clock as the guest reads it. */
  get tod(): bigint {
    return BigInt.asUintN(64, this.#clock.tod + this.#block.get64(SIE.EPOCH));
  }

  /** The CPU timer, signed. It runs while the guest runs or waits. */
  get timer(): bigint {
    const since = this.waitingSince;
    const waited = since === null ? 0n : this.#clock.tod - since;
    return BigInt.asIntN(64, this.#block.get64(SIE.CPU_TIMER) - waited);
  }

  /** Whether the clock comparator is due. */
  get comparatorDue(): boolean {
    return this.tod > this.#block.get64(SIE.CLOCK_COMPARATOR);
  }

  /** Whether the CPU timer is due. */
  get timerDue(): boolean {
    return this.timer < 0n;
  }

  /** The guest begins to wait. */
  beginWait(): void {
    this.waitingSince = this.#clock.tod;
  }

  /** The guest no longer waits, if it did. Its CPU timer has run for as long as it waited. */
  endWait(): void {
    if (this.waitingSince === null) return;
    this.#block.set64(SIE.CPU_TIMER, BigInt.asUintN(64, this.timer));
    this.waitingSince = null;
  }

  /**
   * The TOD value of the machine at which the next clock interruption comes due, or null if there is none.
   * @param subclasses the subclass masks that enable them, as control register 0 has them
   */
  nextDue(subclasses: number): bigint | null {
    const now = this.#clock.tod;
    let due: bigint | null = null;
    if (subclasses & externalMaskOf(EXT.CLOCK_COMPARATOR)) {
      // By the guest's clock, from now on: either clock may be ahead of the other.
      due = now + this.#block.get64(SIE.CLOCK_COMPARATOR) - this.tod + 1n;
    }
    if (subclasses & externalMaskOf(EXT.CPU_TIMER)) {
      const left = this.timer + 1n;
      const at = now + (left > 0n ? left : 0n);
      if (due === null || at < due) due = at;
    }
    return due !== null && due < TOD_END ? due : null;
  }
}
