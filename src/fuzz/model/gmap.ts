/**
 * A gmap as it must be: a map of promises, each linked or not.
 */

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

/** A guest segment that is not empty. */
export interface Promised {
  /** Process segment. */
  readonly process: number;
  linked: boolean;
}

/** Guest segments that an entry of a table spans: of a segment, region-third and region-second table's all. */
const SPANS = [2 ** 11, 2 ** 22, 2 ** 33] as const;

/** A gmap. */
export class GmapModel {
  readonly process: ProcessModel;
  readonly segments = new Map<number, Promised>();
  readonly slots = new SlotsModel(this);
  /** Guest pages that it was told of since somebody last asked. */
  readonly #invalidated = new Set<number>();
  readonly #watched = new Set<number>();
  /** The tables below the first, by level: which part of the address space each is for. They stay. */
  readonly #tables = SPANS.map(() => new Set<number>());

  constructor(process: ProcessModel) {
    this.process = process;
  }

  /** How many tables it has. */
  get tables(): number {
    return this.#tables.reduce((sum, { size }) => sum + size, 1);
  }

  /** How many segments are linked. */
  get links(): number {
    let links = 0;
    for (const { linked } of this.segments.values()) if (linked) links++;
    return links;
  }

  /** Says whether anything was linked. @throws Refusal EINVAL */
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

  /** Says whether anything was linked. @throws Refusal EINVAL */
  unmap(to: bigint, length: bigint): boolean {
    return this.#clear(...guestSegments(to, length));
  }

  /** Links a segment and says which process segment it is. @throws Refusal EFAULT */
  fault(segment: number): number {
    const promised = this.segments.get(segment);
    if (!promised) throw new Refusal('EFAULT');
    if (promised.linked) return promised.process;
    const there = this.process.segments.get(promised.process);
    // The process must have something at the very first byte.
    if (!there?.pages.has(promised.process * SEGMENT_PAGES)) throw new Refusal('EFAULT');
    this.process.provide(promised.process);
    promised.linked = true;
    return promised.process;
  }

  /** The process page behind a guest page, its segment linked from now on. @throws Refusal EFAULT */
  processPage(page: number): number {
    return this.fault(segmentOf(page)) * SEGMENT_PAGES + (page % SEGMENT_PAGES);
  }

  /** Zeros take the place of what is behind linked segments. @throws Refusal EINVAL */
  discard(from: bigint, to: bigint): void {
    if (!onPage(from) || !onPage(to) || to < from) throw new Refusal('EINVAL');
    const parts = this.#linkedParts(pageOf(from), pageOf(to));
    for (const [start, end] of parts) this.process.splitEdges(start, end);
    for (const [start, end] of parts) this.process.drop(start, end);
  }

  /** The process pages behind the linked segments of a range of guest pages. */
  #linkedParts(start: number, end: number): [start: number, end: number][] {
    const parts: [number, number][] = [];
    for (const [segment, { process, linked }] of this.segments) {
      const first = segment * SEGMENT_PAGES;
      const [a, b] = [Math.max(start - first, 0), Math.min(end - first, SEGMENT_PAGES)];
      if (linked && a < b) parts.push([process * SEGMENT_PAGES + a, process * SEGMENT_PAGES + b]);
    }
    return parts;
  }

  /** Makes pages present and writable, and watches them. @throws Refusal EINVAL, EFAULT */
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

  /** Guest addresses of the pages that it was told of, ascending; of none from now on. */
  watched(): bigint[] {
    const pages = [...this.#invalidated].sort((a, b) => a - b);
    this.#invalidated.clear();
    return pages.map((page) => BigInt(page) << 12n);
  }

  /** The guest pages that it was told of are these, and those that it watches. */
  takeOverWatched(pages: Iterable<number>, watched: Iterable<number>): void {
    this.#invalidated.clear();
    for (const page of pages) this.#invalidated.add(page);
    this.#watched.clear();
    for (const page of watched) this.#watched.add(page);
  }

  /** A guest page has gone, or can no longer be stored into. */
  #tellOf(page: number): void {
    if (this.#watched.delete(page)) this.#invalidated.add(page);
  }

  /** A watched page of the process has gone or can no longer be stored into. */
  tell(processPage: number): void {
    for (const [segment, { process, linked }] of this.segments) {
      if (linked && process === segmentOf(processPage)) {
        this.#tellOf(segment * SEGMENT_PAGES + (processPage % SEGMENT_PAGES));
      }
    }
  }

  /** The page table of a process segment is gone. */
  unlink(process: number): void {
    for (const promised of this.segments.values()) if (promised.process === process) promised.linked = false;
  }

  #clear(start: number, end: number): boolean {
    let unlinked = false;
    for (const [segment, { linked }] of this.segments) {
      if (segment < start || segment >= end) continue;
      unlinked ||= linked;
      if (linked) this.#tellOfSegment(segment);
      this.segments.delete(segment);
    }
    return unlinked;
  }

  /** A guest segment is going to be unlinked: it will not hear of the pages that are watched there. */
  #tellOfSegment(segment: number): void {
    for (const page of [...this.#watched]) {
      if (Math.floor(page / SEGMENT_PAGES) === segment) this.#tellOf(page);
    }
  }
}

/** Segments of a guest range: the first, and the one behind the last. @throws Refusal EINVAL */
function guestSegments(to: bigint, length: bigint): [start: number, end: number] {
  if (!onSegment(to) || !onSegment(length) || length === 0n) throw new Refusal('EINVAL');
  if (to + length >= GUEST_LIMIT) throw new Refusal('EINVAL');
  return [Number(to >> 20n), Number((to + length) >> 20n)];
}
