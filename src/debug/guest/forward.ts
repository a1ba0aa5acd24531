/** Motions forward. */

import type { End } from '../../vmm/index.ts';
import type { BreakpointWatch } from '../breakpoint-watch.ts';
import type { Point, StopReason } from '../gdb/target.ts';
import { type Arrival, isAccess, type Motion, watchPoints } from './motion.ts';
import type { RecordedGuest } from './recorded-guest.ts';

/** Goes on until a point is hit, or until a CPU has done a unit of work. */
export class Forward implements Motion {
  readonly #guest: RecordedGuest;
  readonly #points: readonly Point[];
  /** CPU address of the one that steps; null for none. */
  readonly #stepping: number | null;
  #watch: BreakpointWatch | null = null;
  #reached = false;
  #interrupted = false;
  #stop: Arrival | null = null;

  /** @param stepping the CPU that does one unit of work; null to go on until a point is hit */
  constructor(guest: RecordedGuest, points: readonly Point[], stepping: number | null) {
    this.#guest = guest;
    this.#points = points;
    this.#stepping = stepping;
  }

  advance(pending: () => boolean): Arrival | null {
    do {
      if (this.#interrupted) return this.#finished(this.#stopped(null, { kind: 'interrupt' }));
      const arrival = this.#isNext ? this.#step() : this.#goOn(pending);
      if (arrival !== null) return this.#finished(arrival);
    } while (!pending());
    return null;
  }

  get #isNext(): boolean {
    return this.#stepping !== null && this.#guest.monitor.current.id === this.#stepping;
  }

  /** Does one unit of work, unless it is another CPU's turn. Breakpoints at the instruction do not count. */
  #step(): Arrival | null {
    const guest = this.#guest;
    const { executed } = guest;
    this.#watch?.close();
    this.#watch = this.#watchFor(this.#points.filter(isAccess), false);
    const arrival = this.#run(1, () => false);
    this.#watch.close();
    this.#watch = null;
    if (arrival !== null) return arrival;
    return guest.executed > executed && this.#isNext ? this.#stopped(this.#stepping, { kind: 'step' }) : null;
  }

  /** Runs for some time; if a CPU steps, at most until its turn. */
  #goOn(pending: () => boolean): Arrival | null {
    this.#watch ??= this.#watchFor(this.#points, this.#stepping !== null);
    const arrival = this.#run(Infinity, pending);
    if (this.#reached) {
      this.#reached = false;
      this.#watch?.close();
      this.#watch = null;
    }
    return arrival;
  }

  #watchFor(points: readonly Point[], anywhere: boolean): BreakpointWatch {
    return watchPoints(this.#guest, points, anywhere, (cpu, reason) => {
      const own = cpu === this.#stepping;
      // The instruction that is stepped is no hit of a breakpoint.
      if (reason !== null && !(own && !isAccess(reason.point))) {
        this.#stop ??= this.#stopped(cpu, reason);
        return true;
      }
      this.#reached ||= own;
      return own;
    });
  }

  #run(units: number, pending: () => boolean): Arrival | null {
    const watch = this.#watch as BreakpointWatch;
    const end: End = this.#guest.run(units, () => watch.ended() || pending());
    watch.ended();
    if (this.#stop !== null) return this.#stop;
    return end.kind === 'limit' ? null : { kind: 'end', end };
  }

  #stopped(cpu: number | null, reason: StopReason): Arrival {
    return { kind: 'stop', cpu, reason };
  }

  #finished(arrival: Arrival): Arrival {
    this.close();
    return arrival;
  }

  interrupt(): void {
    this.#interrupted = true;
  }

  close(): void {
    this.#watch?.close();
    this.#watch = null;
  }
}
