/**
 * mremap: resizes memory, or moves it with its pages.
 *
 * Pages move entry by entry: the old entry is invalidated before the new one is set. A guest to which the old place is
 * mapped sees what it would see after munmap; a guest to which the new place is mapped finds the pages there.
 */

import { hex, LinuxError } from '../errors.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { addressOf } from './addresses.ts';
import { Gather } from './gather.ts';
import { splitAllLocked } from './large-frames.ts';
import { chooseGap, demandRoom, demandRoomForHole, limitFor } from './mapping-limits.ts';
import type { Backing, Mapping } from './mappings.ts';
import type { MmState } from './mm-state.ts';
import { eachPage } from './pagewalk.ts';
import { entryBits } from './protection.ts';
import { dropPagesLocked, removeRangeLocked } from './unmap.ts';

/** The arguments of mremap, in page numbers. */
export interface Remap {
  readonly start: number;
  readonly oldCount: number;
  readonly newCount: number;
  readonly mayMove: boolean;
  /** The page to move to, replacing existing mappings, or null for any place. */
  readonly to: number | null;
}

/**
 * Resizes or moves a mapped range. Returns the page where it starts now.
 * Preconditions: the caller holds the mmap lock (write).
 * @throws LinuxError EFAULT when the old range is not wholly in one mapping; EINVAL when the new one overlaps it;
 *   ENOMEM when there is no room. Nothing has changed then
 */
export function remapLocked(mm: MmState, request: Remap): number {
  mm.mmapLock.expect('write', 'mremap');
  const { start, oldCount, newCount, to } = request;
  const end = start + oldCount;
  const mapping = mm.mappings.at(start);
  if (!mapping || mapping.end < end) {
    throw new LinuxError(
      'EFAULT',
      `${hex(addressOf(start))} to ${hex(addressOf(end))} is not in one mapping`,
    );
  }
  if (to !== null) {
    if (to + newCount > limitFor(mm, to)) {
      throw new LinuxError('EINVAL', `the new place ${hex(addressOf(to))} is beyond the address space`);
    }
    if (to < end && start < to + newCount) {
      throw new LinuxError('EINVAL', `the new place ${hex(addressOf(to))} overlaps the old one`);
    }
    return move(mm, mapping, request, to);
  }
  if (newCount <= oldCount) {
    if (newCount === oldCount) return start;
    demandRoomForHole(mm, start + newCount, end);
    removeRangeLocked(mm, start + newCount, end);
    return start;
  }
  if (start + newCount <= limitFor(mm, start) && !mm.mappings.touches(end, start + newCount)) {
    demandRoom(mm);
    mm.mappings.insert(end, start + newCount, mapping.protection, mapping.backing, mapping.served);
    return start;
  }
  if (!request.mayMove) {
    throw new LinuxError('ENOMEM', `no room after ${hex(addressOf(end))}, and it may not move`);
  }
  return move(mm, mapping, request, chooseGap(mm, newCount));
}

function move(mm: MmState, mapping: Mapping, request: Remap, to: number): number {
  const { start, oldCount, newCount } = request;
  const moved = Math.min(oldCount, newCount);
  // The moved range splits a mapping at its old place, another at its new place, and is one itself.
  demandRoom(mm, 3);
  splitAllLocked(mm, start, start + oldCount);
  splitAllLocked(mm, to, to + newCount);
  makeTables(mm, start, start + moved, to - start);
  // From here on nothing can fail.
  const gather = new Gather(mm.kernel, mm.tables);
  mm.pageTableLock.hold('write', () => {
    mm.mappings.remove(to, to + newCount);
    mm.mappings.insert(to, to + newCount, mapping.protection, moveBacking(mapping.backing, to - start));
    dropPagesLocked(mm, to, to + newCount, gather);
  });
  gather.finish(mm);
  mm.pageTableLock.hold('write', () => movePages(mm, start, start + moved, to - start));
  removeRangeLocked(mm, start, start + oldCount);
  return to;
}

/** The backing of the same pages of the same file, `by` pages further on. */
function moveBacking(backing: Backing, by: number): Backing {
  return backing.file === null ? backing : { ...backing, shift: backing.shift - by };
}

/** Makes the page tables that the pages of a range need `by` pages further on: all, or none. */
function makeTables(mm: MmState, start: number, end: number, by: number): void {
  const undo: (() => void)[] = [];
  try {
    eachPage(mm, start, end, (page) => {
      mm.tables.makePageTable(Math.floor((page + by) / PAGES_PER_SEGMENT), undo);
    });
  } catch (error) {
    for (const one of undo.reverse()) one();
    throw error;
  }
}

function movePages(mm: MmState, start: number, end: number, by: number): void {
  eachPage(mm, start, end, (page, table, index) => {
    const frame = mm.ptes.unmap(table, index);
    const to = page + by;
    const mapping = mm.mappings.at(to) as Mapping;
    const bits = entryBits(mm, mapping, to, frame);
    mm.ptes.set(
      mm.tables.pageTableOf(Math.floor(to / PAGES_PER_SEGMENT)),
      to % PAGES_PER_SEGMENT,
      frame,
      bits,
    );
  });
}
