/**
 * A gmap as a trace tells of it: runs of promises, and which of their segments are linked.
 */

import { GUEST_SEGMENTS } from '../host/index.ts';
import { GUEST_STATE, type GuestParts, PAGES_PER_SEGMENT } from '../inspect/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import type { TraceProcess } from './trace-scene.ts';

/** Promised segments, one after another on both sides. */
interface Promises {
  readonly first: number;
  readonly end: number;
  readonly process: number;
}

/** A gmap of a trace. Numbers are of segments unless they are said to be of pages. */
export class TraceGmap {
  /** The number of its process, and what the trace tells of that. */
  readonly mm: number;
  readonly process: TraceProcess;
  readonly asce: bigint;
  /** Ascending, none overlapping. */
  readonly #promises: Promises[] = [];
  /** The process segment of each that is linked. */
  readonly #links = new Map<number, number>();

  constructor(mm: number, process: TraceProcess, asce: bigint) {
    this.mm = mm;
    this.process = process;
    this.asce = asce;
  }

  /** Segments in all. */
  get size(): number {
    return this.#promises.reduce((sum, { first, end }) => sum + end - first, 0);
  }

  /** Runs of mapped pages, ascending. */
  runs(): { first: number; end: number }[] {
    return this.#promises.map(({ first, end }) => ({
      first: first * PAGES_PER_SEGMENT,
      end: end * PAGES_PER_SEGMENT,
    }));
  }

  /** Takes note of an event of this gmap. */
  add(event: TraceEvent & { readonly type: 'map' | 'unmap' | 'link' | 'unlink' }): void {
    switch (event.type) {
      case 'map': {
        const [first, process] = [segmentOf(event.to), segmentOf(event.from)];
        // What lies beyond the end of either space is not there.
        const end = Math.min(
          first + segmentOf(event.length),
          GUEST_SEGMENTS,
          first + GUEST_SEGMENTS - process,
        );
        this.#replace(first, end, [{ first, end, process }]);
        break;
      }
      case 'unmap':
        this.#replace(segmentOf(event.to), segmentOf(event.to) + segmentOf(event.length), []);
        break;
      case 'link':
        this.#unlink(segmentOf(event.guest));
        this.#link(segmentOf(event.guest), segmentOf(event.process));
        break;
      case 'unlink':
        this.#unlink(segmentOf(event.guest));
        break;
    }
  }

  /** Takes a range out of all runs, and puts others in its place. */
  #replace(first: number, end: number, instead: readonly Promises[]): void {
    if (first >= end) return;
    const from = this.#firstEndingAfter(first);
    const left: Promises[] = [];
    const right: Promises[] = [];
    let to = from;
    for (; to < this.#promises.length; to++) {
      const run = this.#promises[to] as Promises;
      if (run.first >= end) break;
      if (run.first < first) left.push({ ...run, end: first });
      if (run.end > end) right.push({ first: end, end: run.end, process: run.process + end - run.first });
    }
    this.#promises.splice(from, to - from, ...left, ...instead, ...right);
  }

  /** Index of the first run that ends after the segment. */
  #firstEndingAfter(segment: number): number {
    let low = 0;
    let high = this.#promises.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#promises[middle] as Promises).end <= segment) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #link(segment: number, process: number): void {
    this.#links.set(segment, process);
    this.process.links.set(process, (this.process.links.get(process) ?? 0) + 1);
  }

  #unlink(segment: number): void {
    const process = this.#links.get(segment);
    if (process === undefined) return;
    this.#links.delete(segment);
    this.process.links.set(process, (this.process.links.get(process) as number) - 1);
  }

  /** The process page behind a guest page, -1 when nothing is mapped; and whether the segment is linked. */
  behind(page: number): { page: number; linked: boolean } {
    const segment = Math.floor(page / PAGES_PER_SEGMENT);
    const run = this.#promises[this.#firstEndingAfter(segment)];
    if (!run || run.first > segment) return { page: -1, linked: false };
    const process = run.process + segment - run.first;
    return {
      page: process * PAGES_PER_SEGMENT + (page % PAGES_PER_SEGMENT),
      linked: this.#links.has(segment),
    };
  }

  /** Tells the segments from `first` up to, not including, `end`. */
  tell(parts: GuestParts, first: number, end: number): void {
    const linked = [...this.#links.keys()].filter((one) => one >= first && one < end).sort((a, b) => a - b);
    let next = 0;
    for (let i = this.#firstEndingAfter(first); i < this.#promises.length; i++) {
      const run = this.#promises[i] as Promises;
      if (run.first >= end) break;
      let at = Math.max(run.first, first);
      const last = Math.min(run.end, end);
      for (; next < linked.length && (linked[next] as number) < last; next++) {
        const segment = linked[next] as number;
        this.#tellPromises(parts, run, at, segment);
        this.#tellLink(parts, segment);
        at = Math.max(at, segment + 1);
      }
      this.#tellPromises(parts, run, at, last);
    }
    // What is unmapped is still linked until it is unlinked.
    for (const segment of linked.slice(next)) this.#tellLink(parts, segment);
  }

  #tellLink(parts: GuestParts, segment: number): void {
    const process = this.#links.get(segment) as number;
    const table = this.process.tables.get(process);
    const shared = (this.process.links.get(process) ?? 0) > 1 ? 1 : 0;
    const state = (table?.large ? GUEST_STATE.LARGE : GUEST_STATE.LINKED) + shared;
    parts.add(segment, process, state, table?.large ? PAGES_PER_SEGMENT : (table?.present.size ?? 0));
  }

  /** Segments that are not linked: as far as the process has memory at their first bytes, and as far as it has none. */
  #tellPromises(parts: GuestParts, run: Promises, first: number, end: number): void {
    const { mappings } = this.process;
    for (let at = first; at < end; ) {
      const process = run.process + at - run.first;
      const page = process * PAGES_PER_SEGMENT;
      const last = page + (end - at) * PAGES_PER_SEGMENT;
      const mapping = mappings.at(page);
      const until = Math.min(last, mapping?.end ?? mappings.nextStart(page));
      const count = Math.min(end - at, Math.ceil((until - page) / PAGES_PER_SEGMENT));
      parts.add(at, process, mapping ? GUEST_STATE.PROMISED : GUEST_STATE.GONE, 0, count);
      at += count;
    }
  }
}

/** The number of the segment that holds a byte address. */
export function segmentOf(address: bigint): number {
  return Number(address >> 20n);
}
