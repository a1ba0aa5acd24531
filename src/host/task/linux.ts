/** A Linux system on a host: programs run as its processes. */

import { demandFunction, demandInstance, demandInteger, demandObject } from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import { Host } from '../host.ts';
import { SI, SIG } from './abi/signals.ts';
import { Scheduler } from './execution/scheduler.ts';
import { InputPipe, type OpenFile, OutputPipe, type OutputTaker } from './files/index.ts';
import { registerKvm } from './kvm/index.ts';
import { LinuxFiles } from './linux-files.ts';
import {
  demandLinuxOptions,
  demandSpawnOptions,
  type LinuxOptions,
  type ProgramInput,
  type ProgramOutput,
  type SpawnOptions,
} from './linux-options.ts';
import { LinuxProcess } from './linux-process.ts';
import { bytesOf, utf8 } from './memory/user-memory.ts';
import { makeProc } from './proc/proc.ts';
import { startProcess } from './process/first-process.ts';
import { membersOf, signalGroup } from './process/groups.ts';
import type { ExitStatus, Thread } from './process/task.ts';
import { RandomBytes } from './random.ts';
import { sendToProcess } from './signals/send.ts';
import { CallReports } from './strace/call-reports.ts';
import { InputStream, OutputStream } from './streams.ts';
import { System } from './system.ts';
import { SystemFiles } from './system-files.ts';
import { SystemTerminal, type SystemTerminalOptions, SystemTerminals } from './terminal/index.ts';
import { Time } from './time.ts';
import { registerUserfaults } from './userfaults/device.ts';

/** CLOCK_REALTIME at the start if nothing else is asked for: 1 January 2026, so that runs can be repeated. */
const DEFAULT_TIME = 1_767_225_600_000_000_000n;
const DEFAULT_THREADS = 4096;
const DEFAULT_MEMORY = 512 << 20;
/** Units of work that other processes have after the end of the one that was waited for. */
const REST = 100_000_000;
/** Units of work between two questions whether to stop. */
const SLICE = 200_000;

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

/**
 * A Linux system: programs for s390x run as processes of a host. Whatever is outside of it, such as files, the console and the time, is
 * handed to it, and the same system runs in the same way each time.
 *
 * Programs run only while `run` or `wait` does. Functions that are handed over (callbacks: `strace`, standard output, `pending`) are called
 * meanwhile. They must not act on the system or its machine: that throws LinuxError EBUSY, but for `InputStream`, `OutputStream` and
 * `SystemTerminal`. If a callback throws, what is being performed is completed, and then `run` throws its error; the system can be run on.
 * Nothing that a program does makes `run` throw.
 */
export class Linux {
  readonly host: Host;
  /** @internal */
  readonly system: System;
  /** Its files. */
  readonly files: LinuxFiles;
  readonly #scheduler: Scheduler;
  readonly #waits: boolean;
  /** Of processes that have ended: the value of `work` up to which others go on. */
  #lastWork = new WeakMap<LinuxProcess, number>();
  /** The processes, streams and terminals that it has made. */
  readonly #own = new WeakSet<object>();
  readonly #inputs: InputPipe[] = [];
  readonly #outputs: OutputPipe[] = [];
  readonly #terminals: SystemTerminals;
  #closed = false;

