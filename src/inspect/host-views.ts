/**
 * Views of the spaces of a host, read from their tables in storage.
 */

import { type Gmap, GUEST_SEGMENTS, type Mappings, type Mm } from '../host/index.ts';
import {
  EMPTY_SEGMENT,
  HALF,
  hasFrame,
  PAGES_PER_SEGMENT,
  PGSTE,
  PGSTE_OFFSET,
  unlinkedRunLength,
  wantedSegment,
} from '../host/internal.ts';
import {
  CRST_ENTRIES,
  FRAME_SIZE,
  KEY_CHANGED,
  PAGE,
  PAGE_TABLE_SIZE,
  SEGMENT,
  type SegmentNumber,
  type Storage,
  segmentNumber,
} from '../machine/index.ts';
import { PAGE_FLAG } from './answers.ts';
import type { ExtentList } from './extent-list.ts';
import { GUEST_STATE, type GuestExtentBuilder } from './guest-extent-builder.ts';
import { NOTHING, SegmentTables } from './segment-tables.ts';
import type { GuestSegment, GuestView, ProcessView, SegmentFlags, SpaceView, TableVisitor } from './views.ts';

/** Returns a view of a space. */
export function viewOf(space: Mm | Gmap): SpaceView {
  return space.kind === 'gmap' ? new GmapView(space) : new MmView(space);
}

/** A view of a process. */
export class MmView implements ProcessView {
  readonly kind = 'process';
  readonly mappings: Mappings;
  readonly #mm: Mm;
  readonly #storage: Storage;

  constructor(mm: Mm) {
    this.mappings = mm.mappings;
    this.#mm = mm;
    this.#storage = mm.kernel.storage;
  }

  tablesIn(first: SegmentNumber, end: SegmentNumber, visit: TableVisitor): void {
    const mm = this.#mm;
    const storage = this.#storage;
    const tables = new SegmentTables(storage);
    tables.each(mm, first, end, (origin, base) => {
      const last = Math.min(CRST_ENTRIES, end - base);
      let i = tables.scan.next(origin, Math.max(0, first - base), last, NOTHING);
      for (; i < last; i = tables.scan.next(origin, i + 1, last, NOTHING)) {
        const [hi, lo] = [storage.get32(origin + i * 8), storage.get32(origin + i * 8 + 4)];
        const table = designated(hi, lo);
        const isLarge = (lo & SEGMENT.FORMAT_CONTROL) !== 0;
        const present = isLarge ? PAGES_PER_SEGMENT : presentIn(mm, table);
        visit(segmentNumber(base + i), isLarge, present, linksOf(mm, table));
      }
    });
  }

  flagsIn(segment: SegmentNumber): SegmentFlags {
    const mm = this.#mm;
    const [hi, lo] = segmentEntry(mm, segment);
    const first = segment * PAGES_PER_SEGMENT;
    const mapped = (index: number) => (mm.mappings.at(first + index) ? PAGE_FLAG.MAPPED : 0);
    if (lo & SEGMENT.INVALID) return mapped;
    const protect = lo & SEGMENT.PROTECT ? PAGE_FLAG.PROTECTED : 0;
    const origin = designated(hi, lo);
    if (lo & SEGMENT.FORMAT_CONTROL) {
      return (index) =>
        mapped(index) | PAGE_FLAG.PRESENT | protect | this.#frameFlags(origin + index * FRAME_SIZE);
    }
    return (index) =>
      mapped(index) | protect | this.#entryFlags(origin, index) | this.#logFlag(first + index);
  }

  #entryFlags(table: number, index: number): number {
    const storage = this.#storage;
    const lo = storage.get32(table + index * 8 + 4);
    const frame = storage.get32(table + index * 8) * HALF + ((lo & PAGE.FRAME) >>> 0);
    const notifies = this.#mm.tables.pgstes && storage.get32(table + PGSTE_OFFSET + index * 8) & PGSTE.NOTIFY;
    const watched = notifies ? PAGE_FLAG.WATCHED : 0;
    if (!hasFrame(lo)) return watched;
    const protect = lo & PAGE.PROTECT ? PAGE_FLAG.PROTECTED : 0;
    return watched | PAGE_FLAG.PRESENT | protect | this.#frameFlags(frame);
  }

  #frameFlags(frame: number): number {
    const storage = this.#storage;
    if (!storage.has(frame, FRAME_SIZE)) return 0;
    const key = storage.keys[frame / FRAME_SIZE] as number;
    const isShared = this.#mm.kernel.frames.sharersOf(frame) > 0;
    return (key & KEY_CHANGED ? PAGE_FLAG.CHANGED : 0) | (isShared ? PAGE_FLAG.SHARED : 0);
  }

  #logFlag(page: number): number {
    return this.#mm.logs.some((log) => log.covers(page) && log.has(page)) ? PAGE_FLAG.LOGGED : 0;
  }
}

/** A view of a guest. */
export class GmapView implements GuestView {
  readonly kind = 'guest';
  readonly process: MmView;
  readonly #gmap: Gmap;
  readonly #view: DataView;

  // The mapping found last, or the gap between two mappings, in process pages.
  #from = 0;
  #to = 0;
  #isMapped = false;

  constructor(gmap: Gmap) {
    this.process = new MmView(gmap.mm);
    this.#gmap = gmap;
    this.#view = gmap.mm.kernel.storage.view;
  }

