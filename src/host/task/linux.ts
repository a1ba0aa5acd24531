/** A Linux system on a host: programs run as its processes. */

import type { Machine } from '../../machine/index.ts';
import type { Host } from '../host.ts';
import { Scheduler } from './execution/scheduler.ts';
import {
  type Dentry,
  InputStream,
  lookup,
  type OpenFile,
  OutputStream,
  type OutputTaker,
} from './files/index.ts';
import { AddressSpace } from './memory/address-space.ts';
import { makeProc } from './proc/proc.ts';
import { type Credentials, credentialsOf } from './process/credentials.ts';
import { execute } from './process/execute.ts';
import { exitProcess } from './process/exit.ts';
import { FileTable } from './process/file-table.ts';
import { FsContext } from './process/fs-context.ts';
import { membersOf, signalGroup } from './process/groups.ts';
import { initialLimits } from './process/limits.ts';
import { Session } from './process/session.ts';
import { type ExitStatus, Process, Thread } from './process/task.ts';
import { RandomBytes } from './random.ts';
import { SignalHandlers } from './signals/signal-handlers.ts';
import { System } from './system.ts';
import { type HandedTree, SystemFiles } from './system-files.ts';
import { type SystemTerminal, type SystemTerminalOptions, SystemTerminals } from './terminal/index.ts';
import { Time } from './time.ts';

/** CLOCK_REALTIME at the start if nothing else is asked for: 1 January 2026, so that runs can be repeated. */
const DEFAULT_TIME = 1_767_225_600_000_000_000n;
const DEFAULT_THREADS = 4096;
const DEFAULT_MEMORY = 512 << 20;

/** Options of a system. */
export interface LinuxOptions {
  /** The seed of all randomness; default 0. */
  readonly seed?: number;
  /** CLOCK_REALTIME at the start, in nanoseconds since 1970; default the beginning of 2026. */
  readonly realtime?: bigint;
  /** Maximum number of threads; default 4096. */
  readonly maxThreads?: number;
  /** Maximum size of all files in memory, in bytes; default 512 MiB. */
  readonly maxFiles?: number;
  /** The root directory; default a directory in memory. */
  readonly root?: HandedTree;
  /** Whether files that programs expect in /etc are made where they are missing; default only without `root`. */
  readonly minimal?: boolean;
  /** Whether time passes with the clock outside even when all threads sleep; default no: it is skipped. */
  readonly waits?: boolean;
}

/** What a process is started with. Strings have a character for each byte. */
export interface SpawnOptions {
  /** The path of the program in the system's files. */
  readonly path: string;
  /** The arguments, the name of the program first; default the path alone. */
  readonly args?: readonly string[];
  /** NAME=value; default none. */
  readonly env?: readonly string[];
  /** The working directory; default /. */
  readonly directory?: string;
  /** User and group; default root. */
  readonly uid?: number;
  readonly gid?: number;
  /** Standard input, output and error. Default: the end of input, and nowhere. */
  readonly files?: readonly [OpenFile, OpenFile, OpenFile];
  /** The terminal that controls its session, see `Linux.makeTerminal`; default none. */
  readonly terminal?: SystemTerminal;
}

/** Why `run` returned. */
export type LinuxEnd =
  /** The process that was waited for has ended. */
  | { readonly kind: 'ended'; readonly status: ExitStatus }
  /** The units of work are used up, or the caller asked to stop. */
  | { readonly kind: 'limit' }
  /**
   * All threads wait: for input from outside, which a terminal can always have, for room for output or, with `waits`, for the time. `until`: the
   * time in nanoseconds of CLOCK_MONOTONIC at which one goes on anyway, or Infinity.
   */
  | { readonly kind: 'waiting'; readonly until: number }
  /** All threads wait, and nothing can wake one. */
  | { readonly kind: 'deadlock' };

/** Bytes of standard input that come from outside. */
export type { InputStream } from './files/index.ts';
/** The keyboard and the screen of a system. */
export type { SystemTerminal, SystemTerminalOptions } from './terminal/index.ts';

/** A Linux system. */
export class Linux {
  readonly host: Host;
  /** @internal */
  readonly system: System;
  /** Its files. */
  readonly files: SystemFiles;
  readonly #scheduler: Scheduler;
  readonly #waits: boolean;
  /** Value of `work` at which the processes stop that outlive the one that was waited for; null before its end. */
  #lastWork: number | null = null;
  readonly #inputs: InputStream[] = [];
  readonly #outputs: OutputStream[] = [];
  readonly #terminals: SystemTerminals;

  /** @throws LinuxError ENOMEM */
  constructor(host: Host, options: LinuxOptions = {}) {
    const {
      seed = 0,
      realtime = DEFAULT_TIME,
      maxThreads = DEFAULT_THREADS,
      maxFiles = DEFAULT_MEMORY,
    } = options;
    this.host = host;
    this.#waits = options.waits ?? false;
    const time = new Time(host.machine.clock, realtime);
    const random = new RandomBytes(seed);
    this.files = new SystemFiles(host, {
      root: options.root,
      minimal: options.minimal ?? options.root === undefined,
      capacity: maxFiles,
      now: () => time.realtime(),
      random: (into) => void random.fill(into),
    });
    const limits = { threads: maxThreads };
    this.system = new System({ host, time, random, files: this.files, limits });
    this.files.mount('/proc', makeProc(this.files.host, this.system));
    this.#terminals = new SystemTerminals(this.system);
    this.#scheduler = new Scheduler(this.system, new RandomBytes(seed ^ 0x5eed));
  }

  get machine(): Machine {
    return this.host.machine;
  }

