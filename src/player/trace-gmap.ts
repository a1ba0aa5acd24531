/**
 * A gmap as a trace tells of it: runs of promises, and which of their segments are linked.
 */

import { GUEST_SEGMENTS } from '../host/index.ts';
import { GUEST_STATE, type GuestExtents, PAGES_PER_SEGMENT } from '../inspect/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import type { TraceProcess } from './trace-snapshot.ts';

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
  /** The keys of `#links`, ascending; null when some have come or gone since they were sorted. */
  #linked: readonly number[] | null = null;

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
    this.#linked = null;
    this.#links.set(segment, process);
    this.process.links.set(process, (this.process.links.get(process) ?? 0) + 1);
  }

  #unlink(segment: number): void {
    const process = this.#links.get(segment);
    if (process === undefined) return;
    this.#linked = null;
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
  tell(extents: GuestExtents, first: number, end: number): void {
    this.#linked ??= [...this.#links.keys()].sort((a, b) => a - b);
    const linked = this.#linked.filter((one) => one >= first && one < end);
    let next = 0;
    for (let i = this.#firstEndingAfter(first); i < this.#promises.length; i++) {
      const run = this.#promises[i] as Promises;
      if (run.first >= end) break;
      let at = Math.max(run.first, first);
      const last = Math.min(run.end, end);
      for (; next < linked.length && (linked[next] as number) < last; next++) {
        const segment = linked[next] as number;
        this.#tellPromises(extents, run, at, segment);
        this.#tellLink(extents, segment);
        at = Math.max(at, segment + 1);
      }
      this.#tellPromises(extents, run, at, last);
    }
    // What is unmapped is still linked until it is unlinked.
    for (const segment of linked.slice(next)) this.#tellLink(extents, segment);
  }

  #tellLink(extents: GuestExtents, segment: number): void {
    const process = this.#links.get(segment) as number;
    const table = this.process.tables.get(process);
    const shared = (this.process.links.get(process) ?? 0) > 1 ? 1 : 0;
    const state = (table?.large ? GUEST_STATE.LARGE : GUEST_STATE.LINKED) + shared;
    extents.add(segment, process, state, table?.large ? PAGES_PER_SEGMENT : (table?.present.size ?? 0));
  }

  /**
   * Tells segments that are not linked: those with memory of the process at their first bytes, and those without. Runs
   * that are shorter than a bucket are counted together, so that the cost does not follow their number.
   */
  #tellPromises(extents: GuestExtents, run: Promises, first: number, end: number): void {
    const { mapped } = this.process;
    const behind = run.process - run.first;
    for (let at = first; at < end; ) {
      const one = mapped.at(at + behind);
      const until = Math.min(end, one.end - behind);
      const stop = this.#shortRunsEnd(extents.bucket, at, end, behind);
      if (stop <= until) {
        const state = one.mapped ? GUEST_STATE.PROMISED : GUEST_STATE.GONE;
        extents.add(at, at + behind, state, 0, until - at);
        at = until;
      } else {
        extents.addMixed(at, at + behind, stop - at, mapped.count(at + behind, stop + behind));
        at = stop;
      }
    }
  }

  /** Where the runs shorter than a bucket end that begin in the same bucket as a segment. */
  #shortRunsEnd(bucket: number, at: number, end: number, behind: number): number {
    const last = Math.min(end, (Math.floor(at / bucket) + 1) * bucket) - 1;
    const run = this.process.mapped.at(last + behind);
    const [runFirst, runEnd] = [Math.max(at, run.first - behind), Math.min(end, run.end - behind)];
    return runEnd - runFirst < bucket ? runEnd : runFirst;
  }
}

/** The number of the segment that holds a byte address. */
export function segmentOf(address: bigint): number {
  return Number(address >> 20n);
}
