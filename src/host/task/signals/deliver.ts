/** Takes the pending signals of a thread before it goes back to its program. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { defaultAction, SA, SI, SIG, SIG_DFL, SIG_IGN } from '../abi/signals.ts';
import { exitProcess } from '../process/exit.ts';
import { isOrphaned } from '../process/groups.ts';
import { isAwaited, isKilled, storeOr, waitAsKernel } from '../process/page-waits.ts';
import { Registers } from '../process/registers.ts';
import { readSequence, resumeSequence } from '../process/restartable.ts';
import { RESTART } from '../process/sleep.ts';
import type { Process, Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { enterHandler } from './frame.ts';
import type { SignalInfo } from './pending-signals.ts';
import { forceSignal, tellParent } from './send.ts';
import type { SignalAction } from './signal-handlers.ts';
import { bitOf, UNBLOCKABLE } from './signal-sets.ts';
import { takeSignal } from './take.ts';

/** Takes signals until none is pending, or the thread cannot go on: then it is not runnable, or has a call to continue. */
export function takeSignals(system: System, thread: Thread): void {
  while (thread.state === 'runnable' && thread.blocking === null) {
    if (awaitsSequence(thread)) return;
    const { passed } = thread;
    thread.passed = null;
    const info = passed ?? takeSignal(thread, thread.blocked);
    if (info === null) {
      withoutHandler(thread);
      return;
    }
    if (passed === null && info.signal !== SIG.KILL && system.onSignal?.(thread, info) === true) return;
    system.counts.signals++;
    system.tracer?.signal(thread, info);
    const action = thread.handlers.of(info.signal);
    if (action.handler === SIG_IGN) continue;
    if (action.handler === SIG_DFL) actByDefault(system, thread, info);
    else handle(system, thread, info, action);
  }
}

/** Whether user space is to provide a page of what describes the thread's restartable sequence: it waits then, unless it is killed. */
function awaitsSequence(thread: Thread): boolean {
  if (!thread.space.mm.hasServers || thread.restartable === null || isKilled(thread)) return false;
  try {
    readSequence(thread, thread.restartable);
  } catch (error) {
    if (!isAwaited(error)) return false;
    thread.blocking = waitAsKernel(thread, error);
  }
  return thread.blocking !== null;
}

/** No signal is left: an interrupted call begins again, and a mask for its time ends. */
function withoutHandler(thread: Thread): void {
  const { interrupted, restart } = thread;
  if (interrupted !== 0) {
    thread.interrupted = 0;
    thread.restart = null;
    if (interrupted === RESTART.BLOCK && restart !== null) thread.blocking = restart();
    else repeatCall(thread);
  }
  if (thread.savedMask === null || thread.blocking !== null) return;
  thread.blocked = thread.savedMask;
  thread.savedMask = null;
}

/** Makes the thread execute its SUPERVISOR CALL again. */
function repeatCall({ registers, call }: Thread): void {
  if (call === null) return;
  registers.set(2, call.first);
  registers.address -= call.length;
}

function handle(system: System, thread: Thread, info: SignalInfo, action: SignalAction): void {
  const { interrupted, registers } = thread;
  thread.interrupted = 0;
  thread.restart = null;
  const restarts =
    interrupted === RESTART.NO_INTERRUPT ||
    (interrupted === RESTART.SYS && (action.flags & SA.RESTART) !== 0);
  if (restarts) repeatCall(thread);
  else if (interrupted !== 0) registers.set(2, -ERRNO.EINTR);
  // The handler returns to where an aborted sequence goes on.
  const isResumed = resumeSequence(thread);
  if (!isResumed && info.signal === SIG.SEGV) {
    kill(system, thread, { signal: SIG.SEGV, code: SI.KERNEL });
    return;
  }
  if (!isResumed) forceSignal(thread, { signal: SIG.SEGV, code: SI.KERNEL });
  const mask = thread.savedMask ?? thread.blocked;
  thread.savedMask = null;
  const killIt = () => kill(system, thread, { signal: SIG.SEGV, code: SI.KERNEL });
  system.lateStores.open();
  try {
    enterHandler(thread, info, action, mask);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    killIt();
    return;
  } finally {
    const stores = system.lateStores.close();
    if (stores.length > 0 && thread.state !== 'dead') thread.blocking = storeOr(thread, stores, killIt);
  }
  const own = (action.flags & SA.NODEFER) !== 0 ? 0n : bitOf(info.signal);
  thread.blocked = (thread.blocked | action.mask | own) & ~UNBLOCKABLE;
  if ((action.flags & SA.RESETHAND) !== 0) thread.handlers.set(info.signal, { ...action, handler: SIG_DFL });
}

function actByDefault(system: System, thread: Thread, info: SignalInfo): void {
  switch (defaultAction(info.signal)) {
    case 'ignore':
    case 'continue':
      return;
    case 'stop':
      // A stop by the terminal is ignored if nobody outside of the process's group could continue it.
      if (info.signal === SIG.STOP || !isOrphaned(system, thread.process.group)) {
        stop(thread.process, info.signal);
      }
      return;
    default:
      kill(system, thread, info);
  }
}

function kill(system: System, thread: Thread, info: SignalInfo): void {
  const registers = new Registers();
  registers.copy(thread.registers);
  const { process } = thread;
  if (defaultAction(info.signal) === 'core') process.crash = { tid: thread.tid, info, registers };
  if (process.crash !== null) system.onCrash(thread, process.crash);
  exitProcess(system, thread, { value: info.signal, kind: 'killed' });
}

/** Stops all threads of a process. */
function stop(process: Process, signal: number): void {
  process.stopSignal = signal;
  process.unreported = 'stopped';
  for (const thread of process.threads) if (thread.state !== 'dead') thread.state = 'stopped';
  tellParent(process, { code: SI.CLD_STOPPED, status: signal });
}
