/**
 * The tables of a process: a region-third table, segment tables, page tables. They are in absolute storage in the formats
 * of the hardware; what only the host keeps of a page table is in its descriptor (page-table-descriptors.ts). A process
 * that needs addresses from 4 TiB on has a region-second table above its region-third tables.
 *
 * A page table of a process that hosts guests fills a frame: 256 entries, then 256 PGSTEs. One of a process that
 * hosts none is 2 KiB, two to a frame. A segment may have a frame of 1 MiB instead of a page table. Segments are
 * segment numbers (byte address >> 20, below 2^33), tables and entries absolute byte addresses. A lookup that runs for
 * every page or segment returns -1 if there is nothing: a plain integer to V8.
 */

import {
  CRST_ENTRIES,
  CRST_SIZE,
  FRAME_SIZE,
  PAGE,
  PAGE_TABLE_ENTRIES,
  PAGE_TABLE_SIZE,
  REGION,
  SEGMENT,
} from '../../machine/index.ts';
import { CRST_ORDER, LARGE_ORDER } from '../frames.ts';
import { absolute, type Kernel } from '../kernel.ts';
import { HALF, SEGMENTS_PER_REGION, SEGMENTS_PER_TABLE } from '../units.ts';
import type { PageTableDescriptors } from './page-table-descriptors.ts';

/** An empty region-second, region-third, segment and page entry: their low halves. */
export const EMPTY_REGION_SECOND = 0x28;
export const EMPTY_REGION_THIRD = 0x24;
export const EMPTY_SEGMENT = 0x20;
export const EMPTY_PAGE = 0x400;
/** A page with a frame and no access (Linux: PROT_NONE). */
export const PAGE_NONE = 0x401;
/** From a page-table entry to its PGSTE, in bytes. */
export const PGSTE_OFFSET = PAGE_TABLE_SIZE;

/** Type and length bits of a valid region-second and region-third entry. */
const REGION_SECOND_VALID = REGION.LENGTH | 0x08;
const REGION_THIRD_VALID = REGION.LENGTH | 0x04;
/** Stands for the first segment of the segment table found last, if there is none: no segment is within its table. */
const NOWHERE = -SEGMENTS_PER_TABLE;
/** The number of pages that three and four levels of tables translate: 4 TiB and 8 PiB. */
export const PAGES_OF_THREE_LEVELS = 2 ** 30;
export const PAGES_OF_FOUR_LEVELS = 2 ** 41;

/** The tables of one process. */
export class PageTables {
  /** The origin of the table that the address-space-control element designates: region third, or region second. */
  top: number;
  /** Levels above the page tables: 3, or 4 once `grow` was called. */
  levels: 3 | 4 = 3;
  /** Whether page tables have PGSTEs. */
  pgstes = false;

  readonly #kernel: Kernel;
  readonly #mm: number;
  readonly #descriptors: PageTableDescriptors;
  /** The free halves of frames whose other half is a page table of this process. */
  readonly #freeHalves = new Halves();
  // The segment table found last: the number of its first segment, and its origin.
  #foundFirst = NOWHERE;
  #foundTable = -1;

  /**
   * @param mm the number that events call the process by
   * @throws LinuxError ENOMEM
   */
  constructor(kernel: Kernel, descriptors: PageTableDescriptors, mm: number) {
    this.#kernel = kernel;
    this.#mm = mm;
    this.#descriptors = descriptors;
    this.top = this.#newTable(EMPTY_REGION_THIRD);
  }

  /** The number of pages that the tables translate. */
  get limit(): number {
    return this.levels === 3 ? PAGES_OF_THREE_LEVELS : PAGES_OF_FOUR_LEVELS;
  }

  /**
   * Puts a region-second table on top. The address-space-control element changes.
   * @throws LinuxError ENOMEM
   */
  grow(): void {
    const top = this.#newTable(EMPTY_REGION_SECOND);
    this.#setEntry(top, this.top, REGION_SECOND_VALID);
    this.top = top;
    this.levels = 4;
  }

