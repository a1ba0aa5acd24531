/**
 * What processes and guests must see, said as plainly as possible: pages in maps, promises in maps, no tables,
 * no translations that anybody remembers.
 */

import type { Errno } from '../errors.ts';
import { dataOf, GMAPS, type Operation, PROCESSES } from './operations.ts';

/** What an operation answers: an error code, or 'ok' and whatever it found. */
export interface Outcome {
  readonly code: Errno | 'ok' | 'skipped';
  /** Bytes read, in hexadecimal, or the answer of a fault. */
  readonly value?: string;
}

/** A guest segment that is not empty. */
interface Promised {
  /** Process segment. */
  readonly process: number;
  linked: boolean;
}

class ModelError extends Error {
  readonly code: Errno;

  constructor(code: Errno) {
    super(code);
    this.code = code;
  }
}

const SEGMENT_PAGES = 256;
const TABLE_SEGMENTS = 2048;
const LIMIT_PAGES = 2 ** 30;
const LIMIT_SEGMENTS = 2 ** 22;
const GUEST_PAGES = 2 ** 52;
const GUEST_SEGMENTS = 2 ** 44;

class ProcessModel {
  /** Protection of each mapped page. */
  readonly mapped = new Map<number, number>();
  /** What is in each page that has a frame. */
  readonly content = new Map<number, Uint8Array>();
  /** Segments with a page table, and 2 GiB pieces with a segment table. */
  readonly pageTables = new Set<number>();
  readonly segmentTables = new Set<number>();
  readonly gmaps = new Set<GmapModel>();
  pgstes = false;

  /** Makes the page table of a segment. */
  makeTable(segment: number): void {
    this.pageTables.add(segment);
    this.segmentTables.add(Math.floor(segment / TABLE_SEGMENTS));
  }

  access(page: number, write: boolean): Uint8Array {
    const protection = this.mapped.get(page);
    if (protection === undefined) throw new ModelError('EFAULT');
    if (write ? (protection & 2) === 0 : protection === 0) throw new ModelError('EFAULT');
    let content = this.content.get(page);
    if (!content) {
      content = new Uint8Array(4096);
      this.content.set(page, content);
      this.makeTable(Math.floor(page / SEGMENT_PAGES));
    }
    return content;
  }

  covers(page: number, count: number): boolean {
    for (let at = page; at < page + count; at++) if (!this.mapped.has(at)) return false;
    return true;
  }

  remove(page: number, count: number): void {
    const segments = new Set<number>();
    for (const at of [...this.mapped.keys()]) {
      if (at < page || at >= page + count) continue;
      this.mapped.delete(at);
      this.content.delete(at);
      segments.add(Math.floor(at / SEGMENT_PAGES));
    }
    for (const segment of segments) {
      if (!this.#anyIn(segment * SEGMENT_PAGES, SEGMENT_PAGES)) this.#dropTable(segment);
    }
    for (const table of [...this.segmentTables]) {
      const pages = TABLE_SEGMENTS * SEGMENT_PAGES;
      const first = table * pages;
      if (![...this.mapped.keys()].some((at) => at >= first && at < first + pages)) {
        this.segmentTables.delete(table);
      }
    }
  }

  #anyIn(page: number, count: number): boolean {
    for (let at = page; at < page + count; at++) if (this.mapped.has(at)) return true;
    return false;
  }

  #dropTable(segment: number): void {
    this.pageTables.delete(segment);
    for (const gmap of this.gmaps) {
      for (const one of gmap.segments.values()) if (one.process === segment) one.linked = false;
    }
  }
}

class GmapModel {
  readonly process: ProcessModel;
  readonly segments = new Map<number, Promised>();
  /** Tables, each by its level and the part of the address that leads to it. */
  readonly tables = new Set(['first']);

  constructor(process: ProcessModel) {
    this.process = process;
  }

  map(from: number, to: number, count: number): boolean {
    let unlinked = false;
    for (let i = 0; i < count; i++) {
      unlinked ||= this.segments.get(to + i)?.linked ?? false;
      this.segments.set(to + i, { process: from + i, linked: false });
      this.tables.add(`second ${Math.floor((to + i) / 2 ** 33)}`);
      this.tables.add(`third ${Math.floor((to + i) / 2 ** 22)}`);
      this.tables.add(`segment ${Math.floor((to + i) / 2 ** 11)}`);
    }
    return unlinked;
  }