  mappedInto(list: ExtentList): void {
    const tables = new SegmentTables(this.#gmap.mm.kernel.storage);
    tables.each(this.#gmap, 0, GUEST_SEGMENTS, (origin, first) => {
      let at = tables.scan.next(origin, 0, CRST_ENTRIES, NOTHING);
      while (at < CRST_ENTRIES) {
        let end = at + 1;
        while (end < CRST_ENTRIES && this.#view.getInt32(origin + end * 8 + 4) !== EMPTY_SEGMENT) end++;
        list.add((first + at) * PAGES_PER_SEGMENT, (first + end) * PAGES_PER_SEGMENT);
        at = tables.scan.next(origin, end, CRST_ENTRIES, NOTHING);
      }
    });
  }

  segmentsInto(builder: GuestExtentBuilder, first: SegmentNumber, end: SegmentNumber): void {
    const tables = new SegmentTables(this.#gmap.mm.kernel.storage);
    tables.each(this.#gmap, first, end, (origin, base) => {
      const last = Math.min(CRST_ENTRIES, end - base);
      let i = tables.scan.next(origin, Math.max(0, first - base), last, NOTHING);
      while (i < last) {
        const lo = this.#view.getInt32(origin + i * 8 + 4);
        if (lo === EMPTY_SEGMENT) i = tables.scan.next(origin, i, last, NOTHING);
        else if (lo & SEGMENT.INVALID) i += this.#addUnlinked(builder, origin + i * 8, base + i, last - i);
        else this.#addLinked(builder, origin + i * 8, base + i++);
      }
    });
  }

  /** Adds the consecutive unlinked segments that begin at an entry, at most `count`. Returns their number. */
  #addUnlinked(builder: GuestExtentBuilder, entry: number, segment: number, count: number): number {
    const process = wantedSegment(this.#view.getUint32(entry), this.#view.getUint32(entry + 4));
    this.#find(process * PAGES_PER_SEGMENT);
    const most = Math.min(count, Math.ceil(this.#to / PAGES_PER_SEGMENT) - process);
    const length = unlinkedRunLength(this.#view, entry, most, process);
    const state = this.#isMapped ? GUEST_STATE.UNLINKED : GUEST_STATE.UNBACKED;
    builder.add(segment, process, state, 0, length);
    return length;
  }

  #addLinked(builder: GuestExtentBuilder, entry: number, segment: number): void {
    const { mm } = this.#gmap;
    const { descriptors, reverseMaps } = mm.common;
    const lo = this.#view.getUint32(entry + 4);
    const isLarge = (lo & SEGMENT.FORMAT_CONTROL) !== 0;
    const origin = designated(this.#view.getUint32(entry), lo);
    const node = reverseMaps.first(origin);
    const shared = node >= 0 && reverseMaps.after(node) >= 0 ? 1 : 0;
    const present = isLarge ? PAGES_PER_SEGMENT : presentIn(mm, origin);
    const state = (isLarge ? GUEST_STATE.LARGE : GUEST_STATE.LINKED) + shared;
    builder.add(segment, descriptors.segmentOf(origin / PAGE_TABLE_SIZE), state, present);
  }

  /** Finds the mapping, or the gap between two mappings, that holds a process page. */
  #find(page: number): void {
    if (page >= this.#from && page < this.#to) return;
    const { mappings } = this.#gmap.mm;
    const mapping = mappings.at(page);
    this.#isMapped = mapping !== undefined;
    this.#from = mapping?.start ?? page;
    this.#to = mapping?.end ?? mappings.nextStart(page);
  }

  segment(segment: SegmentNumber): GuestSegment | null {
    const [hi, lo] = segmentEntry(this.#gmap, segment);
    if (lo === EMPTY_SEGMENT) return null;
    if (lo & SEGMENT.INVALID) return { process: segmentNumber(wantedSegment(hi, lo)), linked: false };
    const process = this.#gmap.mm.common.descriptors.segmentOf(designated(hi, lo) / PAGE_TABLE_SIZE);
    // Only an injected fault leaves an entry linked to a freed table.
    return { process: process < 0 ? null : segmentNumber(process), linked: true };
  }

  watches(page: number): boolean {
    return this.#gmap.watched.has(page);
  }
}

/** Returns how many guest segments are linked to a page table or a 1 MiB frame. */
export function linksOf(mm: Mm, table: number): number {
  const { reverseMaps } = mm.common;
  let links = 0;
  for (let node = reverseMaps.first(table); node >= 0; node = reverseMaps.after(node)) links++;
  return links;
}

/** Returns the absolute address of the page table or the frame that a segment entry designates. */
function designated(hi: number, lo: number): number {
  const mask = lo & SEGMENT.FORMAT_CONTROL ? SEGMENT.FRAME : SEGMENT.ORIGIN;
  return hi * HALF + ((lo & mask) >>> 0);
}

function presentIn(mm: Mm, table: number): number {
  return mm.common.descriptors.present[table / PAGE_TABLE_SIZE] as number;
}

/** Returns the halves of a segment's entry, or those of an empty entry if the space has no segment table for it. */
export function segmentEntry(space: Mm | Gmap, segment: number): [hi: number, lo: number] {
  const { storage } = space.kind === 'gmap' ? space.mm.kernel : space.kernel;
  let found: [number, number] = [0, EMPTY_SEGMENT];
  new SegmentTables(storage).each(space, segment, segment + 1, (origin, base) => {
    const entry = origin + (segment - base) * 8;
    found = [storage.get32(entry), storage.get32(entry + 4)];
  });
  return found;
}
