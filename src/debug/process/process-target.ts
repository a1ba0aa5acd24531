/**
 * A process as a target of a debugger: its threads, by their numbers. When it stops, the whole system stops. Children that it forks run
 * freely, without a debugger.
 */

import { LinuxError } from '../../host/index.ts';
import type { ExitStatus, Linux, LinuxProcess } from '../../host/task/index.ts';
import {
  encodeSignalInfo,
  type Process,
  type SignalInfo,
  type System,
  sendToThread,
  type Thread,
} from '../../host/task/internal.ts';
import { S390X_LINUX } from '../gdb/s390x.ts';
import type { DebuggedProgram, DebugTarget, Point, Resume, Stop, TargetThread } from '../gdb/target.ts';
import { ProcessFiles, programPath } from './process-files.ts';
import { ProcessWatch } from './process-watch.ts';
import { fromProtocol, toProtocol } from './signal-numbers.ts';
import { readRegister, writeRegister } from './thread-registers.ts';

const PAGE = 4096n;
/** SI_USER: a signal that the debugger has chosen. */
const SI_USER = 0;

/** A process. */
export class ProcessTarget implements DebugTarget {
  readonly description = S390X_LINUX;
  readonly program: DebuggedProgram;
  readonly #linux: Linux;
  readonly #system: System;
  readonly #started: LinuxProcess;
  readonly #process: Process;
  #points: readonly Point[] = [];
  #watch: ProcessWatch | null = null;
  #stop: Stop | null;
  #ended: ExitStatus | null = null;
  /** The signal that a thread has stopped for, and has not got yet. */
  #taken: { readonly thread: Thread; readonly info: SignalInfo } | null = null;
  #passes: ReadonlySet<number> = new Set();
  readonly #own = new WeakSet<SignalInfo>();
  #waits: { readonly until: number } | null = null;
  #isInterrupted = false;
  #isDetached = false;