  /** Returns the page table of a segment, or -1. */
  pageTableOf(segment: number): number {
    const entry = this.segmentEntryOf(segment);
    if (entry < 0) return -1;
    const { view } = this.#kernel.storage;
    const lo = view.getUint32(entry + 4);
    if (lo & (SEGMENT.INVALID | SEGMENT.FORMAT_CONTROL)) return -1;
    return absolute(view.getUint32(entry), lo & SEGMENT.ORIGIN);
  }

  /** Returns the 1 MiB frame of a segment, or -1. */
  largeFrameOf(segment: number): number {
    const entry = this.segmentEntryOf(segment);
    if (entry < 0) return -1;
    const { view } = this.#kernel.storage;
    const lo = view.getUint32(entry + 4);
    if (lo & SEGMENT.INVALID || (lo & SEGMENT.FORMAT_CONTROL) === 0) return -1;
    return absolute(view.getUint32(entry), lo & SEGMENT.FRAME);
  }

  /** Returns the address of a segment's entry, or -1 if its segment table does not exist. */
  segmentEntryOf(segment: number): number {
    const index = segment - this.#foundFirst;
    if (index >= 0 && index < SEGMENTS_PER_TABLE) return this.#foundTable + index * 8;
    const table = this.#walk(segment);
    return table < 0 ? -1 : table + (segment % SEGMENTS_PER_TABLE) * 8;
  }

  /** Returns the first segment of the next segment table, from that of `segment` on; `end` if there is none below. */
  nextTable(segment: number, end: number): number {
    let at = segment;
    while (at < end && this.#segmentTable(at) < 0) {
      const step = this.#regionThird(at) < 0 ? SEGMENTS_PER_REGION : SEGMENTS_PER_TABLE;
      at += step - (at % step);
    }
    return Math.min(at, end);
  }

  /**
   * Returns the page table of a segment that has no 1 MiB frame. It is made if it is missing.
   * @param undo if given, collects callbacks that undo this call, for all-or-nothing callers. They may be called while
   *   nothing uses the table
   * @throws LinuxError ENOMEM; no table was made then
   */
  makePageTable(segment: number, undo?: (() => void)[]): number {
    const existing = this.pageTableOf(segment);
    if (existing >= 0) return existing;
    const undoAbove = this.#makeSegmentTable(segment);
    let origin: number;
    try {
      origin = this.newPageTable(segment);
    } catch (error) {
      undoAbove?.();
      throw error;
    }
    this.setSegmentEntry(segment, origin);
    undo?.push(() => {
      this.unhookSegment(segment);
      this.freePageTable(origin);
      undoAbove?.();
    });
    return origin;
  }

  /**
   * Gives a segment that has nothing yet a frame of 1 MiB, all zeros.
   * @param bits of its entry: 0, or SEGMENT.PROTECT
   * @throws LinuxError ENOMEM; nothing was made then
   */
  makeLarge(segment: number, bits: number): number {
    const undo = this.#makeSegmentTable(segment);
    let frame: number;
    try {
      frame = this.#kernel.frames.allocateZeroed(LARGE_ORDER, 'large-page');
    } catch (error) {
      undo?.();
      throw error;
    }
    this.#descriptors.setSegment(frame / PAGE_TABLE_SIZE, segment);
    this.setSegmentEntry(segment, frame + (SEGMENT.FORMAT_CONTROL | bits));
    this.#tracedLarge('new', segment, frame);
    return frame;
  }

  /** Clears the descriptor of a segment's 1 MiB frame, which is about to be split or freed. */
  forgetLarge(segment: number, change: 'split' | 'freed'): void {
    const frame = this.largeFrameOf(segment);
    this.#descriptors.setSegment(frame / PAGE_TABLE_SIZE, -1);
    this.#tracedLarge(change, segment, frame);
  }

