/**
 * The locks of the host, and who looks at how they are used.
 *
 * Lock order: mmap lock, then page-table lock; nothing is allocated under a page-table lock. One thread runs the
 * host, so no lock ever waits; but each is taken and released where Linux would, and check mode hears of every
 * use that would be wrong with more than one thread.
 */

import { Hook, Operations } from '../trace/index.ts';

/** How a lock is held. Locks that know no readers are held 'write'. */
export type LockMode = 'read' | 'write';

/** Who looks at the locks of a host, and what he sees. One object serves all locks of a host. */
export class Locks {
  /**
   * Check mode: listeners get a sentence for a wrong order, a missing lock or an unpaired release. Check mode begins
   * and ends while nothing is held.
   */
  readonly problems: Hook<[problem: string]>;
  /** In check mode: the lock taken last of those held; the others hang behind it. */
  latest: Lock | null = null;

  /** @param operations those under way on the host of these locks */
  constructor(operations = new Operations()) {
    this.problems = new Hook(operations);
  }

  /** Calls the listeners of `problems`; null outside check mode. */
  get report(): ((problem: string) => void) | null {
    return this.problems.listener;
  }

  /** In check mode: the locks held, in the order in which they were taken. Outside it nobody keeps them: empty. */
  get held(): Lock[] {
    const held: Lock[] = [];
    for (let lock = this.latest; lock !== null; lock = lock.before) held.unshift(lock);
    return held;
  }

  /** Frames says: an allocation that may sleep happens here. */
  allocating(): void {
    if (this.report === null) return;
    const spinning = this.held.find((lock) => lock.rank === RANK.PAGE_TABLE);
    if (spinning) this.report(`allocation under the ${spinning.name}`);
  }
}

/** Order in which locks are taken: lower ranks first. */
export const RANK = { MMAP: 1, PAGE_TABLE: 2 } as const;

/** How a lock is held, as the lock itself notes it. Numbers, because to store one costs no more than the store. */
const FREE = 0;
const READ = 1;
const WRITE = 2;

/**
 * One lock: many readers or one writer.
 *
 * Locks are taken for every segment that is mapped or faulted in, so outside check mode to take one and to release
 * it is a store each. What only check mode asks for is beside that, out of the way.
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

  /** Takes the lock. */
  acquire(mode: LockMode): void {
    if (this.#locks.report !== null) this.#taken(this.#locks.report);
    this.#mode = mode === 'write' ? WRITE : READ;
  }

  /** Releases the lock. */
  release(): void {
    if (this.#locks.report !== null) this.#released(this.#locks.report);
    this.#mode = FREE;
  }

  /** Says, in check mode, when the lock is not held as `what` needs it. */
  expect(mode: LockMode, what: string): void {
    const { report } = this.#locks;
    if (report !== null && this.#mode < (mode === 'write' ? WRITE : READ)) {
      report(`${what} without the ${this.name}${mode === 'write' ? ' for writing' : ''}`);
    }
  }

  /** Check mode: the lock is about to be taken. */
  #taken(report: (problem: string) => void): void {
    const locks = this.#locks;
    const above = locks.held.find((lock) => lock !== this && lock.rank >= this.rank);
    if (this.#mode !== FREE) report(`${this.name} taken while it is held`);
    if (above) report(`${this.name} taken under the ${above.name}`);
    if (this.#mode !== FREE) return;
    this.before = locks.latest;
    locks.latest = this;
  }

  /** Check mode: the lock is about to be released. */
  #released(report: (problem: string) => void): void {
    if (this.#mode === FREE) report(`${this.name} released while it is not held`);
    else if (this.#locks.latest === this) this.#locks.latest = this.before;
    else this.#takeOut(this.#locks.latest);
    this.before = null;
  }

  /** Takes the lock out of the middle of those held: it is released before one taken after it. */
  #takeOut(latest: Lock | null): void {
    let after = latest;
    while (after !== null && after.before !== this) after = after.before;
    if (after !== null) after.before = this.before;
  }
}
