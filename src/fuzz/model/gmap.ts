/** The model of a gmap: a map of guest segments, each linked or not. */

import {
  GUEST_LIMIT,
  LIMIT_SEGMENTS,
  onPage,
  onSegment,
  pageOf,
  SEGMENT_PAGES,
  segmentOf,
} from './places.ts';
import type { ProcessModel } from './process.ts';
import { Refusal } from './refusal.ts';
import { SlotsModel } from './slots.ts';

/** A guest segment that is mapped. */
export interface MappedSegment {
  /** Process segment. */
  readonly process: number;
  linked: boolean;
}

/** Number of guest segments that a segment, region-third and region-second table spans. */
const SPANS = [2 ** 11, 2 ** 22, 2 ** 33] as const;

/** A gmap. */
export class GmapModel {
  readonly process: ProcessModel;
  readonly segments = new Map<number, MappedSegment>();
  readonly slots = new SlotsModel(this);
  /** Guest pages that were reported as invalidated since the list was last read. */
  readonly #invalidated = new Set<number>();
  readonly #watched = new Set<number>();
  /** The tables below the first, by level: the number of the range that each spans. They remain until the gmap is freed. */
  readonly #tables = SPANS.map(() => new Set<number>());

  constructor(process: ProcessModel) {
    this.process = process;
  }

  /** Number of tables. */
  get tables(): number {
    return this.#tables.reduce((sum, { size }) => sum + size, 1);
  }

  /** Number of linked segments. */
  get links(): number {
    let links = 0;
    for (const { linked } of this.segments.values()) if (linked) links++;
    return links;
  }

  /**
   * Returns whether a segment of the range was linked.
   * @throws Refusal EINVAL
   */
  map(from: bigint, to: bigint, length: bigint): boolean {
    const [start, end] = guestSegments(to, length);
    if (!onSegment(from) || from + length > BigInt(LIMIT_SEGMENTS) << 20n) throw new Refusal('EINVAL');
    const unlinked = this.#clear(start, end);
    const process = Number(from >> 20n);
    for (let at = start; at < end; at++) {
      this.segments.set(at, { process: process + (at - start), linked: false });
      for (const [level, span] of SPANS.entries()) this.#tables[level]?.add(Math.floor(at / span));
    }
    return unlinked;
  }

  /**
   * Returns whether a segment of the range was linked.
   * @throws Refusal EINVAL
   */
  unmap(to: bigint, length: bigint): boolean {
    return this.#clear(...guestSegments(to, length));
  }

  /**
   * Links a segment. Returns its process segment.
   * @throws Refusal EFAULT
   */
  fault(segment: number): number {
    const mapped = this.segments.get(segment);
    if (!mapped) throw new Refusal('EFAULT');
    if (mapped.linked) return mapped.process;
    const segmentOfProcess = this.process.segments.get(mapped.process);
    // The process must have a mapping at the first byte.
    if (!segmentOfProcess?.pages.has(mapped.process * SEGMENT_PAGES)) throw new Refusal('EFAULT');
    this.process.provide(mapped.process);
    mapped.linked = true;
    return mapped.process;
  }

  /**
   * Links the segment of a guest page. Returns the process page behind the page.
   * @throws Refusal EFAULT
   */
  processPage(page: number): number {
    return this.fault(segmentOf(page)) * SEGMENT_PAGES + (page % SEGMENT_PAGES);
  }

  /**
   * Replaces the contents of linked segments by zeros.
   * @throws Refusal EINVAL
   */
  discard(from: bigint, to: bigint): void {
    if (!onPage(from) || !onPage(to) || to < from) throw new Refusal('EINVAL');
    const ranges = this.#linkedRanges(pageOf(from), pageOf(to));
    for (const [start, end] of ranges) this.process.splitEdges(start, end);
    for (const [start, end] of ranges) this.process.drop(start, end);
  }

  /** Returns the process pages behind the linked segments of a range of guest pages. */
  #linkedRanges(start: number, end: number): [start: number, end: number][] {
    const ranges: [number, number][] = [];
    for (const [segment, { process, linked }] of this.segments) {
      const first = segment * SEGMENT_PAGES;
      const [a, b] = [Math.max(start - first, 0), Math.min(end - first, SEGMENT_PAGES)];
      if (linked && a < b) ranges.push([process * SEGMENT_PAGES + a, process * SEGMENT_PAGES + b]);
    }
    return ranges;
  }

  /**
   * Makes pages present and writable, and watches them.
   * @throws Refusal EINVAL, EFAULT
   */
  watch(address: bigint, length: bigint): void {
    if (!onPage(address) || !onPage(length) || address + length > GUEST_LIMIT) throw new Refusal('EINVAL');
    const pages: number[] = [];
    for (let page = pageOf(address); page < pageOf(address + length); page++) {
      pages.push(this.processPage(page));
      this.process.makeWatchable(this.processPage(page));
    }
    for (const [i, page] of pages.entries()) {
      this.process.watch(page);
      this.#watched.add(pageOf(address) + i);
    }
  }

  /** Returns the guest addresses of the invalidated pages, ascending, and clears the list. */
  watched(): bigint[] {
    const pages = [...this.#invalidated].sort((a, b) => a - b);
    this.#invalidated.clear();
    return pages.map((page) => BigInt(page) << 12n);
  }

  /** Sets the invalidated and the watched guest pages. */
  takeOverWatched(pages: Iterable<number>, watched: Iterable<number>): void {
    this.#invalidated.clear();
    for (const page of pages) this.#invalidated.add(page);
    this.#watched.clear();
    for (const page of watched) this.#watched.add(page);
  }

  /** Notes that a guest page lost its frame or the right to store. */
  #noteInvalidated(page: number): void {
    if (this.#watched.delete(page)) this.#invalidated.add(page);
  }

  /** Notes that a watched page of the process lost its frame or the right to store. */
  noteInvalidated(processPage: number): void {
    for (const [segment, { process, linked }] of this.segments) {
      if (linked && process === segmentOf(processPage)) {
        this.#noteInvalidated(segment * SEGMENT_PAGES + (processPage % SEGMENT_PAGES));
      }
    }
  }

  /** Unlinks the guest segments that are linked to a process segment, whose page table was freed. */
  unlink(process: number): void {
    for (const mapped of this.segments.values()) if (mapped.process === process) mapped.linked = false;
  }

  #clear(start: number, end: number): boolean {
    let unlinked = false;
    for (const [segment, { linked }] of this.segments) {
      if (segment < start || segment >= end) continue;
      unlinked ||= linked;
      if (linked) this.#noteSegmentInvalidated(segment);
      this.segments.delete(segment);
    }
    return unlinked;
  }

  /** Notes the watched pages of a guest segment as invalidated, because the segment is unlinked. */
  #noteSegmentInvalidated(segment: number): void {
    for (const page of [...this.#watched]) {
      if (Math.floor(page / SEGMENT_PAGES) === segment) this.#noteInvalidated(page);
    }
  }
}

/**
 * Returns the segments of a guest range, the end excluded.
 * @throws Refusal EINVAL
 */
function guestSegments(to: bigint, length: bigint): [start: number, end: number] {
  if (!onSegment(to) || !onSegment(length) || length === 0n) throw new Refusal('EINVAL');
  if (to + length >= GUEST_LIMIT) throw new Refusal('EINVAL');
  return [Number(to >> 20n), Number((to + length) >> 20n)];
}
