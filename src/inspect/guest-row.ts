/**
 * What of a guest address space lies in a range: its segments, in a bounded number of extents.
 */

import { EMPTY_SEGMENT, type Gmap, unlinkedRunLength, wantedSegment } from '../host/index.ts';
import { CRST_ENTRIES, PAGE_TABLE_SIZE, SEGMENT } from '../machine/index.ts';
import { type GuestExtent, PAGES_PER_SEGMENT } from './answers.ts';
import { demandGmap, demandLimit, demandPages } from './questions.ts';
import { HALF, NOTHING, SegmentTables } from './segment-tables.ts';

/** What a segment is. */
export const GUEST_STATE = { PROMISED: 0, GONE: 1, LINKED: 2, SHARED: 3, LARGE: 4, LARGE_SHARED: 5 } as const;

/**
 * The segments that have a page in `first` up to, not including, `end`, in about `limit` extents at most: see
 * `GuestExtents`.
 * @throws LinuxError EINVAL, ENOENT, see questions.ts
 */
export function guestRow(gmap: Gmap, first: number, end: number, limit: number): GuestExtent[] {
  demandGmap(gmap);
  demandPages(first, end);
  demandLimit('limit', limit);
  const row = new GuestRow(gmap, new GuestExtents(first, end, limit));
  row.look(Math.floor(first / PAGES_PER_SEGMENT), Math.ceil(end / PAGES_PER_SEGMENT));
  return row.extents.finish();
}

type MutableExtent = { -readonly [K in keyof GuestExtent]: GuestExtent[K] };

/**
 * Makes extents of segments that are told one after another, ascending: runs that are a bucket long are extents of their
 * own, shorter ones are told together, bucket by bucket. Cells do not move with the range, so that a picture that is moved
 * stays the same.
 */
export class GuestExtents {
  readonly #extents: MutableExtent[] = [];
  /** Segments of a bucket. */
  readonly bucket: number;

  // The run that is told: segment numbers, how many, what state, and pages present.
  #start = 0;
  #process = 0;
  #count = 0;
  #state = 0;
  #present = 0;

  /** @param limit about how many extents the pages from `first` to `end` may have */
  constructor(first: number, end: number, limit: number) {
    const wanted = Math.max(1, Math.ceil((end - first) / PAGES_PER_SEGMENT / Math.max(1, limit)));
    this.bucket = 2 ** Math.ceil(Math.log2(wanted));
  }

  /**
   * The next segment that is mapped, or a run of them.
   * @param process number of the process segment behind it
   * @param state one of `GUEST_STATE`
   * @param present pages present, in all of them
   * @param count segments of the run
   */
  add(segment: number, process: number, state: number, present: number, count = 1): void {
    const goesOn =
      this.#count > 0 &&
      state === this.#state &&
      segment === this.#start + this.#count &&
      process === this.#process + this.#count;
    if (!goesOn) {
      this.#flush();
      this.#start = segment;
      this.#process = process;
      this.#state = state;
    }
    this.#count += count;
    this.#present += present;
  }

  /**
   * The next segments that are mapped and not linked, in runs shorter than a bucket that all begin in one bucket.
   * @param process number of the process segment behind the first; the others follow in order
   * @param count segments of all the runs
   * @param promised those whose process has memory there
   */
  addMixed(segment: number, process: number, count: number, promised: number): void {
    this.#flush();
    this.#start = segment;
    this.#process = process;
    // The extent for a short run, however many there are.
    this.#count = Math.min(count, this.bucket - 1);
    const extent = this.#extentFor();
    extent.end = (segment + count) * PAGES_PER_SEGMENT;
    extent.processEnd = Math.max(extent.processEnd, (process + count) * PAGES_PER_SEGMENT);
    extent.promised += promised;
    extent.gone += count - promised;
    extent.exact = false;
    this.#count = 0;
  }

  /** All extents, once every segment was told. */
  finish(): GuestExtent[] {
    this.#flush();
    return this.#extents;
  }

  /** The run has ended: it is a extent of its own, or goes with the others of its bucket. */
  #flush(): void {
    if (this.#count === 0) return;
    const extent = this.#extentFor();
    const state = this.#state;
    const count = this.#count;
    if (state === GUEST_STATE.PROMISED) extent.promised += count;
    else if (state === GUEST_STATE.GONE) extent.gone += count;
    else if (state >= GUEST_STATE.LARGE) extent.large += count;
    else extent.linked += count;
    if (state === GUEST_STATE.SHARED || state === GUEST_STATE.LARGE_SHARED) extent.shared += count;
    extent.present += this.#present;
    this.#count = 0;
    this.#present = 0;
  }

