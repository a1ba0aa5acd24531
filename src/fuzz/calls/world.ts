/** A system on which the program of a case runs, and what must hold of it. */

import { Checker } from '../../check/index.ts';
import { Host } from '../../host/index.ts';
import {
  Linux,
  type LinuxEnd,
  type LinuxProcess,
  type SpawnOptions,
  type SystemTerminal,
} from '../../host/task/index.ts';
import { type CallTracer, type Dentry, Directory, type Thread } from '../../host/task/internal.ts';
import { type Engine, FRAME_SIZE, Machine, type Storage } from '../../machine/index.ts';
import { programOf } from './program.ts';
import type { CallsSetup, CallsStep } from './steps.ts';

/** Units of work of a case. */
const WORK = 60_000;
/** Units of work between two checks. */
const CHECK_EVERY = 100;
/** Units of work in which all processes must have ended that were killed. */
const DEATH = 100_000;
/** What is typed on the terminal when all processes wait, one after the other. */
const TYPED = ['a\n', 'line\n\x04', '\x03', '\x1a', 'x', '\x1c', '\r\x7f\x15'];
/** A script whose interpreter is the program. */
const SCRIPT = '#!/bin/calls argument\n';

/** Bytes of standard input. */
const INPUT = 10_000;
/** Descriptors that a process has at most: the hard limit (RLIMIT_NOFILE). */
const MOST_FILES = 65_536;

/** A rule that does not hold. */
export class BrokenRule extends Error {
  override readonly name: string;

  /** @param kind its short name */
  constructor(kind: string, message: string) {
    super(message);
    this.name = kind;
  }
}

/** Writes down what happens: calls and their results, signals and ends. */
class Recorder implements CallTracer {
  readonly lines: string[] = [];

  entered({ tid, call }: Thread): void {
    this.lines.push(`${tid} ${call?.name}(${call?.args.map((one) => one.toString(16)).join(', ')})`);
  }

  left({ tid, call }: Thread, result: number | null): void {
    this.lines.push(`${tid} = ${result}`);
    if (result === null || Number.isSafeInteger(result)) return;
    throw new BrokenRule('result', `${call?.name} returned ${result}`);
  }

  signal({ tid }: Thread, { signal, code }: Parameters<CallTracer['signal']>[1]): void {
    this.lines.push(`${tid} signal ${signal}, ${code}`);
  }

  ended({ tid, process }: Thread): void {
    this.lines.push(`${tid} ended: ${process.ended?.kind} ${process.ended?.value}`);
  }
}

/** A system and a program. */
export class CallsWorld {
  readonly #setup: CallsSetup;
  readonly #linux: Linux;
  readonly #checker: Checker | null;
  readonly #recorder = new Recorder();
  readonly #terminal: SystemTerminal | null;
  readonly #first: LinuxProcess;
  /** Frames that are free when there are neither files nor processes. */
  readonly #free: number;
  #output = '';
  #typed = 0;

  /** @param storage cleared storage. @param engine how instructions are executed */
  constructor(setup: CallsSetup, steps: readonly CallsStep[], storage: Storage, engine: Engine) {
    this.#setup = setup;
    const { cpus, seed, threads, files, uid } = setup;
    const machine = new Machine({ storage, cpus, engine });
    const host = new Host(machine);
    this.#free = host.kernel.frames.available;
    const linux = new Linux(host, { seed, maxThreads: threads, maxFiles: files });
    this.#linux = linux;
    this.#checker = setup.checked ? Checker.attach(host) : null;
    linux.files.write('/bin/calls', programOf(steps), 0o755);
    linux.files.write(
      '/bin/script',
      Uint8Array.from(SCRIPT, (one) => one.charCodeAt(0)),
      0o755,
    );
    this.#terminal = setup.terminal
      ? linux.makeTerminal({ columns: 80, rows: 25, take: (bytes) => this.#take(bytes) })
      : null;
    linux.system.tracer = this.#recorder;
    this.#first = linux.spawn({
      path: '/bin/calls',
      args: ['calls', 'argument'],
      env: { A: 'b' },
      directory: '/tmp',
      uid,
      gid: uid,
      ...(this.#terminal === null ? this.#streams() : { terminal: this.#terminal }),
    });
    if (setup.failing > 0) host.kernel.frames.failIn(setup.failing);
  }

  #streams(): Pick<SpawnOptions, 'stdin' | 'stdout' | 'stderr'> {
    const output = this.#linux.makeOutput((bytes) => this.#take(bytes));
    return { stdin: new Uint8Array(INPUT), stdout: output, stderr: output };
  }

