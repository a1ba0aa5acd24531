/** System calls for processes and threads: clone(2), wait4(2), exit(2), prlimit(2) and the like. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { CLONE, P, RLIMIT, RLIMITS, WAIT } from '../abi/processes.ts';
import { NSIG, SI, SIG } from '../abi/signals.ts';
import { NANOSECONDS_PER_UNIT } from '../interval-timer.ts';
import type { Blocking } from '../process/blocking.ts';
import { type CloneRequest, clone } from '../process/clone.ts';
import { exitProcess, exitThread, reap, waitStatus } from '../process/exit.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { ExitStatus, Process, Thread } from '../process/task.ts';
import { limitWork } from '../process/work-limit.ts';
import { encodeSignalInfo } from '../signals/signal-info.ts';
import { bitOf } from '../signals/signal-sets.ts';
import type { System } from '../system.ts';
import { processOf } from './identity.ts';
import { call } from './line.ts';
import { installPidfd, processOfFile } from './pidfds.ts';

/** Sizes of struct clone_args, of its first version and of the last one that is known. */
const CLONE_ARGS = { LEAST: 64, MOST: 88 } as const;
const PAGE = 4096;
/** A number that has no opposite with 32 bits. */
const PID_LEAST = -0x8000_0000;
const RUSAGE_SIZE = 144;

/** Starts a child. With CLONE_VFORK it waits until the child executes another program or ends. */
function* started(
  system: System,
  thread: Thread,
  request: CloneRequest,
  pidfdAt: number | null = null,
): Blocking<number> {
  // What can fail comes first: a child cannot be taken back.
  if (pidfdAt !== null) thread.space.memory.setU32(pidfdAt, 0);
  const child = clone(system, thread, request);
  if (pidfdAt !== null) thread.space.memory.setU32(pidfdAt, installPidfd(system, thread, child.process));
  const { released } = child;
  while (released !== null && child.released !== null && child.state !== 'dead') {
    // Only a signal that ends the process ends this wait.
    const mask = thread.blocked;
    thread.blocked = ~bitOf(SIG.KILL);
    try {
      if (
        (yield* sleep(system.time, thread, {
          queues: [released],
          what: `the child ${child.tid} of vfork`,
        })) === 'signal'
      )
        break;
    } finally {
      thread.blocked = mask;
    }
  }
  return child.tid;
}

function requestOf(flags: number, parts: Partial<CloneRequest> = {}): CloneRequest {
  return { flags, exitSignal: SIG.CHLD, stack: 0, parentTid: 0, childTid: 0, tls: 0, ...parts };
}

function fork(system: System, thread: Thread): number {
  return clone(system, thread, requestOf(0)).tid;
}

/** The order of the arguments is s390's: Linux, CONFIG_CLONE_BACKWARDS2. */
function cloneCall(
  system: System,
  thread: Thread,
  stack: number,
  flags: number,
  parentTid: number,
  childTid: number,
  tls: number,
): Blocking<number> {
  const exitSignal = flags & CLONE.SIGNAL;
  const hasPidfd = (flags & CLONE.PIDFD) !== 0;
  if (hasPidfd && (flags & (CLONE.THREAD | CLONE.PARENT_SETTID | CLONE.DETACHED)) !== 0)
    throw new LinuxError(
      'EINVAL',
      'CLONE_PIDFD is for processes, and its descriptor takes the place of the number',
    );
  const request = { flags: flags & ~CLONE.SIGNAL, exitSignal, stack, parentTid, childTid, tls };
  return started(system, thread, request, hasPidfd ? parentTid : null);
}

function clone3(system: System, thread: Thread, address: number, size: number): Blocking<number> {
  if (size < CLONE_ARGS.LEAST) throw new LinuxError('EINVAL', `clone_args of ${size} bytes`);
  if (size > PAGE) throw new LinuxError('E2BIG', `clone_args of ${size} bytes`);
  const bytes = thread.space.memory.read(address, size);
  if (bytes.subarray(CLONE_ARGS.MOST).some((byte) => byte !== 0))
    throw new LinuxError('E2BIG', 'unknown clone_args');
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const word = (index: number) => Number(view.getBigUint64(index * 8));
  const [flags, childTid, parentTid, exitSignal] = [word(0), word(2), word(3), word(4)];
  const [stack, stackSize, tls] = [word(5), word(6), word(7)];
  const unknown = flags > 0xffff_ffff || (flags & (CLONE.SIGNAL | CLONE.DETACHED)) !== 0;
  if (unknown || exitSignal > NSIG || (stack === 0) !== (stackSize === 0)) {
    throw new LinuxError('EINVAL', 'clone_args that are not valid');
  }
  if (size >= 80 && word(8) !== 0) throw new LinuxError('EINVAL', 'set_tid');
  const hasPidfd = (flags & CLONE.PIDFD) !== 0;
  if (hasPidfd && (flags & CLONE.THREAD) !== 0)
    throw new LinuxError('EINVAL', 'CLONE_PIDFD is for processes');
  const isThread = (flags & (CLONE.THREAD | CLONE.PARENT)) !== 0;
  if (isThread && exitSignal !== 0) throw new LinuxError('EINVAL', 'a signal at the end of a thread');
  const request = { flags, exitSignal, stack: stack + stackSize, parentTid, childTid, tls };
  return started(system, thread, request, hasPidfd ? word(1) : null);
}

