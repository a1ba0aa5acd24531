/**
 * A run of a Linux program as a process. Its first step starts it, its last one ends it, and every other is a unit of work: an
 * instruction, with the system call that it makes.
 */

import type { Checker } from '../../check/index.ts';
import { Utf8Decoder } from '../../devices/index.ts';
import { Host, type InjectedFault } from '../../host/index.ts';
import { Linux, type LinuxProcess } from '../../host/task/index.ts';
import { signalName } from '../../host/task/internal.ts';
import { Machine, type Storage } from '../../machine/index.ts';
import type { Trace } from '../../trace/index.ts';
import { TerminalFilter } from '../../vmm/index.ts';
import { HostSource } from '../host-source.ts';
import type { Progress } from '../positions.ts';
import type { Run, RunListener } from '../run.ts';
import { Snapshot } from '../snapshot.ts';
import type { Program } from './program.ts';

interface ProgramRunOptions {
  readonly program: Program;
  readonly injectedFault: InjectedFault | null;
  readonly storage: Storage;
  readonly listener: RunListener | null;
}

/** The text of a stream, without the control sequences that `boot` filters. */
class OutputText {
  readonly #decoder = new Utf8Decoder();
  readonly #filter = new TerminalFilter();

  of(bytes: Uint8Array): string {
    return this.#filter.filter(this.#decoder.decode(bytes));
  }
}

/** A run of a program. */
export class ProgramRun implements Run {
  readonly trace: Trace;
  readonly snapshot: Snapshot;
  readonly host: Host;
  readonly of = null;
  readonly stride = 100_000;
  readonly vcpu = null;
  readonly live = null;
  readonly #program: Program;
  readonly #linux: Linux;
  readonly #listener: RunListener | null;
  readonly #texts = [new OutputText(), new OutputText()] as const;
  #process: LinuxProcess | null = null;
  #end: Progress['end'] = null;

  constructor({ program, injectedFault, storage, listener }: ProgramRunOptions) {
    this.#program = program;
    this.#listener = listener;
    const machine = new Machine({ storage, cpus: 1, cpuModel: 'max' });
    this.trace = machine.trace;
    this.host = new Host(machine);
    this.#linux = new Linux(this.host, { files: { [program.path]: program.image } });
    this.host.kernel.injectedFault = injectedFault;
    this.snapshot = new Snapshot(new HostSource(this.host, () => null, program.symbols));
    // Events of system calls read memory of the program, which may give it pages. So it must be in every run.
    this.trace.subscribe(() => {});
  }

  get step(): number {
    const done = this.#process === null ? 0 : 1 + this.#linux.work;
    return this.#end === null ? done : done + 1;
  }

  get emitting(): number {
    return this.#linux.scheduler.completesUnit ? this.step - 1 : this.step;
  }

  get acts(): number {
    return this.#linux.scheduler.acts + (this.#process === null ? 0 : 1);
  }

  get inStep(): boolean {
    return this.#linux.scheduler.isInUnit && this.#end === null;
  }

  get end(): Progress['end'] {
    return this.#end;
  }

  advance(steps: number, pending: () => boolean = () => false): void {
    const to = this.step + steps;
    try {
      if (this.#process === null && steps > 0) this.#process = this.#start();
      while (this.#process !== null && this.step < to && this.#end === null) {
        this.#play(this.#process, to - this.step, pending);
        if (pending()) return;
      }
    } catch (error) {
      this.#end = { sentence: error instanceof Error ? error.message : String(error), stuck: true };
    }
  }

  #start(): LinuxProcess {
    const { path, args, input } = this.#program;
    return this.#linux.spawn({
      ...{ path, args: [path, ...args], env: { PATH: '/bin', HOME: '/root' }, stdin: input },
      stdout: (bytes) => this.#write(bytes, 0),
      stderr: (bytes) => this.#write(bytes, 1),
    });
  }

  #play(process: LinuxProcess, units: number, pending: () => boolean): void {
    const before = this.#linux.work;
    const end = this.#linux.run(process, units, () => this.#linux.work > before && pending());
    this.#linux.scheduler.settle();
    if (end.kind === 'limit') return;
    if (end.kind === 'ended') {
      const { kind, value } = end.status;
      const how = kind === 'exited' ? `has exited with ${value}` : `was killed by ${signalName(value)}`;
      this.#end = { sentence: `the program ${how}`, stuck: kind !== 'exited' };
      return;
    }
    this.#end = { sentence: `all threads wait: ${this.#linux.describeWaits().join('; ')}`, stuck: true };
  }

  #write(bytes: Uint8Array, stream: 0 | 1): void {
    this.#listener?.output(this.emitting, this.#texts[stream].of(bytes));
  }

  announce(checker: Checker): void {
    checker.record(`instruction ${this.#linux.work} on`);
  }

  close(): Storage {
    const { machine, kernel } = this.host;
    machine.storage.clear(kernel.frames.touched);
    return machine.storage;
  }
}
