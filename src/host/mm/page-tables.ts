/**
 * The tables of a process: a region-third table, segment tables, page tables. They lie in absolute storage in
 * the hardware's formats; what only the host wants to know of a page table stands beside it, by frame.
 *
 * A page table of a process that hosts guests fills a frame: 256 entries, then 256 PGSTEs. One of a process that
 * hosts none is 2 KiB, two to a frame. Segments are segment numbers (byte address >> 20, below 2^22), tables and
 * entries absolute byte addresses.
 */

import { CRST_SIZE, FRAME_SIZE, PAGE, PAGE_TABLE_SIZE, REGION, SEGMENT } from '../../machine/index.ts';
import { CRST_ORDER } from '../frames.ts';
import { absolute, type Kernel } from '../kernel.ts';

/** An empty region-third entry, segment entry and page entry: their low halves. */
export const EMPTY_REGION_THIRD = 0x24;
export const EMPTY_SEGMENT = 0x20;
export const EMPTY_PAGE = 0x400;
/** A page that is there but may not be reached: its frame stays known (Linux: PROT_NONE). */
export const PAGE_NONE = 0x401;
/** Where the PGSTE of a page-table entry lies, from the entry. */
export const PGSTE_OFFSET = PAGE_TABLE_SIZE;

const REGION_VALID = REGION.LENGTH | 0x04;
const SEGMENTS_PER_TABLE = 2048;
/** Segments of one table have the same number above these bits. */
const TABLE_SHIFT = 11;
const HALF = 0x1_0000_0000;

/** Facts about page tables, by 2 KiB unit of storage: which segment they translate, how many entries are in use. */
export class PageTableFacts {
  /** Segment number of the process, or -1 when no page table starts there. */
  readonly segment: Int32Array;
  /** Entries that have a frame. */
  readonly present: Uint16Array;

  /** @param units storage in 2 KiB units */
  constructor(units: number) {
    this.segment = new Int32Array(units).fill(-1);
    this.present = new Uint16Array(units);
  }
}

/** The tables of one process. */
export class PageTables {
  /** Origin of the region-third table. */
  readonly top: number;
  /** Whether page tables have PGSTEs. */
  pgstes = false;

  readonly #kernel: Kernel;
  readonly #facts: PageTableFacts;
  /** Frames of which one half holds a page table of this process: the address of the other, free half. */
  readonly #freeHalves = new Halves();
  /** The segment table found last: the segment numbers it is for, without their low bits, and its origin. */
  #foundNumber = -1;
  #foundTable = -1;

  /** @throws LinuxError ENOMEM */
  constructor(kernel: Kernel, facts: PageTableFacts) {
    this.#kernel = kernel;
    this.#facts = facts;
    this.top = kernel.frames.allocate(CRST_ORDER, 'mm-table');
    fillEntries(kernel, this.top, CRST_SIZE, EMPTY_REGION_THIRD);
  }

  /** The page table of a segment, or -1. */
  pageTableOf(segment: number): number {
    const entry = this.segmentEntryOf(segment);
    if (entry < 0) return -1;
    const { view } = this.#kernel.storage;
    const lo = view.getUint32(entry + 4);
    if (lo & SEGMENT.INVALID) return -1;
    return absolute(view.getUint32(entry), lo & SEGMENT.ORIGIN);
  }

  /** The segment entry of a segment, or -1 when its segment table does not exist. */
  segmentEntryOf(segment: number): number {
    const table = this.#segmentTable(segment);
    return table < 0 ? -1 : table + (segment % SEGMENTS_PER_TABLE) * 8;
  }