  /** Units of work done. */
  get work(): number {
    return this.#scheduler.work;
  }

  /** Returns a standard input whose bytes come from outside. */
  makeInput(): InputStream {
    const input = new InputStream(this.files.pipes);
    this.#inputs.push(input);
    return input;
  }

  /** Returns a standard output whose bytes go out. */
  makeOutput(take: OutputTaker): OutputStream {
    const output = new OutputStream(this.files.pipes, take);
    this.#outputs.push(output);
    return output;
  }

  /**
   * Returns the terminal of the system, /dev/console, whose keyboard and screen are outside. While it is connected, time passes with the clock
   * outside when all threads sleep, as with `waits`: who types can interrupt any program.
   * @throws LinuxError EBUSY if there is one
   */
  makeTerminal(options: SystemTerminalOptions): SystemTerminal {
    return this.#terminals.make(options);
  }

  /** CLOCK_MONOTONIC in nanoseconds. */
  get now(): number {
    return this.system.time.now();
  }

  /** Advances the clocks to a time of CLOCK_MONOTONIC, in nanoseconds, as waiting does: after `run` has returned `waiting`. */
  skipTo(time: number): void {
    this.system.time.skipTo(time);
  }

  /** Starts a process. @throws LinuxError as execve(2) */
  spawn(options: SpawnOptions): Process {
    const { system } = this;
    const { path, args = [path], env = [], directory = '/', uid = 0, gid = 0 } = options;
    const pid = system.nextPid();
    const credentials = credentialsOf(uid, gid);
    const fs = new FsContext(system.root, workingDirectory(system, credentials, directory));
    const session = new Session(pid);
    const limits = initialLimits(system.limits.threads);
    const began = system.time.now();
    const process = new Process({ pid, parent: null, group: pid, session, limits, exitSignal: 0, began });
    options.terminal?.terminal.control(session, pid);
    const files = new FileTable();
    for (const [fd, file] of (options.files ?? []).entries()) files.replace(fd, file, false);
    const space = new AddressSpace(this.host.createMm(pid), NO_LAYOUT, null);
    const { runQueue } = system;
    const handlers = new SignalHandlers();
    const thread = new Thread({
      tid: pid,
      process,
      space,
      files,
      fs,
      handlers,
      credentials,
      name: '',
      runQueue,
    });
    system.counts.processes++;
    system.counts.threads++;
    system.processes.set(pid, process);
    system.threads.set(pid, thread);
    try {
      const context = { root: fs.root, start: fs.working, credentials };
      execute(system, thread, { context, path, args, env });
    } catch (error) {
      exitProcess(system, thread, { value: 127, kind: 'exited' });
      throw error;
    }
    thread.wake();
    return process;
  }

  /**
   * Runs until a process ends, for at most `most` units of work, or until `pending` returns true. The others then go on until all wait,
   * or for 100 million units: what they have begun to write comes out. What is called meanwhile, as `pending`, must not store to
   * the machine's storage itself.
   * @param most a positive number, or Infinity
   */
  run(process: Process, most: number, pending: () => boolean = () => false): LinuxEnd {
    const end = this.work + most;
    this.#scheduler.begin();
    for (;;) {
      const { ended } = process;
      if (ended !== null) this.#lastWork ??= this.work + REST;
      const left = Math.min(end, this.#lastWork ?? Infinity) - this.work;
      if (ended !== null && left <= 0) return { kind: 'ended', status: ended };
      if (left <= 0 || pending()) return { kind: 'limit' };
      if (this.#scheduler.step(Math.min(left, SLICE)) === 'ran') continue;
      if (ended !== null) return { kind: 'ended', status: ended };
      const waiting = this.#idle();
      if (waiting !== null) return waiting;
    }
  }

  /** Nobody can run: goes on at the time of the next timer, or returns what the caller has to wait for. */
  #idle(): LinuxEnd | null {
    const { time } = this.system;
    const { due } = time;
    const isAwaited =
      this.#terminals.isConnected ||
      this.#inputs.some((input) => input.isAwaited) ||
      this.#outputs.some((output) => output.isAwaited);
    if (isAwaited || (this.#waits && due !== Infinity)) return { kind: 'waiting', until: due };
    if (due === Infinity) return { kind: 'deadlock' };
    time.skipTo(due);
    return null;
  }

  /**
   * Sends a signal, as ^C does, to the process group in the foreground of a process's terminal, or to the group of the process if it has none.
   * Returns whether somebody is in that group.
   * @param signal its number
   */
  signalForeground({ group, session }: Process, signal: number): boolean {
    const target = session.terminal?.foreground || group;
    signalGroup(this.system, target, signal);
    return membersOf(this.system, target).length > 0;
  }

  /** What the threads wait for, a line each. */
  describeWaits(): string[] {
    return [...this.system.threads.values()].map(
      ({ tid, name, waitsFor, call }) =>
        `${name} (${tid}) waits for ${waitsFor}${call === null ? '' : ` in ${call.name}`}`,
    );
  }
}

/** Units of work that other processes have after the end of the one that was waited for. */
const REST = 100_000_000;
/** Units of work between two questions whether to stop. */
const SLICE = 200_000;

const NO_LAYOUT = {
  ...{ brkStart: 0, stackStart: 0, argStart: 0, argEnd: 0, envStart: 0, envEnd: 0 },
  ...{ auxv: new Uint8Array(0), stackLow: 0, stackHigh: 0, trampoline: 0, entry: 0 },
};

function workingDirectory({ root }: System, credentials: Credentials, path: string): Dentry {
  return lookup({ root, start: root, credentials }, path, { directory: true });
}
