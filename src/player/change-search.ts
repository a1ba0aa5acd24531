/** "Who wrote this?": the search for a change of memory, forward or back. */

import type { Cpu, Observer } from '../machine/index.ts';
import type { Direction } from './breakpoint-search.ts';
import { EventPositions } from './event-positions.ts';
import { isEarlier, PlayerError, type Position } from './positions.ts';
import type { Run } from './run.ts';
import type { RunPool } from './run-pool.ts';
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

const PAGE = 4096;

/** @throws PlayerError if the target is not in one page */
export function demandTarget({ address, length }: ChangeTarget): void {
  const inPage = Number.isInteger(length) && length >= 1 && Number(address % 4096n) + length <= PAGE;
  if (address < 0n || address >= 1n << 64n || !inPage) {
    throw new PlayerError(`${length} bytes at 0x${address.toString(16)} are not in one page`);
  }
}

/** Watches memory while a run plays. Stores of processors are reported by the machine; changes by the host are compared for. */
class ChangeWatch implements Observer {
  readonly before = null;
  readonly accessed = null;
  readonly #run: Run;
  readonly #cpu: Cpu;
  readonly #target: ChangeTarget;
  readonly #found: (change: FoundChange) => void;
  readonly #events: EventPositions;
  #absolute: bigint | null = null;
  #frame = -1;
  #bytes: Uint8Array | null = null;
  #stored = false;

  constructor(run: Run, target: ChangeTarget, found: (change: FoundChange) => void) {
    if (run.host === null) throw new PlayerError('a trace has no memory');
    this.#run = run;
    this.#target = target;
    this.#found = found;
    const { machine } = run.host;
    this.#cpu = machine.cpu(0);
    machine.observer = this;
    this.#locate();
    this.#bytes = this.#read();
    this.#events = new EventPositions(run, (_, position) => this.check(position));
  }

  close(): void {
    this.#events.close();
    if (this.#run.host !== null) this.#run.host.machine.observer = null;
  }

  stored(frame: number): boolean {
    if (frame !== this.#frame) return false;
    this.#stored = true;
    // The loop of the processor ends after the instruction, and calls `ended`.
    this.#cpu.attention = true;
    return true;
  }

  abandoned(): void {}

  ended(): boolean {
    if (this.#stored) this.#compare({ step: this.#run.step, event: 0 });
    this.#stored = false;
    return false;
  }

  /** Compares the memory with what it was, wherever it is now. */
  check(position: Position): void {
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

/**
 * A search. Forward it plays from the position to the first change. Backwards it plays the part before the position, from
 * where the nearest run was left, and only if nothing changes there the part before that.
 */
export class ChangeSearch {
  readonly #pool: RunPool;
  readonly #target: ChangeTarget;
  readonly #from: Position;
  readonly #direction: Direction;
  readonly #last: number;
  #run: Run | null;
  #watch: ChangeWatch | null = null;
  /** The step at which the part that is played ends. */
  #end: number;
  #start: number;
  #found: FoundChange | null = null;
  #done = false;

  /** @param steps those that are recorded */
  constructor(pool: RunPool, target: ChangeTarget, from: Position, direction: Direction, steps: number) {
    this.#pool = pool;
    this.#target = target;
    this.#from = from;
    this.#direction = direction;
    this.#last = Math.min(steps, from.step + (from.event > 0 ? 1 : 0));
    this.#end = direction === 'next' ? steps : this.#last;
    const first = direction === 'next' ? from.step : Math.max(0, this.#last - 1);
    this.#run = pool.take(first);
    this.#start = direction === 'next' ? from.step : this.#run.step;
  }

  /** The change, once the search is done; null if there is none. */
  get found(): FoundChange | null {
    return this.#done ? this.#found : null;
  }

  /** How far it has come, 0 to 1. */
  get progress(): number {
    if (this.#run === null) return 1;
    const played = this.#run.step - this.#start;
    if (this.#direction === 'next') return Math.max(0, played / Math.max(1, this.#end - this.#start));
    return (this.#last - this.#end + played) / Math.max(1, this.#last);
  }

  /**
   * Continues the search. Returns whether it is done.
   * @param pending called often; when it returns true, the search pauses
   */
  advance(pending: () => boolean = () => false): boolean {
    while (this.#run !== null) {
      if (!this.#playPart(this.#run, pending)) return false;
      if (this.#direction === 'next' || this.#found !== null || this.#start === 0) this.#finish();
      else this.#goBack();
      if (this.#run !== null && pending()) return false;
    }
    return true;
  }

  /** Plays the part. Returns whether it is played to its end, or a change that is the result was found. */
  #playPart(run: Run, pending: () => boolean): boolean {
    if (run.step < this.#start) run.advance(this.#start - run.step, pending);
    if (run.step < this.#start && run.end === null) return false;
    this.#watch ??= new ChangeWatch(run, this.#target, (change) => this.#note(change));
    const watch = this.#watch;
    while (run.step < this.#end && run.end === null && !this.#isResult()) {
      this.#stride(run, watch, pending);
      if (pending()) return run.step >= this.#end || run.end !== null || this.#isResult();
    }
    return true;
  }

  /** Plays until the host has acted, and to the end of the step for which it has. */
  #stride(run: Run, watch: ChangeWatch, pending: () => boolean): void {
    const cpu = run.host?.machine.cpu(0) as Cpu;
    const { interceptedAt } = cpu;
    let acted = false;
    const most = run.stride === 1 ? 1 : this.#end - run.step;
    run.advance(most, () => {
      acted = true;
      return this.#isResult() || cpu.executed !== interceptedAt || pending();
    });
    // The host may have acted for a step that is not complete: what it has changed is a change of that step.
    const complete = cpu.interceptedAt !== interceptedAt && cpu.interceptedAt === cpu.executed;
    if (acted && !complete && run.stride !== 1 && run.step < this.#end) run.advance(1);
    watch.check({ step: run.step, event: 0 });
  }

  #note(change: FoundChange): void {
    if (this.#direction === 'previous') {
      if (!isEarlier(this.#from, change.position)) this.#found = change;
    } else if (isEarlier(this.#from, change.position)) {
      this.#found ??= change;
    }
  }

  #isResult(): boolean {
    return this.#direction === 'next' && this.#found !== null;
  }

  /** Begins the part before the one that was played. */
  #goBack(): void {
    this.#leave();
    this.#end = this.#start;
    this.#run = this.#pool.take(this.#end - 1);
    this.#start = this.#run.step;
  }

  #finish(): void {
    this.#done = true;
    this.#leave();
  }

  #leave(): void {
    this.#watch?.close();
    this.#watch = null;
    if (this.#run !== null) this.#pool.give(this.#run);
    this.#run = null;
  }

  /** Ends the search. */
  close(): void {
    this.#leave();
  }
}
