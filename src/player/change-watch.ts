/**
 * Watches a place in the storage of a run for changes: it compares the contents at each position, right after each step
 * and each event. A place that is changed and changed back between two positions counts as unchanged.
 *
 * In a guest, it does not compare after every instruction: the processor reports when it is about to store into the frame.
 * The host's stores are not reported, but the host only acts outside of interpretive execution.
 */

import type { Host } from '../host/index.ts';
import { type Cpu, FRAME_SIZE, type Machine, type Observer } from '../machine/index.ts';
import type { Place } from './change-subject.ts';
import { EventPositions } from './event-positions.ts';
import type { Position } from './positions.ts';
import type { Run } from './run.ts';

/** The longest contents that a change reports, in bytes. */
const VALUE_MAX = 16;

/** A change. */
export interface Change {
  /** The first position with the new contents: right after the step, or after the first event in it that follows the change. */
  readonly position: Position;
  /** The contents before and after, if they are at most 16 bytes, or else null. */
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
}

/** A watch. It begins when it is constructed, and ends with `close`. */
export class ChangeWatch implements Observer {
  readonly before: Observer['before'];
  readonly accessed = null;
  readonly #run: Run;
  readonly #machine: Machine;
  /** The processor on which guests run. */
  readonly #cpu: Cpu;
  readonly #changed: (change: Change) => boolean;
  readonly #events: EventPositions;
  /** The array that holds the place, and where in it. */
  readonly #bytes: Uint8Array;
  readonly #first: number;
  readonly #contents: Uint8Array;
  /** Frames that hold the place; none for a storage key. */
  readonly #firstFrame: number;
  readonly #lastFrame: number;
  /** A storage key changes without a store: it is compared after each instruction. */
  readonly #isKey: boolean;
  /** Whether the contents may differ from `#contents`. */
  #suspect = false;
  /** The step before which the contents were last compared. */
  #compared: number;
  /** Units of work before the instruction that was observed last: it may be executed again. */
  #seen = -1;
  #stopped = false;

  /**
   * @param run at the end of a step
   * @param changed called for each change. Returns whether the run must stop
   * @throws BusyError while a processor executes
   */
  constructor(run: Run, host: Host, place: Place, changed: (change: Change) => boolean) {
    this.#run = run;
    this.#changed = changed;
    const { machine } = host;
    this.#machine = machine;
    this.#cpu = machine.cpu(0);
    this.before = () => this.#before();
    this.#isKey = place.of === 'keys';
    this.#bytes = this.#isKey ? machine.storage.keys : machine.storage.bytes;
    this.#first = this.#isKey ? place.address / FRAME_SIZE : place.address;
    this.#contents = this.#bytes.slice(this.#first, this.#first + place.length);
    this.#firstFrame = this.#isKey ? -1 : Math.floor(place.address / FRAME_SIZE);
    this.#lastFrame = this.#isKey ? -1 : Math.floor((place.address + place.length - 1) / FRAME_SIZE);
    this.#compared = run.step;
    this.#events = new EventPositions(run, (_, position) => {
      this.#compare(position);
      this.#suspect = true;
    });
    machine.observer = this;
  }

  /** Ends the watch. */
  close(): void {
    this.#events.close();
    this.#machine.observer = null;
  }

  /** Whether `changed` has stopped the run. */
  get stopped(): boolean {
    return this.#stopped;
  }

  stored(frame: number): boolean {
    if (frame < this.#firstFrame || frame > this.#lastFrame) return false;
    this.#suspect = true;
    return true;
  }

  abandoned(): void {}

  ended(): boolean {
    this.#afterSteps();
    return this.#stopped;
  }

  /** Must be called when the run has stopped, and as its `pending`. Returns whether the run must stop. */
  paused(): boolean {
    const { step, emitting } = this.#run;
    if (step === emitting) this.#afterSteps();
    // The host may have stored.
    this.#suspect = true;
    return this.#stopped;
  }

  #before(): boolean {
    const { executed } = this.#cpu;
    // What has changed since an instruction was first observed, the host has changed in the middle of the step.
    if (executed === this.#seen) return this.#stopped;
    this.#seen = executed;
    if (this.#isKey || this.#suspect) this.#afterSteps();
    return this.#stopped;
  }

  /** Compares at the end of a step, unless another step has begun. */
  #afterSteps(): void {
    const { step } = this.#run;
    if (step === this.#compared) return;
    this.#compared = step;
    this.#suspect = false;
    this.#compare({ step, event: 0 });
  }

  #compare(position: Position): void {
    const contents = this.#contents;
    const { length } = contents;
    for (let i = 0; i < length; i++) {
      if (contents[i] !== this.#bytes[this.#first + i]) {
        this.#report(position);
        return;
      }
    }
  }

  #report(position: Position): void {
    const contents = this.#contents;
    const isShort = contents.length <= VALUE_MAX;
    const before = isShort ? contents.slice() : null;
    contents.set(this.#bytes.subarray(this.#first, this.#first + contents.length));
    if (this.#changed({ position, before, after: isShort ? contents.slice() : null })) this.#stopped = true;
  }
}
