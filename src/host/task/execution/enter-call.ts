/** Performs the system calls of threads. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { SYSTEM_CALLS } from '../abi/system-calls.ts';
import { argumentsOf, type CallResult } from '../calls/line.ts';
import { CALLS } from '../calls/table.ts';
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
  proceed(system, thread, () => line.run(system, thread, ...args));
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
  proceed(system, thread, () => blocking as CallResult);
}

/** Performs a call, or a step of one that waits. */
function proceed(system: System, thread: Thread, action: () => CallResult): void {
  let result: number | undefined;
  system.current = thread;
  try {
    const answer = action();
    if (typeof answer === 'object') {
      const step = answer.next();
      if (!step.done) {
        thread.blocking = answer;
        if (thread.state === 'runnable' && thread.guest === null) thread.state = 'sleeping';
        return;
      }
      result = step.value;
    } else {
      result = answer;
    }
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    result = -ERRNO[error.code];
  }
  finish(system, thread, result);
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