  #take(bytes: Uint8Array): void {
    this.#output += `${bytes.length},${bytes[0] ?? ''};`;
  }

  /** Performs the program. Returns what happened. @throws BrokenRule, or whatever the system throws */
  perform(): string {
    const end = this.#run();
    this.#demandLimits();
    this.#kill();
    this.#demandNothing();
    const { work, now } = this.#linux;
    return [...this.#recorder.lines, `${JSON.stringify(end)}, work ${work}, time ${now}`, this.#output].join(
      '\n',
    );
  }

  /** Runs until nothing more happens, at most for `WORK`. */
  #run(): LinuxEnd {
    const linux = this.#linux;
    const slice = this.#checker === null ? WORK : CHECK_EVERY;
    for (let done = 0; done < WORK; ) {
      const before = linux.work;
      const end = linux.run(this.#first, slice);
      this.#check();
      // A skip of the time is work, too.
      done += end.kind === 'limit' ? slice : linux.work - before;
      if (end.kind === 'waiting' && this.#type(end.until)) continue;
      if (end.kind !== 'limit') return end;
    }
    return { kind: 'limit' };
  }

  /** Types something, and hangs up at last. Returns whether it did. */
  #type(until: number): boolean {
    const terminal = this.#terminal;
    if (terminal === null) return false;
    const text = TYPED[this.#typed++ >> 1];
    if (text === undefined) {
      if (!terminal.isConnected) return false;
      terminal.hangUp();
    } else if (this.#typed % 2 === 0) {
      terminal.type(Uint8Array.from(text, (one) => one.charCodeAt(0)));
    } else if (until !== Infinity) {
      this.#linux.skipTo(until);
    }
    return true;
  }

  #check(): void {
    const [violation] = this.#checker?.checkChanged() ?? [];
    if (violation !== undefined) throw new BrokenRule(violation.rule, violation.message);
  }

  #demandLimits(): void {
    const { system, host } = this.#linux;
    const { threads } = this.#setup;
    if (system.threads.size > threads)
      throw new BrokenRule('limit', `there are ${system.threads.size} threads`);
    for (const { inode } of [system.files.root, ...system.files.mounted]) {
      if (inode.fs.space().free < 0) throw new BrokenRule('limit', 'files have more room than there is');
    }
    if (host.kernel.locks.held.length > 0) throw new BrokenRule('locks', 'a lock is held');
    for (const thread of system.threads.values()) {
      const count = thread.files.numbers.length;
      if (count > MOST_FILES) throw new BrokenRule('limit', `${thread.tid} has ${count} descriptors`);
    }
  }

  /** Kills all processes. @throws BrokenRule if one does not end */
  #kill(): void {
    const { system } = this.#linux;
    this.#linux.kill();
    for (let work = 0; work < DEATH && system.processes.size > 0; work += 1000) {
      this.#linux.run(this.#first, 1000);
      this.#check();
    }
    if (system.processes.size > 0 || system.threads.size > 0) {
      throw new BrokenRule(
        'death',
        `after SIGKILL there are still ${this.#linux.describeWaits().join(', ')}`,
      );
    }
  }

  /** Removes all files. Then nothing must be left that processes had. */
  #demandNothing(): void {
    const { host } = this.#linux;
    const { files } = this.#linux.system;
    for (const root of [files.root, ...files.mounted]) empty(root);
    const { frames, zeros, storage } = host.kernel;
    if (host.processes.size > 0) throw new BrokenRule('leak', 'there is still an address space');
    // The kernel keeps the frame of zeros.
    const used = this.#free - frames.available - (zeros === null ? 0 : 1);
    if (used !== 0) throw new BrokenRule('leak', `${used} frames are still in use`);
    if (zeros !== null && storage.bytes.subarray(zeros * FRAME_SIZE, (zeros + 1) * FRAME_SIZE).some(Boolean))
      throw new BrokenRule('zeros', 'the frame of zeros was written');
    if (files.host.pipeBytes !== 0) throw new BrokenRule('leak', `pipes have ${files.host.pipeBytes} bytes`);
  }
}

/** Removes what is in a directory. */
function empty({ inode }: Dentry): void {
  if (!(inode instanceof Directory)) return;
  const cursor = inode.cursor();
  cursor.rewind();
  for (let entry = cursor.at(2); entry !== null; entry = cursor.at(entry.next)) {
    const dentry = inode.lookup(entry.name);
    if (dentry === null || dentry.mounted !== null) continue;
    empty(dentry);
    try {
      inode.remove(dentry);
    } catch {
      // A file of /proc.
    }
  }
}
