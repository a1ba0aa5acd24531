/**
 * A run of a guest. Its first step loads the image, its last one ends the guest, and every other is a unit of work.
 */

import type { Checker } from '../../check/index.ts';
import { Host, type InjectedFault, type Vcpu } from '../../host/index.ts';
import { MIB } from '../../host/internal.ts';
import { Machine, type Storage } from '../../machine/index.ts';
import type { Trace } from '../../trace/index.ts';
import {
  type ConsoleKind,
  describeEnd,
  type ElfImage,
  type End,
  Monitor,
  ShownConsole,
  type SymbolTable,
  TerminalFilter,
} from '../../vmm/index.ts';
import { HostSource } from '../host-source.ts';
import type { Progress, Source } from '../positions.ts';
import type { Run, RunListener } from '../run.ts';
import { Snapshot } from '../snapshot.ts';

/** Process address behind guest address 0, and the default size of guest memory, in bytes. */
const MEMORY_AT = 256n * MIB;
const MEMORY = 64n * MIB;

interface GuestRunOptions {
  readonly source: Source & { kind: 'guest' };
  readonly image: ElfImage;
  readonly symbols: SymbolTable;
  readonly injectedFault: InjectedFault | null;
  readonly storage: Storage;
  readonly listener: RunListener | null;
}

/** A run of a guest. */
export class GuestRun implements Run {
  readonly trace: Trace;
  readonly snapshot: Snapshot;
  readonly host: Host;
  readonly of = null;
  readonly stride = 100_000;
  readonly #source: Source & { kind: 'guest' };
  readonly #image: ElfImage;
  readonly #symbols: SymbolTable;
  readonly #listener: RunListener | null;
  readonly #shown = new ShownConsole();
  readonly #filters = {
    ascii: new TerminalFilter(),
    line: new TerminalFilter(),
    virtio: new TerminalFilter(),
  };
  #monitor: Monitor | null = null;
  #end: Progress['end'] = null;
  /** Units of work done when the host last had nothing left to handle. */
  #handled = 0;
  /** Exits handled when `pending` was last called, units of work done when the host last acted, and when it did inside a unit. */
  #exits = 0;
  #actedAt = -1;
  #actedInUnit = -1;
  /** Whether the part that is played shall end. */
  #stopping = false;

  constructor({ source, image, symbols, injectedFault, storage, listener }: GuestRunOptions) {
    this.#source = source;
    this.#image = image;
    this.#symbols = symbols;
    this.#listener = listener;
    const machine = new Machine({ storage });
    this.trace = machine.trace;
    this.host = new Host(machine);
    this.host.kernel.injectedFault = injectedFault;
    this.snapshot = new Snapshot(new HostSource(this.host, () => this.vcpu, symbols));
  }

  /** Loading is a step, and so are each completed instruction, each interruption and the end. */
  get step(): number {
    const done = this.#monitor === null ? 0 : 1 + this.host.machine.cpu(0).executed;
    return this.#end === null ? done : done + 1;
  }

  get emitting(): number {
    const { executed, interceptedAt } = this.host.machine.cpu(0);
    return interceptedAt === executed && executed > this.#handled ? this.step - 1 : this.step;
  }

  get acts(): number {
    return (this.#monitor === null ? 0 : 1) + (this.vcpu?.exits ?? 0);
  }

  get inStep(): boolean {
    return this.#actedInUnit === this.host.machine.cpu(0).executed && this.#end === null;
  }

  get vcpu(): Vcpu | null {
    return this.#monitor?.current ?? null;
  }

  get end(): Progress['end'] {
    return this.#end;
  }

  advance(steps: number, pending: () => boolean = () => false): void {
    const to = this.step + steps;
    try {
      if (this.#monitor === null && steps > 0) this.#load();
      while (this.step < to && this.#end === null) {
        if (this.#playPart(to - this.step, pending)) return;
      }
    } catch (error) {
      this.#end = { sentence: error instanceof Error ? error.message : String(error), stuck: true };
    }
  }

  /** Plays some units of work. Returns whether to play no more. */
  #playPart(units: number, pending: () => boolean): boolean {
    const cpu = this.host.machine.cpu(0);
    this.#stopping = false;
    const end = this.#monitor?.run(units, () => this.#left(pending));
    this.#handled = cpu.executed;
    this.#noteEnd(end);
    this.#stopping ||= pending();
    return this.#stopping;
  }

  /**
   * The guest has left interpretive execution, and the host has handled why. A virtual CPU that it has stopped still returns
   * to its user, in the same step. The monitor asks again when a part ends early.
   */
  #left(pending: () => boolean): boolean {
    if (this.#stopping) return true;
    const { executed, interceptedAt } = this.host.machine.cpu(0);
    const exits = this.vcpu?.exits ?? 0;
    if (exits !== this.#exits) {
      // What the host does first after an interception completes that unit. All else belongs to the unit under way.
      if (interceptedAt !== executed || this.#actedAt === executed) this.#actedInUnit = executed;
      this.#actedAt = executed;
      this.#exits = exits;
    }
    if (this.vcpu?.stopped === false) this.#handled = executed;
    this.#stopping = pending() && this.vcpu?.stopped !== true;
    return this.#stopping;
  }

  #load(): void {
    const length = this.#source.memory ?? MEMORY;
    const mm = this.host.createMm();
    mm.mmap({ address: MEMORY_AT, length });
    this.#monitor = new Monitor(this.host, mm, {
      image: this.#image,
      maps: [{ from: MEMORY_AT, to: 0n, length }],
      console: { write: (text, console) => this.#write(text, console) },
      arguments: this.#source.arguments ?? '',
    });
  }

  /** Reports output of the shown console, filtered for terminals. */
  #write(text: string, console: ConsoleKind): void {
    if (this.#shown.shows(text, console))
      this.#listener?.output(this.step, this.#filters[console].filter(text));
  }

  #noteEnd(end: End | undefined): void {
    if (end === undefined || end.kind === 'limit') return;
    const succeeded = end.kind === 'stopped' || (end.kind === 'disabled-wait' && end.address === 0n);
    this.#end = { sentence: describeEnd(end, this.#symbols), stuck: !succeeded };
  }

  announce(checker: Checker): void {
    checker.record(`instruction ${this.host.machine.cpu(0).executed} on`);
  }

  close(): Storage {
    const { machine, kernel } = this.host;
    machine.storage.clear(kernel.frames.touched);
    return machine.storage;
  }
}
