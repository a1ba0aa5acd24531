/**
 * mremap: memory gets longer or shorter, or goes elsewhere with what is in it.
 *
 * Pages move entry by entry, invalidated where they were before they are entered where they go. A guest that was
 * shown the old place sees what it sees after munmap; one that was promised the new place finds the pages there.
 */

import { hex, LinuxError } from '../errors.ts';
import { addressOf } from './addresses.ts';
import { entryBits } from './faults.ts';
import { Gather } from './gather.ts';
import type { Backing, Mapping } from './mappings.ts';
import type { Mm } from './mm.ts';
import { dropPages, eachPage, splitAll } from './removal.ts';

const PAGES_PER_SEGMENT = 256;

/** What is asked, in page numbers. */
export interface Remap {
  readonly start: number;
  readonly oldCount: number;
  readonly newCount: number;
  readonly mayMove: boolean;
  /** Where it must go, replacing what is there; null: where there is room. */
  readonly to: number | null;
}

/**
 * Does it, for those who hold the mmap lock for writing, and says where the memory starts now.
 * @throws LinuxError EFAULT when the old range is not wholly in one mapping; EINVAL when the new one overlaps it;
 *   ENOMEM when there is no room. Nothing has changed then
 */
export function remap(mm: Mm, asked: Remap): number {
  mm.mmapLock.expect('write', 'mremap');
  const { start, oldCount, newCount, to } = asked;
  const end = start + oldCount;
  const mapping = mm.mappings.at(start);
  if (!mapping || mapping.end < end) {
    throw new LinuxError(
      'EFAULT',
      `${hex(addressOf(start))} to ${hex(addressOf(end))} is not in one mapping`,
    );
  }
  if (to !== null) {
    if (to + newCount > mm.limitFor(to)) {
      throw new LinuxError('EINVAL', `the new place ${hex(addressOf(to))} is beyond the address space`);
    }
    if (to < end && start < to + newCount) {
      throw new LinuxError('EINVAL', `the new place ${hex(addressOf(to))} overlaps the old one`);
    }
    return move(mm, mapping, asked, to);
  }
  if (newCount <= oldCount) {
    if (newCount === oldCount) return start;
    mm.demandRoomForHole(start + newCount, end);
    mm.removeRange(start + newCount, end);
    return start;
  }
  if (start + newCount <= mm.limitFor(start) && !mm.mappings.touches(end, start + newCount)) {
    mm.demandRoom();
    mm.mappings.insert(end, start + newCount, mapping.protection, mapping.backing);
    return start;
  }
  if (!asked.mayMove) {
    throw new LinuxError('ENOMEM', `no room behind ${hex(addressOf(end))}, and it may not move`);
  }
  return move(mm, mapping, asked, mm.chooseGap(newCount));
}

function move(mm: Mm, mapping: Mapping, asked: Remap, to: number): number {
  const { start, oldCount, newCount } = asked;
  const moved = Math.min(oldCount, newCount);
  // One is split where it leaves, one where it goes, and it is one itself.
  mm.demandRoom(3);
  splitAll(mm, start, start + oldCount);
  splitAll(mm, to, to + newCount);
  makeTables(mm, start, start + moved, to - start);
  // From here on nothing can fail.
  const gather = new Gather(mm.kernel, mm.tables);
  mm.underPageTableLock(() => {
    mm.mappings.remove(to, to + newCount);
    mm.mappings.insert(to, to + newCount, mapping.protection, moveBacking(mapping.backing, to - start));
    dropPages(mm, to, to + newCount, gather);
  });
  gather.finish(mm);
  mm.underPageTableLock(() => movePages(mm, start, start + moved, to - start));
  mm.removeRange(start, start + oldCount);
  return to;
}

/** The same pages of the same file, `by` pages further on. */
function moveBacking(backing: Backing, by: number): Backing {
  return backing.file === null ? backing : { ...backing, shift: backing.shift - by };
}

/** Makes the page tables that the pages of a range need `by` pages further on: all, or none. */
function makeTables(mm: Mm, start: number, end: number, by: number): void {
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

function movePages(mm: Mm, start: number, end: number, by: number): void {
  eachPage(mm, start, end, (page, table, index) => {
    const frame = mm.entries.clear(table, index);
    const to = page + by;
    const mapping = mm.mappings.at(to) as Mapping;
    const bits = entryBits(mm, mapping, to, frame, false);
    mm.entries.enter(
      mm.tables.pageTableOf(Math.floor(to / PAGES_PER_SEGMENT)),
      to % PAGES_PER_SEGMENT,
      frame,
      bits,
    );
  });
}