  /**
   * @param host a host on which no other Linux system is. It gives the system its memory and its processors.
   * @throws LinuxError EINVAL for a wrong option; EBUSY if the host has a Linux system, or from a callback; ENOMEM; as
   *   `LinuxFiles.write` for `files`
   */
  constructor(host: Host, options: LinuxOptions = {}) {
    demandInstance('host', host, Host);
    demandLinuxOptions(options);
    host.kernel.demandQuiet();
    if (OWNED.has(host)) throw new LinuxError('EBUSY', 'the host has a Linux system already');
    const { seed = 0, realtime = DEFAULT_TIME } = options;
    this.host = host;
    this.#waits = options.waits ?? false;
    const time = new Time(host.machine.clock, realtime);
    const random = new RandomBytes(seed);
    const files = new SystemFiles(host, {
      root: options.root,
      minimal: options.minimal ?? options.root === undefined,
      capacity: options.maxFiles ?? DEFAULT_MEMORY,
      now: () => time.realtime(),
      random: (into) => void random.fill(into),
    });
    const limits = { threads: options.maxThreads ?? DEFAULT_THREADS };
    this.system = new System({ host, time, random, files, limits });
    this.files = new LinuxFiles(files, host.kernel);
    files.mount('/proc', makeProc(files.host, this.system));
    registerKvm(this.system);
    registerUserfaults(this.system);
    this.#terminals = new SystemTerminals(this.system);
    for (const [path, contents] of Object.entries(options.files ?? {}))
      this.files.write(path, contents, 0o755);
    const { strace } = options;
    this.system.tracer = new CallReports(host.kernel.trace, strace && this.#callback(strace));
    if (options.onMissing) this.system.onMissing = this.#callback(options.onMissing);
    this.#scheduler = new Scheduler(this.system, new RandomBytes(seed ^ 0x5eed));
    OWNED.add(host);
  }

  /** Units of work done by all processors: instructions and interruptions. */
  get work(): number {
    return this.#scheduler.work;
  }

  /** What the player must know of the steps of a run. @internal */
  get scheduler(): Pick<Scheduler, 'acts' | 'isInUnit' | 'completesUnit' | 'settle'> {
    return this.#scheduler;
  }

  /** CLOCK_MONOTONIC in nanoseconds. */
  get now(): number {
    return this.system.time.now();
  }

  /** Returns a standard input whose bytes are passed in later. */
  makeInput(): InputStream {
    const pipe = new InputPipe(this.system.files.pipes);
    this.#inputs.push(pipe);
    return this.#made(new InputStream(pipe));
  }

  /** Returns a standard output that can be paused. @param take gets the bytes. @throws LinuxError EINVAL if it is no function */
  makeOutput(take: OutputTaker): OutputStream {
    demandFunction('take', take);
    const pipe = this.#outputPipe(take);
    this.#outputs.push(pipe);
    return this.#made(new OutputStream(pipe));
  }

  #made<T extends object>(one: T): T {
    this.#own.add(one);
    return one;
  }

  /** @throws LinuxError EINVAL */
  #demandOwn(name: string, one: unknown): void {
    if (typeof one !== 'object' || one === null || one instanceof Uint8Array || this.#own.has(one)) return;
    throw new LinuxError('EINVAL', `the ${name} belongs to another system`);
  }

