/**
 * A gmap as a trace tells of it: runs of promises, and which of their segments are linked.
 */

import { GUEST_STATE, type GuestParts } from '../inspect/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import type { TraceProcess } from './trace-scene.ts';

const PAGES_PER_SEGMENT = 256;

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
  #promises: Promises[] = [];
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
      case 'map':
        this.#cut(segmentOf(event.to), segmentOf(event.length));
        this.#promise(segmentOf(event.to), segmentOf(event.length), segmentOf(event.from));
        break;
      case 'unmap':
        this.#cut(segmentOf(event.to), segmentOf(event.length));
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

  #cut(first: number, count: number): void {
    const end = first + count;
    this.#promises = this.#promises.flatMap((run) => {
      if (run.end <= first || run.first >= end) return [run];
      const before = { ...run, end: first };
      const after = { first: end, end: run.end, process: run.process + (end - run.first) };
      return [before, after].filter((part) => part.first < part.end);
    });
  }

  #promise(first: number, count: number, process: number): void {
    const at = this.#promises.findIndex((run) => run.first > first);
    this.#promises.splice(at < 0 ? this.#promises.length : at, 0, { first, end: first + count, process });
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
    const run = this.#promises.find(({ first, end }) => first <= segment && segment < end);
    if (!run) return { page: -1, linked: false };
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
    for (const run of this.#promises) {
      let at = Math.max(run.first, first);
      const last = Math.min(run.end, end);
      for (; next < linked.length && (linked[next] as number) < last; next++) {
        const segment = linked[next] as number;
        this.#tellPromises(parts, run, at, segment);
        this.#tellLink(parts, segment);
        at = segment + 1;
      }
      this.#tellPromises(parts, run, at, last);
    }
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
      const until = mapping?.end ?? mappings.within(page, last)[0]?.start ?? last;
      const count = Math.min(end - at, Math.ceil((until - page) / PAGES_PER_SEGMENT));
      parts.add(at, process, mapping ? GUEST_STATE.PROMISED : GUEST_STATE.GONE, 0, count);
      at += count;
    }
  }
}

function segmentOf(address: bigint): number {
  return Number(address >> 20n);
}