  /** The segment number at which the next existing segment table begins, at or after the one of `segment`. */
  nextTable(segment: number, end: number): number {
    let at = segment;
    while (at < end && this.#segmentTable(at) < 0) at += SEGMENTS_PER_TABLE - (at % SEGMENTS_PER_TABLE);
    return Math.min(at, end);
  }

  /**
   * The page table of a segment, made when it is missing.
   * @throws LinuxError ENOMEM; no table was made then
   */
  makePageTable(segment: number): number {
    const existing = this.pageTableOf(segment);
    if (existing >= 0) return existing;
    const missing = this.#segmentTable(segment) < 0;
    const table = missing ? this.#kernel.frames.allocate(CRST_ORDER, 'mm-table') : -1;
    let origin: number;
    try {
      origin = this.newPageTable(segment);
    } catch (error) {
      if (missing) this.#kernel.frames.free(table);
      throw error;
    }
    if (missing) this.#enterSegmentTable(segment, table);
    this.setSegmentEntry(segment, origin);
    return origin;
  }

  #enterSegmentTable(segment: number, table: number): void {
    fillEntries(this.#kernel, table, CRST_SIZE, EMPTY_SEGMENT);
    const entry = this.#regionEntry(segment);
    const { view } = this.#kernel.storage;
    view.setUint32(entry, table / HALF);
    view.setUint32(entry + 4, (table | REGION_VALID) >>> 0);
  }

  /** Makes the segment's entry designate a page table. */
  setSegmentEntry(segment: number, pageTable: number): void {
    const { view } = this.#kernel.storage;
    const entry = this.segmentEntryOf(segment);
    view.setUint32(entry, pageTable / HALF);
    view.setUint32(entry + 4, pageTable >>> 0);
  }

  /**
   * A page table for the segment, all entries empty, not yet in the tables.
   * @param withPgstes whether it fills a frame; as the others do unless said
   * @throws LinuxError ENOMEM
   */
  newPageTable(segment: number, withPgstes = this.pgstes): number {
    const { frames, storage, trace } = this.#kernel;
    let origin: number;
    if (withPgstes) {
      origin = frames.allocate(0, 'pgste-table');
      storage.bytes.fill(0, origin + PGSTE_OFFSET, origin + FRAME_SIZE);
    } else {
      origin = this.#takeHalf();
    }
    fillEntries(this.#kernel, origin, PAGE_TABLE_SIZE, EMPTY_PAGE);
    this.#facts.segment[origin / PAGE_TABLE_SIZE] = segment;
    this.#facts.present[origin / PAGE_TABLE_SIZE] = 0;
    if (trace.listener) this.#traced('new', segment, origin);
    return origin;
  }

  /** Frees a page table that no table designates and no processor can reach. */
  freePageTable(origin: number): void {
    const { frames, trace } = this.#kernel;
    const unit = origin / PAGE_TABLE_SIZE;
    if (trace.listener) this.#traced('gone', this.#facts.segment[unit] as number, origin);
    this.#facts.segment[unit] = -1;
    const frame = origin - (origin % FRAME_SIZE);
    if (frames.purposeOf(frame) === 'pgste-table') frames.free(frame);
    else this.#giveHalf(origin);
  }

  #traced(change: 'new' | 'gone', segment: number, origin: number): void {
    const address = BigInt(segment) << 20n;
    this.#kernel.trace.listener?.({ type: 'page-table', change, address, origin: BigInt(origin) });
  }

  /** Empties the segment's entry, which designates a page table, and says which. The page table stays. */
  dropPageTable(segment: number): number {
    const origin = this.pageTableOf(segment);
    const entry = this.segmentEntryOf(segment);
    const { view } = this.#kernel.storage;
    view.setUint32(entry, 0);
    view.setUint32(entry + 4, EMPTY_SEGMENT);
    return origin;
  }

  /** Takes the segment table of a segment out of the tables, and says which it was; -1 when there is none. */
  dropSegmentTable(segment: number): number {
    const table = this.#segmentTable(segment);
    if (table < 0) return -1;
    this.#foundNumber = -1;
    const entry = this.#regionEntry(segment);
    const { view } = this.#kernel.storage;
    view.setUint32(entry, 0);
    view.setUint32(entry + 4, EMPTY_REGION_THIRD);
    return table;
  }

  /** Every segment that has a page table, ascending. */
  *segments(): IterableIterator<number> {
    for (let base = 0; base < SEGMENTS_PER_TABLE * SEGMENTS_PER_TABLE; base += SEGMENTS_PER_TABLE) {
      if (this.#segmentTable(base) < 0) continue;
      for (let i = 0; i < SEGMENTS_PER_TABLE; i++) {
        if (this.pageTableOf(base + i) >= 0) yield base + i;
      }
    }
  }

  #regionEntry(segment: number): number {
    return this.top + (segment >>> TABLE_SHIFT) * 8;
  }

  #segmentTable(segment: number): number {
    return segment >>> TABLE_SHIFT === this.#foundNumber ? this.#foundTable : this.#walk(segment);
  }

  #walk(segment: number): number {
    const { view } = this.#kernel.storage;
    const entry = this.#regionEntry(segment);
    const lo = view.getUint32(entry + 4);
    if (lo & REGION.INVALID) return -1;
    this.#foundNumber = segment >>> TABLE_SHIFT;
    this.#foundTable = absolute(view.getUint32(entry), lo & REGION.ORIGIN);
    return this.#foundTable;
  }

  #takeHalf(): number {
    const half = this.#freeHalves.takeLast();
    if (half !== undefined) return half;
    const frame = this.#kernel.frames.allocate(0, 'page-table');
    this.#freeHalves.add(frame + PAGE_TABLE_SIZE);
    return frame;
  }

  #giveHalf(origin: number): void {
    const other = origin % FRAME_SIZE === 0 ? origin + PAGE_TABLE_SIZE : origin - PAGE_TABLE_SIZE;
    if (this.#freeHalves.remove(other)) this.#kernel.frames.free(Math.min(origin, other));
    else this.#freeHalves.add(origin);
  }
}

/** Free halves of frames: any can be taken out, and the last one put in is known, both in constant time. */
class Halves {
  readonly #stack: number[] = [];
  /** Where each is in the stack, -1 when taken out: a key put back again and again is not deleted in between. */
  readonly #places = new Map<number, number>();

  add(half: number): void {
    this.#places.set(half, this.#stack.length);
    this.#stack.push(half);
  }

  takeLast(): number | undefined {
    const half = this.#stack.pop();
    if (half !== undefined) this.#places.set(half, -1);
    return half;
  }

  /** Takes one out, the last one filling its place. Says whether it was there. */
  remove(half: number): boolean {
    const place = this.#places.get(half) ?? -1;
    if (place < 0) return false;
    const last = this.takeLast() as number;
    if (last !== half) {
      this.#stack[place] = last;
      this.#places.set(last, place);
      this.#places.set(half, -1);
    }
    return true;
  }
}

/** Sets all entries of a table to the same low half, high halves zero, as one pattern copied on. */
export function fillEntries(kernel: Kernel, table: number, length: number, low: number): void {
  const { bytes, view } = kernel.storage;
  view.setUint32(table, 0);
  view.setUint32(table + 4, low);
  for (let done = 8; done < length; done *= 2) {
    bytes.copyWithin(table + done, table, table + Math.min(done, length - done));
  }
}

/** Whether a page entry, by its low half, has a frame behind it, reachable or not. */
export function hasFrame(low: number): boolean {
  return (low & PAGE.INVALID) === 0 || (low & 0xfff) === PAGE_NONE;
}
