/**
 * A process as the events of a trace describe it.
 */

import { Mappings } from '../../host/index.ts';
import { ANONYMOUS } from '../../host/internal.ts';
import { PAGE_FLAG, PAGES_PER_SEGMENT } from '../../inspect/index.ts';
import type { ProcessView, SegmentFlags, TableVisitor } from '../../inspect/internal.ts';
import { type SegmentNumber, segmentNumber } from '../../machine/index.ts';
import { MappedSegments } from './mapped-segments.ts';

/** Pages that a process can have at most: an address has 64 bits. */
const PAGES = 2 ** 52;

/** The page table or the 1 MiB frame of a segment. */
interface TraceTable {
  /** Whether it is a 1 MiB frame. */
  large: boolean;
  /** Its absolute address, or null if the trace begins after it. */
  origin: bigint | null;
  /** The frames of the pages that are present, by index; null if the trace does not tell which frame it is. */
  readonly present: Map<number, bigint | null>;
}

/** A process of a trace. Numbers are page numbers unless they are called segments. */
export class TraceProcess implements ProcessView {
  readonly kind = 'process';
  readonly mappings = new Mappings();
  /** The address-space-control element, or null if the trace begins after the process. */
  readonly asce: bigint | null;
  /** Guest segments linked to each segment. */
  readonly links = new Map<number, number>();
  readonly #tables = new Map<number, TraceTable>();
  #mapped: MappedSegments | null = null;
  #mappedEnd: number | null = null;
  #sorted: readonly number[] = [];

  constructor(asce: bigint | null) {
    this.asce = asce;
  }

  /** The segments that have memory at their first byte; computed when the mappings have changed. */
  get mapped(): MappedSegments {
    this.#mapped ??= new MappedSegments(this.mappings);
    return this.#mapped;
  }

  /** The end of the last mapping. */
  get mappedEnd(): number {
    if (this.#mappedEnd === null) {
      this.#mappedEnd = 0;
      for (const { end } of this.mappings) this.#mappedEnd = end;
    }
    return this.#mappedEnd;
  }