  unmap(to: number, count: number): boolean {
    let unlinked = false;
    for (const [segment, { linked }] of [...this.segments]) {
      if (segment < to || segment >= to + count) continue;
      unlinked ||= linked;
      this.segments.delete(segment);
    }
    return unlinked;
  }

  /** The process segment behind a guest segment, linked from now on. */
  fault(segment: number): number {
    const promised = this.segments.get(segment);
    if (!promised) throw new ModelError('EFAULT');
    if (!promised.linked) {
      if (!this.process.mapped.has(promised.process * SEGMENT_PAGES)) throw new ModelError('EFAULT');
      this.process.makeTable(promised.process);
      promised.linked = true;
    }
    return promised.process;
  }

  access(page: number, write: boolean): Uint8Array {
    const process = this.fault(Math.floor(page / SEGMENT_PAGES));
    return this.process.access(process * SEGMENT_PAGES + (page % SEGMENT_PAGES), write);
  }

  discard(page: number, count: number): void {
    for (const [segment, { process, linked }] of this.segments) {
      if (!linked) continue;
      const first = segment * SEGMENT_PAGES;
      for (let i = Math.max(page - first, 0); i < Math.min(page + count - first, SEGMENT_PAGES); i++) {
        this.process.content.delete(process * SEGMENT_PAGES + i);
      }
    }
  }
}

/** A small world of processes and gmaps, as it must be. */
export class Model {
  readonly processes: ProcessModel[] = Array.from({ length: PROCESSES }, () => new ProcessModel());
  readonly gmaps: (GmapModel | null)[] = Array.from({ length: GMAPS }, () => null);
  purges = 0;

  /** Does the operation and says what it must answer. */
  apply(operation: Operation): Outcome {
    try {
      const value = this.#do(operation);
      if (value === null) return { code: 'skipped' };
      return value === undefined ? { code: 'ok' } : { code: 'ok', value };
    } catch (error) {
      if (error instanceof ModelError) return { code: error.code };
      throw error;
    }
  }

  /** What `Host.stats` must say. */
  stats() {
    const live = this.gmaps.filter((gmap) => gmap !== null);
    const links = (gmap: GmapModel) => [...gmap.segments.values()].filter(({ linked }) => linked).length;
    const hosting = this.processes.filter(({ pgstes }) => pgstes);
    return {
      rmaps: live.reduce((sum, gmap) => sum + links(gmap), 0),
      tables: live.reduce((sum, gmap) => sum + gmap.tables.size, 0),
      pagetables: hosting.reduce((sum, process) => sum + process.pageTables.size, 0),
      purges: this.purges,
    };
  }

  /** What a gmap's `segments` must say, as text. */
  segmentsOf(slot: number): string[] {
    const segments = [...(this.gmaps[slot]?.segments ?? [])].sort(([a], [b]) => a - b);
    return segments.map(
      ([guest, { process, linked }]) => `${guest} ${linked ? 'linked' : 'mapped'} ${process}`,
    );
  }

