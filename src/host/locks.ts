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
  /** The locks held, in the order in which they were taken. */
  readonly held: Lock[] = [];

  /** Frames says: an allocation that may sleep happens here. */
  allocating(): void {
    const spinning = this.held.find((lock) => lock.rank === RANK.PAGE_TABLE);
    if (spinning) this.report?.(`allocation under the ${spinning.name}`);
  }
}

/** Order in which locks are taken: lower ranks first. */
export const RANK = { MMAP: 1, PAGE_TABLE: 2 } as const;

/** One lock: many readers or one writer. */
export class Lock {
  readonly name: string;
  /** Its place in the order, see `RANK`. */
  readonly rank: number;
  readonly #locks: Locks;
  #mode: LockMode | null = null;

  constructor(locks: Locks, name: string, rank: number) {
    this.#locks = locks;
    this.name = name;
    this.rank = rank;
  }

  /** Takes the lock. */
  acquire(mode: LockMode): void {
    const { held, report } = this.#locks;
    if (report) {
      if (this.#mode !== null) report(`${this.name} taken while it is held`);
      const above = held.find((lock) => lock !== this && lock.rank >= this.rank);
      if (above) report(`${this.name} taken under the ${above.name}`);
    }
    this.#mode = mode;
    held.push(this);
  }

  /** Releases the lock. */
  release(): void {
    const { held, report } = this.#locks;
    if (this.#mode === null) report?.(`${this.name} released while it is not held`);
    this.#mode = null;
    if (held[held.length - 1] === this) {
      held.pop();
      return;
    }
    const at = held.lastIndexOf(this);
    if (at >= 0) held.splice(at, 1);
  }

  /** Says, in check mode, when the lock is not held as `what` needs it. */
  expect(mode: LockMode, what: string): void {
    const { report } = this.#locks;
    if (report === null) return;
    if (this.#mode === null || (mode === 'write' && this.#mode === 'read')) {
      report(`${what} without the ${this.name}${mode === 'write' ? ' for writing' : ''}`);
    }
  }
}
