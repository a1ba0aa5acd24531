/** The state of a Linux system: what all its processes share. Without operations: system calls and the scheduler act on it. */

import type { Host } from '../host.ts';
import type { Dentry, FileSystem, Inode, Tmpfs } from './files/index.ts';
import type { CallTracer } from './process/call-tracer.ts';
import { Futexes } from './process/futexes.ts';
import { RunQueue } from './process/run-queue.ts';
import type { Crash, Process, Thread } from './process/task.ts';
import type { RandomBytes } from './random.ts';
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
  /** The root directory of the first process. */
  readonly root: Dentry;
  readonly limits: SystemLimits;
  /** The file system of pipes without names. */
  readonly pipes: FileSystem;
  /** The inode of files without names, such as those of eventfd. */
  readonly anonymous: Inode;
  /** The file system of memfd_create and of shared memory. */
  readonly memory: Tmpfs;
  readonly runQueue = new RunQueue<Thread>();
  readonly processes = new Map<number, Process>();
  readonly threads = new Map<number, Thread>();
  readonly futexes = new Futexes();
  /** Who is in a system call, or was in one last. */
  caller: Thread | null = null;
  /** Hears of every system call, or null. */
  tracer: CallTracer | null = null;
  /** Called with the name or number of a system call that is not there. */
  onMissing: (call: string) => void = () => {};
  /** Called when a signal of a fault ends a process, before it ends. */
  onCrash: (thread: Thread, crash: Crash) => void = () => {};
  hostname = 'guesthouse';
  domainname = '(none)';
  #lastPid = FIRST_PID - 1;

  constructor(parts: {
    readonly host: Host;
    readonly time: Time;
    readonly random: RandomBytes;
    readonly root: Dentry;
    readonly limits: SystemLimits;
    readonly pipes: FileSystem;
    readonly anonymous: Inode;
    readonly memory: Tmpfs;
  }) {
    this.host = parts.host;
    this.time = parts.time;
    this.random = parts.random;
    this.root = parts.root;
    this.limits = parts.limits;
    this.pipes = parts.pipes;
    this.anonymous = parts.anonymous;
    this.memory = parts.memory;
  }

  /** Returns a number that no thread, process, group or session has. */
  nextPid(): number {
    do {
      this.#lastPid = this.#lastPid >= LAST_PID ? FIRST_PID : this.#lastPid + 1;
    } while (this.#isTaken(this.#lastPid));
    return this.#lastPid;
  }

  #isTaken(pid: number): boolean {
    if (this.threads.has(pid) || this.processes.has(pid)) return true;
    for (const { group, session } of this.processes.values()) {
      if (group === pid || session.id === pid) return true;
    }
    return false;
  }
}
