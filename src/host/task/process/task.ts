/** Processes and their threads (Linux: task_struct, signal_struct): the state, without operations. */

import type { Cpu } from '../../../machine/index.ts';
import { WorkClock } from '../interval-timer.ts';
import type { AddressSpace } from '../memory/address-space.ts';
import { PendingSignals, type SignalInfo } from '../signals/pending-signals.ts';
import type { SignalHandlers } from '../signals/signal-handlers.ts';
import type { SignalSet } from '../signals/signal-sets.ts';
import { type Waiter, WaitQueue } from '../wait-queue.ts';
import type { Blocking } from './blocking.ts';
import type { Credentials } from './credentials.ts';
import type { FileTable } from './file-table.ts';
import type { FsContext } from './fs-context.ts';
import type { Limit } from './limits.ts';
import { ProcessTimers } from './process-timers.ts';
import { Registers } from './registers.ts';
import type { RunQueue } from './run-queue.ts';
import type { Session } from './session.ts';

/** Which state a thread is in. A thread that is runnable is on a processor or in the run queue. */
export type ThreadState = 'runnable' | 'sleeping' | 'stopped' | 'dead';

/** The system call that a thread is in, or was in last. */
export interface CurrentCall {
  readonly name: string;
  readonly args: readonly number[];
  /** What general register 2 was: the first argument. */
  readonly first: number;
  /** Length in bytes of the SUPERVISOR CALL, or of the EXECUTE that it is the target of. */
  readonly length: number;
}

/** The stack that handlers with SA_ONSTACK run on. */
export interface AlternateStack {
  readonly address: number;
  readonly size: number;
  /** Bits of `SS`. */
  readonly flags: number;
}

const ALL_PROCESSORS = -1n;

export const NO_STACK: AlternateStack = { address: 0, size: 0, flags: 2 };

/** Where a thread has restartable sequences. */
export interface Restartable {
  /** Address of its struct rseq. */
  readonly address: number;
  /** What stands before each place where sequences are aborted. */
  readonly signature: number;
}

/** A guest that a thread executes instead of its program: KVM_RUN. */
export interface GuestRun {
  /**
   * Executes it on the thread's processor, for at most `most` units of work. Returns whether it goes on; otherwise the system call is
   * continued.
   */
  execute(cpu: Cpu, most: number): boolean;
}

/** What a thread is made of. */
export interface ThreadParts {
  readonly tid: number;
  readonly process: Process;
  readonly space: AddressSpace;
  readonly files: FileTable;
  readonly fs: FsContext;
  readonly handlers: SignalHandlers;
  readonly credentials: Credentials;
  readonly name: string;
  readonly runQueue: RunQueue<Thread>;
}

/** A thread of a process. */
export class Thread implements Waiter {
  #tid: number;
  readonly process: Process;
  readonly registers = new Registers();
  space: AddressSpace;
  files: FileTable;
  fs: FsContext;
  handlers: SignalHandlers;
  credentials: Credentials;
  /** Its name: up to 15 bytes of the program's name (Linux: comm). */
  name: string;
  state: ThreadState = 'sleeping';
  /** Whether a processor executes it now, and whether it is in the run queue: it may have ceased to be runnable since. */
  onProcessor = false;
  queued = false;
  /** Whether it gives up the rest of its turn: sched_yield. */
  yields = false;
  /** The processors that it may run on: bit N for number N. */
  affinity = ALL_PROCESSORS;
  /** Number of the processor that it is on, or was on last. */
  processor = 0;
  /** Where it has restartable sequences (rseq), or null. */
  restartable: Restartable | null = null;
  /** Whether it has lost its processor since it executed the program last: a restartable sequence is aborted. */
  sequenceBroken = false;
  /** The system call that waits, or null. */
  blocking: Blocking<unknown> | null = null;
  /** The guest that it executes in a system call, or null. */
  guest: GuestRun | null = null;
  /** What it waits for, in words. */
  waitsFor = '';
  call: CurrentCall | null = null;
  /** What a call that a signal interrupted returned to the kernel, see `RESTART`; 0 if there is none. */
  interrupted = 0;
  /** Continues a call that was interrupted with `RESTART.BLOCK`. */
  restart: (() => Blocking<unknown>) | null = null;

  /** Signals that it blocks. */
  blocked: SignalSet = 0n;
  /** Signals that it blocks but for the time of sigtimedwait: they are kept although they are ignored (Linux: real_blocked). */
  keeps: SignalSet = 0n;
  /** What `blocked` becomes after the next signal was taken, if a call changed it for its time; else null. */
  savedMask: SignalSet | null = null;
  readonly pending = new PendingSignals();
  /** A signal that a debugger has let pass: it is the next one to be taken. */
  passed: SignalInfo | null = null;
  #held = false;
  alternateStack: AlternateStack = NO_STACK;

  /** Address of the word that is cleared, and whose waiters are woken, when it ends; 0 for none. */
  clearAtEnd = 0;
  /** The list of the robust futexes it holds, and its length in bytes. */
  robustList = { head: 0, length: 0 };
  /** Called when it, a child of vfork, executes another program or ends. */
  released: WaitQueue | null = null;
  /** Units of work that it has done. */
  work = 0;
  readonly workClock = new WorkClock(() => this.work);
  readonly #runQueue: RunQueue<Thread>;

