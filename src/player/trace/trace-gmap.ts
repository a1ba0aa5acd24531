/**
 * A gmap as the events of a trace describe it: extents of mapped segments, and which segments are linked.
 */

import { GUEST_SEGMENTS } from '../../host/index.ts';
import { PAGES_PER_SEGMENT } from '../../inspect/index.ts';
import {
  type ExtentList,
  GUEST_STATE,
  type GuestExtentBuilder,
  type GuestSegment,
  type GuestView,
} from '../../inspect/internal.ts';
import { type SegmentNumber, segmentNumber } from '../../machine/index.ts';
import type { LinkEvent, MapEvent, UnlinkEvent, UnmapEvent } from '../../trace/index.ts';
import type { TraceProcess } from './trace-process.ts';

/** The process segment of a link to a table that is none of the process. */
const NO_SEGMENT = -1;

/** Consecutive guest segments that are mapped to consecutive process segments. */
interface MappedExtent {
  readonly first: number;
  readonly end: number;
  readonly process: number;
}

/** A linked segment. */
export interface TraceLink {
  /** The process segment. */
  readonly process: SegmentNumber;
  /** The absolute addresses of the guest segment entry, and of the page table or 1 MiB frame that it designates. */
  readonly entry: bigint;
  readonly table: bigint;
}

/** A gmap of a trace. Numbers are segment numbers unless they are called pages. */
export class TraceGmap implements GuestView {
  readonly kind = 'guest';
  /** The number of its process, and the process. */
  readonly mm: number;
  readonly process: TraceProcess;
  readonly asce: bigint;
  /** In ascending order, none overlapping. */
  readonly #extents: MappedExtent[] = [];
  /** The linked segments. */
  readonly #links = new Map<number, TraceLink>();
  /** The keys of `#links` in ascending order, or null if links have changed since they were sorted. */
  #linked: readonly number[] | null = null;

  constructor(mm: number, process: TraceProcess, asce: bigint) {
    this.mm = mm;
    this.process = process;
    this.asce = asce;
  }

