/** System calls for signals: sigaction(2), kill(2), sigprocmask(2), sigaltstack(2) and the like. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { MINSIGSTKSZ, NSIG, SI, SIG, SIG_HOW, SS } from '../abi/signals.ts';
import type { Blocking } from '../process/blocking.ts';
import { isAwaited } from '../process/page-waits.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Process, Thread } from '../process/task.ts';
import { isOnAlternateStack, leaveHandler } from '../signals/frame.ts';
import type { SignalInfo } from '../signals/pending-signals.ts';
import { forceSignal, sendToProcess, sendToThread } from '../signals/send.ts';
import { decodeSignalInfo, encodeSignalInfo, SIGINFO_SIZE } from '../signals/signal-info.ts';
import { bitOf, UNBLOCKABLE } from '../signals/signal-sets.ts';
import { takeSignal } from '../signals/take.ts';
import type { System } from '../system.ts';
import { processOf } from './identity.ts';
import { call } from './line.ts';
import { readTimespec } from './timespec.ts';

/** Size of sigset_t in bytes: calls whose argument is another one are refused. */
const SET_SIZE = 8;
/** Parts of struct sigaction as the kernel has it. */
const ACTION = { HANDLER: 0, FLAGS: 8, RESTORER: 16, MASK: 24, SIZE: 32 } as const;
const STACK_SIZE = 24;

function demandSignal(signal: number, least = 1): void {
  if (signal < least || signal > NSIG) throw new LinuxError('EINVAL', `there is no signal ${signal}`);
}

function demandSize(size: number): void {
  if (size !== SET_SIZE) throw new LinuxError('EINVAL', `a set of signals of ${size} bytes`);
}

function rtSigaction(
  _: System,
  thread: Thread,
  signal: number,
  newAt: number,
  oldAt: number,
  size: number,
): number {
  demandSize(size);
  demandSignal(signal);
  const { handlers, space } = thread;
  if (newAt !== 0 && (signal === SIG.KILL || signal === SIG.STOP)) {
    throw new LinuxError('EINVAL', 'SIGKILL and SIGSTOP cannot be caught');
  }
  const old = handlers.of(signal);
  if (newAt !== 0) {
    const view = space.memory.struct(newAt, ACTION.SIZE);
    handlers.set(signal, {
      handler: number(view, ACTION.HANDLER),
      flags: view.getUint32(ACTION.FLAGS + 4),
      restorer: number(view, ACTION.RESTORER),
      mask: view.getBigUint64(ACTION.MASK) & ~UNBLOCKABLE,
    });
    if (handlers.ignores(signal)) forget(thread.process, signal);
  }
  if (oldAt === 0) return 0;
  const view = new DataView(new ArrayBuffer(ACTION.SIZE));
  view.setBigUint64(ACTION.HANDLER, BigInt(old.handler));
  view.setUint32(ACTION.FLAGS + 4, old.flags);
  view.setBigUint64(ACTION.RESTORER, BigInt(old.restorer));
  view.setBigUint64(ACTION.MASK, old.mask);
  space.memory.write(oldAt, new Uint8Array(view.buffer));
  return 0;
}

function number(view: DataView, at: number): number {
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}

function forget(process: Process, signal: number): void {
  process.pending.remove(bitOf(signal));
  for (const thread of process.threads) thread.pending.remove(bitOf(signal));
}

/** The first 8 bytes of the set, in one word: the older interface. */
function sigprocmask(system: System, thread: Thread, how: number, newAt: number, oldAt: number): number {
  return rtSigprocmask(system, thread, how, newAt, oldAt, SET_SIZE);
}

function rtSigprocmask(
  _: System,
  thread: Thread,
  how: number,
  newAt: number,
  oldAt: number,
  size: number,
): number {
  demandSize(size);
  const { memory } = thread.space;
  const old = thread.blocked;
  if (newAt !== 0) {
    const set = memory.struct(newAt, SET_SIZE).getBigUint64(0) & ~UNBLOCKABLE;
    if (how === SIG_HOW.BLOCK) thread.blocked = old | set;
    else if (how === SIG_HOW.UNBLOCK) thread.blocked = old & ~set;
    else if (how === SIG_HOW.SETMASK) thread.blocked = set;
    else throw new LinuxError('EINVAL', `way ${how} of sigprocmask`);
  }
  if (oldAt !== 0) writeSet(thread, oldAt, old);
  return 0;
}

function writeSet({ space }: Thread, at: number, set: bigint): void {
  const view = new DataView(new ArrayBuffer(SET_SIZE));
  view.setBigUint64(0, set);
  space.memory.write(at, new Uint8Array(view.buffer));
}

/** Reads a set of signals that a call blocks for its time. @throws LinuxError EINVAL for another size */
export function readSet({ space }: Thread, at: number, size: number): bigint {
  demandSize(size);
  return space.memory.struct(at, SET_SIZE).getBigUint64(0) & ~UNBLOCKABLE;
}

