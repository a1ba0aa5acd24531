/**
 * The locks of the host.
 *
 * Lock order: mmap lock, then page-table lock. Nothing is allocated under a page-table lock. One thread runs the host, so
 * no lock ever waits; each is taken and released where Linux takes and releases it, and check mode reports every use that
 * would be wrong with more than one thread.
 */

import { Hook, Operations } from '../trace/index.ts';

/** How a lock is held. A lock without readers is held for 'write'. */
export type LockMode = 'read' | 'write';

/** Lock checking for one host (check mode). All locks of the host share it. */
export class Locks {
  /**
   * Check mode: listeners get a sentence for a wrong order, a missing lock or an unpaired release. Check mode begins
   * and ends while nothing is held.
   */
  readonly problems: Hook<[problem: string]>;
  /** Whether `problems` has listeners. A field of its own, because every use of a lock reads it. */
  checking = false;
  /** In check mode: the lock taken last of those held. Each links to the one taken before it. */
  latest: Lock | null = null;

  /** @param operations the operations in progress on the host of these locks */
  constructor(operations = new Operations()) {
    this.problems = new Hook(operations, () => {
      this.checking = this.problems.listener !== null;
    });
  }

  /** The locks held, in the order in which they were taken; empty outside check mode, which records nothing. */
  get held(): Lock[] {
    const held: Lock[] = [];
    for (let lock = this.latest; lock !== null; lock = lock.before) held.unshift(lock);
    return held;
  }

  /** Reports a wrong use of a lock. */
  report(problem: string): void {
    this.problems.listener?.(problem);
  }

  /** In check mode: reports an allocation, which may sleep, under a page-table lock. The frame allocator calls this. */
  allocating(): void {
    if (!this.checking) return;
    const spinning = this.held.find((lock) => lock.rank === RANK.PAGE_TABLE);
    if (spinning) this.report(`allocation under the ${spinning.name}`);
  }
}

/** The order in which locks are taken: lower ranks first. */
export const RANK = { MMAP: 1, PAGE_TABLE: 2 } as const;

/** The states of a lock, as numbers: setting one is a single store. */
const FREE = 0;
const READ = 1;
const WRITE = 2;
/** Free, and it was held since the last call of `forgetUse`. */
const RELEASED = -1;

/**
 * One lock: many readers or one writer.
 *
 * All code takes a lock by `hold`. Only code of gmap.ts that runs once a segment calls `acquire` and `release` itself, for
 * the reasons stated there. Outside check mode each of the two is a comparison and a store; check mode has functions of
 * its own, so that these stay small enough to inline.
 */
export class Lock {
  readonly name: string;
  /** Its place in the order, see `RANK`. */
  readonly rank: number;
  /** In check mode, while it is held: the lock taken before it. */
  before: Lock | null = null;
  readonly #locks: Locks;
  #mode: number = FREE;

  constructor(locks: Locks, name: string, rank: number) {
    this.#locks = locks;
    this.name = name;
    this.rank = rank;
  }

  /** Performs an action with the lock held. Returns what the action returns. */
  hold<T>(mode: LockMode, action: () => T): T {
    this.acquire(mode);
    try {
      return action();
    } finally {
      this.release();
    }
  }

  /** Takes the lock. */
  acquire(mode: LockMode): void {
    if (this.#locks.checking) this.#checkAcquire();
    this.#mode = mode === 'write' ? WRITE : READ;
  }

  /** Releases the lock. */
  release(): void {
    if (this.#locks.checking) this.#checkRelease();
    this.#mode = RELEASED;
  }

  /** Whether it is held, or was since the last call of `forgetUse`. */
  get used(): boolean {
    return this.#mode !== FREE;
  }

  /** Makes `used` false. Preconditions: it is not held. */
  forgetUse(): void {
    this.#mode = FREE;
  }

  /** In check mode: reports an operation, named by `what`, for which the lock is not held in the mode that it needs. */
  expect(mode: LockMode, what: string): void {
    const locks = this.#locks;
    if (locks.checking && this.#mode < (mode === 'write' ? WRITE : READ)) {
      locks.report(`${what} without the ${this.name}${mode === 'write' ? ' for writing' : ''}`);
    }
  }

  #checkAcquire(): void {
    const locks = this.#locks;
    const above = locks.held.find((lock) => lock !== this && lock.rank >= this.rank);
    if (this.#mode > FREE) locks.report(`${this.name} taken while it is held`);
    if (above) locks.report(`${this.name} taken under the ${above.name}`);
    if (this.#mode > FREE) return;
    this.before = locks.latest;
    locks.latest = this;
  }

  #checkRelease(): void {
    const locks = this.#locks;
    if (this.#mode <= FREE) locks.report(`${this.name} released while it is not held`);
    else if (locks.latest === this) locks.latest = this.before;
    else this.#removeFrom(locks.latest);
    this.before = null;
  }

  /** Removes the lock from the middle of those held: it is released before one that was taken after it. */
  #removeFrom(latest: Lock | null): void {
    let after = latest;
    while (after !== null && after.before !== this) after = after.before;
    if (after !== null) after.before = this.before;
  }
}