/** Whom a call waits for. */
type Wanted = (child: Process) => boolean;

/** What happened to a child. */
interface ChildEvent {
  readonly child: Process;
  readonly status: number;
  /** si_code and si_status. */
  readonly code: number;
  readonly value: number;
  readonly uid: number;
}

function* waitForChild(
  system: System,
  { thread, wanted, options }: { thread: Thread; wanted: Wanted; options: number },
): Blocking<ChildEvent | number | null> {
  const { process } = thread;
  for (;;) {
    let some = false;
    for (const child of process.children) {
      if (!wanted(child) || !isEligible(child, options)) continue;
      some = true;
      const event = eventOf(child, options);
      if (event === null) continue;
      if ((options & WAIT.NOWAIT) === 0) acknowledge(system, child);
      return event;
    }
    if (!some) throw new LinuxError('ECHILD', 'there is no such child');
    if ((options & WAIT.NOHANG) !== 0) return null;
    const what = { queues: [process.childEvents], what: 'a child' };
    if ((yield* sleep(system.time, thread, what)) === 'signal') return RESTART.SYS;
  }
}

/** Children whose end is told by another signal than SIGCHLD, or by none, are for __WCLONE and __WALL. */
function isEligible({ exitSignal }: Process, options: number): boolean {
  return (options & WAIT.ALL) !== 0 || (exitSignal !== SIG.CHLD) === ((options & WAIT.CLONE) !== 0);
}

function eventOf(child: Process, options: number): ChildEvent | null {
  const uid = child.leader?.credentials.uid ?? 0;
  if (child.ended !== null) {
    if ((options & WAIT.EXITED) === 0) return null;
    const { kind, value } = child.ended;
    return { child, status: waitStatus(child.ended), code: codeOf(kind), value, uid };
  }
  if (child.unreported === 'stopped' && (options & WAIT.UNTRACED) !== 0) {
    const value = child.stopSignal;
    return { child, status: (value << 8) | 0x7f, code: SI.CLD_STOPPED, value, uid };
  }
  if (child.unreported === 'continued' && (options & WAIT.CONTINUED) !== 0) {
    return { child, status: 0xffff, code: SI.CLD_CONTINUED, value: SIG.CONT, uid };
  }
  return null;
}

function codeOf(kind: ExitStatus['kind']): number {
  if (kind === 'exited') return SI.CLD_EXITED;
  return kind === 'killed' ? SI.CLD_KILLED : SI.CLD_DUMPED;
}

function acknowledge(system: System, child: Process): void {
  if (child.ended !== null) reap(system, child);
  else child.unreported = null;
}

function* wait4(
  system: System,
  thread: Thread,
  pid: number,
  statusAt: number,
  options: number,
  usage: number,
): Blocking<number> {
  const known = WAIT.NOHANG | WAIT.UNTRACED | WAIT.CONTINUED | WAIT.NOTHREAD | WAIT.ALL | WAIT.CLONE;
  if ((options & ~known) !== 0) throw new LinuxError('EINVAL', `options 0x${options.toString(16)} of wait4`);
  if (pid === PID_LEAST) throw new LinuxError('ESRCH', `process group ${-pid}`);
  const wanted: Wanted = (child) => {
    if (pid === -1) return true;
    if (pid > 0) return child.pid === pid;
    return child.group === (pid === 0 ? thread.process.group : -pid);
  };
  const event = yield* waitForChild(system, { thread, wanted, options: options | WAIT.EXITED });
  if (event === null) return 0;
  if (typeof event === 'number') return event;
  const { memory } = thread.space;
  if (statusAt !== 0) memory.setU32(statusAt, event.status);
  if (usage !== 0) memory.write(usage, rusage(event.child.work + event.child.childWork));
  return event.child.pid;
}

