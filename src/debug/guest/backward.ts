/** Motions back: the guest starts again, and goes on to an earlier position. */

import type { BreakpointWatch } from '../breakpoint-watch.ts';
import type { Point, StopReason } from '../gdb/target.ts';
import { type Arrival, isAccess, type Motion, watchPoints } from './motion.ts';
import type { RecordedGuest } from './recorded-guest.ts';

/** A position to go back to, and what to report there. */
interface Landing {
  readonly executed: number;
  readonly cpu: number | null;
  readonly reason: StopReason;
}

/**
 * Goes back to the last hit of a point before the position, or to before the last unit of work of a CPU. It stops before
 * the instruction, also for an access, so that the access is undone. Without one it goes back to the first position possible.
 *
 * The last hit is known only when the guest has come to the position again. So it plays twice from the start: to search, and
 * to return.
 */
export class Backward implements Motion {
  readonly #guest: RecordedGuest;
  readonly #points: readonly Point[];
  /** CPU address of the one that steps; null for none. */
  readonly #stepping: number | null;
  readonly #from: number;
  readonly #begin: number;
  /** Where the search begins: hits before do not count. */
  readonly #searchFrom: number;
  #watch: BreakpointWatch | null = null;
  #landing: Landing;
  #phase: 'search' | 'return';
  #started = false;

  /**
   * Preconditions: `guest.begin` is less than `guest.executed`.
   * @param stepping the CPU that goes back one unit of work; null to go back to a point
   */
  constructor(guest: RecordedGuest, points: readonly Point[], stepping: number | null) {
    this.#guest = guest;
    this.#stepping = stepping;
    this.#from = guest.executed;
    this.#begin = guest.begin;
    this.#landing = { executed: guest.begin, cpu: null, reason: { kind: 'begin' } };
    this.#points = stepping === null ? points : points.filter(isAccess);
    const last = stepping !== null && guest.monitor.current.id === stepping;
    if (last) this.#landing = { executed: this.#from - 1, cpu: stepping, reason: { kind: 'step' } };
    this.#searchFrom = last ? this.#from - 1 : this.#begin;
    this.#phase = last && this.#points.length === 0 ? 'return' : 'search';
  }

  advance(pending: () => boolean): Arrival | null {
    if (!this.#started) this.#guest.restart();
    this.#started = true;
    if (this.#phase === 'search' && !this.#search(pending)) return null;
    if (!this.#runTo(this.#landing.executed, pending)) return null;
    const { cpu, reason } = this.#landing;
    return { kind: 'stop', cpu, reason };
  }

  /** Returns whether the search is done. */
  #search(pending: () => boolean): boolean {
    if (!this.#runTo(this.#searchFrom, pending)) return false;
    this.#watch ??= this.#begins();
    if (!this.#runTo(this.#from, pending)) return false;
    this.#beginReturn();
    return true;
  }

  #begins(): BreakpointWatch {
    const anywhere = this.#stepping !== null && this.#landing.reason.kind === 'begin';
    return watchPoints(this.#guest, this.#points, anywhere, (cpu, reason) => {
      if (reason === null && cpu !== this.#stepping) return false;
      const { executed } = this.#guest;
      // An access is reported when its instruction is done.
      const at = reason !== null && isAccess(reason.point) ? executed - 1 : executed;
      const steps = this.#stepping !== null && reason !== null && at < this.#from - 1;
      if (at < this.#from && at >= this.#begin && !steps) {
        this.#landing = { executed: at, cpu, reason: reason ?? { kind: 'step' } };
      }
      return false;
    });
  }

  #beginReturn(): void {
    this.close();
    this.#phase = 'return';
    if (this.#guest.executed > this.#landing.executed) this.#guest.restart();
  }

  /** Runs to a position. Returns whether it is there. */
  #runTo(executed: number, pending: () => boolean): boolean {
    const guest = this.#guest;
    const until = () => this.#watch?.ended() || pending();
    while (guest.executed < executed) {
      const end = guest.run(executed - guest.executed, until);
      this.#watch?.ended();
      // What comes next was there before: it has not ended.
      if (end.kind !== 'limit') break;
      if (pending() && guest.executed < executed) return false;
    }
    return true;
  }

  /** Stops where the search is at the moment, or at the first position possible if that comes later. */
  interrupt(): void {
    const executed = Math.max(this.#started ? this.#guest.executed : this.#begin, this.#begin);
    this.#landing = { executed, cpu: null, reason: { kind: 'interrupt' } };
    this.#phase = 'return';
    this.close();
  }

  close(): void {
    this.#watch?.close();
    this.#watch = null;
  }
}