  #outputPipe(take: OutputTaker): OutputPipe {
    const call = this.#callback(take);
    return new OutputPipe(this.system.files.pipes, (bytes) => call(new Uint8Array(bytes)));
  }

  /**
   * Makes the terminal of the system, /dev/console, whose keyboard and screen are outside. While it is connected, `run` returns `waiting`
   * when all threads sleep, as with `waits`: who types can interrupt any program.
   * @throws LinuxError EBUSY if there is one, or from a callback; EINVAL for a wrong option
   */
  makeTerminal(options: SystemTerminalOptions): SystemTerminal {
    demandObject('options', options);
    demandFunction('take', options.take);
    this.#demandOpen();
    const take = this.#callback(options.take);
    return this.#made(this.#terminals.make({ ...options, take }));
  }

  /** Returns a function that observes and does not act: see `Hook`. */
  #callback<T>(call: (value: T) => void): (value: T) => void {
    const { operations } = this.host.kernel.trace;
    return (value) => void operations.deliver(() => call(value));
  }

  /**
   * Advances the clocks, as waiting does: after `run` has returned `waiting`.
   * @param time of CLOCK_MONOTONIC, in nanoseconds from 0 on. Nothing happens if it is past. The clocks go until 2042, as the TOD clock does.
   * @throws LinuxError EINVAL if it is no time; EBUSY from a callback; ESRCH if the system is closed
   */
  skipTo(time: number): void {
    if (typeof time !== 'number' || !(time >= 0 && time < Infinity))
      throw new LinuxError('EINVAL', `time ${String(time)} is no number of nanoseconds from 0 on`);
    this.#demandOpen();
    this.system.time.skipTo(time);
  }

  /**
   * Starts a process. It runs when `run` or `wait` is called.
   * @throws LinuxError as execve(2): ENOENT and EACCES for a program that is not there or must not be executed, ENOEXEC for a file that is
   *   no 64-bit ELF executable for s390x, ENOMEM; EINVAL for a wrong option; EBUSY from a callback; ESRCH if the system is closed
   */
  spawn(options: SpawnOptions): LinuxProcess {
    demandSpawnOptions(options);
    for (const name of ['stdin', 'stdout', 'stderr', 'terminal'] as const)
      this.#demandOwn(name, options[name]);
    this.#demandOpen();
    const { path, args = [path], env = {}, directory = '/', uid = 0, gid = 0, terminal } = options;
    const { kernel } = this.host;
    const program = {
      ...{ path: utf8(path), args: args.map(utf8), directory: utf8(directory), uid, gid },
      env: Object.entries(env).map(([name, value]) => utf8(`${name}=${value}`)),
      files: this.#standardFiles(options),
      control: terminal === undefined ? () => {} : terminal.terminal.control.bind(terminal.terminal),
    };
    const process = kernel.operation(() => startProcess(this.system, program));
    return this.#made(new LinuxProcess(process, kernel));
  }

  #standardFiles({ terminal, stdin = terminal ?? '', stdout, stderr }: SpawnOptions): OpenFile[] {
    const out = stdout ?? terminal ?? NOWHERE;
    return [this.#inputFile(stdin), this.#outputFile(out), this.#outputFile(stderr ?? terminal ?? NOWHERE)];
  }

  #inputFile(input: ProgramInput): OpenFile {
    if (input instanceof SystemTerminal) return input.open();
    if (input instanceof InputStream) return input.pipe.open(0);
    const pipe = new InputPipe(this.system.files.pipes);
    pipe.pass(typeof input === 'string' ? bytesOf(utf8(input)) : new Uint8Array(input));
    pipe.end();
    return pipe.open(0);
  }

  #outputFile(output: ProgramOutput): OpenFile {
    if (output instanceof SystemTerminal) return output.open();
    return (output instanceof OutputStream ? output.pipe : this.#outputPipe(output)).open(0);
  }

  /**
   * Runs all processes until one ends. Those that are left then go on until all wait, or for 100 million units: what they have begun to
   * write comes out. If `run` is called again for a process that has ended, it returns `ended` again.
   * @param most units of work that are done at most, from 1 on; default Infinity. What threads do that go on
   *   sleeping, and a skip of the time to the next timer count as one
   * @param pending called often, at least every 200,000 units; when it returns true, `run` returns
   * @throws LinuxError EINVAL for a process of another system, or a wrong limit; EBUSY from a callback; ESRCH if the system is closed;
   *   and what a callback has thrown
   */
  run(process: LinuxProcess, most = Infinity, pending: () => boolean = NEVER): LinuxEnd {
    demandInstance('process', process, LinuxProcess);
    this.#demandOwn('process', process);
    if (most !== Infinity) demandInteger('most', most, 1);
    demandFunction('pending', pending);
    this.#demandOpen();
    return this.#run(process, this.work + most, pending);
  }

  #run(process: LinuxProcess, end: number, pending: () => boolean): LinuxEnd {
    this.#scheduler.begin();
    // Steps without work: threads that are woken and sleep on, and a timer that wakes nobody and starts itself again.
    let idle = 0;
    for (;;) {
      const { status } = process;
      const last = status === null ? Infinity : this.#lastWorkOf(process);
      const { work } = this;
      if (status !== null && work + idle >= last) return { kind: 'ended', status };
      const left = Math.min(end, last) - work - idle;
      if (left <= 0 || this.#isPending(pending)) return { kind: 'limit' };
      const progress = this.#step(Math.min(left, SLICE));
      if (this.work === work) idle++;
      if (progress === 'ran') continue;
      if (status !== null) return { kind: 'ended', status };
      const waiting = this.#idle();
      if (waiting !== null) return waiting;
    }
  }

  #lastWorkOf(process: LinuxProcess): number {
    const last = this.#lastWork.get(process) ?? this.work + REST;
    this.#lastWork.set(process, last);
    return last;
  }

  #step(most: number): 'ran' | 'idle' {
    const { kernel } = this.host;
    kernel.begin();
    try {
      return this.#scheduler.step(most);
    } finally {
      kernel.end();
    }
  }

  #isPending(pending: () => boolean): boolean {
    if (pending === NEVER) return false;
    let answer = false;
    const { operations } = this.host.kernel.trace;
    operations.deliver(() => {
      answer = pending();
    });
    operations.delivered();
    return answer;
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
    this.#scheduler.isInUnit = true;
    return null;
  }

  /** Returns the thread that a processor executes, by CPU address, or null. @internal */
  running(address: number): Thread | null {
    return this.#scheduler.running(address);
  }

  /**
   * Sends a signal, as ^C does, to the process group in the foreground of a process's terminal, or to the group of the process if it has none.
   * Returns whether somebody is in that group. @internal
   * @param signal its number
   */
  signalForeground({ process: { group, session } }: LinuxProcess, signal: number): boolean {
    const target = session.terminal?.foreground || group;
    signalGroup(this.system, target, signal);
    return membersOf(this.system, target).length > 0;
  }

  /** Sends SIGKILL to all processes. `run` then ends them, even if the process that it runs has ended before. @internal */
  kill(): void {
    for (const process of this.system.processes.values())
      sendToProcess(process, { signal: SIG.KILL, code: SI.KERNEL });
    this.#lastWork = new WeakMap();
  }

  /**
   * Runs all processes until one has ended, as `run` does. Nobody passes input in meanwhile, but callbacks. Where `run` would wait for the
   * time, it is skipped.
   * @returns how the process ended
   * @throws LinuxError EDEADLK if all threads wait, and nothing can wake one; EAGAIN if they wait for input, or for room for output: pass
   *   bytes, or end the input, and call it again; and as `run`
   */
  wait(process: LinuxProcess): ExitStatus {
    for (;;) {
      const end = this.run(process);
      if (end.kind === 'ended') return end.status;
      if (end.kind === 'deadlock')
        throw new LinuxError('EDEADLK', `all threads wait: ${this.#waitsInWords()}`);
      if (end.kind !== 'waiting') continue;
      if (end.until === Infinity)
        throw new LinuxError('EAGAIN', `outside is waited for: ${this.#waitsInWords()}`);
      this.skipTo(end.until);
    }
  }

  #waitsInWords(): string {
    return this.describeWaits().join('; ');
  }

  /** Returns what the threads wait for, a line each. */
  describeWaits(): string[] {
    return [...this.system.threads.values()].map(
      ({ tid, name, waitsFor, call }) =>
        `${name} (${tid}) waits for ${waitsFor}${call === null ? '' : ` in ${call.name}`}`,
    );
  }

  /** Ends the use of the trees that were handed over. Nothing can be run then. @throws LinuxError EBUSY from a callback */
  close(): void {
    this.host.kernel.demandQuiet();
    this.#closed = true;
    this.files.close();
  }

  #demandOpen(): void {
    this.host.kernel.demandQuiet();
    if (this.#closed) throw new LinuxError('ESRCH', 'the system is closed');
  }
}

/** The hosts that have a Linux system. */
const OWNED = new WeakSet<Host>();

const NEVER = () => false;
const NOWHERE = () => {};
