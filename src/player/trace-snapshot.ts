/**
 * What a trace tells of spaces: kept up with its events. There are no tables and processors to look at.
 */

import { ANONYMOUS, GUEST_SEGMENTS, Mappings } from '../host/index.ts';
import {
  bucketSizeFor,
  GuestExtents,
  inSameBucket,
  mappingExtents,
  PAGE_FLAG,
  PAGES_LIMIT,
  PAGES_PER_SEGMENT,
  type Pages,
  type Row,
  type TableExtent,
} from '../inspect/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import { MappedSegments } from './mapped-segments.ts';
import { EXTENTS, type Snapshot, type SpaceName, type SpaceOutline } from './snapshot.ts';
import { segmentOf, TraceGmap } from './trace-gmap.ts';

/** Pages that a process can have at most: an address has 64 bits. */
const PAGES = 2 ** 52;
/** Pages that a process has worker for when nothing of it lies higher: three levels of tables. */
const LEAST_LIMIT = 2 ** 30;
/** Mappings and pages that forks copy in all: each fork may double what there is. */
const COPIES_LIMIT = 1_000_000;
/** Spaces that are told: more than that nobody looks at. */
const SPACES_LIMIT = 500;

/** A process as its events tell of it. */
export class TraceProcess {
  readonly mappings = new Mappings();
  /** By segment: what it has, and which of its pages have come. */
  readonly tables = new Map<number, { large: boolean; readonly present: Set<number> }>();
  /** How many guest segments are linked to each segment. */
  readonly links = new Map<number, number>();
  readonly asce: bigint | null;
  #mapped: MappedSegments | null = null;
  #sorted: readonly number[] = [];

  constructor(asce: bigint | null) {
    this.asce = asce;
  }

  /** Which segments have memory, for a row: made when the mappings have changed. */
  get mapped(): MappedSegments {
    this.#mapped ??= new MappedSegments(this.mappings);
    return this.#mapped;
  }

  /** The numbers of the segments in `tables`, ascending: sorted when some have come or gone. */
  get segments(): readonly number[] {
    if (this.#sorted.length === 0) this.#sorted = [...this.tables.keys()].sort((a, b) => a - b);
    return this.#sorted;
  }

  /** To be called when mappings or tables change. */
  changed(): void {
    this.#mapped = null;
    this.#sorted = [];
  }
}

/** The spaces of a trace. */
export class TraceSnapshot implements Snapshot {
  readonly #processes = new Map<number, TraceProcess>();
  readonly #gmaps = new Map<number, TraceGmap>();
  #copies = 0;

  /** Takes note of an event. @throws Error when there is more to keep in mind than there is worker for */
  add(event: TraceEvent): void {
    switch (event.type) {
      case 'mm-alloc':
        this.#processes.set(event.mm, new TraceProcess(event.asce));
        break;
      case 'mm-free':
        this.#processes.delete(event.mm);
        break;
      case 'gmap-alloc':
        this.#gmaps.set(event.gmap, new TraceGmap(event.mm, this.#process(event.mm), event.asce));
        break;
      case 'gmap-free':
        this.#gmaps.delete(event.gmap);
        break;
      case 'map':
      case 'unmap':
      case 'link':
      case 'unlink':
        this.#gmaps.get(event.gmap)?.add(event);
        break;
      default:
        if ('mm' in event) this.#ofProcess(this.#process(event.mm), event);
    }
  }

  /** A process that the trace may not have told the beginning of. */
  #process(mm: number): TraceProcess {
    const known = this.#processes.get(mm);
    if (known) return known;
    const made = new TraceProcess(null);
    this.#processes.set(mm, made);
    return made;
  }