  mappedInto(list: ExtentList): void {
    for (const { first, end } of this.#extents) list.add(first * PAGES_PER_SEGMENT, end * PAGES_PER_SEGMENT);
  }

  /** Applies an event of this gmap. */
  add(event: MapEvent | UnmapEvent | LinkEvent | UnlinkEvent): void {
    switch (event.type) {
      case 'map': {
        const [first, process] = [segmentNumberOf(event.to), segmentNumberOf(event.from)];
        // Segments beyond the end of either space are ignored: a trace may be damaged.
        const end = Math.min(
          first + segmentNumberOf(event.length),
          GUEST_SEGMENTS,
          first + GUEST_SEGMENTS - process,
        );
        this.#replace(first, end, [{ first, end, process }]);
        break;
      }
      case 'unmap':
        this.#replace(
          segmentNumberOf(event.address),
          segmentNumberOf(event.address) + segmentNumberOf(event.length),
          [],
        );
        break;
      case 'link':
        this.#unlink(segmentNumberOf(event.guest));
        this.#link(segmentNumberOf(event.guest), {
          process: segmentNumberOf(event.process),
          entry: event.entry,
          table: event.pageTable,
        });
        break;
      case 'unlink':
        this.#unlink(segmentNumberOf(event.guest));
        break;
    }
  }

  /** Cuts a range out of all extents, and puts others in its place. */
  #replace(first: number, end: number, others: readonly MappedExtent[]): void {
    if (first >= end) return;
    const from = this.#firstEndingAfter(first);
    const left: MappedExtent[] = [];
    const right: MappedExtent[] = [];
    let to = from;
    for (; to < this.#extents.length; to++) {
      const extent = this.#extents[to] as MappedExtent;
      if (extent.first >= end) break;
      if (extent.first < first) left.push({ ...extent, end: first });
      if (extent.end > end) {
        right.push({ first: end, end: extent.end, process: extent.process + end - extent.first });
      }
    }
    this.#extents.splice(from, to - from, ...left, ...others, ...right);
  }

  /** Returns the index of the first extent that ends after a segment. */
  #firstEndingAfter(segment: number): number {
    let low = 0;
    let high = this.#extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#extents[middle] as MappedExtent).end <= segment) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #link(segment: number, link: TraceLink): void {
    const { process } = link;
    this.#linked = null;
    this.#links.set(segment, link);
    this.process.links.set(process, (this.process.links.get(process) ?? 0) + 1);
  }

  #unlink(segment: number): void {
    const process = this.#links.get(segment)?.process;
    if (process === undefined) return;
    this.#linked = null;
    this.#links.delete(segment);
    this.process.links.set(process, (this.process.links.get(process) as number) - 1);
  }

  /** Returns the link of a segment, or null if it is not linked. */
  link(segment: number): TraceLink | null {
    return this.#links.get(segment) ?? null;
  }

  segment(segment: SegmentNumber): GuestSegment | null {
    const process = this.#links.get(segment)?.process;
    if (process !== undefined) return { process, linked: true };
    const extent = this.#extents[this.#firstEndingAfter(segment)];
    if (!extent || extent.first > segment) return null;
    return { process: segmentNumber(extent.process + segment - extent.first), linked: false };
  }

  /** Watches are not in a trace. */
  watches(): boolean {
    return false;
  }

  segmentsInto(builder: GuestExtentBuilder, first: SegmentNumber, end: SegmentNumber): void {
    this.#linked ??= [...this.#links.keys()].sort((a, b) => a - b);
    const linked = this.#linked.filter((one) => one >= first && one < end);
    let next = 0;
    for (let i = this.#firstEndingAfter(first); i < this.#extents.length; i++) {
      const extent = this.#extents[i] as MappedExtent;
      if (extent.first >= end) break;
      let at = Math.max(extent.first, first);
      const last = Math.min(extent.end, end);
      for (; next < linked.length && (linked[next] as number) < last; next++) {
        const segment = linked[next] as number;
        this.#addUnlinked(builder, extent, at, segment);
        this.#addLinked(builder, segment);
        at = Math.max(at, segment + 1);
      }
      this.#addUnlinked(builder, extent, at, last);
    }
    // An unmapped segment stays linked until the event that unlinks it.
    for (const segment of linked.slice(next)) this.#addLinked(builder, segment);
  }

  #addLinked(builder: GuestExtentBuilder, segment: number): void {
    const link = this.#links.get(segment) as TraceLink;
    const { process } = link;
    const table = this.process.table(process);
    // The table was freed while the segment was linked to it. If the trace begins after the process, it may be one that is not in events.
    if (this.process.asce !== null && table?.origin !== null && table?.origin !== link.table) {
      builder.add(segment, NO_SEGMENT, GUEST_STATE.LINKED, 0);
      return;
    }
    const shared = (this.process.links.get(process) ?? 0) > 1 ? 1 : 0;
    const state = (table?.large ? GUEST_STATE.LARGE : GUEST_STATE.LINKED) + shared;
    builder.add(segment, process, state, table?.large ? PAGES_PER_SEGMENT : (table?.present.size ?? 0));
  }

  /**
   * Adds the segments of an extent from `first` up to, not including, `end`. Preconditions: none of them is linked.
   * Backed segments alternate with unbacked ones. Where they alternate within a bucket they are only counted, so that
   * the cost depends on the number of buckets, not on the number of mappings.
   */
  #addUnlinked(builder: GuestExtentBuilder, extent: MappedExtent, first: number, end: number): void {
    const { mapped } = this.process;
    const distance = extent.process - extent.first;
    for (let at = first; at < end; ) {
      const { mapped: isBacked, end: processEnd } = mapped.at(at + distance);
      const until = Math.min(end, processEnd - distance);
      const stop = this.#shortOnesEnd(builder.bucket, at, end, distance);
      if (stop <= until) {
        builder.add(at, at + distance, isBacked ? GUEST_STATE.UNLINKED : GUEST_STATE.UNBACKED, 0, until - at);
        at = until;
      } else {
        builder.addMixed(at, at + distance, stop - at, mapped.count(at + distance, stop + distance));
        at = stop;
      }
    }
  }

  /** Returns where the extents end that are shorter than a bucket and begin in the bucket of segment `at`. */
  #shortOnesEnd(bucket: number, at: number, end: number, distance: number): number {
    const last = Math.min(end, (Math.floor(at / bucket) + 1) * bucket) - 1;
    const found = this.process.mapped.at(last + distance);
    const first = Math.max(at, found.first - distance);
    const until = Math.min(end, found.end - distance);
    return until - first < bucket ? until : first;
  }
}

/** Returns the number of the segment that holds a byte address. */
export function segmentNumberOf(address: bigint): SegmentNumber {
  return segmentNumber(Number(address >> 20n));
}
