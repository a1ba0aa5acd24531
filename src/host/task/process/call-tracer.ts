/** What hears of the system calls of a system: strace. */

import type { SignalInfo } from '../signals/pending-signals.ts';
import type { Thread } from './task.ts';

/** Hears of system calls and signals. It must not change anything. */
export interface CallTracer {
  /** A call begins. */
  entered(thread: Thread): void;
  /** A call has ended. @param result what it returns, or null if it does not return */
  left(thread: Thread, result: number | null): void;
  /** A thread takes a signal. */
  signal(thread: Thread, info: SignalInfo): void;
  /** A process has ended. */
  ended(thread: Thread): void;
}
