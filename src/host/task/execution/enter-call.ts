/** Performs the system calls of threads. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import type { PendingFault } from '../../mm/index.ts';
import { SYSTEM_CALLS } from '../abi/system-calls.ts';
import { argumentsOf, type CallResult } from '../calls/line.ts';
import { CALLS } from '../calls/table.ts';
import { beginAgain, isAwaited, storeBefore } from '../process/page-waits.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';

/** Numbers up to this fit into the instruction; 0 there means that general register 1 has the number. */
const NUMBER_REGISTER = 1;
/** Results from this on down are for the kernel: see `RESTART`. */
const INTERRUPTED = -512;

/** A thread has executed SUPERVISOR CALL. @param code the number in the instruction, and `length` its length in bytes */
export function enterCall(system: System, thread: Thread, code: number, length: number): void {
  const { registers } = thread;
  system.counts.calls++;
  const number = code === 0 ? registers.gr[NUMBER_REGISTER * 2]! : code;
  const line = CALLS.get(number);
  if (line === undefined) {
    missing(system, thread, number, length);
    return;
  }
  const args = argumentsOf(line, registers);
  thread.call = { name: line.name, args, first: registers.signed(2), length };
  system.tracer?.entered(thread);
  begin(system, thread, () => line.run(system, thread, ...args));
}

function missing(system: System, thread: Thread, number: number, length: number): void {
  const name = nameOf(number);
  const args = Array.from({ length: 6 }, (_, i) => thread.registers.unsigned(2 + i));
  thread.call = { name, args, first: thread.registers.signed(2), length };
  system.tracer?.entered(thread);
  system.onMissing(name);
  finish(system, thread, -ERRNO.ENOSYS);
}

/** Goes on with a call that waited. Preconditions: there is one. */
export function continueCall(system: System, thread: Thread): void {
  const { blocking } = thread;
  thread.blocking = null;
  proceed(system, thread, () => blocking as CallResult, null);
}

/** Begins a call. If user space is to provide a page that it reads first, it begins again then. */
function begin(system: System, thread: Thread, action: () => CallResult): void {
  const { blocked, savedMask } = thread;
  proceed(system, thread, action, (fault) => beginAgain(thread, fault, action, { blocked, savedMask }));
}

/**
 * Performs a call, or a step of one that waits.
 * @param again what the call becomes if user space is to provide a page that it has read; null for a step that cannot be repeated
 */
function proceed(
  system: System,
  thread: Thread,
  action: () => CallResult,
  again: ((fault: PendingFault) => CallResult) | null,
): void {
  const { lateStores } = system;
  let result: CallResult;
  system.current = thread;
  lateStores.open();
  try {
    result = stepOf(action());
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    if (again !== null && isAwaited(error)) {
      lateStores.close();
      result = stepOf(again(error));
    } else {
      result = -ERRNO[error.code];
    }
  }
  const stores = lateStores.close();
  if (stores.length > 0 && thread.state !== 'dead') result = stepOf(storeBefore(thread, stores, result));
  if (typeof result !== 'object') {
    finish(system, thread, result);
    return;
  }
  thread.blocking = result;
  if (thread.state === 'runnable' && thread.guest === null) thread.state = 'sleeping';
}

/** Performs a step of a call. Returns the call if it waits now, or what it returns. */
function stepOf(answer: CallResult): CallResult {
  if (typeof answer !== 'object') return answer;
  const step = answer.next();
  return step.done ? step.value : answer;
}

function finish(system: System, thread: Thread, result: number | undefined): void {
  if (thread.state === 'dead') return;
  system.tracer?.left(thread, result ?? null);
  if (result === undefined) return;
  if (result <= INTERRUPTED && result > -600) thread.interrupted = result;
  else thread.registers.set(2, result);
}

const NAMES = new Map<number, string>(Object.entries(SYSTEM_CALLS).map(([name, number]) => [number, name]));

/** Returns the name of a system call for messages. */
function nameOf(number: number): string {
  return NAMES.get(number) ?? `syscall_${number}`;
}
