/**
 * fork: a process that has what its parent has, page for page, until one of them writes.
 */

import { PAGE, PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { setEntry } from './entries.ts';
import type { Mm } from './mm.ts';
import { PAGE_NONE } from './page-tables.ts';
import { eachPageOf, eachSegment, splitAll } from './removal.ts';

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
    const present = parent.common.facts.present[table / PAGE_TABLE_SIZE] as number;
    if (present > 0) child.tables.makePageTable(segment);
  });
  // From here on nothing can fail.
  parent.underPageTableLock(() =>
    eachSegment(parent, 0, parent.tables.limit, (segment) => copySegment(child, parent, segment)),
  );
}

function copySegment(child: Mm, parent: Mm, segment: number): void {
  const { frames, storage } = parent.kernel;
  const copy = child.tables.pageTableOf(segment);
  const first = segment * 256;
  eachPageOf(parent, segment, first, first + 256, (page, table, index) => {
    const shared = parent.mappings.at(page)?.backing.shared ?? false;
    // Private pages become copy-on-write in both.
    if (!shared && (parent.entries.low(table, index) & 0xfff) === 0) {
      parent.entries.protect(table, index, PAGE.PROTECT);
    }
    const bits = parent.entries.low(table, index) & (PAGE_NONE | PAGE.PROTECT);
    const frame = parent.entries.frame(table, index);
    frames.share(frame);
    setEntry(storage.view, copy + index * 8, frame, bits);
    parent.common.facts.present[copy / PAGE_TABLE_SIZE]!++;
  });
}
