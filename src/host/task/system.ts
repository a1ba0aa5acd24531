/** The state of a Linux system: what all its processes share. Without operations: system calls and the scheduler act on it. */

import type { Host } from '../host.ts';
import type { MemoryFile } from '../mm/index.ts';
import { type Dentry, type FileSystem, pathOf } from './files/index.ts';
import { LateStores } from './memory/late-stores.ts';
import type { CallTracer } from './process/call-tracer.ts';
import { Futexes } from './process/futexes.ts';
import { RunQueue } from './process/run-queue.ts';
import type { Crash, Process, Thread } from './process/task.ts';
import type { RandomBytes } from './random.ts';
import type { SignalInfo } from './signals/pending-signals.ts';
import { SocketNames } from './sockets/socket-names.ts';
import type { SystemFiles } from './system-files.ts';
import type { Time } from './time.ts';

/** Bounds of what processes may use. */
export interface SystemLimits {
  /** Threads of all processes. */
  readonly threads: number;
}

/** The first number of a process. Number 1 stands for init, which is no process here: it adopts orphans and forgets them. */
const FIRST_PID = 2;
const LAST_PID = 0x3f_ffff;

/** A Linux system. */
export class System {
  readonly host: Host;
  readonly time: Time;
  readonly random: RandomBytes;
  readonly files: SystemFiles;
  readonly limits: SystemLimits;
  readonly runQueue = new RunQueue<Thread>();
  readonly processes = new Map<number, Process>();
  readonly threads = new Map<number, Thread>();
  readonly futexes = new Futexes();
  readonly lateStores = new LateStores();
  readonly socketNames = new SocketNames();
  /** Hears of every system call, or null. */
  tracer: CallTracer | null = null;
  /** Called with the name or number of a system call that is not there. */
  onMissing: (call: string) => void = () => {};
  /** Called when a signal of a fault ends a process, before it ends. */
  onCrash: (thread: Thread, crash: Crash) => void = () => {};
  /**
   * Called when a thread is about to act on a signal other than SIGKILL, or null. Returns whether a debugger takes the signal: it holds the
   * thread then, and lets the signal pass later by `Thread.passed`, or not at all.
   */
  onSignal: ((thread: Thread, info: SignalInfo) => boolean) | null = null;
  /** The thread whose system call is performed, or null. */
  current: Thread | null = null;
  /** The names by which files were opened that are mapped. */
  readonly mappedFiles = new WeakMap<MemoryFile, Dentry>();
  /** Called when a process ends, before it does. */
  onEnd: (thread: Thread) => void = () => {};
  /** What has happened how often. */
  readonly counts = { calls: 0, faults: 0, signals: 0, processes: 0, threads: 0 };
  hostname = 'guesthouse';
  domainname = '(none)';
  #lastPid = FIRST_PID - 1;
  #lastSpace = LAST_PID;

  constructor(parts: {
    readonly host: Host;
    readonly time: Time;
    readonly random: RandomBytes;
    readonly files: SystemFiles;
    readonly limits: SystemLimits;
  }) {
    this.host = parts.host;
    this.time = parts.time;
    this.random = parts.random;
    this.files = parts.files;
    this.limits = parts.limits;
  }

  /** The root directory of the first process. */
  get root(): Dentry {
    return this.files.root;
  }

  /** What is mounted, and where. */
  mounts(): { readonly dentry: string; readonly fs: FileSystem }[] {
    return [
      { dentry: '/', fs: this.root.inode.fs },
      ...this.files.mounted.map((root) => ({ dentry: pathOf(root, this.root) ?? '/', fs: root.inode.fs })),
    ];
  }

  /** Returns a number that no thread, process, group or session has. */
  nextPid(): number {
    do {
      this.#lastPid = this.#lastPid >= LAST_PID ? FIRST_PID : this.#lastPid + 1;
    } while (this.#isTaken(this.#lastPid));
    return this.#lastPid;
  }

  /**
   * Returns a number for the address space of a process: that of the process, unless another one has it, as while exec makes a new one. A
   * trace tells address spaces apart by their numbers.
   */
  spaceNumber(pid: number): number {
    for (const { id } of this.host.processes) if (id === pid) return ++this.#lastSpace;
    return pid;
  }

  #isTaken(pid: number): boolean {
    if (this.threads.has(pid) || this.processes.has(pid)) return true;
    for (const { group, session } of this.processes.values()) {
      if (group === pid || session.id === pid) return true;
    }
    return false;
  }
}
