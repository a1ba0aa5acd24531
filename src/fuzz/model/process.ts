/**
 * A process as it must be: a map of pages, each with a protection and what is in it. No tables, no frames.
 */

import type { GmapModel } from './gmap.ts';
import { LIMIT_PAGES, onPage, pageOf, segmentOf } from './places.ts';
import { Refusal } from './refusal.ts';

/** A page that is mapped. */
export interface MappedPage {
  /** PROT bits. */
  readonly protection: number;
  /** What is in it; null for zeros that nobody has touched. */
  bytes: Uint8Array | null;
}

/** The mapped pages of one segment. */
export interface Segment {
  readonly pages: Map<number, MappedPage>;
  /** Whether it has a page table: from the first access on, or the first link. */
  table: boolean;
}

/** A process. */
export class ProcessModel {
  /** Segments of which something is mapped. */
  readonly segments = new Map<number, Segment>();
  readonly gmaps = new Set<GmapModel>();
  /** Whether it has had a gmap: its page tables have PGSTEs. */
  hosting = false;

  /** The page of that number, or undefined. */
  page(page: number): MappedPage | undefined {
    return this.segments.get(segmentOf(page))?.pages.get(page);
  }

  mmap(address: bigint, length: bigint, protection: number, fixed: boolean): void {
    const [start, end] = rangeOf(address, length);
    if (!fixed && this.#touches(start, end)) throw new Refusal('EEXIST');
    this.remove(start, end);
    for (let page = start; page < end; page++) this.#put(page, { protection, bytes: null });
  }

  munmap(address: bigint, length: bigint): void {
    this.remove(...rangeOf(address, length));
  }

  mprotect(address: bigint, length: bigint, protection: number): void {
    const [start, end] = rangeOf(address, length);
    this.#demandMapped(start, end);
    for (let page = start; page < end; page++) {
      const { bytes } = this.page(page) as MappedPage;
      this.#put(page, { protection, bytes });
    }
  }

  dontNeed(address: bigint, length: bigint): void {
    const [start, end] = rangeOf(address, length);
    this.#demandMapped(start, end);
    this.drop(start, end);
  }

  /** Zeros take the place of what is in the pages of a range that may have holes. */
  drop(start: number, end: number): void {
    this.#eachSegment(start, end, ({ pages }) => {
      for (const [page, mapped] of pages) if (page >= start && page < end) mapped.bytes = null;
    });
  }

  /** The bytes of a page that is touched. @throws Refusal EFAULT */
  touch(page: number, write: boolean): Uint8Array {
    const segment = this.segments.get(segmentOf(page));
    const mapped = segment?.pages.get(page);
    if (!segment || !mapped) throw new Refusal('EFAULT');
    if (write ? (mapped.protection & 2) === 0 : mapped.protection === 0) throw new Refusal('EFAULT');
    segment.table = true;
    mapped.bytes ??= new Uint8Array(4096);
    return mapped.bytes;
  }

  /** Takes pages away. A segment of which nothing is left loses its page table, and guests their links to it. */
  remove(start: number, end: number): void {
    this.#eachSegment(start, end, ({ pages }, number) => {
      for (const page of pages.keys()) if (page >= start && page < end) pages.delete(page);
      if (pages.size > 0) return;
      this.segments.delete(number);
      for (const gmap of this.gmaps) gmap.unlink(number);
    });
  }

  #put(page: number, mapped: MappedPage): void {
    const number = segmentOf(page);
    let segment = this.segments.get(number);
    if (!segment) this.segments.set(number, (segment = { pages: new Map(), table: false }));
    segment.pages.set(page, mapped);
  }

  #touches(start: number, end: number): boolean {
    let found = false;
    this.#eachSegment(start, end, ({ pages }) => {
      for (const page of pages.keys()) found ||= page >= start && page < end;
    });
    return found;
  }

  #demandMapped(start: number, end: number): void {
    for (let page = start; page < end; page++) if (!this.page(page)) throw new Refusal('ENOMEM');
  }

  #eachSegment(start: number, end: number, callback: (segment: Segment, number: number) => void): void {
    const last = segmentOf(end - 1);
    const first = segmentOf(start);
    if (last - first > this.segments.size) {
      for (const [number, segment] of this.segments) {
        if (number >= first && number <= last) callback(segment, number);
      }
      return;
    }
    for (let number = first; number <= last; number++) {
      const segment = this.segments.get(number);
      if (segment) callback(segment, number);
    }
  }
}

/** Pages of a byte range of a process: the first, and the one behind the last. @throws Refusal EINVAL */
function rangeOf(address: bigint, length: bigint): [start: number, end: number] {
  if (!onPage(address) || !onPage(length) || length === 0n) throw new Refusal('EINVAL');
  if (address + length > BigInt(LIMIT_PAGES) << 12n) throw new Refusal('EINVAL');
  return [pageOf(address), pageOf(address + length)];
}