/** Blocks other signals until the next one was taken, or the call has ended without one. */
export function blockMeanwhile(thread: Thread, set: bigint): void {
  thread.savedMask ??= thread.blocked;
  thread.blocked = set;
}

function rtSigpending(_: System, thread: Thread, at: number, size: number): number {
  demandSize(size);
  writeSet(thread, at, (thread.pending.set | thread.process.pending.set) & thread.blocked);
  return 0;
}

function* rtSigsuspend({ time }: System, thread: Thread, at: number, size: number): Blocking<number> {
  blockMeanwhile(thread, readSet(thread, at, size));
  while ((yield* sleep(time, thread, { queues: [], what: 'a signal' })) !== 'signal');
  return RESTART.NO_HANDLER;
}

function* pause({ time }: System, thread: Thread): Blocking<number> {
  while ((yield* sleep(time, thread, { queues: [], what: 'a signal' })) !== 'signal');
  return RESTART.NO_HANDLER;
}

function* rtSigtimedwait(
  { time }: System,
  thread: Thread,
  setAt: number,
  infoAt: number,
  timeAt: number,
  size: number,
): Blocking<number> {
  demandSize(size);
  const { memory } = thread.space;
  const set = memory.struct(setAt, SET_SIZE).getBigUint64(0) & ~UNBLOCKABLE;
  const until = timeAt === 0 ? Infinity : time.now() + readTimespec(memory, timeAt);
  const { blocked } = thread;
  // The signals wake the thread while it waits for them, and are not thrown away if they are ignored.
  thread.keeps = blocked;
  thread.blocked = blocked & ~set;
  try {
    for (;;) {
      const info = takeSignal(thread, ~set);
      if (info !== null) {
        if (infoAt !== 0) memory.write(infoAt, encodeSignalInfo(info));
        return info.signal;
      }
      const what = { queues: [], what: 'a signal', until };
      const why = yield* sleep(time, thread, what);
      if (why === 'signal') return -ERRNO.EINTR;
      if (why === 'timeout') return -ERRNO.EAGAIN;
    }
  } finally {
    thread.blocked = blocked;
    thread.keeps = 0n;
  }
}

function sigaltstack(_: System, thread: Thread, newAt: number, oldAt: number): number {
  const { memory } = thread.space;
  const old = thread.alternateStack;
  const isOn = isOnAlternateStack(thread, thread.registers.unsigned(15));
  if (newAt !== 0) {
    if (isOn) throw new LinuxError('EPERM', 'the thread is on its alternate stack');
    const view = memory.struct(newAt, STACK_SIZE);
    const flags = view.getUint32(8);
    const mode = flags & ~SS.AUTODISARM;
    if (mode !== 0 && mode !== SS.DISABLE && mode !== SS.ONSTACK)
      throw new LinuxError('EINVAL', `flags ${flags} of a stack`);
    const size = number(view, 16);
    if (mode !== SS.DISABLE && size < MINSIGSTKSZ) throw new LinuxError('ENOMEM', `a stack of ${size} bytes`);
    const isOff = mode === SS.DISABLE;
    thread.alternateStack = isOff
      ? { address: 0, size: 0, flags: SS.DISABLE }
      : { address: number(view, 0), size, flags: (flags & SS.AUTODISARM) >>> 0 };
  }
  if (oldAt === 0) return 0;
  const view = new DataView(new ArrayBuffer(STACK_SIZE));
  view.setBigUint64(0, BigInt(old.address));
  view.setUint32(8, (old.flags | (isOn ? SS.ONSTACK : 0)) >>> 0);
  view.setBigUint64(16, BigInt(old.size));
  memory.write(oldAt, new Uint8Array(view.buffer));
  return 0;
}

/** The information of a signal that a program sends. */
function fromUser({ process, credentials }: Thread, signal: number, code: number): SignalInfo {
  return { signal, code, pid: process.pid, uid: credentials.uid };
}

/** Whether a thread may send a signal to a process: kill(2). */
function mayKill({ credentials, process }: Thread, target: Process, signal: number): boolean {
  if (credentials.euid === 0 || target === process) return true;
  if (signal === SIG.CONT && target.session === process.session) return true;
  const of = target.leader?.credentials;
  if (of === undefined) return true;
  return [credentials.euid, credentials.uid].some((uid) => uid === of.suid || uid === of.uid);
}

function kill(system: System, thread: Thread, pid: number, signal: number): number {
  demandSignal(signal, 0);
  if (pid > 0) {
    const process = processOf(system, pid);
    if (!mayKill(thread, process, signal)) throw new LinuxError('EPERM', `process ${pid} is another user's`);
    if (signal !== 0) sendToProcess(process, fromUser(thread, signal, SI.USER));
    return 0;
  }
  const group = pid === 0 ? thread.process.group : -pid;
  const targets = [...system.processes.values()].filter((one) =>
    pid === -1 ? one !== thread.process : one.group === group,
  );
  if (targets.length === 0) throw new LinuxError('ESRCH', `there is no process group ${group}`);
  const allowed = targets.filter((one) => mayKill(thread, one, signal));
  if (allowed.length === 0) throw new LinuxError('EPERM', "the processes are another user's");
  if (signal !== 0) for (const one of allowed) sendToProcess(one, fromUser(thread, signal, SI.USER));
  return 0;
}

