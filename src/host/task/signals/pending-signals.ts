/** Signals that were sent and not taken yet, of a thread or of a whole process (Linux: struct sigpending). */

import { SIG, SIGRTMIN } from '../abi/signals.ts';
import { bitOf, type SignalSet } from './signal-sets.ts';

/** A timer that has sent a signal. */
export interface TimerSource {
  /** The signal was taken. Returns the overrun, or null if the timer is gone, and the signal with it. */
  taken(): number | null;
}

/** What a handler is told of a signal (Linux: siginfo_t). Fields that the kind of signal does not have are absent. */
export interface SignalInfo {
  readonly signal: number;
  /** Why it was sent: see `SI`. */
  readonly code: number;
  readonly errno?: number;
  /** The sender, or the child that SIGCHLD is about. */
  readonly pid?: number;
  readonly uid?: number;
  /** The status of a child. */
  readonly status?: number;
  /** The value that sigqueue and timers pass, 64 bits. */
  readonly value?: bigint;
  /** The address of a fault. */
  readonly address?: number;
  readonly timer?: {
    readonly id: number;
    readonly overrun: number;
    /** The timer, while the signal is pending. */
    readonly source?: TimerSource;
  };
  /** The event of SIGIO. */
  readonly band?: number;
  readonly fd?: number;
}

/** The order in which signals are taken that a fault of the thread caused: before all others. */
const SYNCHRONOUS = [SIG.SEGV, SIG.BUS, SIG.ILL, SIG.TRAP, SIG.FPE, SIG.SYS];
/** Signals that may wait at the same time: real-time signals are queued. */
const QUEUE_MAX = 4096;

/** Pending signals. */
export class PendingSignals {
  #set: SignalSet = 0n;
  #queue: SignalInfo[] = [];

  /** The pending signals. */
  get set(): SignalSet {
    return this.#set;
  }

  /**
   * Adds a signal. Of those before SIGRTMIN one at a time can be pending. Returns false if it is a real-time signal, and too many
   * signals are pending.
   */
  add(info: SignalInfo): boolean {
    const bit = bitOf(info.signal);
    if (info.signal < SIGRTMIN) {
      if ((this.#set & bit) !== 0n) return true;
    } else if (this.#queue.length >= QUEUE_MAX) return false;
    this.#set |= bit;
    this.#queue.push(info);
    return true;
  }

  /** Takes the first of the signals that are not blocked, or null. */
  take(blocked: SignalSet): SignalInfo | null {
    const ready = this.#set & ~blocked;
    if (ready === 0n) return null;
    const signal = SYNCHRONOUS.find((one) => (ready & bitOf(one)) !== 0n) ?? lowest(ready);
    const at = this.#queue.findIndex((info) => info.signal === signal);
    const info = this.#queue[at] as SignalInfo;
    this.#queue.splice(at, 1);
    if (!this.#queue.some((one) => one.signal === signal)) this.#set &= ~bitOf(signal);
    return info;
  }

  /** Removes the signals of a set. */
  remove(set: SignalSet): void {
    if ((this.#set & set) === 0n) return;
    this.#set &= ~set;
    this.#queue = this.#queue.filter((info) => (set & bitOf(info.signal)) === 0n);
  }
}

function lowest(set: SignalSet): number {
  let signal = 1;
  while ((set & bitOf(signal)) === 0n) signal++;
  return signal;
}
