/**
 * How pages, page tables and frames of 1 MiB leave a process's tables. Who calls holds the mmap lock; guests that are
 * linked to what goes find their promise again before any processor can miss it.
 *
 * Ranges are page numbers, half open.
 */

import { PAGE_TABLE_SIZE, SEGMENT } from '../../machine/index.ts';
import { frameOf, setEntry } from './entries.ts';
import { Gather } from './gather.ts';
import { writeUnlinked } from './guest-entry.ts';
import type { Mm } from './mm.ts';
import { hasFrame } from './page-tables.ts';

const PAGES_PER_SEGMENT = 256;
const PAGES_PER_TABLE = 2048 * PAGES_PER_SEGMENT;
/** Segments of one region-third table: 4 TiB. */
const SEGMENTS_PER_REGION = 2048 * 2048;

/** Why guests are unlinked. */
type Reason = 'page-table-freed' | 'segment-changed';

/**
 * Calls back for each segment of the range that has a page table or a 1 MiB frame, with what its entry is: see
 * `PageTables.segmentValueOf`.
 */
export function eachSegment(
  mm: Mm,
  start: number,
  end: number,
  callback: (segment: number, value: number) => void,
): void {
  const last = Math.ceil(end / PAGES_PER_SEGMENT);
  let segment = mm.tables.nextTable(Math.floor(start / PAGES_PER_SEGMENT), last);
  while (segment < last) {
    const value = mm.tables.segmentValueOf(segment);
    if (value > 0) callback(segment, value);
    segment++;
    if (segment % 2048 === 0) segment = mm.tables.nextTable(segment, last);
  }
}

/** Told of an entry with a frame: its page number, its page table and its index there. */
type PageCallback = (page: number, table: number, index: number) => void;

/** Calls back for each entry with a frame that the segment's page table has in the range. */
export function eachPageOf(
  mm: Mm,
  segment: number,
  start: number,
  end: number,
  callback: PageCallback,
): void {
  const table = mm.tables.pageTableOf(segment);
  if (table < 0 || mm.common.descriptors.present[table / PAGE_TABLE_SIZE] === 0) return;
  const first = segment * PAGES_PER_SEGMENT;
  const last = Math.min(end - first, PAGES_PER_SEGMENT);
  for (let index = Math.max(start - first, 0); index < last; index++) {
    if (hasFrame(mm.entries.low(table, index))) callback(first + index, table, index);
  }
}

/** Calls back for each entry with a frame in the range. */
export function eachPage(mm: Mm, start: number, end: number, callback: PageCallback): void {
  eachSegment(mm, start, end, (segment) => eachPageOf(mm, segment, start, end, callback));
}

/**
 * Frames of 1 MiB that reach beyond the range become page tables of 256 pages.
 * @throws LinuxError ENOMEM; nothing that anybody sees has changed
 */
export function splitEdges(mm: Mm, start: number, end: number): void {
  if (start % PAGES_PER_SEGMENT) splitLarge(mm, Math.floor(start / PAGES_PER_SEGMENT));
  if (end % PAGES_PER_SEGMENT) splitLarge(mm, Math.floor(end / PAGES_PER_SEGMENT));
}

/** All frames of 1 MiB with a page in the range become page tables. @throws LinuxError ENOMEM, as `splitEdges` */
export function splitAll(mm: Mm, start: number, end: number): void {
  eachSegment(mm, start, end, (segment) => splitLarge(mm, segment));
}

/** Makes a segment's 1 MiB frame, if it has one, a page table with 256 pages. @throws LinuxError ENOMEM */
function splitLarge(mm: Mm, segment: number): void {
  const frame = mm.tables.largeFrameOf(segment);
  if (frame < 0) return;
  const { storage, frames } = mm.kernel;
  const bits = mm.tables.segmentValueOf(segment) & SEGMENT.PROTECT;
  const table = mm.tables.newPageTable(segment);
  for (let i = 0; i < PAGES_PER_SEGMENT; i++) setEntry(storage.view, table + i * 8, frame + i * 4096, bits);
  mm.common.descriptors.present[table / PAGE_TABLE_SIZE] = PAGES_PER_SEGMENT;
  const gather = new Gather(mm.kernel, mm.tables);
  mm.underPageTableLock(() => {
    mm.tables.forgetLarge(segment, 'split');
    mm.tables.setSegmentEntry(segment, table);
    frames.split(frame);
    relinkGuests(mm, segment, frame, table, gather);
  });
  gather.space();
  gather.finish(mm, 'segment-changed');
}

/** Changes the protection bits of a segment with a 1 MiB frame, and of the guest entries that are linked to it. */
export function protectLarge(mm: Mm, segment: number, bits: number, gather: Gather): void {
  const frame = mm.tables.largeFrameOf(segment);
  const value = frame + (SEGMENT.FORMAT_CONTROL | bits);
  if (mm.tables.segmentValueOf(segment) === value) return;
  mm.tables.setSegmentEntry(segment, value);
  relinkGuests(mm, segment, frame, value, gather);
  gather.space();
}

/** Drops the pages of a range in which frames of 1 MiB lie wholly or not at all. Page tables stay. */
export function dropPages(mm: Mm, start: number, end: number, gather: Gather): void {
  eachSegment(mm, start, end, (segment, value) => {
    if (isLarge(value)) dropLarge(mm, segment, gather);
    else
      eachPageOf(mm, segment, start, end, (_, table, index) =>
        gather.deferFree(mm.entries.clear(table, index)),
      );
  });
}

