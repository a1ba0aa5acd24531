/** Threads that wait for pages that user space is to provide (Linux: handle_userfault). */

import { ERRNO } from '../../errno.ts';
import { hex, LinuxError } from '../../errors.ts';
import { PendingFault } from '../../mm/index.ts';
import { defaultAction, SIG, SIG_DFL } from '../abi/signals.ts';
import type { LateStore } from '../memory/late-stores.ts';
import { hasSignal } from '../signals/signal-sets.ts';
import type { Blocking } from './blocking.ts';
import type { Thread } from './task.ts';

const LAST_SIGNAL = 64;

/** What a system call returns, or the call if it waits. */
type Answer = number | undefined | Blocking<number | undefined>;

/** Whether a signal is about to end a thread: no other one ends the waiting of the kernel for a page. Linux: fatal_signal_pending. */
export function isKilled(thread: Thread): boolean {
  if (!thread.hasSignal) return false;
  const pending = (thread.pending.set | thread.process.pending.set) & ~thread.blocked;
  if (hasSignal(pending, SIG.KILL)) return true;
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    const isDefault = hasSignal(pending, signal) && thread.handlers.of(signal).handler === SIG_DFL;
    if (isDefault && defaultAction(signal) === 'terminate') return true;
  }
  return false;
}

/** Waits until an access is to be made again, or `isEnded` returns true. */
function* wait(thread: Thread, fault: PendingFault, isEnded: () => boolean): Blocking<void> {
  const { server, access } = fault;
  const queued = server.enqueue(access, thread);
  thread.waitsFor = `the page at ${hex(access.address)} (userfaultfd)`;
  try {
    while (!queued.isWoken && !isEnded()) yield;
  } finally {
    queued.leave();
  }
}

/** A program waits for a page, until it is there or a signal has come. Then it executes its instruction again. */
export function* waitAsProgram(thread: Thread, fault: PendingFault): Blocking<undefined> {
  yield* wait(thread, fault, () => thread.hasSignal);
}

/** The kernel waits for a page that it accesses for a thread, until it is there or the thread is about to end. */
export function* waitAsKernel(thread: Thread, fault: PendingFault): Blocking<undefined> {
  yield* wait(thread, fault, () => isKilled(thread));
}

/** Whether an error is a fault that the kernel waits for. */
export function isAwaited(error: unknown): error is PendingFault {
  return error instanceof PendingFault && error.server.servesKernel;
}

/** What a thread blocks when a call begins: some calls change it for their time. */
type Mask = Pick<Thread, 'blocked' | 'savedMask'>;

/**
 * Waits for a page that a system call could not read at its beginning, and begins it again.
 * @param action begins the call, which has done nothing before it has read its memory but change what the thread blocks
 * @param mask what the thread blocked before
 */
export function* beginAgain(
  thread: Thread,
  fault: PendingFault,
  action: () => Answer,
  mask: Mask,
): Blocking<number | undefined> {
  let answer: Answer;
  for (let awaited: PendingFault | null = fault; ; ) {
    thread.blocked = mask.blocked;
    thread.savedMask = mask.savedMask;
    yield* waitAsKernel(thread, awaited);
    if (isKilled(thread)) return -ERRNO.EINTR;
    try {
      answer = action();
      if (typeof answer !== 'object') return answer;
      const step = answer.next();
      if (step.done) return step.value;
      break;
    } catch (error) {
      if (!isAwaited(error)) throw error;
      awaited = error;
    }
  }
  return yield* goOn(answer);
}

/** Goes on with a call that waits already. */
function* goOn(call: Blocking<number | undefined>): Blocking<number | undefined> {
  let isResumed = false;
  try {
    yield;
    isResumed = true;
  } finally {
    if (!isResumed) call.return(undefined);
  }
  return yield* call;
}

/** Makes the stores that were kept. Returns whether they are made: not if the thread is killed. Throws what the first one throws that fails. */
function* store(thread: Thread, stores: readonly LateStore[]): Blocking<boolean> {
  for (const { memory, address, bytes } of stores) {
    for (let isDone = false; !isDone; ) {
      try {
        memory.storeNow(address, bytes);
        isDone = true;
      } catch (error) {
        if (!isAwaited(error)) throw error;
        yield* waitAsKernel(thread, error);
        if (isKilled(thread)) return false;
      }
    }
  }
  return true;
}

/**
 * Makes the stores of a step of a system call, and then goes on with it.
 * @param rest the call, or what it returns if it has ended
 */
export function* storeBefore(
  thread: Thread,
  stores: readonly LateStore[],
  rest: Answer,
): Blocking<number | undefined> {
  let isStored = false;
  try {
    isStored = yield* store(thread, stores);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    return -ERRNO[error.code];
  } finally {
    if (!isStored && typeof rest === 'object') rest.return(undefined);
  }
  if (!isStored) return -ERRNO.EINTR;
  return typeof rest === 'object' ? yield* rest : rest;
}

/** Makes the stores of something that the kernel does between system calls, and calls `fail` if one fails. */
export function* storeOr(
  thread: Thread,
  stores: readonly LateStore[],
  fail: () => void,
): Blocking<undefined> {
  try {
    yield* store(thread, stores);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    fail();
  }
}