  #extentFor(): MutableExtent {
    const first = this.#start * PAGES_PER_SEGMENT;
    const end = (this.#start + this.#count) * PAGES_PER_SEGMENT;
    const processFirst = this.#process * PAGES_PER_SEGMENT;
    const processEnd = processFirst + (end - first);
    const last = this.#extents[this.#extents.length - 1];
    if (last && this.#count < this.bucket && this.#inSameBucket(last)) {
      last.end = end;
      last.processFirst = Math.min(last.processFirst, processFirst);
      last.processEnd = Math.max(last.processEnd, processEnd);
      last.exact = false;
      return last;
    }
    const counts = { promised: 0, gone: 0, linked: 0, shared: 0, large: 0 };
    const extent = { first, end, processFirst, processEnd, exact: true, present: 0, ...counts };
    this.#extents.push(extent);
    return extent;
  }

  /** Whether a extent is one of short runs, of the bucket in which the run begins. */
  #inSameBucket({ first, end, exact }: MutableExtent): boolean {
    const bucket = this.bucket * PAGES_PER_SEGMENT;
    if (exact && end - first >= bucket) return false;
    return Math.floor(first / bucket) === Math.floor((this.#start * PAGES_PER_SEGMENT) / bucket);
  }
}

class GuestRow {
  readonly extents: GuestExtents;
  readonly #gmap: Gmap;
  readonly #view: DataView;

  // What the process was found to have last, in pages: half open, and whether it is a mapping or a gap.
  #from = 0;
  #to = 0;
  #mapped = false;

  constructor(gmap: Gmap, extents: GuestExtents) {
    this.#gmap = gmap;
    this.#view = gmap.mm.kernel.storage.view;
    this.extents = extents;
  }

  look(first: number, end: number): void {
    const gmap = this.#gmap;
    const tables = new SegmentTables(gmap.mm.kernel.storage);
    tables.each(gmap.asceHi, gmap.asceLo, first, end, (origin, base) => {
      const last = Math.min(CRST_ENTRIES, end - base);
      let i = tables.scan.next(origin, Math.max(0, first - base), last, NOTHING);
      while (i < last) {
        const lo = this.#view.getInt32(origin + i * 8 + 4);
        if (lo === EMPTY_SEGMENT) i = tables.scan.next(origin, i, last, NOTHING);
        else if (lo & SEGMENT.INVALID) i += this.#promises(origin + i * 8, base + i, last - i);
        else this.#link(origin + i * 8, base + i++);
      }
    });
  }

  /** Tells the promises from an entry on that go on one another, `count` at most; says how many they are. */
  #promises(entry: number, segment: number, count: number): number {
    const view = this.#view;
    const process = wantedSegment(view.getUint32(entry), view.getUint32(entry + 4));
    this.#find(process * PAGES_PER_SEGMENT);
    const most = Math.min(count, Math.ceil(this.#to / PAGES_PER_SEGMENT) - process);
    const run = unlinkedRunLength(view, entry, most, process);
    this.extents.add(segment, process, this.#mapped ? GUEST_STATE.PROMISED : GUEST_STATE.GONE, 0, run);
    return run;
  }

  #link(entry: number, segment: number): void {
    const { descriptors, reverseMaps } = this.#gmap.mm.common;
    const lo = this.#view.getUint32(entry + 4);
    const large = (lo & SEGMENT.FORMAT_CONTROL) !== 0;
    const origin =
      this.#view.getUint32(entry) * HALF + ((lo & (large ? SEGMENT.FRAME : SEGMENT.ORIGIN)) >>> 0);
    const unit = origin / PAGE_TABLE_SIZE;
    const node = reverseMaps.first(origin);
    const shared = node >= 0 && reverseMaps.after(node) >= 0 ? 1 : 0;
    const present = large ? PAGES_PER_SEGMENT : (descriptors.present[unit] as number);
    const state = (large ? GUEST_STATE.LARGE : GUEST_STATE.LINKED) + shared;
    this.extents.add(segment, descriptors.segmentOf(unit), state, present);
  }

  /** Finds the mapping, or the gap between two, that a page of the process is in: what a fault there would ask. */
  #find(page: number): void {
    if (page >= this.#from && page < this.#to) return;
    const { mappings } = this.#gmap.mm;
    const mapping = mappings.at(page);
    this.#mapped = mapping !== undefined;
    this.#from = mapping?.start ?? page;
    this.#to = mapping?.end ?? mappings.nextStart(page);
  }
}