/** Takes out of the tables what no mapping needs any more, the mappings of the range having gone already. */
export function dropTables(mm: Mm, start: number, end: number, gather: Gather): void {
  eachSegment(mm, start, end, (segment, value) => {
    const first = segment * PAGES_PER_SEGMENT;
    if (isLarge(value)) dropLarge(mm, segment, gather);
    else if (!mm.mappings.touches(first, first + PAGES_PER_SEGMENT))
      dropPageTable(mm, segment, value, gather);
    else
      eachPageOf(mm, segment, start, end, (_, table, index) =>
        gather.deferFree(mm.entries.clear(table, index)),
      );
  });
  dropSegmentTables(mm, start, end, gather);
}

/** Whether a segment's entry designates a 1 MiB frame. */
function isLarge(value: number): boolean {
  return (value & SEGMENT.FORMAT_CONTROL) !== 0;
}

function dropLarge(mm: Mm, segment: number, gather: Gather): void {
  const frame = mm.tables.largeFrameOf(segment);
  unlinkGuests(mm, segment, frame, gather);
  mm.tables.forgetLarge(segment, 'freed');
  mm.tables.dropSegment(segment);
  gather.deferFree(frame);
  gather.space();
}

/** The last mapping of a segment is gone: so are its pages, its page table, and every link to it. */
function dropPageTable(mm: Mm, segment: number, table: number, gather: Gather): void {
  mm.entries.tellAll(table);
  mm.tables.dropSegment(segment);
  unlinkGuests(mm, segment, table, gather);
  const { view } = mm.kernel.storage;
  let present = mm.common.descriptors.present[table / PAGE_TABLE_SIZE] as number;
  for (let entry = table; present > 0; entry += 8) {
    if (!hasFrame(view.getUint32(entry + 4))) continue;
    gather.deferFree(frameOf(view, entry));
    present--;
  }
  gather.pageTable(table);
}

/** Every guest entry linked to the page table or 1 MiB frame becomes the promise of its segment again. */
function unlinkGuests(mm: Mm, segment: number, origin: number, gather: Gather): void {
  if (mm.kernel.injectedFault === 'unlink') return;
  const { reverseMaps } = mm.common;
  const { view } = mm.kernel.storage;
  for (let node = reverseMaps.first(origin); node >= 0; node = reverseMaps.first(origin)) {
    const entry = reverseMaps.entryOf(node);
    reverseMaps.unlink(node);
    writeUnlinked(view, entry, segment);
    gather.owner(reverseMaps.ownerOf(node));
    traceUnlink(mm, segment, node, 'page-table-freed');
  }
}

/** Every guest entry linked to a 1 MiB frame becomes what the process's entry is now. */
function relinkGuests(mm: Mm, segment: number, frame: number, value: number, gather: Gather): void {
  const { reverseMaps } = mm.common;
  const nodes: number[] = [];
  for (let node = reverseMaps.first(frame); node >= 0; node = reverseMaps.after(node)) nodes.push(node);
  for (const node of nodes) {
    const entry = reverseMaps.entryOf(node);
    reverseMaps.unlink(node);
    reverseMaps.link(value, node);
    setEntry(mm.kernel.storage.view, entry, value, 0);
    gather.owner(reverseMaps.ownerOf(node));
    traceRelink(mm, segment, node);
  }
}

function traceUnlink(mm: Mm, segment: number, node: number, reason: Reason): void {
  mm.kernel.trace.listener?.({ type: 'unlink', ...linkOf(mm, segment, node), reason });
}

function traceRelink(mm: Mm, segment: number, node: number): void {
  if (mm.kernel.trace.listener === null) return;
  traceUnlink(mm, segment, node, 'segment-changed');
  const link = linkOf(mm, segment, node);
  const pageTable = mm.kernel.storage.get64(Number(link.entry)) & ~0x7ffn;
  mm.kernel.trace.listener?.({ type: 'link', ...link, pageTable });
}

/** What events say of a link: whose it is, of what to what, and where it stands. */
function linkOf(mm: Mm, segment: number, node: number) {
  const owner = mm.common.reverseMaps.ownerOf(node);
  const entry = mm.common.reverseMaps.entryOf(node);
  return {
    gmap: owner.id,
    guest: BigInt(owner.segmentOf(entry)) << 20n,
    process: BigInt(segment) << 20n,
    entry: BigInt(entry),
  };
}

/** Segment tables of which nothing is mapped any more go, and region-third tables but the first without any. */
function dropSegmentTables(mm: Mm, start: number, end: number, gather: Gather): void {
  const last = Math.ceil(end / PAGES_PER_SEGMENT);
  let segment = mm.tables.nextTable(Math.floor(start / PAGES_PER_SEGMENT), last);
  while (segment < last) {
    const table = Math.floor(segment / 2048);
    if (!touchesAround(mm, segment * PAGES_PER_SEGMENT, PAGES_PER_TABLE)) {
      gather.table(mm.tables.dropSegmentTable(segment));
      dropRegionTable(mm, segment, gather);
    }
    segment = mm.tables.nextTable((table + 1) * 2048, last);
  }
}

/** A region-third table stays while it has a segment table. Mappings do not matter: those without pages need none. */
function dropRegionTable(mm: Mm, segment: number, gather: Gather): void {
  const first = Math.floor(segment / SEGMENTS_PER_REGION) * SEGMENTS_PER_REGION;
  if (mm.tables.nextTable(first, first + SEGMENTS_PER_REGION) < first + SEGMENTS_PER_REGION) return;
  const region = mm.tables.dropRegionTable(segment);
  if (region >= 0) gather.table(region);
}

/** Whether a mapping touches the aligned range of so many pages that the page is in. */
function touchesAround(mm: Mm, page: number, pages: number): boolean {
  const first = Math.floor(page / pages) * pages;
  return mm.mappings.touches(first, first + pages);
}