  /** Does it. Null when there is nobody to do it. */
  #do(operation: Operation): string | undefined | null {
    switch (operation.op) {
      case 'alloc':
        return this.#alloc(operation.process, operation.gmap);
      case 'exit':
        return this.#exit(operation.process);
      case 'map':
      case 'unmap':
      case 'fault':
      case 'discard':
      case 'free':
      case 'guestRead':
      case 'guestWrite': {
        const gmap = this.gmaps[operation.gmap];
        return gmap ? this.#guest(operation, gmap) : null;
      }
      default:
        return this.#process(operation, this.processes[operation.process] as ProcessModel);
    }
  }

  #alloc(slot: number, gmap: number): undefined | null {
    if (this.gmaps[gmap]) return null;
    const process = this.processes[slot] as ProcessModel;
    const made = new GmapModel(process);
    process.gmaps.add(made);
    process.pgstes = true;
    this.gmaps[gmap] = made;
    return undefined;
  }

  #exit(slot: number): undefined {
    for (const gmap of (this.processes[slot] as ProcessModel).gmaps) {
      this.gmaps[this.gmaps.indexOf(gmap)] = null;
      this.purges++;
    }
    this.processes[slot] = new ProcessModel();
  }

  #process(
    operation: Extract<Operation, { readonly process: number; readonly page: number }>,
    process: ProcessModel,
  ): string | undefined {
    const { page } = operation;
    switch (operation.op) {
      case 'mmap': {
        const { count, protection } = operation;
        if (page + count > LIMIT_PAGES) throw new ModelError('EINVAL');
        if (!operation.replace) {
          for (let at = page; at < page + count; at++) {
            if (process.mapped.has(at)) throw new ModelError('EEXIST');
          }
        }
        process.remove(page, count);
        for (let at = page; at < page + count; at++) process.mapped.set(at, protection);
        return undefined;
      }
      case 'munmap':
        if (page + operation.count > LIMIT_PAGES) throw new ModelError('EINVAL');
        process.remove(page, operation.count);
        return undefined;
      case 'mprotect':
      case 'dontNeed': {
        if (page + operation.count > LIMIT_PAGES) throw new ModelError('EINVAL');
        if (!process.covers(page, operation.count)) throw new ModelError('ENOMEM');
        for (let at = page; at < page + operation.count; at++) {
          if (operation.op === 'mprotect') process.mapped.set(at, operation.protection);
          else process.content.delete(at);
        }
        return undefined;
      }
      default: {
        const end = page * 4096 + operation.offset + operation.length;
        const kernel = operation.op === 'kernelRead' || operation.op === 'kernelWrite';
        if (kernel && end > LIMIT_PAGES * 4096) throw new ModelError('EFAULT');
        const write = operation.op === 'processWrite' || operation.op === 'kernelWrite';
        return access(operation, write ? operation.value : null, (at) => process.access(at, write));
      }
    }
  }

  #guest(
    operation: Exclude<Extract<Operation, { readonly gmap: number }>, { readonly op: 'alloc' }>,
    gmap: GmapModel,
  ): string | undefined {
    switch (operation.op) {
      case 'map': {
        const { from, to, count } = operation;
        if (to + count >= GUEST_SEGMENTS || from + count > LIMIT_SEGMENTS) throw new ModelError('EINVAL');
        if (gmap.map(from, to, count)) this.purges++;
        return undefined;
      }
      case 'unmap':
        if (operation.to + operation.count >= GUEST_SEGMENTS) throw new ModelError('EINVAL');
        if (gmap.unmap(operation.to, operation.count)) this.purges++;
        return undefined;
      case 'fault': {
        const { page } = operation;
        const segment = gmap.fault(Math.floor(page / SEGMENT_PAGES));
        return ((segment * SEGMENT_PAGES + (page % SEGMENT_PAGES)) * 4096).toString(16);
      }
      case 'discard':
        if (operation.page + operation.count > GUEST_PAGES) throw new ModelError('EINVAL');
        gmap.discard(operation.page, operation.count);
        return undefined;
      case 'free':
        gmap.process.gmaps.delete(gmap);
        this.gmaps[operation.gmap] = null;
        this.purges++;
        return undefined;
      default: {
        const write = operation.op === 'guestWrite';
        // The last page of the address space has no page behind it.
        const last = operation.page + Math.floor((operation.offset + operation.length - 1) / 4096);
        if (last >= GUEST_PAGES) throw new ModelError('EFAULT');
        return access(operation, write ? operation.value : null, (at) => gmap.access(at, write));
      }
    }
  }
}

/** Reads, or writes when there is a value, by way of whoever has the pages: all of them before the first byte. */
function access(
  { page, offset, length }: { readonly page: number; readonly offset: number; readonly length: number },
  value: number | null,
  pageAt: (page: number) => Uint8Array,
): string | undefined {
  const pages: Uint8Array[] = [];
  for (let at = 0; at * 4096 < offset + length; at++) pages.push(pageAt(page + at));
  const data = value === null ? null : dataOf(value, length);
  const read: number[] = [];
  for (let i = 0; i < length; i++) {
    const content = pages[Math.floor((offset + i) / 4096)] as Uint8Array;
    const at = (offset + i) % 4096;
    if (data) content[at] = data[i] as number;
    else read.push(content[at] as number);
  }
  return data ? undefined : hexOf(read);
}

function hexOf(values: readonly number[]): string {
  return values.map((value) => value.toString(16).padStart(2, '0')).join('');
}
