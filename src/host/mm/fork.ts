/**
 * fork: a process that has what its parent has, page for page, until one of them writes. Of a parent whose guests use
 * storage keys private pages are copied at once, see unshare.ts.
 */

import { PAGE, PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { setEntry } from './entries.ts';
import { copyFrame, entryBits } from './faults.ts';
import type { Mapping } from './mappings.ts';
import type { Mm } from './mm.ts';
import { PAGE_NONE } from './page-tables.ts';
import { eachPageOf, eachSegment, splitAll } from './removal.ts';
import { allocateFrames, privatePages } from './unshare.ts';

/**
 * Makes an empty process a copy of one whose mmap lock is held for writing. Frames of 1 MiB are split first.
 * @throws LinuxError ENOMEM; the child has no page then and is to be ended, the parent is as it was
 */
export function copyInto(child: Mm, parent: Mm): void {
  parent.mmapLock.expect('write', 'a fork');
  splitAll(parent, 0, parent.tables.limit);
  for (const { start, end, protection, backing } of parent.mappings) {
    child.mappings.insert(start, end, protection, backing);
  }
  eachSegment(parent, 0, parent.tables.limit, (segment) => {
    const table = parent.tables.pageTableOf(segment);
    const present = parent.common.descriptors.present[table / PAGE_TABLE_SIZE] as number;
    if (present > 0) child.tables.makePageTable(segment);
  });
  const copies = parent.entries.usesKeys ? allocateFrames(parent.kernel, privatePages(parent).length) : [];
  // From here on nothing can fail.
  parent.underPageTableLock(() =>
    eachSegment(parent, 0, parent.tables.limit, (segment) => copySegment(child, parent, segment, copies)),
  );
}

/** @param copies frames for the private pages of a parent whose guests use storage keys */
function copySegment(child: Mm, parent: Mm, segment: number, copies: number[]): void {
  const { frames, storage } = parent.kernel;
  const copy = child.tables.pageTableOf(segment);
  const first = segment * 256;
  eachPageOf(parent, segment, first, first + 256, (page, table, index) => {
    const mapping = parent.mappings.at(page) as Mapping;
    const { shared } = mapping.backing;
    parent.common.descriptors.present[copy / PAGE_TABLE_SIZE]!++;
    if (!shared && parent.entries.usesKeys) {
      const own = copies.pop() as number;
      copyFrame(parent.kernel, parent.entries.frame(table, index), own);
      setEntry(storage.view, copy + index * 8, own, entryBits(child, mapping, page, own, false));
      return;
    }
    // Private pages become copy-on-write in both.
    if (!shared && (parent.entries.low(table, index) & 0xfff) === 0) {
      parent.entries.protect(table, index, PAGE.PROTECT);
    }
    const bits = parent.entries.low(table, index) & (PAGE_NONE | PAGE.PROTECT);
    const frame = parent.entries.frame(table, index);
    frames.share(frame);
    setEntry(storage.view, copy + index * 8, frame, bits);
  });
}