  /** How many mappings, tables and pages a fork of this process copies. */
  get weight(): number {
    let weight = this.mappings.count + this.#tables.size;
    for (const { present } of this.#tables.values()) weight += present.size;
    return weight;
  }

  /** Returns the page table or the 1 MiB frame of a segment, if there is one. */
  table(segment: number): Readonly<TraceTable> | undefined {
    return this.#tables.get(segment);
  }

  tablesIn(first: SegmentNumber, end: SegmentNumber, visit: TableVisitor): void {
    if (this.#sorted.length === 0) this.#sorted = [...this.#tables.keys()].sort((a, b) => a - b);
    for (const segment of this.#sorted) {
      if (segment < first || segment >= end) continue;
      const { large, present } = this.#tables.get(segment) as TraceTable;
      visit(
        segmentNumber(segment),
        large,
        large ? PAGES_PER_SEGMENT : present.size,
        this.links.get(segment) ?? 0,
      );
    }
  }

  flagsIn(segment: SegmentNumber): SegmentFlags {
    const table = this.#tables.get(segment);
    const first = segment * PAGES_PER_SEGMENT;
    return (index) =>
      (this.mappings.at(first + index) ? PAGE_FLAG.MAPPED : 0) |
      (table && (table.large || table.present.has(index)) ? PAGE_FLAG.PRESENT : 0);
  }

  /** Maps pages. Pages beyond the end of the address space are ignored: a trace may be damaged. */
  map(start: number, count: number, protection: number): void {
    this.#changed();
    const end = Math.min(start + count, PAGES);
    if (start >= end) return;
    this.drop(start, end - start);
    this.mappings.remove(start, end);
    this.mappings.insert(start, end, protection, ANONYMOUS);
  }

  unmap(start: number, count: number): void {
    this.#changed();
    if (count > 0) this.mappings.remove(start, start + count);
    this.drop(start, count);
  }

  protect(start: number, count: number, protection: number): void {
    this.#changed();
    if (count > 0) this.mappings.protect(start, start + count, protection);
  }

  /** Moves a mapping, with the pages that are present. */
  move(from: number, count: number, to: number, newCount: number): void {
    const protection = this.mappings.at(from)?.protection ?? 3;
    const present = this.#presentIn(from, count);
    this.unmap(from, count);
    this.map(to, newCount, protection);
    for (const [page, frame] of present) if (page < newCount) this.setPresent(to + page, frame);
  }

  /** Drops the pages of a range. */
  drop(start: number, count: number): void {
    for (const [page] of this.#presentIn(start, count)) {
      const at = start + page;
      this.#tables.get(Math.floor(at / PAGES_PER_SEGMENT))?.present.delete(at % PAGES_PER_SEGMENT);
    }
  }

  /** Gives a page a frame. */
  setPresent(page: number, frame: bigint | null): void {
    this.#tableOf(Math.floor(page / PAGES_PER_SEGMENT)).present.set(page % PAGES_PER_SEGMENT, frame);
  }

  /** Gives a segment a page table or a 1 MiB frame. */
  addTable(segment: number, large: boolean, origin: bigint): void {
    const table = this.#tableOf(segment);
    table.large = large;
    table.origin = origin;
  }

  /** The pages of a segment get the parts of its 1 MiB frame. */
  split(segment: number, frame: bigint): void {
    const first = segment * PAGES_PER_SEGMENT;
    for (let page = 0; page < PAGES_PER_SEGMENT; page++) {
      this.setPresent(first + page, frame + (BigInt(page) << 12n));
    }
  }

  /** Removes a page table or 1 MiB frame, unless another one has taken its place. */
  removeTable(segment: number, origin: bigint): void {
    const known = this.#tables.get(segment)?.origin ?? origin;
    if (known !== origin) return;
    this.#sorted = [];
    this.#tables.delete(segment);
  }

  /** Makes this process a copy of another. */
  copy(parent: TraceProcess): void {
    this.#changed();
    this.mappings.remove(0, PAGES);
    const tables = new Map([...this.#tables].map(([segment, { origin }]) => [segment, origin]));
    this.#tables.clear();
    for (const { start, end, protection, backing } of parent.mappings) {
      this.mappings.insert(start, end, protection, backing);
    }
    for (const [segment, { large, origin, present }] of parent.#tables) {
      // The trace has the child's own page tables before the fork. A 1 MiB frame is shared.
      const own = large ? origin : (tables.get(segment) ?? null);
      // A page of the child has the parent's frame, or a copy of it.
      const pages = new Map(Array.from(present.keys(), (index) => [index, null] as const));
      this.#tables.set(segment, { large, origin: own, present: pages });
    }
  }

  #changed(): void {
    this.#mapped = null;
    this.#mappedEnd = null;
    this.#sorted = [];
  }

  #tableOf(segment: number): TraceTable {
    const known = this.#tables.get(segment);
    if (known) return known;
    const made = { large: false, origin: null, present: new Map<number, bigint | null>() };
    this.#sorted = [];
    this.#tables.set(segment, made);
    return made;
  }

  /** Returns the present pages of a range, counted from its start, and their frames. */
  #presentIn(start: number, count: number): [page: number, frame: bigint | null][] {
    const found: [number, bigint | null][] = [];
    for (const segment of this.#segmentsIn(start, start + count)) {
      const first = segment * PAGES_PER_SEGMENT;
      for (const [index, frame] of this.#tables.get(segment)?.present ?? []) {
        const page = first + index;
        if (page >= start && page < start + count) found.push([page - start, frame]);
      }
    }
    return found;
  }

  /** Returns the segments of a range that have a table. Searches the range or the tables, whichever is shorter. */
  #segmentsIn(start: number, end: number): number[] {
    const tables = this.#tables;
    const first = Math.floor(start / PAGES_PER_SEGMENT);
    const count = Math.ceil(end / PAGES_PER_SEGMENT) - first;
    if (count > tables.size) return [...tables.keys()].filter((one) => one >= first && one < first + count);
    return Array.from({ length: count }, (_, i) => first + i).filter((one) => tables.has(one));
  }
}
