/**
 * Advisory locks of a file. Linux: fcntl(2), "Advisory record locking", and flock(2). Record locks belong to the descriptors of a process or,
 * as OFD locks, to an open file; they cover ranges of bytes. A lock of flock belongs to an open file, covers all of it, and does not know
 * of record locks.
 */

import { LinuxError } from '../../errors.ts';
import { WaitQueue } from '../wait-queue.ts';

/** Whether a lock allows others of its kind: a read lock does. */
export type LockType = 'read' | 'write';

/** What has locks. `waits` has those that it waits for: the owners of these locks, followed on, show a deadlock. */
export interface LockOwner {
  readonly waits: Set<LockWait>;
}

/** A lock that somebody waits for. */
export interface LockWait {
  readonly locks: FileLocks;
  readonly wanted: RecordLock;
}

/** A lock of a range of bytes. */
export interface RecordLock {
  readonly owner: LockOwner;
  /** The process that F_GETLK tells of; -1 for an OFD lock. */
  readonly pid: number;
  readonly type: LockType;
  readonly start: number;
  /** The end, exclusive: Infinity for the end of the file, wherever it is. */
  readonly end: number;
}

/** A part of what an owner has. */
type LockRange = Pick<RecordLock, 'owner' | 'start' | 'end'>;

/** Locks that one file can have: more are ENOLCK. */
const LOCKS_MAX = 16_384;

/** The locks of a file. */
export class FileLocks {
  /** Those of one owner do not overlap, and are in the order of their ranges. */
  readonly #records = new Map<LockOwner, RecordLock[]>();
  #count = 0;
  readonly #whole = new Map<LockOwner, LockType>();
  /** Those who wait for a lock to go. */
  readonly queue = new WaitQueue();

  /** The record locks of an owner. */
  of(owner: LockOwner): readonly RecordLock[] {
    return this.#records.get(owner) ?? [];
  }

  /** Returns a lock of another owner that does not allow a wanted one, or null. */
  conflict(wanted: RecordLock): RecordLock | null {
    for (const [owner, locks] of this.#records) {
      if (owner === wanted.owner) continue;
      const found = locks.find((lock) => isConflict(lock, wanted));
      if (found !== undefined) return found;
    }
    return null;
  }

  /**
   * Sets a lock, in place of what its owner had in the range. Preconditions: nothing conflicts with it.
   * @throws LinuxError ENOLCK if there are too many
   */
  set(lock: RecordLock): void {
    this.#replace(lock, joined(without(this.of(lock.owner), lock), lock));
  }

  /** Removes what an owner has in a range. @throws LinuxError ENOLCK if that makes too many */
  unset(range: LockRange): void {
    this.#replace(range, without(this.of(range.owner), range));
  }

  #replace({ owner }: LockRange, locks: RecordLock[]): void {
    const more = locks.length - this.of(owner).length;
    if (more > 0 && this.#count + more > LOCKS_MAX) {
      throw new LinuxError('ENOLCK', `a file can have ${LOCKS_MAX} locks`);
    }
    this.#count += more;
    if (locks.length === 0) this.#records.delete(owner);
    else this.#records.set(owner, locks);
    this.queue.wake();
  }

  /** Takes flock's lock for an owner, in place of the one it has. Returns whether it could. */
  lockWhole(owner: LockOwner, type: LockType): boolean {
    for (const [other, has] of this.#whole) {
      if (other !== owner && (type === 'write' || has === 'write')) return false;
    }
    const had = this.#whole.get(owner);
    this.#whole.set(owner, type);
    if (had === 'write' && type === 'read') this.queue.wake();
    return true;
  }

  /** Gives up flock's lock. */
  unlockWhole(owner: LockOwner): void {
    if (this.#whole.delete(owner)) this.queue.wake();
  }

  /** Gives up all record locks of an owner, as a close by a process does. */
  releaseRecords(owner: LockOwner): void {
    if (this.#records.has(owner)) this.#replace({ owner, start: 0, end: Infinity }, []);
  }

  /** An open file is closed: gives up all that it has. */
  release(owner: LockOwner): void {
    this.releaseRecords(owner);
    this.unlockWhole(owner);
  }
}

function isConflict({ type, start, end }: RecordLock, wanted: RecordLock): boolean {
  if (end <= wanted.start || start >= wanted.end) return false;
  return type === 'write' || wanted.type === 'write';
}

/** Returns locks without what they have in a range. */
function without(locks: readonly RecordLock[], { start, end }: LockRange): RecordLock[] {
  return locks.flatMap((one) => {
    if (one.end <= start || one.start >= end) return [one];
    const parts = [
      { ...one, end: start },
      { ...one, start: end },
    ];
    return parts.filter((part) => part.start < part.end);
  });
}

/** Returns locks with another one, which none of them overlaps. Those of its type that it touches become a part of it. */
function joined(locks: readonly RecordLock[], lock: RecordLock): RecordLock[] {
  const same = (one: RecordLock) => one.type === lock.type;
  const before = locks.filter((one) => one.end <= lock.start);
  const after = locks.filter((one) => one.start >= lock.end);
  let { start, end } = lock;
  if (before.at(-1)?.end === start && same(before.at(-1)!)) start = before.pop()!.start;
  if (after[0]?.start === end && same(after[0])) end = after.shift()!.end;
  return [...before, { ...lock, start, end }, ...after];
}

/** Owners that the search for a deadlock visits at most. Linux: MAX_DEADLK_ITERATIONS is 10. */
const SEARCH_MAX = 1000;

/** Whether waiting for a lock would never end: an owner of what stands in the way waits, perhaps through others, for the one who asks. */
export function isDeadlock({ locks, wanted }: LockWait): boolean {
  const seen = new Set<LockOwner>();
  const next: LockWait[] = [{ locks, wanted }];
  for (let at = next.pop(); at !== undefined && seen.size < SEARCH_MAX; at = next.pop()) {
    const owner = at.locks.conflict(at.wanted)?.owner;
    if (owner === wanted.owner) return true;
    if (owner === undefined || seen.has(owner)) continue;
    seen.add(owner);
    next.push(...owner.waits);
  }
  return false;
}