  #tracedLarge(change: 'new' | 'split' | 'freed', segment: number, frame: number): void {
    this.#kernel.trace.listener?.({
      type: 'large-frame',
      mm: this.#mm,
      change,
      address: BigInt(segment) << 20n,
      frame: BigInt(frame),
    });
  }

  /**
   * Makes the tables above a segment's page table. Returns a callback that undoes this, or null if all of them existed.
   * @throws LinuxError ENOMEM; no table was made then
   */
  #makeSegmentTable(segment: number): (() => void) | null {
    if (this.#segmentTable(segment) >= 0) return null;
    let region = this.#regionThird(segment);
    const newRegion = region < 0;
    if (newRegion) region = this.#newTable(EMPTY_REGION_THIRD);
    let table: number;
    try {
      table = this.#newTable(EMPTY_SEGMENT);
    } catch (error) {
      if (newRegion) this.#kernel.frames.free(region);
      throw error;
    }
    if (newRegion) this.#setEntry(this.#regionSecondEntry(segment), region, REGION_SECOND_VALID);
    this.#setEntry(this.#regionThirdEntry(region, segment), table, REGION_THIRD_VALID);
    return () => {
      this.unhookSegmentTable(segment);
      this.#kernel.frames.free(table);
      if (!newRegion) return;
      this.unhookRegionTable(segment);
      this.#kernel.frames.free(region);
    };
  }

  #newTable(empty: number): number {
    const table = this.#kernel.frames.allocate(CRST_ORDER, 'mm-table');
    fillEntries(this.#kernel, table, CRST_SIZE, empty);
    return table;
  }

  #setEntry(entry: number, table: number, bits: number): void {
    const { view } = this.#kernel.storage;
    view.setUint32(entry, table / HALF);
    view.setUint32(entry + 4, (table | bits) >>> 0);
  }

  /** Sets the entry of a segment: the origin of a page table, or a 1 MiB frame with its bits. */
  setSegmentEntry(segment: number, value: number): void {
    this.#setEntry(this.segmentEntryOf(segment), value, 0);
  }

  /**
   * Returns the entry of a segment, origin and bits, or 0 if it is invalid. A guest's entry that shares the segment equals
   * it.
   */
  segmentValueOf(segment: number): number {
    const entry = this.segmentEntryOf(segment);
    if (entry < 0) return 0;
    const { view } = this.#kernel.storage;
    const lo = view.getUint32(entry + 4);
    return lo & SEGMENT.INVALID ? 0 : absolute(view.getUint32(entry), lo);
  }

  /**
   * Returns a new page table for a segment. All its entries are empty, and no table designates it yet.
   * @param withPgstes whether it has PGSTEs; default: as the other page tables of the process
   * @throws LinuxError ENOMEM
   */
  newPageTable(segment: number, withPgstes = this.pgstes): number {
    const { frames, storage } = this.#kernel;
    let origin: number;
    if (withPgstes) {
      origin = frames.allocate(0, 'pgste-table');
      storage.bytes.fill(0, origin + PGSTE_OFFSET, origin + FRAME_SIZE);
    } else {
      origin = this.#takeHalf();
    }
    fillEntries(this.#kernel, origin, PAGE_TABLE_SIZE, EMPTY_PAGE);
    this.#descriptors.setSegment(origin / PAGE_TABLE_SIZE, segment);
    this.#descriptors.present[origin / PAGE_TABLE_SIZE] = 0;
    this.#traced('new', segment, origin);
    return origin;
  }

  /** Frees a page table that no table designates and no processor can reach. */
  freePageTable(origin: number): void {
    const { frames } = this.#kernel;
    const unit = origin / PAGE_TABLE_SIZE;
    this.#traced('freed', this.#descriptors.segmentOf(unit), origin);
    this.#descriptors.setSegment(unit, -1);
    const frame = origin - (origin % FRAME_SIZE);
    if (frames.purposeOf(frame) === 'pgste-table') frames.free(frame);
    else this.#giveHalf(origin);
  }

  #traced(change: 'new' | 'freed', segment: number, origin: number): void {
    this.#kernel.trace.listener?.({
      type: 'page-table',
      mm: this.#mm,
      change,
      address: BigInt(segment) << 20n,
      origin: BigInt(origin),
    });
  }

  /** Empties the entry of a segment. What it designated stays allocated. */
  unhookSegment(segment: number): void {
    this.setSegmentEntry(segment, EMPTY_SEGMENT);
  }

  /** Unhooks the segment table of a segment, and returns it. Preconditions: there is one. */
  unhookSegmentTable(segment: number): number {
    const table = this.#segmentTable(segment);
    this.#foundFirst = NOWHERE;
    this.#setEntry(this.#regionThirdEntry(this.#regionThird(segment), segment), 0, EMPTY_REGION_THIRD);
    return table;
  }

  /**
   * Unhooks the region-third table of a segment. Returns it, or null if it is the first, which stays. Preconditions: there is
   * one.
   */
  unhookRegionTable(segment: number): number | null {
    if (segment < SEGMENTS_PER_REGION) return null;
    const region = this.#regionThird(segment);
    this.#setEntry(this.#regionSecondEntry(segment), 0, EMPTY_REGION_SECOND);
    return region;
  }

  /** Frees the tables that remain when nothing is mapped any more. */
  free(): void {
    if (this.levels === 4) this.#kernel.frames.free(this.#regionThird(0));
    this.#kernel.frames.free(this.top);
  }

  /** All segments that have a page table or a 1 MiB frame, ascending. */
  *segments(): IterableIterator<number> {
    const end = this.limit / PAGE_TABLE_ENTRIES;
    for (let base = this.nextTable(0, end); base < end; ) {
      for (let i = 0; i < SEGMENTS_PER_TABLE; i++) {
        if (this.segmentValueOf(base + i) > 0) yield base + i;
      }
      base = this.nextTable(base + SEGMENTS_PER_TABLE, end);
    }
  }

  #regionSecondEntry(segment: number): number {
    return this.top + Math.floor(segment / SEGMENTS_PER_REGION) * 8;
  }

  #regionThirdEntry(region: number, segment: number): number {
    return region + (Math.floor(segment / SEGMENTS_PER_TABLE) % CRST_ENTRIES) * 8;
  }

  /** Returns the region-third table of a segment, or -1. */
  #regionThird(segment: number): number {
    if (this.levels === 3) return segment < SEGMENTS_PER_REGION ? this.top : -1;
    return this.#designated(this.#regionSecondEntry(segment));
  }

  /** Returns the table that a region entry designates, or -1. */
  #designated(entry: number): number {
    const { view } = this.#kernel.storage;
    const lo = view.getUint32(entry + 4);
    return lo & REGION.INVALID ? -1 : absolute(view.getUint32(entry), lo & REGION.ORIGIN);
  }

  #segmentTable(segment: number): number {
    const index = segment - this.#foundFirst;
    return index >= 0 && index < SEGMENTS_PER_TABLE ? this.#foundTable : this.#walk(segment);
  }

  #walk(segment: number): number {
    const region = this.#regionThird(segment);
    if (region < 0) return -1;
    const table = this.#designated(this.#regionThirdEntry(region, segment));
    if (table < 0) return -1;
    this.#foundFirst = segment - (segment % SEGMENTS_PER_TABLE);
    this.#foundTable = table;
    return table;
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

/** A set of free halves of frames. Removing any of them, or the one added last, takes constant time. */
class Halves {
  readonly #stack: number[] = [];
  /**
   * The index of each half in the stack, or -1 after it was removed: keeping the key is faster than deleting and adding it.
   */
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

  /** Removes a half, and moves the last one to its place. Returns false if it was not in the set. */
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

/**
 * Sets all entries of a table to the same low half and a high half of zero. The first entry is copied on.
 * @param length bytes, a power of two
 */
export function fillEntries(kernel: Kernel, table: number, length: number, low: number): void {
  const { bytes, view } = kernel.storage;
  view.setUint32(table, 0);
  view.setUint32(table + 4, low);
  for (let done = 8; done < length; done *= 2) {
    bytes.copyWithin(table + done, table, table + done);
  }
}

/** Whether a page entry, given by its low half, has a frame, accessible or not. */
export function hasFrame(low: number): boolean {
  return (low & PAGE.INVALID) === 0 || (low & 0xfff) === PAGE_NONE;
}
