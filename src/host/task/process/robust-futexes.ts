/** Robust futexes: locks whose holder ends (get_robust_list(2); Linux: Documentation/locking/robust-futex-ABI.rst). */

import { LinuxError } from '../../errors.ts';
import type { System } from '../system.ts';
import type { Thread } from './task.ts';

const TID_MASK = 0x3fff_ffff;
const OWNER_DIED = 0x4000_0000;
const WAITERS = 0x8000_0000;
/** Entries of a list that are looked at: it may be circular. */
const LIST_MAX = 2048;

/** Marks the locks that a thread held, and wakes one waiter of each. */
export function wakeRobustFutexes(system: System, thread: Thread): void {
  const { head } = thread.robustList;
  if (head === 0) return;
  try {
    walk(system, thread, head);
  } catch (error) {
    // The list is not in memory: it ends there.
    if (!(error instanceof LinuxError)) throw error;
  }
}

function walk(system: System, thread: Thread, head: number): void {
  const { memory } = thread.space;
  const offset = memory.s64(head + 8);
  const pending = even(memory.u64(head + 16));
  let entry = memory.u64(head);
  for (let n = 0; n < LIST_MAX && entry !== head; n++) {
    const at = even(entry);
    const next = memory.u64(at);
    if (at !== pending) release(system, thread, at + offset);
    entry = next;
  }
  if (pending !== 0) release(system, thread, pending + offset);
}

function release({ futexes }: System, { tid, space }: Thread, word: number): void {
  const value = space.memory.u32(word);
  if ((value & TID_MASK) !== tid) return;
  space.memory.setU32(word, ((value & WAITERS) | OWNER_DIED) >>> 0);
  if ((value & WAITERS) !== 0) futexes.wake({ owner: space, place: word }, 1, 0xffff_ffff);
}

/** The lowest bit of an entry marks a lock with priority inheritance. */
function even(entry: number): number {
  return entry - (entry % 2);
}
