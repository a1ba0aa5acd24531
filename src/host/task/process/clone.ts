/** Makes processes and threads: clone(2). */

import { LinuxError } from '../../errors.ts';
import { CLONE, RLIMIT } from '../abi/processes.ts';
import type { AddressSpace } from '../memory/address-space.ts';
import type { System } from '../system.ts';
import { WaitQueue } from '../wait-queue.ts';
import { NO_STACK, Process, Thread } from './task.ts';
import { limitWork } from './work-limit.ts';

/** What clone is asked for. Addresses in bytes. */
export interface CloneRequest {
  /** Bits of `CLONE` without the signal. */
  readonly flags: number;
  /** The signal that the parent gets at the end, or 0. */
  readonly exitSignal: number;
  /** The stack pointer of the child, or 0 for that of the parent. */
  readonly stack: number;
  readonly parentTid: number;
  readonly childTid: number;
  /** What access registers 0 and 1 get with CLONE_SETTLS. */
  readonly tls: number;
}

const NAMESPACES =
  CLONE.NEWNS | CLONE.NEWCGROUP | CLONE.NEWUTS | CLONE.NEWIPC | CLONE.NEWUSER | CLONE.NEWPID | CLONE.NEWNET;

/** Makes a thread or a process, and starts it. @throws LinuxError EINVAL, EAGAIN, ENOMEM, EFAULT */
export function clone(system: System, parent: Thread, request: CloneRequest): Thread {
  const { flags } = request;
  demandValid(flags);
  if (system.threads.size >= system.limits.threads)
    throw new LinuxError('EAGAIN', 'there are too many threads');
  const { current } = parent.process.limits[RLIMIT.NPROC]!;
  if (parent.credentials.uid !== 0 && BigInt(system.threads.size) >= current) {
    throw new LinuxError('EAGAIN', 'RLIMIT_NPROC is reached');
  }
  const tid = system.nextPid();
  const isThread = (flags & CLONE.THREAD) !== 0;
  const space = spaceOf(parent, flags, tid);
  const process = isThread ? parent.process : childProcess(system, parent, request, tid);
  const child = childThread(system, parent, { tid, process, space, flags });
  setRegisters(parent, child, request);
  system.counts.threads++;
  if (!isThread) system.counts.processes++;
  system.threads.set(tid, child);
  system.processes.set(process.pid, process);
  storeTids(parent, child, request);
  child.wake();
  return child;
}

function demandValid(flags: number): void {
  const has = (bits: number) => (flags & bits) !== 0;
  if (has(CLONE.THREAD) && !has(CLONE.SIGHAND))
    throw new LinuxError('EINVAL', 'CLONE_THREAD needs CLONE_SIGHAND');
  if (has(CLONE.SIGHAND) && !has(CLONE.VM)) throw new LinuxError('EINVAL', 'CLONE_SIGHAND needs CLONE_VM');
  if (has(NAMESPACES)) throw new LinuxError('EPERM', 'namespaces are not implemented');
}

function spaceOf({ space }: Thread, flags: number, id: number): AddressSpace {
  if ((flags & CLONE.VM) === 0) return space.fork(id);
  space.hold();
  return space;
}

function childProcess(
  system: System,
  { process }: Thread,
  { flags, exitSignal }: CloneRequest,
  pid: number,
): Process {
  const child = new Process({
    pid,
    parent: (flags & CLONE.PARENT) !== 0 ? process.parent : process,
    group: process.group,
    session: process.session,
    limits: process.limits,
    exitSignal: (flags & CLONE.PARENT) !== 0 ? process.exitSignal : exitSignal,
    began: system.time.now(),
  });
  limitWork(child);
  child.leftTerminal = process.leftTerminal;
  return child;
}

interface Made {
  readonly tid: number;
  readonly process: Process;
  readonly space: AddressSpace;
  readonly flags: number;
}

function childThread({ runQueue }: System, parent: Thread, { tid, process, space, flags }: Made): Thread {
  const { files, fs, handlers, credentials, name } = parent;
  if ((flags & CLONE.FILES) !== 0) files.hold();
  const child = new Thread({
    ...{ tid, process, space, credentials, name, runQueue },
    files: (flags & CLONE.FILES) !== 0 ? files : files.copy(),
    fs: (flags & CLONE.FS) !== 0 ? fs : fs.copy(),
    handlers: (flags & CLONE.SIGHAND) !== 0 ? handlers : handlers.copy(),
  });
  child.blocked = parent.blocked;
  child.affinity = parent.affinity;
  child.processor = parent.processor;
  if ((flags & CLONE.VM) === 0) child.restartable = parent.restartable;
  child.sequenceBroken = true;
  const keepsStack = (flags & (CLONE.VM | CLONE.VFORK)) !== CLONE.VM;
  child.alternateStack = keepsStack ? parent.alternateStack : NO_STACK;
  return child;
}

function setRegisters(parent: Thread, child: Thread, { flags, stack, tls, childTid }: CloneRequest): void {
  const { registers } = child;
  registers.copy(parent.registers);
  registers.set(2, 0);
  if (stack !== 0) registers.set(15, stack);
  if ((flags & CLONE.SETTLS) !== 0) {
    registers.ar[0] = Math.floor(tls / 0x1_0000_0000);
    registers.ar[1] = tls >>> 0;
  }
  if ((flags & CLONE.CHILD_CLEARTID) !== 0) child.clearAtEnd = childTid;
  if ((flags & CLONE.VFORK) !== 0) child.released = new WaitQueue();
}

/** Linux ignores that the words cannot be stored. */
function storeTids(parent: Thread, child: Thread, { flags, parentTid, childTid }: CloneRequest): void {
  if ((flags & CLONE.PARENT_SETTID) !== 0) storeTid(parent, parentTid, child.tid);
  if ((flags & CLONE.CHILD_SETTID) !== 0) storeTid(child, childTid, child.tid);
}

function storeTid({ space }: Thread, address: number, tid: number): void {
  try {
    space.memory.setU32(address, tid);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
}
