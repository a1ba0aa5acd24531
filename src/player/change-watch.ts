/** Watches memory for changes while a run plays. */

import type { Cpu, Observer } from '../machine/index.ts';
import { EventPositions } from './event-positions.ts';
import { PlayerError, type Position } from './positions.ts';
import type { Run } from './run.ts';
import type { SpaceName } from './snapshot.ts';

/** Memory whose changes are searched for: 1 to 4096 bytes in one page. */
export interface ChangeTarget {
  /** The address space, or null for absolute storage: a frame, or an entry of a table. */
  readonly space: SpaceName | null;
  readonly address: bigint;
  readonly length: number;
}

/** A change of memory. */
export interface FoundChange {
  /**
   * The first position at which the memory is different: right after the step that has changed it, or right after an event
   * that follows the change inside a step.
   */
  readonly position: Position;
  /** The absolute address of the memory after the change, or null if the page has no frame. */
  readonly absolute: bigint | null;
  /** The bytes before and after the change, or null where the page has no frame. */
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
}

/**
 * The number of stores into the memory after which the processor is stopped for a comparison. After later ones, memory is compared
 * before the next store, or when the processor stops: in memory that is stored into all the time, that is faster, but the run
 * passes the position that is found.
 */
const STOPS = 100;

/** Watches memory. Stores of processors are reported by the machine; changes by the host are compared for. */
export class ChangeWatch implements Observer {
  readonly before = null;
  readonly accessed = null;
  readonly #run: Run;
  readonly #cpu: Cpu;
  readonly #target: ChangeTarget;
  readonly #found: (change: FoundChange) => void;
  readonly #events: EventPositions;
  #absolute: bigint | null = null;
  #frame = -1;
  /** Offsets of the memory in its page. */
  readonly #first: number;
  readonly #last: number;
  #bytes: Uint8Array | null = null;
  /** The step of the last store into the memory that was not compared yet; -1 if there is none. */
  #storing = -1;
  #stores = 0;
  #acts: number;
  #hasEvents = false;

  constructor(run: Run, target: ChangeTarget, found: (change: FoundChange) => void) {
    if (run.host === null) throw new PlayerError('a trace has no memory');
    this.#run = run;
    this.#target = target;
    this.#first = Number(target.address % 4096n);
    this.#last = this.#first + target.length - 1;
    this.#found = found;
    this.#acts = run.acts;
    const { machine } = run.host;
    this.#cpu = machine.cpu(0);
    machine.observer = this;
    this.#locate();
    this.#bytes = this.#read();
    this.#events = new EventPositions(run, (_, position) => {
      this.#hasEvents = true;
      this.#check(position);
    });
  }

  /** Ends it. */
  close(): void {
    this.#events.close();
    if (this.#run.host !== null) this.#run.host.machine.observer = null;
  }

  /** The number of the frame that the memory is in now; -1 if it is in none. */
  get frame(): number {
    return this.#frame;
  }

  stored(frame: number, first: number, last: number): boolean {
    if (frame !== this.#frame) return false;
    // The next store into the frame must be reported, too.
    if (last < this.#first || first > this.#last) return true;
    this.#compareStore();
    this.#storing = this.#run.step;
    // The loop of the processor ends after the instruction, and calls `ended`.
    if (this.#stores++ < STOPS) this.#cpu.attention = true;
    return true;
  }

  abandoned(): void {}

  ended(): boolean {
    this.#compareStore();
    return false;
  }

  /** Must be called when the run has stopped between two steps. */
  stopped(): void {
    this.#compareStore();
    // Where only the processor was active, nothing else has changed.
    const { acts, step } = this.#run;
    if (acts === this.#acts && !this.#hasEvents) return;
    this.#acts = acts;
    this.#hasEvents = false;
    this.#check({ step, event: 0 });
  }

  /** Compares after the last store, unless its step is still under way: events of this step may follow. */
  #compareStore(): void {
    if (this.#storing < 0 || this.#storing >= this.#run.emitting) return;
    this.#compare({ step: this.#storing + 1, event: 0 });
    this.#storing = -1;
  }

  /** Compares the memory with what it was, wherever it is now. */
  #check(position: Position): void {
    this.#compareStore();
    this.#locate();
    this.#compare(position);
  }

  #locate(): void {
    const { space, address } = this.#target;
    const walk = space === null ? null : this.#run.snapshot.machine?.walk(space, address);
    const at = space === null ? address : (walk?.walk?.absolute ?? null);
    const size = this.#run.host?.machine.storage.size ?? 0;
    this.#absolute = at !== null && at + BigInt(this.#target.length) <= BigInt(size) ? at : null;
    const frame = this.#absolute === null ? -1 : Number(this.#absolute >> 12n);
    if (frame === this.#frame) return;
    this.#frame = frame;
    // Stores to the new frame must be reported, although a processor may have stored into it before.
    for (const cpu of this.#run.host?.machine.cpus ?? []) cpu.tlb.forgetChanges();
  }

  #read(): Uint8Array | null {
    if (this.#absolute === null) return null;
    const at = Number(this.#absolute);
    return this.#run.host?.machine.storage.bytes.slice(at, at + this.#target.length) ?? null;
  }

  #compare(position: Position): void {
    if (!this.#differs()) return;
    const before = this.#bytes;
    this.#bytes = this.#read();
    this.#found({ position, absolute: this.#absolute, before, after: this.#bytes });
  }

  #differs(): boolean {
    const bytes = this.#bytes;
    if (this.#absolute === null || bytes === null) return (this.#absolute === null) !== (bytes === null);
    const all = this.#run.host?.machine.storage.bytes as Uint8Array;
    const at = Number(this.#absolute);
    for (let i = 0; i < bytes.length; i++) if (all[at + i] !== bytes[i]) return true;
    return false;
  }
}
