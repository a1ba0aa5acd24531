/**
 * A guest that can go back: it starts again from its image, and repeats what came from outside (console input, changes by a
 * debugger) at the positions where it came. Everything else follows from the instructions.
 */

import type { Host } from '../../host/index.ts';
import type { Storage } from '../../machine/index.ts';
import type { ConsoleKind, End, GuestConsole, Monitor } from '../../vmm/index.ts';

/** A guest, and the host that it runs on, which has no other. */
export interface Guest {
  readonly host: Host;
  readonly monitor: Monitor;
}

/**
 * Creates the guest as it is at its start. Must create the same one each time.
 * @param storage storage of an earlier one, cleared; null the first time
 */
export type GuestFactory = (console: GuestConsole, storage: Storage | null) => Guest;

/** What came from outside, and when. */
interface Action {
  /** Units of work before it, and the TOD clock, which a wait moves without work. */
  readonly executed: number;
  readonly tod: bigint;
  perform(guest: Guest): void;
}

/** The most that is kept of what came from outside, in bytes. */
const KEPT_MAX = 16 << 20;
/** What an action takes besides its bytes. */
const ACTION_BYTES = 100;

/** The guest, and its history. */
export class RecordedGuest {
  readonly #factory: GuestFactory;
  readonly #console: GuestConsole;
  #guest: Guest;
  #actions: Action[] = [];
  /** Index of the first action that is not performed yet. */
  #next = 0;
  #bytes = 0;
  /** Console outputs since the start, and those that the console has received. */
  #outputs = 0;
  #shown = 0;
  /** Units of work done when the guest was furthest. */
  #newest = 0;
  #begin = 0;

  /**
   * @param console receives each output once, also if the guest repeats it
   * @throws what `factory` throws
   */
  constructor(factory: GuestFactory, console: GuestConsole) {
    this.#factory = factory;
    this.#console = console;
    this.#guest = this.#create(null);
  }

  #create(storage: Storage | null): Guest {
    return this.#factory({ write: (text, which) => this.#write(text, which) }, storage);
  }

  #write(text: string, which: ConsoleKind): void {
    this.#outputs++;
    if (this.#outputs <= this.#shown) return;
    this.#shown = this.#outputs;
    this.#console.write(text, which);
  }

  get host(): Host {
    return this.#guest.host;
  }

  get monitor(): Monitor {
    return this.#guest.monitor;
  }

  /** Units of work done since the start: the position. */
  get executed(): number {
    return this.host.machine.cpu(0).executed;
  }

  /** The first position that it can go back to: that of the last change by a debugger. Infinity if too much is recorded. */
  get begin(): number {
    return this.#begin;
  }

  /** Whether nothing is known of what comes next. */
  get atNewest(): boolean {
    return this.#next === this.#actions.length && this.executed >= this.#newest;
  }

  /**
   * Performs an action that comes from outside, and records it. What was known of the time after is forgotten.
   * @param bytes its size
   * @param change whether the guest cannot go back beyond it
   * @throws what `perform` throws: it must have changed nothing then
   */
  act(bytes: number, change: boolean, perform: (guest: Guest) => void): void {
    const { executed } = this;
    perform(this.#guest);
    this.#actions.length = this.#next;
    this.#newest = executed;
    this.#shown = this.#outputs;
    if (change) this.#begin = Math.max(this.#begin, executed);
    this.#bytes += bytes + ACTION_BYTES;
    if (this.#bytes > KEPT_MAX) this.#begin = Infinity;
    else this.#actions.push({ executed, tod: this.host.machine.clock.tod, perform });
    this.#next = this.#actions.length;
  }

  /**
   * Runs for at most `limit` units of work, as `Monitor.run`. Returns 'limit' earlier if something comes from outside.
   * @param pending as of `Monitor.run`
   */
  run(limit: number, pending: () => boolean): End {
    this.#performDue();
    const action = this.#actions[this.#next];
    const most = action === undefined ? limit : Math.min(limit, Math.max(1, action.executed - this.executed));
    const end = this.monitor.run(most, pending);
    this.#performDue();
    this.#newest = Math.max(this.#newest, this.executed);
    if (end.kind !== 'input' || this.atNewest) return end;
    // The input that it waits for is recorded, or the clock ended the wait.
    return this.#next < this.#actions.length || end.until !== null ? { kind: 'limit' } : end;
  }

  #performDue(): void {
    const { tod } = this.host.machine.clock;
    for (let action = this.#actions[this.#next]; action !== undefined; action = this.#actions[this.#next]) {
      if (action.executed > this.executed) return;
      if (action.executed === this.executed && action.tod > tod) return;
      this.#next++;
      action.perform(this.#guest);
    }
  }

  /** Goes back to the start. */
  restart(): void {
    const { machine, kernel } = this.host;
    machine.storage.clear(kernel.frames.touched);
    this.#outputs = 0;
    this.#next = 0;
    this.#guest = this.#create(machine.storage);
    this.#performDue();
  }
}
