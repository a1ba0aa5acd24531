/**
 * A run of a guest. Its first step loads the image or the state, its last one ends the guest, and every other is a unit of work.
 */

import type { Checker } from '../../check/index.ts';
import { Host, type InjectedFault, type Vcpu } from '../../host/index.ts';
import { Machine, type Storage } from '../../machine/index.ts';
import type { Trace } from '../../trace/index.ts';
import {
  type ConsoleKind,
  describeEnd,
  type End,
  type GuestState,
  type Monitor,
  ShownConsole,
  TerminalFilter,
} from '../../vmm/index.ts';
import { HostSource } from '../host-source.ts';
import { PlayerError, type Progress } from '../positions.ts';
import type { LiveRun, Run, RunListener, Wait } from '../run.ts';
import { Snapshot } from '../snapshot.ts';
import { type Checkpoint, takeCheckpoint } from './checkpoint.ts';
import type { Checkpoints } from './checkpoints.ts';
import { GivenInput, type Input } from './given-input.ts';
import type { Guest } from './guest.ts';
import { makeMonitor } from './make-monitor.ts';

/** The part of the distance between two checkpoints in which a run leaves one before it comes to a step. */
const NEAR = 32;

/** What a live run leaves for the others: what the guest was given, and checkpoints to begin at. */
export interface History {
  readonly inputs: Input[];
  readonly checkpoints: Checkpoints;
  /** Steps between two checkpoints. */
  readonly distance: number;
}

interface GuestRunOptions {
  readonly guest: Guest;
  readonly injectedFault: InjectedFault | null;
  readonly storage: Storage;
  readonly listener: RunListener | null;
  readonly history: History;
  /** The checkpoint to begin at, or null for the start. */
  readonly from: Checkpoint | null;
}

/** A run of a guest. */
export class GuestRun implements Run, LiveRun {
  readonly trace: Trace;
  readonly snapshot: Snapshot;
  readonly host: Host;
  readonly of = null;
  readonly stride = 100_000;
  readonly live: LiveRun | null;
  readonly #guest: Guest;
  readonly #listener: RunListener | null;
  readonly #history: History;
  readonly #from: Checkpoint | null;
  readonly #input: GivenInput;
  readonly #shown = new ShownConsole();
  readonly #filters = {
    ascii: new TerminalFilter(),
    line: new TerminalFilter(),
    virtio: new TerminalFilter(),
  };
  #monitor: Monitor | null = null;
  #end: Progress['end'] = null;
  #wait: Wait | null = null;
  /** Whether the guest is exactly between two units of work, where it may be given input. */
  #isBetween = true;
  #checkpointAt: number;
  /** The step that the run goes to. */
  #target = 0;
  /** Units of work done when the host last had nothing left to handle. */
  #handled = 0;
  /** Exits handled when `pending` was last called, units of work done when the host last acted, and when it did inside a unit. */
  #exits = 0;
  #actedAt = -1;
  #actedInUnit = -1;
  /** Whether the part that is played shall end. */
  #stopping = false;

  constructor({ guest, injectedFault, storage, listener, history, from }: GuestRunOptions) {
    this.#guest = guest;
    this.#listener = listener;
    this.#history = history;
    this.#from = from;
    this.#checkpointAt = history.distance;
    this.live = guest.isLive && listener !== null ? this : null;
    this.#input = new GivenInput(history.inputs, from?.inputs ?? 0, this.live !== null);
    const machine = new Machine({ storage, cpuModel: guest.cpuModel });
    this.trace = machine.trace;
    this.host = new Host(machine);
    this.host.kernel.injectedFault = injectedFault;
    this.snapshot = new Snapshot(new HostSource(this.host, () => this.vcpu, guest.symbols));
    if (from !== null) this.#load();
  }

  /** Loading is a step, and so are each completed instruction, each interruption and the end. */
  get step(): number {
    const { executed } = this.host.machine.cpu(0);
    const done = this.#monitor === null ? 0 : (this.#from?.step ?? 1) + executed;
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

  get wait(): Wait | null {
    return this.#wait;
  }

  get checkpoints(): readonly number[] {
    return this.#history.checkpoints.steps;
  }

  input(bytes: Uint8Array): number {
    return this.#input.add(bytes);
  }

  save(): GuestState {
    if (this.#monitor === null || this.#end !== null) throw new PlayerError('there is no guest to be saved');
    return this.#monitor.save();
  }

  advance(steps: number, pending: () => boolean = () => false): void {
    const to = this.step + steps;
    try {
      if (this.#monitor === null && steps > 0) this.#load();
      while (this.step < to && this.#end === null) {
        if (this.#playPart(this.#monitor as Monitor, to - this.step, pending)) return;
      }
    } catch (error) {
      this.#end = { sentence: error instanceof Error ? error.message : String(error), stuck: true };
    }
  }

  /** Plays some units of work. Returns whether to play no more. */
  #playPart(monitor: Monitor, units: number, pending: () => boolean): boolean {
    const cpu = this.host.machine.cpu(0);
    const before = this.step;
    if (this.#isBetween || this.live === null) this.#input.give(monitor, before, cpu.machineTod);
    const most = this.#input.unitsBefore(monitor, before, Math.min(units, this.#unitsToCheckpoint()));
    this.#stopping = false;
    this.#wait = null;
    const end = monitor.run(most, () => this.#left(pending));
    this.#isBetween = end.kind === 'input' || (most === 1 && this.step === before + 1);
    this.#handled = cpu.executed;
    this.#noteEnd(monitor, end);
    if (this.#end === null && this.step >= this.#checkpointDue) this.#takeCheckpoint(monitor);
    this.#stopping ||= this.#wait !== null || pending();
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
    const console = { write: (text: string, kind: ConsoleKind) => this.#write(text, kind) };
    this.#monitor = makeMonitor(this.host, this.#guest, console, this.#from);
  }

  /** The step at which the run leaves a checkpoint. One that goes far to a step leaves one close to it: users go back step by step. */
  get #checkpointDue(): number {
    if (this.live !== null) return this.#checkpointAt;
    if (!this.#guest.isLive) return Infinity;
    const { distance, checkpoints } = this.#history;
    const close = this.#target - Math.floor(distance / NEAR);
    return close - checkpoints.nearestStep(this.#target) > distance / NEAR ? close : Infinity;
  }

  #unitsToCheckpoint(): number {
    const left = this.#checkpointDue - this.step;
    return left > 0 ? left : Infinity;
  }

  #takeCheckpoint(monitor: Monitor): void {
    this.#checkpointAt = this.step + this.#history.distance;
    this.#history.checkpoints.add(takeCheckpoint(monitor, this.step, this.#input.count));
  }

  /** Reports output of the shown console, filtered for terminals. */
  #write(text: string, console: ConsoleKind): void {
    if (this.#shown.shows(text, console))
      this.#listener?.output(this.step, this.#filters[console].filter(text));
  }

  #noteEnd(monitor: Monitor, end: End): void {
    if (end.kind === 'limit') return;
    if (end.kind === 'input' && (this.live !== null || end.until !== null)) {
      if (this.live !== null) this.#wait = { until: end.until, now: this.host.machine.cpu(0).machineTod };
      return;
    }
    // As a command of `boot` does: a kernel boots again.
    if (end.kind === 'reset' && this.#guest.hasChannels) {
      monitor.reload();
      return;
    }
    const succeeded = end.kind === 'stopped' || (end.kind === 'disabled-wait' && end.address === 0n);
    this.#end = { sentence: describeEnd(end, this.#guest.symbols), stuck: !succeeded };
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