function* waitid(
  system: System,
  thread: Thread,
  kind: number,
  id: number,
  infoAt: number,
  options: number,
  usage: number,
): Blocking<number> {
  const kinds = WAIT.EXITED | WAIT.UNTRACED | WAIT.CONTINUED;
  const known = kinds | WAIT.NOHANG | WAIT.NOWAIT | WAIT.NOTHREAD | WAIT.ALL | WAIT.CLONE;
  if ((options & ~known) !== 0 || (options & kinds) === 0)
    throw new LinuxError('EINVAL', 'options of waitid');
  if (kind < P.ALL || kind > P.PIDFD || (kind === P.PID && id <= 0))
    throw new LinuxError('EINVAL', `P_${kind} ${id}`);
  const file = kind === P.PIDFD ? processOfFile(thread, id) : null;
  const wanted: Wanted = (child) => {
    if (kind === P.ALL) return true;
    if (kind === P.PID) return child.pid === id;
    if (file !== null) return child === file.process;
    return child.group === (id === 0 ? thread.process.group : id);
  };
  // Who does not want to wait for the process says so for its descriptor.
  const isNonBlocking = file?.nonBlocking === true && (options & WAIT.NOHANG) === 0;
  const event = yield* waitForChild(system, {
    ...{ thread, wanted },
    options: isNonBlocking ? options | WAIT.NOHANG : options,
  });
  if (event === null && isNonBlocking) return -ERRNO.EAGAIN;
  if (typeof event === 'number') return event;
  const { memory } = thread.space;
  if (infoAt !== 0) memory.write(infoAt, event === null ? new Uint8Array(28) : childInfo(event));
  if (usage !== 0 && event !== null) memory.write(usage, rusage(event.child.work + event.child.childWork));
  return 0;
}

function childInfo({ child, code, value, uid }: ChildEvent): Uint8Array {
  return encodeSignalInfo({ signal: SIG.CHLD, code, pid: child.pid, uid, status: value });
}

/** Returns a struct rusage of which only the times are known. */
function rusage(work: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(RUSAGE_SIZE));
  const microseconds = Math.floor((work * NANOSECONDS_PER_UNIT) / 1000);
  view.setBigInt64(0, BigInt(Math.floor(microseconds / 1_000_000)));
  view.setBigInt64(8, BigInt(microseconds % 1_000_000));
  return new Uint8Array(view.buffer);
}

function getrusage(_: System, { process, space, work }: Thread, who: number, at: number): number {
  const [SELF, CHILDREN, THREAD] = [0, -1, 1];
  if (![SELF, CHILDREN, THREAD].includes(who)) throw new LinuxError('EINVAL', `getrusage of ${who}`);
  const units = who === SELF ? process.work : who === CHILDREN ? process.childWork : work;
  space.memory.write(at, rusage(units));
  return 0;
}

/** Ticks of the clock that times counts: 100 a second. */
const NANOSECONDS_PER_TICK = 10_000_000;

function times({ time }: System, { process, space }: Thread, at: number): number {
  const ticks = (work: number) => Math.floor((work * NANOSECONDS_PER_UNIT) / NANOSECONDS_PER_TICK);
  if (at !== 0) {
    const values = [ticks(process.work), 0, ticks(process.childWork), 0];
    for (const [i, value] of values.entries()) space.memory.setU64(at + i * 8, value);
  }
  return Math.floor(time.now() / NANOSECONDS_PER_TICK);
}

function prlimit(
  system: System,
  thread: Thread,
  pid: number,
  resource: number,
  newAt: number,
  oldAt: number,
): number {
  const process = pid === 0 ? thread.process : processOf(system, pid);
  if (resource >= RLIMITS) throw new LinuxError('EINVAL', `resource ${resource}`);
  const { memory } = thread.space;
  const old = process.limits[resource]!;
  if (newAt !== 0) {
    const view = memory.struct(newAt, 16);
    const wanted = { current: view.getBigUint64(0), maximum: view.getBigUint64(8) };
    if (wanted.current > wanted.maximum) throw new LinuxError('EINVAL', 'a limit beyond its maximum');
    if (wanted.maximum > old.maximum && thread.credentials.euid !== 0)
      throw new LinuxError('EPERM', 'the maximum is lower');
    process.limits = process.limits.map((limit, i) => (i === resource ? wanted : limit));
    if (resource === RLIMIT.CPU) limitWork(process);
  }
  if (oldAt === 0) return 0;
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, old.current);
  view.setBigUint64(8, old.maximum);
  memory.write(oldAt, new Uint8Array(view.buffer));
  return 0;
}

const PR = {
  SET_PDEATHSIG: 1,
  GET_PDEATHSIG: 2,
  GET_DUMPABLE: 3,
  SET_DUMPABLE: 4,
  GET_KEEPCAPS: 7,
  SET_KEEPCAPS: 8,
  SET_NAME: 15,
  GET_NAME: 16,
  CAPBSET_READ: 23,
  GET_TIMERSLACK: 30,
  SET_TIMERSLACK: 29,
  SET_CHILD_SUBREAPER: 36,
  GET_CHILD_SUBREAPER: 37,
  SET_NO_NEW_PRIVS: 38,
  GET_NO_NEW_PRIVS: 39,
} as const;
const NAME_SIZE = 16;
const CAPABILITIES = 41;