function target(system: System, thread: Thread, tgid: number, tid: number): Thread {
  if (tid <= 0 || tgid === 0) throw new LinuxError('EINVAL', `thread ${tid} of ${tgid}`);
  const found = system.threads.get(tid);
  if (found === undefined || (tgid > 0 && found.process.pid !== tgid)) {
    throw new LinuxError('ESRCH', `there is no thread ${tid}`);
  }
  if (!mayKill(thread, found.process, 0)) throw new LinuxError('EPERM', `thread ${tid} is another user's`);
  return found;
}

function tgkill(system: System, thread: Thread, tgid: number, tid: number, signal: number): number {
  demandSignal(signal, 0);
  const found = target(system, thread, tgid, tid);
  if (signal !== 0) sendToThread(found, fromUser(thread, signal, SI.TKILL));
  return 0;
}

/** Reads the information that a program passes. It cannot pretend that the kernel sent it. */
function passedInfo(thread: Thread, at: number, signal: number, isOther: boolean): SignalInfo {
  demandSignal(signal, 0);
  const info = decodeSignalInfo(thread.space.memory.struct(at, SIGINFO_SIZE), signal);
  if ((info.code >= 0 || info.code === SI.TKILL) && isOther)
    throw new LinuxError('EPERM', `si_code ${info.code}`);
  return info;
}

function rtSigqueueinfo(system: System, thread: Thread, pid: number, signal: number, at: number): number {
  const info = passedInfo(thread, at, signal, pid !== thread.process.pid);
  const process = processOf(system, pid);
  if (!mayKill(thread, process, signal)) throw new LinuxError('EPERM', `process ${pid} is another user's`);
  if (signal !== 0 && !sendToProcess(process, info))
    throw new LinuxError('EAGAIN', 'too many signals are pending');
  return 0;
}

/** Sends a signal to a process. @param at the information that goes with it, or 0. @throws LinuxError EINVAL, EPERM, EAGAIN */
export function sendWithInfo(thread: Thread, process: Process, signal: number, at: number): number {
  demandSignal(signal, 0);
  const info =
    at === 0 ? fromUser(thread, signal, SI.USER) : passedInfo(thread, at, signal, process !== thread.process);
  if (at !== 0 && thread.space.memory.u32(at) !== signal)
    throw new LinuxError('EINVAL', 'si_signo is another signal');
  if (!mayKill(thread, process, signal))
    throw new LinuxError('EPERM', `process ${process.pid} is another user's`);
  if (signal !== 0 && !sendToProcess(process, info))
    throw new LinuxError('EAGAIN', 'too many signals are pending');
  return 0;
}

function rtTgsigqueueinfo(
  system: System,
  thread: Thread,
  tgid: number,
  tid: number,
  signal: number,
  at: number,
): number {
  const info = passedInfo(thread, at, signal, tid !== thread.tid);
  const found = target(system, thread, tgid, tid);
  if (signal !== 0 && !sendToThread(found, info))
    throw new LinuxError('EAGAIN', 'too many signals are pending');
  return 0;
}

/** A frame that is not there ends the process, as in Linux. */
function sigreturn(thread: Thread, isRt: boolean): undefined {
  try {
    leaveHandler(thread, isRt);
  } catch (error) {
    if (!(error instanceof LinuxError) || isAwaited(error)) throw error;
    forceSignal(thread, { signal: SIG.SEGV, code: SI.KERNEL });
  }
}

/** The system calls for signals. */
export const SIGNAL_CALLS = [
  call('rt_sigaction', 'sig addr addr size', rtSigaction),
  call('rt_sigprocmask', 'int addr addr size', rtSigprocmask),
  call('sigprocmask', 'int addr addr', sigprocmask),
  call('rt_sigpending', 'addr size', rtSigpending),
  call('sigpending', 'addr', (system, thread, at) => rtSigpending(system, thread, at!, SET_SIZE)),
  call('rt_sigsuspend', 'addr size', rtSigsuspend),
  call('rt_sigtimedwait', 'addr addr addr size', rtSigtimedwait),
  call('pause', '', pause),
  call('sigaltstack', 'addr addr', sigaltstack),
  call('kill', 'int sig', kill),
  call('tkill', 'int sig', (system, thread, tid, signal) => tgkill(system, thread, -1, tid!, signal!)),
  call('tgkill', 'int int sig', tgkill),
  call('rt_sigqueueinfo', 'int sig addr', rtSigqueueinfo),
  call('rt_tgsigqueueinfo', 'int int sig addr', rtTgsigqueueinfo),
  call('rt_sigreturn', '', (_, thread) => sigreturn(thread, true)),
  call('sigreturn', '', (_, thread) => sigreturn(thread, false)),
  call('restart_syscall', '', () => -ERRNO.EINTR),
];
