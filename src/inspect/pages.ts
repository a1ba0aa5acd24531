/**
 * Pages of a space, one by one.
 */

import { EMPTY_SEGMENT, Gmap, hasFrame, type Mm, PGSTE, PGSTE_OFFSET, wantedSegment } from '../host/index.ts';
import { FRAME_SIZE, KEY_CHANGED, PAGE, PAGE_TABLE_SIZE, SEGMENT } from '../machine/index.ts';
import { PAGE_FLAG, PAGES_PER_SEGMENT, type Pages } from './answers.ts';
import { demandPages, demandSpace } from './questions.ts';
import { HALF, SegmentTables } from './segment-tables.ts';

/** Pages that one answer tells at most. */
export const PAGES_LIMIT = 4096;

/**
 * The pages from `first` up to, not including, `end`; at most `PAGES_LIMIT` of them.
 * @throws LinuxError EINVAL, ESRCH, ENOENT, see questions.ts
 */
export function pagesOf(space: Mm | Gmap, first: number, end: number): Pages {
  demandSpace(space);
  demandPages(first, end);
  const flags = new Uint8Array(Math.max(0, Math.min(end - first, PAGES_LIMIT)));
  let translate: ((page: number) => void) | null = null;
  for (let i = 0; i < flags.length; i++) {
    const page = first + i;
    if (translate === null || page % PAGES_PER_SEGMENT === 0) {
      const look = segmentLook(space, Math.floor(page / PAGES_PER_SEGMENT));
      translate = (at) => {
        flags[at - first] = look(at % PAGES_PER_SEGMENT);
      };
    }
    translate(page);
  }
  return { first, flags };
}

/** The flags of a page by its index in its segment. */
type SegmentLook = (index: number) => number;

function segmentLook(space: Mm | Gmap, segment: number): SegmentLook {
  return space instanceof Gmap ? guestLook(space, segment) : processLook(space, segment);
}

function guestLook(gmap: Gmap, segment: number): SegmentLook {
  const [hi, lo] = segmentEntry(gmap.mm, gmap.asceHi, gmap.asceLo, segment);
  if (lo === EMPTY_SEGMENT) return () => 0;
  const linked = (lo & SEGMENT.INVALID) === 0;
  const process = linked ? linkedTo(gmap.mm, hi, lo) : wantedSegment(hi, lo);
  // A link to what is no page table any more: only a machine that was broken on purpose has one.
  if (process < 0) return () => PAGE_FLAG.LINKED;
  const look = processLook(gmap.mm, process);
  const { watched } = gmap;
  return (index) => {
    const own = watched.has(segment * PAGES_PER_SEGMENT + index) ? PAGE_FLAG.WATCHED : 0;
    return (look(index) & ~PAGE_FLAG.WATCHED) | own | (linked ? PAGE_FLAG.LINKED : 0);
  };
}

function linkedTo(mm: Mm, hi: number, lo: number): number {
  const mask = lo & SEGMENT.FORMAT_CONTROL ? SEGMENT.FRAME : SEGMENT.ORIGIN;
  return mm.common.descriptors.segmentOf((hi * HALF + ((lo & mask) >>> 0)) / PAGE_TABLE_SIZE);
}

function processLook(mm: Mm, segment: number): SegmentLook {
  const [hi, lo] = segmentEntry(mm, mm.asceHi, mm.asceLo, segment);
  const first = segment * PAGES_PER_SEGMENT;
  const mapped = (index: number) => (mm.mappings.at(first + index) ? PAGE_FLAG.MAPPED : 0);
  if (lo & SEGMENT.INVALID) return mapped;
  const protect = lo & SEGMENT.PROTECT ? PAGE_FLAG.PROTECTED : 0;
  if (lo & SEGMENT.FORMAT_CONTROL) {
    const frame = hi * HALF + ((lo & SEGMENT.FRAME) >>> 0);
    return (index) =>
      mapped(index) | PAGE_FLAG.PRESENT | protect | frameFlags(mm, frame + index * FRAME_SIZE);
  }
  const table = hi * HALF + ((lo & SEGMENT.ORIGIN) >>> 0);
  return (index) => mapped(index) | protect | entryFlags(mm, table, index) | logFlag(mm, first + index);
}

function entryFlags(mm: Mm, table: number, index: number): number {
  const { storage } = mm.kernel;
  const lo = storage.get32(table + index * 8 + 4);
  const frame = storage.get32(table + index * 8) * HALF + ((lo & PAGE.FRAME) >>> 0);
  const watched =
    mm.tables.pgstes && storage.get32(table + PGSTE_OFFSET + index * 8) & PGSTE.NOTIFY
      ? PAGE_FLAG.WATCHED
      : 0;
  if (!hasFrame(lo)) return watched;
  return watched | PAGE_FLAG.PRESENT | (lo & PAGE.PROTECT ? PAGE_FLAG.PROTECTED : 0) | frameFlags(mm, frame);
}

function frameFlags(mm: Mm, frame: number): number {
  const { frames, storage } = mm.kernel;
  if (!storage.has(frame, FRAME_SIZE)) return 0;
  const changed = (storage.keys[frame / FRAME_SIZE] as number) & KEY_CHANGED ? PAGE_FLAG.CHANGED : 0;
  return changed | (frames.sharersOf(frame) > 0 ? PAGE_FLAG.SHARED : 0);
}

function logFlag(mm: Mm, page: number): number {
  return mm.logs.some((log) => log.covers(page) && log.has(page)) ? PAGE_FLAG.LOGGED : 0;
}

/** The halves of a segment's entry; those of an empty one when there is no segment table. */
function segmentEntry(mm: Mm, asceHi: number, asceLo: number, segment: number): [hi: number, lo: number] {
  const { storage } = mm.kernel;
  let found: [number, number] = [0, EMPTY_SEGMENT];
  new SegmentTables(storage).each(asceHi, asceLo, segment, segment + 1, (origin, base) => {
    const entry = origin + (segment - base) * 8;
    found = [storage.get32(entry), storage.get32(entry + 4)];
  });
  return found;
}