function prctl(_: System, thread: Thread, option: number, argument: number): number {
  const { process, space } = thread;
  switch (option) {
    case PR.SET_PDEATHSIG:
      if (argument > NSIG) throw new LinuxError('EINVAL', `signal ${argument}`);
      process.deathSignal = argument;
      return 0;
    case PR.GET_PDEATHSIG:
      space.memory.setU32(argument, process.deathSignal);
      return 0;
    case PR.SET_NAME:
      thread.name = nameAt(thread, argument);
      return 0;
    case PR.GET_NAME: {
      const bytes = new Uint8Array(NAME_SIZE);
      for (let i = 0; i < thread.name.length; i++) bytes[i] = thread.name.charCodeAt(i);
      space.memory.write(argument, bytes);
      return 0;
    }
    case PR.SET_CHILD_SUBREAPER:
      process.isSubreaper = argument !== 0;
      return 0;
    case PR.GET_CHILD_SUBREAPER:
      space.memory.setU32(argument, process.isSubreaper ? 1 : 0);
      return 0;
    case PR.GET_DUMPABLE:
    case PR.SET_NO_NEW_PRIVS:
    case PR.SET_DUMPABLE:
    case PR.SET_KEEPCAPS:
    case PR.SET_TIMERSLACK:
      return option === PR.GET_DUMPABLE ? 1 : 0;
    case PR.GET_KEEPCAPS:
    case PR.GET_NO_NEW_PRIVS:
      return 0;
    case PR.GET_TIMERSLACK:
      return 50_000;
    case PR.CAPBSET_READ:
      if (argument >= CAPABILITIES) throw new LinuxError('EINVAL', `capability ${argument}`);
      return 1;
    default:
      throw new LinuxError('EINVAL', `option ${option} of prctl`);
  }
}

function nameAt({ space }: Thread, at: number): string {
  const bytes = space.memory.read(at, NAME_SIZE);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? NAME_SIZE - 1 : Math.min(end, NAME_SIZE - 1)));
}

function setRobustList(_: System, thread: Thread, head: number, length: number): number {
  if (length !== 24) throw new LinuxError('EINVAL', `a robust list head of ${length} bytes`);
  thread.robustList = { head, length };
  return 0;
}

function getRobustList(
  system: System,
  thread: Thread,
  tid: number,
  headAt: number,
  lengthAt: number,
): number {
  const of = tid === 0 ? thread : system.threads.get(tid);
  if (of === undefined) throw new LinuxError('ESRCH', `there is no thread ${tid}`);
  thread.space.memory.setU64(lengthAt, of.robustList.length);
  thread.space.memory.setU64(headAt, of.robustList.head);
  return 0;
}

/** The system calls for processes. */
export const PROCESS_CALLS = [
  call('fork', '', fork),
  call('vfork', '', (system, thread) => started(system, thread, requestOf(CLONE.VFORK | CLONE.VM))),
  call('clone', 'addr flags:CLONE addr addr addr', cloneCall, 'namespaces, CLONE_PTRACE'),
  call('clone3', 'addr size', clone3, 'namespaces, set_tid'),
  call('exit', 'int', (system, thread, code) => void exitThread(system, thread, code! & 0xff)),
  call('exit_group', 'int', (system, thread, code) => {
    exitProcess(system, thread, { value: code! & 0xff, kind: 'exited' });
    return undefined;
  }),
  call('wait4', 'int addr flags:WAIT addr', wait4),
  call('waitid', 'int int addr flags:WAIT addr', waitid),
  call('getrusage', 'int addr', getrusage, 'only times are told'),
  call('times', 'addr', times),
  call('prlimit64', 'int uint addr addr', prlimit),
  call('getrlimit', 'uint addr', (system, thread, resource, at) =>
    prlimit(system, thread, 0, resource!, 0, at!),
  ),
  call('setrlimit', 'uint addr', (system, thread, resource, at) =>
    prlimit(system, thread, 0, resource!, at!, 0),
  ),
  call('prctl', 'int addr addr addr addr', prctl, 'seccomp, MDWE and options of other architectures'),
  call('set_tid_address', 'addr', (_, thread, at) => {
    thread.clearAtEnd = at!;
    return thread.tid;
  }),
  call('set_robust_list', 'addr size', setRobustList),
  call('get_robust_list', 'int addr addr', getRobustList),
];
