/** Accesses of the kernel to memory of a process, as for a system call (Linux: copy_from_user, copy_to_user). */

import { FRAME_SIZE, KEY_CHANGED, KEY_REFERENCED } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { faultPageLocked } from './faults.ts';
import type { MmState } from './mm-state.ts';

/** Visits a part of a range: its absolute address, the number of bytes before it, and its length in bytes. */
export type PartVisitor = (at: number, done: number, count: number) => void;

/**
 * Makes a range accessible, then visits its parts, which lie in one page each.
 * @throws LinuxError EFAULT, ENOMEM; no part was visited then
 */
export function accessUser(
  mm: MmState,
  range: { readonly start: number; readonly length: number },
  write: boolean,
  visit: PartVisitor,
): void {
  const { start, length } = range;
  const firstPage = Math.floor(start / FRAME_SIZE);
  const lastPage = Math.floor((start + length - 1) / FRAME_SIZE);
  const { keys } = mm.kernel.storage;
  mm.mmapLock.hold('read', () => {
    for (let page = firstPage; length > 0 && page <= lastPage; page++) faultPageLocked(mm, page, write);
  });
  for (let done = 0; done < length; ) {
    const at = start + done;
    const offset = at % FRAME_SIZE;
    const count = Math.min(length - done, FRAME_SIZE - offset);
    const frame = frameOfPage(mm, Math.floor(at / FRAME_SIZE));
    // The kernel's accesses are those of a processor: they set the reference and change bits, and are observed.
    if (write) mm.kernel.storing(frame / FRAME_SIZE, offset, offset + count - 1);
    keys[frame / FRAME_SIZE]! |= write ? KEY_REFERENCED | KEY_CHANGED : KEY_REFERENCED;
    visit(frame + offset, done, count);
    done += count;
  }
}

function frameOfPage(mm: MmState, page: number): number {
  const segment = Math.floor(page / PAGES_PER_SEGMENT);
  const index = page % PAGES_PER_SEGMENT;
  const large = mm.tables.largeFrameOf(segment);
  return large >= 0 ? large + index * FRAME_SIZE : mm.ptes.frame(mm.tables.pageTableOf(segment), index);
}
