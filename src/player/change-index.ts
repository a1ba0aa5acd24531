/**
 * An index of a recording for "Who wrote this?": which frames may have changed in which interval of steps, so that a search plays
 * only intervals in which its memory may have changed.
 *
 * The machine reports the first store into each frame in each interval: of a processor, and of the host into memory of a process or
 * a guest. Changes of tables are not reported: an interval in which the host may have changed some may have changed any frame.
 * So a value that was changed and restored within an interval is not overlooked.
 */

import type { Host } from '../host/index.ts';
import { type Cpu, FRAME_SIZE, type Observer } from '../machine/index.ts';
import type { TraceEventType } from '../trace/index.ts';
import type { Run } from './run.ts';

/** Maximum number of intervals. When there are more, each two are made one. */
const INTERVALS_MAX = 512;

/** Consecutive steps: changes in them are at positions from step `first` up to step `end`, inclusive. */
export interface Interval {
  readonly first: number;
  readonly end: number;
}

/** Events that tell of no change of memory that is not reported otherwise. A fault that changes a table emits others, too. */
const QUIET: ReadonlySet<TraceEventType> = new Set(['exit', 'interruption', 'gmap-fault']);

/** What may have changed in an interval: frames that processors have stored into, a bit each, or null for any frame. */
type Changed = Uint32Array | null;

/** Builds the index while a run plays, see `extend`. */
export class ChangeIndex implements Observer {
  readonly before = null;
  readonly accessed = null;
  readonly #run: Run;
  readonly #host: Host;
  readonly #cpus: readonly Cpu[];
  readonly #ended: Changed[] = [];
  /** The interval under way. */
  readonly #stored: Uint32Array;
  /** Whether an event tells of a change that is not reported otherwise. */
  #hasChange = true;
  /** Steps in an interval. */
  #length: number;

  /** @param length steps in an interval, at first */
  constructor(run: Run, length: number) {
    if (run.host === null) throw new TypeError('a run without a machine changes no memory');
    const { machine } = run.host;
    this.#run = run;
    this.#cpus = machine.cpus;
    this.#stored = new Uint32Array(Math.ceil(machine.storage.size / FRAME_SIZE / 32));
    this.#host = run.host;
    this.#length = length;
    machine.observer = this;
  }

  stored(frame: number): boolean {
    this.#stored[frame >>> 5]! |= 1 << (frame & 31);
    return false;
  }

  abandoned(): void {}

  ended(): boolean {
    return false;
  }

  /** Must be called for each event of the run. */
  emitted(type: TraceEventType): void {
    if (!QUIET.has(type)) this.#hasChange = true;
  }

  /** Must be called when the run has come to a multiple of the length that the index was created with. */
  extend(): void {
    if (this.#run.step < this.#length * (this.#ended.length + 1)) return;
    this.#ended.push(this.#changed());
    this.#stored.fill(0);
    this.#hasChange = false;
    this.#host.forgetTableChanges();
    for (const { tlb } of this.#cpus) tlb.forgetChanges();
    if (this.#ended.length === INTERVALS_MAX) this.#halve();
  }

  #changed(): Changed {
    if (this.#hasChange || this.#host.tablesChanged || this.#run.end !== null) return null;
    let words = this.#stored.length;
    while (words > 0 && this.#stored[words - 1] === 0) words--;
    return this.#stored.slice(0, words);
  }

  #halve(): void {
    const all = this.#ended.splice(0);
    for (let i = 0; i < all.length; i += 2) this.#ended.push(union(all[i] as Changed, all[i + 1] as Changed));
    this.#length *= 2;
  }

  /**
   * Returns the last interval before a step in which a frame may have changed, cut off at this step, or null if there is none.
   * @param frame number of the frame; -1 for memory that has none, which only the host gives it; null for any memory
   */
  lastBefore(step: number, frame: number | null): Interval | null {
    for (let i = Math.floor((step - 1) / this.#length); i >= 0; i--) {
      if (this.#mayChange(i, frame))
        return { first: i * this.#length, end: Math.min(step, (i + 1) * this.#length) };
    }
    return null;
  }

  /** As `lastBefore`, for the first interval after a step. */
  firstAfter(step: number, frame: number | null): Interval | null {
    for (let i = Math.floor(step / this.#length); i <= this.#ended.length; i++) {
      if (this.#mayChange(i, frame))
        return { first: Math.max(step, i * this.#length), end: (i + 1) * this.#length };
    }
    return null;
  }

  #mayChange(interval: number, frame: number | null): boolean {
    const changed = interval < this.#ended.length ? (this.#ended[interval] as Changed) : this.#changed();
    if (changed === null || frame === null) return true;
    return frame >= 0 && (((changed[frame >>> 5] ?? 0) >>> (frame & 31)) & 1) === 1;
  }
}

function union(one: Changed, other: Changed): Changed {
  if (one === null || other === null) return null;
  const [longer, shorter] = one.length >= other.length ? [one, other] : [other, one];
  for (let i = 0; i < shorter.length; i++) longer[i]! |= shorter[i] as number;
  return longer;
}