  #ofProcess(process: TraceProcess, event: TraceEvent & { readonly mm: number }): void {
    process.changed();
    switch (event.type) {
      case 'mmap':
        insert(process, pageOf(event.address), pageOf(event.length), event.protection);
        break;
      case 'munmap':
        remove(process, pageOf(event.address), pageOf(event.length));
        break;
      case 'mprotect':
        protect(process, pageOf(event.address), pageOf(event.length), event.protection);
        break;
      case 'mremap':
        this.#moved(process, event);
        break;
      case 'fork':
        this.#forked(process, event.child);
        break;
      case 'zap':
        drop(process, pageOf(event.address), pageOf(event.length));
        break;
      case 'mm-fault':
        tableOf(process, segmentOf(event.address)).present.add(pageOf(event.address) % PAGES_PER_SEGMENT);
        break;
      case 'page-table':
        if (event.change === 'new') tableOf(process, segmentOf(event.address)).large = false;
        else process.tables.delete(segmentOf(event.address));
        break;
      case 'large-frame':
        if (event.change === 'new') tableOf(process, segmentOf(event.address)).large = true;
        else if (event.change === 'freed') process.tables.delete(segmentOf(event.address));
        break;
    }
  }

  #moved(process: TraceProcess, event: TraceEvent & { readonly type: 'mremap' }): void {
    const from = pageOf(event.address);
    const protection = process.mappings.at(from)?.protection ?? 3;
    const present = presentIn(process, from, pageOf(event.length));
    remove(process, from, pageOf(event.length));
    insert(process, pageOf(event.to), pageOf(event.newLength), protection);
    for (const page of present.filter((one) => one < pageOf(event.newLength))) {
      const to = pageOf(event.to) + page;
      tableOf(process, Math.floor(to / PAGES_PER_SEGMENT)).present.add(to % PAGES_PER_SEGMENT);
    }
  }

  #forked(parent: TraceProcess, name: number): void {
    const child = this.#process(name);
    if (child === parent) return;
    this.#copies += parent.mappings.count + parent.tables.size;
    for (const { present } of parent.tables.values()) this.#copies += present.size;
    if (this.#copies > COPIES_LIMIT) throw new Error('forks copy more than can be kept in mind');
    child.changed();
    child.mappings.remove(0, PAGES);
    child.tables.clear();
    for (const { start, end, protection, backing } of parent.mappings) {
      child.mappings.insert(start, end, protection, backing);
    }
    for (const [segment, { large, present }] of parent.tables) {
      child.tables.set(segment, { large, present: new Set(present) });
    }
  }

  stats(): null {
    return null;
  }

  outline(): SpaceOutline[] {
    const outlines: SpaceOutline[] = [];
    const gmaps = this.#gmapsByProcess();
    for (const [id, process] of [...this.#processes].sort((a, b) => a[0] - b[0])) {
      if (outlines.length >= SPACES_LIMIT) break;
      const name: SpaceName = `process ${id}`;
      const runs = [...process.mappings].map(({ start, end }) => ({ first: start, end }));
      const { asce } = process;
      const extents = joined(runs);
      const limit = Math.max(LEAST_LIMIT, runs[runs.length - 1]?.end ?? 0);
      outlines.push({ name, process: name, asce, extents, limit, size: runs.length });
      for (const [number, gmap] of gmaps.get(id) ?? []) {
        const extents = joined(gmap.runs());
        const limit = GUEST_SEGMENTS * PAGES_PER_SEGMENT;
        outlines.push({
          name: `gmap ${number}`,
          process: name,
          asce: gmap.asce,
          extents,
          limit,
          size: gmap.size,
        });
      }
    }
    return outlines.slice(0, SPACES_LIMIT);
  }

  #gmapsByProcess(): Map<number, [number, TraceGmap][]> {
    const found = new Map<number, [number, TraceGmap][]>();
    for (const [number, gmap] of [...this.#gmaps].sort((a, b) => a[0] - b[0])) {
      const others = found.get(gmap.mm);
      if (others) others.push([number, gmap]);
      else found.set(gmap.mm, [[number, gmap]]);
    }
    return found;
  }

  row(space: SpaceName, first: number, end: number, limit: number): Row | null {
    const [process, gmap] = this.#space(space);
    if (gmap) {
      const extents = new GuestExtents(first, end, limit);
      gmap.tell(extents, Math.floor(first / PAGES_PER_SEGMENT), Math.ceil(end / PAGES_PER_SEGMENT));
      return { kind: 'guest', extents: extents.finish() };
    }
    if (!process) return null;
    const extents = mappingExtents(process.mappings, first, end, limit);
    return { kind: 'process', extents, tables: tablesOf(process, first, end, limit) };
  }

  pages(space: SpaceName, first: number, end: number): Pages | null {
    const [process, gmap] = this.#space(space);
    const behind = gmap?.process ?? process;
    if (!behind) return null;
    const flags = new Uint8Array(Math.max(0, Math.min(end - first, PAGES_LIMIT)));
    for (let i = 0; i < flags.length; i++) {
      const { page, linked } = gmap?.behind(first + i) ?? { page: first + i, linked: false };
      if (page < 0) continue;
      const table = behind.tables.get(Math.floor(page / PAGES_PER_SEGMENT));
      const present = table && (table.large || table.present.has(page % PAGES_PER_SEGMENT));
      flags[i] =
        (behind.mappings.at(page) ? PAGE_FLAG.MAPPED : 0) |
        (present ? PAGE_FLAG.PRESENT : 0) |
        (linked ? PAGE_FLAG.LINKED : 0);
    }
    return { first, flags };
  }

  table(): null {
    return null;
  }

  walk(): null {
    return null;
  }

  processors(): [] {
    return [];
  }

  #space(name: SpaceName): [TraceProcess | undefined, TraceGmap | undefined] {
    const [kind, number] = name.split(' ') as [string, string];
    const id = Number(number);
    if (kind === 'process') return [this.#processes.get(id), undefined];
    return [undefined, this.#gmaps.get(id)];
  }
}

function pageOf(address: bigint): number {
  return Number(address >> 12n);
}

function tableOf(process: TraceProcess, segment: number) {
  const known = process.tables.get(segment);
  if (known) return known;
  const made = { large: false, present: new Set<number>() };
  process.tables.set(segment, made);
  return made;
}

/** What lies beyond the last address is not there. */
function insert({ mappings }: TraceProcess, start: number, count: number, protection: number): void {
  const end = Math.min(start + count, PAGES);
  if (start >= end) return;
  mappings.remove(start, end);
  mappings.insert(start, end, protection, ANONYMOUS);
}

function protect({ mappings }: TraceProcess, start: number, count: number, protection: number): void {
  if (count > 0) mappings.protect(start, start + count, protection);
}

function remove(process: TraceProcess, start: number, count: number): void {
  if (count > 0) process.mappings.remove(start, start + count);
  drop(process, start, count);
}

/** The pages of a range are gone. */
function drop(process: TraceProcess, start: number, count: number): void {
  for (const page of presentIn(process, start, count)) {
    const at = start + page;
    process.tables.get(Math.floor(at / PAGES_PER_SEGMENT))?.present.delete(at % PAGES_PER_SEGMENT);
  }
}

/** The pages of a range that have come, from its start. */
function presentIn(process: TraceProcess, start: number, count: number): number[] {
  const found: number[] = [];
  for (const segment of segmentsIn(process, start, start + count)) {
    const first = segment * PAGES_PER_SEGMENT;
    for (const index of process.tables.get(segment)?.present ?? []) {
      const page = first + index;
      if (page >= start && page < start + count) found.push(page - start);
    }
  }
  return found;
}

/** The segments with a page in a range that have a table: found by range or by table, whichever are fewer. */
function segmentsIn({ tables }: TraceProcess, start: number, end: number): number[] {
  const first = Math.floor(start / PAGES_PER_SEGMENT);
  const count = Math.ceil(end / PAGES_PER_SEGMENT) - first;
  if (count > tables.size) return [...tables.keys()].filter((one) => one >= first && one < first + count);
  return Array.from({ length: count }, (_, i) => first + i).filter((one) => tables.has(one));
}

function tablesOf(process: TraceProcess, first: number, end: number, limit: number): TableExtent[] {
  const bucket = bucketSizeFor(first, end, limit, PAGES_PER_SEGMENT);
  const extents: { -readonly [K in keyof TableExtent]: TableExtent[K] }[] = [];
  const inRange = process.segments.filter(
    (segment) => (segment + 1) * PAGES_PER_SEGMENT > first && segment * PAGES_PER_SEGMENT < end,
  );
  for (const segment of inRange) {
    const { large, present } = tableOf(process, segment);
    const page = segment * PAGES_PER_SEGMENT;
    let extent = extents[extents.length - 1];
    if (!extent || !inSameBucket(extent.first, page, bucket)) {
      extent = { first: page, end: page, tables: 0, large: 0, present: 0, links: 0 };
      extents.push(extent);
    }
    extent.end = page + PAGES_PER_SEGMENT;
    extent[large ? 'large' : 'tables']++;
    extent.present += large ? PAGES_PER_SEGMENT : present.size;
    extent.links += process.links.get(segment) ?? 0;
  }
  return extents;
}

/** At most `EXTENTS` of the runs: neighbours are told together. */
function joined(runs: readonly { readonly first: number; readonly end: number }[]) {
  const together = Math.ceil(runs.length / EXTENTS);
  const extents: { first: number; end: number }[] = [];
  runs.forEach((run, i) => {
    const last = extents[extents.length - 1];
    if (last && (i % together !== 0 || last.end === run.first)) last.end = run.end;
    else extents.push({ ...run });
  });
  return extents;
}
