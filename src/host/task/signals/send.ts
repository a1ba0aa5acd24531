/** Sends signals to threads and processes. */

import { SA, SI, SIG } from '../abi/signals.ts';
import type { Process, Thread } from '../process/task.ts';
import type { SignalInfo } from './pending-signals.ts';
import { bitOf, hasSignal } from './signal-sets.ts';

const STOP_SIGNALS = bitOf(SIG.STOP) | bitOf(SIG.TSTP) | bitOf(SIG.TTIN) | bitOf(SIG.TTOU);

/**
 * Sends a signal to a process: any of its threads takes it. Returns false if too many signals are pending. A process that has ended
 * ignores it.
 */
export function sendToProcess(process: Process, info: SignalInfo): boolean {
  const { leader } = process;
  if (leader === null || process.ended !== null) return true;
  prepare(process, info.signal);
  if (isIgnored(leader, info.signal)) return true;
  if (!process.pending.add(info)) return false;
  const taker = takerOf(process, info.signal);
  taker?.wake();
  leader.handlers.queue.wake();
  if (info.signal === SIG.KILL) for (const thread of process.threads) awaken(thread);
  return true;
}

/** Sends a signal to one thread. Returns as `sendToProcess`. */
export function sendToThread(thread: Thread, info: SignalInfo): boolean {
  if (thread.state === 'dead') return true;
  // It ends the process, whichever thread it is sent to.
  if (info.signal === SIG.KILL) return sendToProcess(thread.process, info);
  prepare(thread.process, info.signal);
  if (isIgnored(thread, info.signal)) return true;
  if (!thread.pending.add(info)) return false;
  if (!hasSignal(thread.blocked, info.signal)) thread.wake();
  thread.handlers.queue.wake();
  return true;
}

/**
 * Sends a signal that a fault of the thread caused. It cannot be blocked or ignored: if it is, the process ends by it. Linux:
 * force_sig_info.
 */
export function forceSignal(thread: Thread, info: SignalInfo): void {
  const { handlers } = thread;
  const bit = bitOf(info.signal);
  if (handlers.ignores(info.signal) || (thread.blocked & bit) !== 0n) {
    handlers.set(info.signal, { handler: 0, flags: 0, restorer: 0, mask: 0n });
    thread.blocked &= ~bit;
  }
  thread.pending.add(info);
}

function awaken(thread: Thread): void {
  thread.resume();
  thread.wake();
}

/** SIGCONT ends a stop whatever its action is, and it and the signals that stop take back one another. */
function prepare(process: Process, signal: number): void {
  if (signal === SIG.CONT) {
    forget(process, STOP_SIGNALS);
    if (process.stopSignal === 0) return;
    process.stopSignal = 0;
    process.unreported = 'continued';
    for (const thread of process.threads) thread.resume();
    tellParent(process, { code: SI.CLD_CONTINUED, status: SIG.CONT });
  } else if (hasSignal(STOP_SIGNALS, signal)) {
    forget(process, bitOf(SIG.CONT));
  }
}

/** Tells a parent that a child was stopped or continued. */
export function tellParent(
  { parent, pid, leader }: Process,
  what: Pick<SignalInfo, 'code' | 'status'>,
): void {
  if (parent === null) return;
  const flags = parent.leader?.handlers.of(SIG.CHLD).flags ?? 0;
  if ((flags & SA.NOCLDSTOP) === 0) {
    const uid = leader?.credentials.uid ?? 0;
    sendToProcess(parent, { ...what, signal: SIG.CHLD, pid, uid });
  }
  parent.childEvents.wake();
}

function forget(process: Process, set: bigint): void {
  process.pending.remove(set);
  for (const thread of process.threads) thread.pending.remove(set);
}

/** A signal that is blocked stays pending even if it is ignored: the action may change. */
function isIgnored(thread: Thread, signal: number): boolean {
  return thread.handlers.ignores(signal) && !hasSignal(thread.blocked | thread.keeps, signal);
}

/** The thread that is woken to take a signal: the first one that does not block it. */
function takerOf(process: Process, signal: number): Thread | null {
  const { leader } = process;
  if (leader !== null && !hasSignal(leader.blocked, signal)) return leader;
  for (const thread of process.threads) if (!hasSignal(thread.blocked, signal)) return thread;
  return null;
}
