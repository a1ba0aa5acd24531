/** The timers of a process: setitimer(2), timer_create(2), and the limit of its work. They end with it. */

import { IntervalTimer, type TimerClock } from '../interval-timer.ts';

/** Which interval timer: ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF. Linux: include/uapi/linux/time.h. */
export const ITIMER = { REAL: 0, VIRTUAL: 1, PROF: 2 } as const;

/** Expirations that are counted at most. Linux: DELAYTIMER_MAX. */
const OVERRUN_MAX = 0x7fff_ffff;

/** A timer that timer_create has made. */
export class PosixTimer {
  readonly id: number;
  readonly timer: IntervalTimer;
  /** Whether absolute times are those of CLOCK_REALTIME. */
  readonly isRealtime: boolean;
  /** Expirations without a signal of their own since the one before the last signal. */
  overrun = 0;
  #deleted = false;

  /** @param expired called with the timer when it expires: it sends the signal, if any */
  constructor(id: number, clock: TimerClock, isRealtime: boolean, expired: (timer: PosixTimer) => void) {
    this.id = id;
    this.isRealtime = isRealtime;
    this.timer = new IntervalTimer(clock, () => expired(this));
  }

  /** Its signal was taken: it goes on. Returns the overrun, or null if it was deleted. */
  taken(): number | null {
    if (this.#deleted) return null;
    const times = this.timer.forward();
    this.timer.start();
    this.overrun = Math.min(Math.max(0, times - 1), OVERRUN_MAX);
    return this.overrun;
  }

  delete(): void {
    this.#deleted = true;
    this.timer.stop();
  }
}

/** The timers of one process. */
export class ProcessTimers {
  readonly #intervals = new Map<number, IntervalTimer>();
  readonly posix = new Map<number, PosixTimer>();
  #nextId = 0;
  /** The timer of RLIMIT_CPU, or null. */
  limit: IntervalTimer | null = null;

  /** Returns an interval timer, or null if it was never set. @param which one of `ITIMER` */
  interval(which: number): IntervalTimer | null {
    return this.#intervals.get(which) ?? null;
  }

  setInterval(which: number, timer: IntervalTimer): void {
    this.#intervals.set(which, timer);
  }

  /** SIGALRM was taken: the timer that sends it goes on. */
  realTaken(): void {
    const timer = this.interval(ITIMER.REAL);
    if (timer !== null && timer.interval > 0 && timer.forward() > 0) timer.start();
  }

  /** Returns the number of a new timer. */
  nextId(): number {
    while (this.posix.has(this.#nextId)) this.#nextId = (this.#nextId + 1) & 0x7fff_ffff;
    const id = this.#nextId;
    this.#nextId = (id + 1) & 0x7fff_ffff;
    return id;
  }

  /** Deletes the timers that exec deletes. */
  exec(): void {
    for (const timer of this.posix.values()) timer.delete();
    this.posix.clear();
  }

  /** The process has ended. */
  end(): void {
    this.exec();
    for (const timer of this.#intervals.values()) timer.stop();
    this.limit?.stop();
  }
}
