/**
 * fork: a process with the pages of its parent, shared until one of the two writes. Private pages of a parent whose guests
 * use storage keys are copied at once, see cow.ts.
 */

import { PAGE, PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { PAGES_PER_SEGMENT } from '../units.ts';
import { allocateFrames, copyFrame, privatePages } from './cow.ts';
import { splitAllLocked } from './large-frames.ts';
import type { Mapping } from './mappings.ts';
import type { MmState } from './mm-state.ts';
import { PAGE_NONE } from './page-tables.ts';
import { eachPageOf, eachSegment } from './pagewalk.ts';
import { entryBits } from './protection.ts';
import { setEntry } from './ptes.ts';

/**
 * Makes an empty process a copy of its parent. Frames of 1 MiB are split first.
 * Preconditions: the caller holds the parent's mmap lock (write).
 * @throws LinuxError ENOMEM; the child has no page then and must be ended, the parent is as it was
 */
export function copyIntoLocked(child: MmState, parent: MmState): void {
  parent.mmapLock.expect('write', 'a fork');
  splitAllLocked(parent, 0, parent.tables.limit);
  for (const { start, end, protection, backing } of parent.mappings) {
    child.mappings.insert(start, end, protection, backing);
  }
  eachSegment(parent, 0, parent.tables.limit, (segment) => {
    const table = parent.tables.pageTableOf(segment);
    const present = parent.common.descriptors.present[table / PAGE_TABLE_SIZE] as number;
    if (present > 0) child.tables.makePageTable(segment);
  });
  const copies = parent.ptes.usesKeys ? allocateFrames(parent.kernel, privatePages(parent).length) : [];
  // From here on nothing can fail.
  parent.pageTableLock.hold('write', () =>
    eachSegment(parent, 0, parent.tables.limit, (segment) => copySegment(child, parent, segment, copies)),
  );
}

/** @param copies frames for the private pages of a parent whose guests use storage keys */
function copySegment(child: MmState, parent: MmState, segment: number, copies: number[]): void {
  const { frames, storage } = parent.kernel;
  const copy = child.tables.pageTableOf(segment);
  const first = segment * PAGES_PER_SEGMENT;
  eachPageOf(parent, segment, { start: first, end: first + PAGES_PER_SEGMENT }, (page, table, index) => {
    const mapping = parent.mappings.at(page) as Mapping;
    const { shared } = mapping.backing;
    parent.common.descriptors.present[copy / PAGE_TABLE_SIZE]!++;
    if (!shared && parent.ptes.usesKeys) {
      const own = copies.pop() as number;
      copyFrame(parent.kernel, parent.ptes.frame(table, index), own);
      setEntry(storage.view, copy + index * 8, own, entryBits(child, mapping, page, own));
      return;
    }
    // Private pages become copy-on-write in both.
    if (!shared && (parent.ptes.low(table, index) & 0xfff) === 0) {
      parent.ptes.protect(table, index, PAGE.PROTECT);
    }
    const bits = parent.ptes.low(table, index) & (PAGE_NONE | PAGE.PROTECT);
    const frame = parent.ptes.frame(table, index);
    frames.share(frame);
    setEntry(storage.view, copy + index * 8, frame, bits);
  });
}
