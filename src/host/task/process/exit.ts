/** The end of threads and processes. */

import { LinuxError } from '../../errors.ts';
import { NSIG, SA, SI, SIG, SIG_IGN } from '../abi/signals.ts';
import { sendToProcess } from '../signals/send.ts';
import type { System } from '../system.ts';
import { hangUpOrphans } from './groups.ts';
import { wakeRobustFutexes } from './robust-futexes.ts';
import type { ExitStatus, Process, Thread } from './task.ts';

/** Ends one thread. The last one ends its process. @param code the exit code of the process if this was the last one */
export function exitThread(system: System, thread: Thread, code: number): void {
  const { process } = thread;
  if (process.threads.size === 1) system.onEnd(thread);
  endThread(system, thread);
  if (process.threads.size > 0) return;
  endProcess(system, thread, process.ending ?? { value: code, kind: 'exited' });
}

/** Ends a process: all its threads. */
export function exitProcess(system: System, thread: Thread, status: ExitStatus): void {
  const { process } = thread;
  system.onEnd(thread);
  process.ending ??= status;
  for (const other of [...process.threads]) if (other !== thread) endThread(system, other);
  endThread(system, thread);
  endProcess(system, thread, process.ending);
}

/** Ends all threads of a process but one, as exec does. */
export function endOtherThreads(system: System, thread: Thread): void {
  for (const other of [...thread.process.threads]) if (other !== thread) endThread(system, other);
}

function endThread(system: System, thread: Thread): void {
  if (thread.state === 'dead') return;
  // What the call holds is given back: it leaves the queues.
  const { blocking } = thread;
  thread.blocking = null;
  thread.state = 'dead';
  blocking?.return(undefined);
  leaveMemory(system, thread);
  thread.files.release();
  const { process } = thread;
  process.pastWork += thread.work;
  process.threads.delete(thread);
  system.threads.delete(thread.tid);
}

/**
 * A thread leaves its address space, at its end or at exec: locks that it holds are marked, and those who wait for it are woken. Linux:
 * mm_release.
 */
export function leaveMemory(system: System, thread: Thread): void {
  wakeRobustFutexes(system, thread);
  clearTid(system, thread);
  thread.robustList = { head: 0, length: 0 };
  thread.clearAtEnd = 0;
  thread.released?.wake();
  thread.released = null;
  thread.space.release();
}

/** CLONE_CHILD_CLEARTID: clears the word that others wait for, such as pthread_join. */
function clearTid({ futexes }: System, { space, clearAtEnd }: Thread): void {
  if (clearAtEnd === 0 || space.users === 1) return;
  try {
    space.memory.storeNow(clearAtEnd, new Uint8Array(4));
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
  futexes.wake({ owner: space, place: clearAtEnd }, 1, 0xffff_ffff);
}

function endProcess(system: System, last: Thread, status: ExitStatus): void {
  const { process } = last;
  process.ended = status;
  system.tracer?.ended(last);
  process.timers.end();
  leaveTerminal(process);
  for (const child of process.children) {
    adopt(system, child);
    hangUpOrphans(system, child, process, null);
  }
  process.children.clear();
  const { parent } = process;
  hangUpOrphans(system, process, parent, process);
  process.endEvents.wake();
  if (parent === null || isForgotten(parent, process.exitSignal)) {
    reap(system, process);
    if (parent === null) return;
  }
  // clone takes any number.
  if (process.exitSignal > 0 && process.exitSignal <= NSIG)
    sendToProcess(parent, childSignal(process, status, last.credentials.uid));
  parent.childEvents.wake();
}

/** The leader of a session that ends gives up its terminal. */
function leaveTerminal({ session, pid }: Process): void {
  if (session.id === pid) session.terminal?.leaderEnded();
}

/** Gives an orphan to the nearest process above that adopts orphans, or to init, which forgets its end. */
function adopt(system: System, child: Process): void {
  let parent = child.parent?.parent ?? null;
  while (parent !== null && !(parent.isSubreaper && parent.ended === null)) parent = parent.parent;
  child.parent = parent;
  child.exitSignal = SIG.CHLD;
  parent?.children.add(child);
  if (child.deathSignal !== 0)
    sendToProcess(child, { signal: child.deathSignal, code: SI.USER, pid: 0, uid: 0 });
  if (child.ended === null) return;
  if (parent === null) reap(system, child);
  else parent.childEvents.wake();
}

/** Whether a parent does not want to know of the ends of its children. */
function isForgotten(parent: Process, exitSignal: number): boolean {
  const { leader } = parent;
  if (exitSignal !== SIG.CHLD || leader === null) return false;
  const { handler, flags } = leader.handlers.of(SIG.CHLD);
  return handler === SIG_IGN || (flags & SA.NOCLDWAIT) !== 0;
}

/** Removes a process that has ended. */
export function reap(system: System, process: Process): void {
  const { parent } = process;
  parent?.children.delete(process);
  if (parent !== null) parent.childWork += process.work + process.childWork;
  system.processes.delete(process.pid);
}

function childSignal(process: Process, { kind, value }: ExitStatus, uid: number) {
  const code = kind === 'exited' ? SI.CLD_EXITED : kind === 'killed' ? SI.CLD_KILLED : SI.CLD_DUMPED;
  return { signal: process.exitSignal, code, pid: process.pid, uid, status: value };
}

/** Returns the status as wait4 has it. */
export function waitStatus({ kind, value }: ExitStatus): number {
  if (kind === 'exited') return (value & 0xff) << 8;
  return value | (kind === 'dumped' ? 0x80 : 0);
}