  /** @param process has been started, and has not run */
  constructor(linux: Linux, process: LinuxProcess) {
    this.#linux = linux;
    this.#system = linux.system;
    this.#started = process;
    this.#process = process.process;
    this.#stop = { thread: process.pid, reason: { kind: 'step' } };
    this.#system.onSignal = (thread, info) => this.#signal(thread, info);
    const target = this;
    this.program = {
      get auxiliary() {
        return target.#leader?.space.layout.auxv ?? new Uint8Array(0);
      },
      get signalInfo() {
        const info = target.#taken?.info;
        return info === undefined ? null : encodeSignalInfo(info);
      },
      get path() {
        const leader = target.#leader;
        return leader === null ? '' : programPath(target.#system, leader);
      },
      files: new ProcessFiles(this.#system),
      passSignals: (signals) => {
        this.#passes = signals;
      },
    };
  }

  get #leader(): Thread | null {
    return this.#process.leader;
  }

  get threads(): readonly TargetThread[] {
    const threads = [...this.#process.threads].map((thread) => ({
      id: thread.tid,
      description: `${thread.name}: ${thread.state === 'sleeping' ? `waits for ${thread.waitsFor}` : thread.state}`,
    }));
    return threads.sort((one, other) => one.id - other.id);
  }

  get stop(): Stop | null {
    return this.#stop;
  }

  /** How the process has ended, or null. */
  get ended(): ExitStatus | null {
    return this.#ended;
  }

  /**
   * What a process that runs waits for: for something outside, or for a time of CLOCK_MONOTONIC in nanoseconds. Infinity: for no time. Null if
   * it does not wait.
   */
  get waits(): { readonly until: number } | null {
    return this.#waits;
  }

  #thread(id: number): Thread {
    for (const thread of this.#process.threads) if (thread.tid === id) return thread;
    throw new RangeError(`there is no thread ${id}`);
  }

  readRegister(thread: number, register: number): bigint {
    return readRegister(this.#thread(thread), register);
  }

  writeRegister(thread: number, register: number, value: bigint): boolean {
    return writeRegister(this.#thread(thread), register, value);
  }

  readMemory(thread: number, address: bigint, length: number): Uint8Array {
    const { mm } = this.#thread(thread).space;
    const bytes = new Uint8Array(length);
    let done = 0;
    for (let at = address; done < length; ) {
      const count = Math.min(length - done, Number(PAGE - (at % PAGE)));
      try {
        bytes.set(mm.read(at, count), done);
      } catch (error) {
        if (error instanceof LinuxError) break;
        throw error;
      }
      done += count;
      at += BigInt(count);
    }
    return bytes.subarray(0, done);
  }

  writeMemory(thread: number, address: bigint, bytes: Uint8Array): boolean {
    try {
      this.#thread(thread).space.mm.write(address, bytes);
      return true;
    } catch (error) {
      if (error instanceof LinuxError) return false;
      throw error;
    }
  }

  setPoints(points: readonly Point[]): void {
    this.#points = points;
  }

  resume(how: Resume): void {
    if (how.kind === 'reverse-continue' || how.kind === 'reverse-step')
      throw new RangeError('a process cannot go back');
    const stopped = this.#stop;
    this.#stop = null;
    this.#waits = null;
    this.#isInterrupted = false;
    this.#passSignals(how.signals ?? new Map());
    for (const thread of this.#process.threads)
      thread.held = how.only !== undefined && !how.only.includes(thread.tid);
    const stepping = how.kind === 'step' ? this.#thread(how.thread) : null;
    if (this.#points.length === 0 && stepping === null) return;
    const last = [...this.#process.threads].find(({ tid }) => tid === stopped?.thread) ?? null;
    this.#watch = new ProcessWatch({
      ...{ machine: this.#linux.host.machine, points: this.#points, stepping, stopped: last },
      running: (cpu) => this.#running(cpu),
      hit: (stop) => {
        this.#stop ??= stop;
      },
    });
  }

  #running(cpu: number): Thread | null {
    const thread = this.#linux.running(cpu);
    return thread?.process === this.#process ? thread : null;
  }

  /** Lets signals pass that the client has named. The one that was taken is dropped unless it is among them. */
  #passSignals(signals: ReadonlyMap<number, number>): void {
    for (const [tid, number] of signals) {
      const thread = this.#thread(tid);
      const signal = fromProtocol(number);
      const taken = this.#taken?.thread === thread ? this.#taken.info : null;
      if (taken?.signal === signal) thread.passed = taken;
      else if (signal !== 0) this.#send(thread, signal);
    }
    this.#taken = null;
  }

  /** Sends a signal of the debugger: there is no stop when the thread takes it. */
  #send(thread: Thread, signal: number): void {
    const info = { signal, code: SI_USER, pid: 0, uid: 0 };
    this.#own.add(info);
    sendToThread(thread, info);
  }

  /** A thread is about to act on a signal. Returns whether it stops for it. */
  #signal(thread: Thread, info: SignalInfo): boolean {
    const number = toProtocol(info.signal);
    if (this.#isDetached || thread.process !== this.#process) return false;
    if (this.#own.delete(info) || this.#passes.has(number)) return false;
    // While another thread's stop is under way, the signal waits.
    if (this.#stop !== null) {
      thread.pending.add(info);
      thread.held = true;
      return true;
    }
    this.#taken = { thread, info };
    thread.held = true;
    this.#stop = { thread: thread.tid, reason: { kind: 'signal', signal: number } };
    return true;
  }

  advance(pending: () => boolean): Stop | null {
    if (this.#stop === null) this.#run(pending);
    if (this.#stop !== null) this.#endMotion();
    return this.#stop;
  }

  #run(pending: () => boolean): void {
    this.#waits = null;
    if (this.#isInterrupted) {
      this.#stop = { thread: this.#currentThread, reason: { kind: 'interrupt' } };
      return;
    }
    const end = this.#linux.run(this.#started, Infinity, () => this.#stop !== null || pending());
    if (this.#stop !== null) return;
    if (end.kind === 'ended') {
      this.#ended = end.status;
      this.#stop = { thread: this.#process.pid, reason: reasonOf(end.status) };
    } else if (end.kind === 'deadlock') {
      if (this.#isDetached) this.#waits = { until: Infinity };
      else this.#stop = { thread: this.#currentThread, reason: { kind: 'deadlock' } };
    } else if (end.kind === 'waiting') {
      this.#waits = { until: end.until };
    }
  }

  get #currentThread(): number {
    for (const { address } of this.#linux.host.machine.cpus) {
      const thread = this.#running(address);
      if (thread !== null) return thread.tid;
    }
    return this.#leader?.tid ?? this.#process.pid;
  }

  #endMotion(): void {
    this.#watch?.close();
    this.#watch = null;
    this.#isInterrupted = false;
  }

  interrupt(): void {
    this.#waits = null;
    this.#isInterrupted = true;
  }

  /** The process runs without a debugger from now on, or again with one: then it is stopped. */
  attach(isAttached: boolean): void {
    this.#isDetached = !isAttached;
    if (isAttached || this.#taken === null) return;
    const { thread, info } = this.#taken;
    thread.passed = info;
    this.#taken = null;
  }
}

function reasonOf({ kind, value }: ExitStatus): Stop['reason'] {
  return kind === 'exited' ? { kind: 'exited', code: value } : { kind: 'killed', signal: toProtocol(value) };
}