  constructor(parts: ThreadParts) {
    this.#tid = parts.tid;
    this.process = parts.process;
    this.space = parts.space;
    this.files = parts.files;
    this.fs = parts.fs;
    this.handlers = parts.handlers;
    this.credentials = parts.credentials;
    this.name = parts.name;
    this.#runQueue = parts.runQueue;
    parts.process.threads.add(this);
  }

  /** Its number: that of the process if it was the first thread. */
  get tid(): number {
    return this.#tid;
  }

  /** It gets the number of the process, as exec does. Preconditions: there is no other thread. */
  becomeLeader(): void {
    this.#tid = this.process.pid;
  }

  /** Makes it runnable if it sleeps. */
  wake(): void {
    if (this.state === 'sleeping') this.#run();
  }

  /** Makes it runnable after a stop. */
  resume(): void {
    if (this.state === 'stopped') this.#run();
  }

  #run(): void {
    this.state = 'runnable';
    if (!this.onProcessor) this.enqueue();
  }

  /** Whether a debugger keeps it from running, whatever its state is. */
  get held(): boolean {
    return this.#held;
  }

  set held(held: boolean) {
    this.#held = held;
    if (!held && this.state === 'runnable' && !this.onProcessor) this.enqueue();
  }

  /** Puts it into the run queue, unless it is there. */
  enqueue(): void {
    if (this.queued) return;
    this.queued = true;
    this.#runQueue.add(this);
  }

  /** Whether a signal is pending that it does not block. */
  get hasSignal(): boolean {
    return ((this.pending.set | this.process.pending.set) & ~this.blocked) !== 0n;
  }
}

/** How a process ended: wait4's status, and what waitid tells. */
export interface ExitStatus {
  /** The exit code, or the signal. */
  readonly value: number;
  readonly kind: 'exited' | 'killed' | 'dumped';
}

/** A process: threads that share a number, signals and children. */
export class Process {
  readonly pid: number;
  parent: Process | null;
  readonly children = new Set<Process>();
  readonly threads = new Set<Thread>();
  /** Number of its process group. */
  group: number;
  session: Session;
  /** Whether it has given up the terminal of its session, which its leader did not: TIOCNOTTY. */
  leftTerminal = false;
  /** Signals sent to the process as a whole. */
  readonly pending = new PendingSignals();
  /** The end that all threads go to, once one has called exit_group or a signal has killed it. */
  ending: ExitStatus | null = null;
  /** How it ended, once all threads are dead. It is a zombie until its parent waits. */
  ended: ExitStatus | null = null;
  /** The signal that its parent gets when it ends; 0 for none. */
  exitSignal: number;
  /** The signal that stopped it, or 0. */
  stopSignal = 0;
  /** Changes that wait4 has not reported: that it was stopped, or continued. */
  unreported: 'stopped' | 'continued' | null = null;
  /** Whether it has executed a program since it was made. */
  executed = false;
  /** Those who wait for a child. */
  readonly childEvents = new WaitQueue();
  /** Those who wait for it to end: pidfds. */
  readonly endEvents = new WaitQueue();
  limits: readonly Limit[];
  /** Whether it adopts the orphans below it (PR_SET_CHILD_SUBREAPER). */
  isSubreaper = false;
  /** The signal that it gets when its parent ends (PR_SET_PDEATHSIG), or 0. */
  deathSignal = 0;
  /** CLOCK_MONOTONIC when it began. */
  readonly began: number;
  /** Units of work of its threads that have ended, and of the children that it has waited for. */
  pastWork = 0;
  childWork = 0;
  readonly workClock = new WorkClock(() => this.work);
  readonly timers = new ProcessTimers();
  /** The signal that the first fault without a handler sent, for the report at the end. */
  crash: Crash | null = null;

  constructor(parts: {
    readonly pid: number;
    readonly parent: Process | null;
    readonly group: number;
    readonly session: Session;
    readonly limits: readonly Limit[];
    readonly exitSignal: number;
    readonly began: number;
  }) {
    this.pid = parts.pid;
    this.parent = parts.parent;
    this.group = parts.group;
    this.session = parts.session;
    this.limits = parts.limits;
    this.exitSignal = parts.exitSignal;
    this.began = parts.began;
    parts.parent?.children.add(this);
  }

  /** The thread whose number is that of the process, or one of the others if that has ended. */
  get leader(): Thread | null {
    for (const thread of this.threads) if (thread.tid === this.pid) return thread;
    for (const thread of this.threads) return thread;
    return null;
  }

  /** Units of work of all its threads. */
  get work(): number {
    let work = this.pastWork;
    for (const thread of this.threads) work += thread.work;
    return work;
  }
}

/** The state of a thread when a signal killed its process. */
export interface Crash {
  readonly tid: number;
  readonly info: SignalInfo;
  readonly registers: Registers;
}
