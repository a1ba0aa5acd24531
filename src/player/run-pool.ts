/**
 * The runs of a recording that are kept for later, each at its own step, and their storage. Going back is fast if one of them
 * has not passed the step.
 */

import { DEFAULT_STORAGE_SIZE, Storage } from '../machine/index.ts';
import type { Run, RunListener } from './run.ts';

/** Creates runs of a recording. */
export interface RunFactory {
  /**
   * Creates a run, with storage from `storage` if it needs any.
   * @param step one that the run shall not have passed: it may begin at `nearest(step)`
   */
  create(storage: () => Storage, listener: RunListener | null, step: number): Run;
  /** Returns the last step, up to a step, at which a run can begin. */
  nearest(step: number): number;
}

/** Returns a factory of runs that begin at the start. */
export function fromStart(create: (storage: () => Storage, listener: RunListener | null) => Run): RunFactory {
  return { create, nearest: () => 0 };
}

/** Storage sizes in bytes: the usual one, and one for browsers that cannot allocate that much. */
const STORAGE_SIZES = [DEFAULT_STORAGE_SIZE, DEFAULT_STORAGE_SIZE / 4] as const;

/** The least distance between two runs that `prepare` makes, in steps. It is played in about ten milliseconds. */
const DISTANCE = 250_000;

/** The runs that nobody uses at the moment. */
export class RunPool {
  readonly #factory: RunFactory;
  readonly #most: number;
  /** In ascending order of step. */
  #kept: Run[] = [];
  readonly #spare: Storage[];
  /** The run that `prepare` plays, and to which step. */
  #preparing: { readonly run: Run; readonly to: number } | null = null;
  /** How many runs `prepare` may still make before another run is used. */
  #left = Infinity;

  /**
   * @param spare storage that is no longer in use, cleared
   * @param most maximum number of runs kept
   */
  constructor(factory: RunFactory, spare: readonly Storage[], most: number) {
    this.#factory = factory;
    this.#spare = [...spare];
    this.#most = most;
  }

  /** The steps at which runs are kept, in ascending order. */
  get steps(): readonly number[] {
    return this.#kept.map(({ step }) => step);
  }

  /** Creates a run. @throws RangeError if no storage can be allocated */
  create(listener: RunListener | null = null, step = 0): Run {
    return this.#factory.create(() => this.#storage(), listener, step);
  }

  /**
   * Returns the run that has come closest to a step without passing it, or a new one if that is closer. It is no longer kept:
   * the caller gives it back.
   */
  take(step: number): Run {
    this.#left = Infinity;
    const beginning = this.#factory.nearest(step);
    for (let i = this.#kept.length - 1; i >= 0; i--) {
      const run = this.#kept[i] as Run;
      if (run.step >= beginning && !hasPassed(run, step)) return this.#kept.splice(i, 1)[0] as Run;
    }
    // One that would be closed later is closed now, because a run can have much memory.
    if (this.#kept.length > 0 && this.#kept.length === this.#most) this.close(this.#leastUseful());
    return this.create(null, step);
  }

  /** The step of the run that `take` would return. */
  nearest(step: number): number {
    return Math.max(
      this.#kept.findLast((run) => !hasPassed(run, step))?.step ?? 0,
      this.#factory.nearest(step),
    );
  }

  /** Keeps a run. If there are too many, closes the one that another one can best stand in for. */
  give(run: Run): void {
    this.#kept.push(run);
    this.#kept.sort((a, b) => a.step - b.step);
    if (this.#kept.length > this.#most) this.close(this.#leastUseful());
  }

  /**
   * Makes runs at equal distances, so that every position is close to one. Returns whether all exist.
   * @param steps the length of the recording
   * @param count how many to make at most; fewer than are kept, because others are used, too
   * @param pending called often; when it returns true, playing stops
   */
  prepare(steps: number, count: number, pending: () => boolean): boolean {
    const distance = Math.max(DISTANCE, Math.floor(steps / (count + 1)));
    this.#left = Math.min(this.#left, count);
    for (;;) {
      this.#preparing ??= this.#missing(steps, distance);
      if (this.#preparing === null) return true;
      const { run, to } = this.#preparing;
      run.advance(to - run.step, pending);
      if (run.step < to && run.end === null) return false;
      this.#preparing = null;
      this.give(run);
      if (pending()) return false;
    }
  }

  /** Returns a new run for the first step, a multiple of the distance, that no run is near. Null if there is no such step, or no storage. */
  #missing(steps: number, distance: number): { readonly run: Run; readonly to: number } | null {
    if (this.#left <= 0) return null;
    for (let to = distance; to + distance <= steps; to += distance) {
      if (this.nearest(to) > to - distance) continue;
      this.#left--;
      return this.#createSpare(to);
    }
    return null;
  }

  /** Creates a run only if no other has to be closed for it. */
  #createSpare(to: number): { readonly run: Run; readonly to: number } | null {
    try {
      const storage = () => this.#spare.pop() ?? new Storage(STORAGE_SIZES[0]);
      return { run: this.#factory.create(storage, null, to), to };
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  /** Removes the run that is the fewest steps past the one before it. */
  #leastUseful(): Run {
    let least = 0;
    let distance = Infinity;
    this.#kept.forEach(({ step }, i) => {
      const own = step - (this.#kept[i - 1]?.step ?? 0);
      if (own < distance) [least, distance] = [i, own];
    });
    return this.#kept.splice(least, 1)[0] as Run;
  }

  /** Closes a run that was taken, or created. Its storage is used again. */
  close(run: Run): void {
    const storage = run.close();
    if (storage !== null) this.#spare.push(storage);
  }

  /** Closes all runs that are kept. Returns all storage. */
  closeAll(): readonly Storage[] {
    for (const run of this.#kept.splice(0)) this.close(run);
    if (this.#preparing !== null) this.close(this.#preparing.run);
    this.#preparing = null;
    return this.#spare;
  }

  #storage(): Storage {
    const used = this.#spare.pop();
    if (used) return used;
    try {
      return new Storage(STORAGE_SIZES[0]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    if (this.#kept.length > 0) this.close(this.#leastUseful());
    return this.#spare.pop() ?? new Storage(STORAGE_SIZES[1]);
  }
}

/** Whether a run can no longer show the position before a step. */
function hasPassed(run: Run, step: number): boolean {
  return run.step > step || (run.step === step && run.inStep);
}
