/**
 * The locks of the host, and who looks at how they are used.
 *
 * Lock order: mmap lock, then page-table lock; nothing is allocated under a page-table lock. One thread runs the
 * host, so no lock ever waits; but each is taken and released where Linux would, and check mode hears of every
 * use that would be wrong with more than one thread.
 */

/** How a lock is held. Locks that know no readers are held 'write'. */
export type LockMode = 'read' | 'write';

/** What is held now. One object serves all locks of a host. */
export class Locks {
  /** Told of a wrong order, a missing lock or an unpaired release; null outside check mode. */
  report: ((problem: string) => void) | null = null;
  /** The lock taken last of those held; the others hang behind it. */
  latest: Lock | null = null;

  /** The locks held, in the order in which they were taken. */
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

/** One lock: many readers or one writer. */
export class Lock {
  readonly name: string;
  /** Its place in the order, see `RANK`. */
  readonly rank: number;
  /** While it is held: the lock taken before it. */
  before: Lock | null = null;
  readonly #locks: Locks;
  #mode: LockMode | null = null;

  constructor(locks: Locks, name: string, rank: number) {
    this.#locks = locks;
    this.name = name;
    this.rank = rank;
  }

  /** Takes the lock. */
  acquire(mode: LockMode): void {
    const locks = this.#locks;
    if (locks.report !== null) this.#question(locks.report);
    if (this.#mode === null) {
      this.before = locks.latest;
      locks.latest = this;
    }
    this.#mode = mode;
  }

  /** Releases the lock. */
  release(): void {
    const locks = this.#locks;
    if (this.#mode === null) {
      locks.report?.(`${this.name} released while it is not held`);
      return;
    }
    this.#mode = null;
    if (locks.latest === this) locks.latest = this.before;
    else this.#takeOut(locks.latest);
    this.before = null;
  }

  /** Says, in check mode, when the lock is not held as `what` needs it. */
  expect(mode: LockMode, what: string): void {
    const { report } = this.#locks;
    if (report === null) return;
    if (this.#mode === null || (mode === 'write' && this.#mode === 'read')) {
      report(`${what} without the ${this.name}${mode === 'write' ? ' for writing' : ''}`);
    }
  }

  #question(report: (problem: string) => void): void {
    if (this.#mode !== null) report(`${this.name} taken while it is held`);
    const above = this.#locks.held.find((lock) => lock !== this && lock.rank >= this.rank);
    if (above) report(`${this.name} taken under the ${above.name}`);
  }

  /** Takes the lock out of the middle of those held: it is released before one taken after it. */
  #takeOut(latest: Lock | null): void {
    let after = latest;
    while (after !== null && after.before !== this) after = after.before;
    if (after !== null) after.before = this.before;
  }
}
