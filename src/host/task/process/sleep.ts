/** Sleeping in a system call until something happens. */

import type { Time } from '../time.ts';
import type { WaitQueue } from '../wait-queue.ts';
import type { Awakening, Blocking } from './blocking.ts';
import type { Thread } from './task.ts';

/** What a call that a signal interrupts returns to its own kernel: whether and how it is restarted. Linux: include/linux/errno.h. */
export const RESTART = {
  /** If the handler has SA_RESTART, or there is none. */
  SYS: -512,
  /** Always. */
  NO_INTERRUPT: -513,
  /** If there is no handler. */
  NO_HANDLER: -514,
  /** As NO_HANDLER, by restart_syscall. */
  BLOCK: -516,
} as const;

/** What is waited for. */
export interface Sleep {
  readonly queues: readonly WaitQueue[];
  /** In words, for the report on a system in which nothing can run. */
  readonly what: string;
  /** A time of CLOCK_MONOTONIC, or Infinity. */
  readonly until?: number;
}

/**
 * Sleeps, unless a signal is pending or the time has come: then it returns that at once. Otherwise it returns `woken` afterwards,
 * whatever the reason was: the caller looks again at what it waits for, and sleeps again.
 */
export function* sleep(
  time: Time,
  thread: Thread,
  { queues, what, until = Infinity }: Sleep,
): Blocking<Awakening> {
  if (thread.hasSignal) return 'signal';
  if (time.now() >= until) return 'timeout';
  for (const queue of queues) queue.add(thread);
  const timer = until === Infinity ? null : time.start(until, thread);
  thread.waitsFor = what;
  try {
    yield;
  } finally {
    for (const queue of queues) queue.remove(thread);
    if (timer !== null) time.cancel(timer);
  }
  return 'woken';
}
