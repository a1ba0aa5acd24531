/**
 * A process as it must be: a map of pages, each with a protection and what is in it. No tables, no frames; but which
 * segments have a page table or a frame of 1 MiB shows in what guests are linked to, so that is known.
 */

import type { GmapModel } from './gmap.ts';
import { areOneMapping, type Backing, bytesOf, FileModel, type MappedPage } from './memory.ts';
import { GROWN_PAGES, LIMIT_PAGES, onPage, pageOf, SEGMENT_PAGES, segmentOf } from './places.ts';
import { Refusal } from './refusal.ts';
import { LogModel } from './slots.ts';

const WRITE = 2;
/** Places are chosen above this page. */
const CHOSEN_BOTTOM = 0x1_0000;

/** The mapped pages of one segment. */
export interface Segment {
  readonly pages: Map<number, MappedPage>;
  /** Whether it has a page table: from the first access on, or the first link. */
  table: boolean;
  /** Whether it has a frame of 1 MiB instead. */
  large: boolean;
  /** Storage keys of its pages, but for the bits that say what was used; 0 where none is set. */
  readonly keys: Map<number, number>;
}

/** What an mmap asks for. */
export interface MmapRequest {
  readonly address: bigint;
  readonly length: bigint;
  readonly protection: number;
  readonly fixed: boolean;
  readonly shared: boolean;
  readonly large: boolean;
  readonly high: boolean;
  readonly file: FileModel | null;
  readonly offset: bigint;
}

/** What an mremap asks for. */
export interface MremapRequest {
  readonly address: bigint;
  readonly oldLength: bigint;
  readonly newLength: bigint;
  readonly mayMove?: boolean;
  readonly to?: bigint;
}

/** A process. */
export class ProcessModel {
  /** Segments of which something is mapped. */
  readonly segments = new Map<number, Segment>();
  readonly gmaps = new Set<GmapModel>();
  /** Who wants to know which pages are written. */
  readonly #logs = new Set<LogModel>();
  /** Whether it has had a gmap: its page tables have PGSTEs. */
  hosting = false;
  /** Whether it has been given memory beyond 4 TiB. */
  grown = false;
  /** Whether its guests use storage keys: what is private is not shared with anybody then. */
  #usesKeys = false;
  /** Whether a segment has got the frame of 1 MiB that it may have: only who has the storage can know. */
  readonly #hasLargeFrame: (segment: number) => boolean;

  constructor(hasLargeFrame: (segment: number) => boolean) {
    this.#hasLargeFrame = hasLargeFrame;
  }

  /** The page of that number, or undefined. */
  page(page: number): MappedPage | undefined {
    return this.segments.get(segmentOf(page))?.pages.get(page);
  }

  mmap(request: MmapRequest): void {
    const { address, length, protection, shared, large, offset } = request;
    const [start, end] = rangeOf(address, length, request.high);
    if (!onPage(offset) || offset >= BigInt(GROWN_PAGES) << 12n) throw new Refusal('EINVAL');
    if (large && (shared || request.file)) throw new Refusal('EINVAL');
    if (!request.fixed && this.#touches(start, end)) throw new Refusal('EEXIST');
    if (end > LIMIT_PAGES) this.grown = true;
    this.remove(start, end);
    // Shared anonymous memory is a file that nobody else can open.
    const file = request.file ?? (shared ? new FileModel(end - start) : null);
    const backing: Backing = { file, shared, large };
    const first = request.file ? Number(offset >> 12n) : 0;
    for (let page = start; page < end; page++) {
      this.#put(page, freshPage(backing, file ? first + (page - start) : 0, protection));
    }
  }

  munmap(address: bigint, length: bigint): void {
    this.remove(...rangeOf(address, length, this.grown));
  }

  mprotect(address: bigint, length: bigint, protection: number): void {
    const [start, end] = rangeOf(address, length, this.grown);
    this.#demandMapped(start, end);
    if (protection === 0) this.splitAll(start, end);
    else this.splitEdges(start, end);
    this.#eachSegment(start, end, ({ pages }) => {
      for (const [page, mapped] of pages) {
        if (page < start || page >= end) continue;
        mapped.protection = protection;
        // A store to a logged page is noted anew.
        if ((protection & WRITE) === 0 || this.#isLogged(page)) this.#tell(page, mapped);
      }
    });
  }

  dontNeed(address: bigint, length: bigint): void {
    const [start, end] = rangeOf(address, length, this.grown);
    this.#demandMapped(start, end);
    this.splitEdges(start, end);
    this.drop(start, end);
  }

  /** Says where the memory is now. */
  mremap({ address, oldLength, newLength, mayMove = false, to }: MremapRequest): bigint {
    const [start, end] = rangeOf(address, oldLength, true);
    const [, count] = rangeOf(0n, newLength, true);
    const target = to === undefined ? null : rangeOf(to, newLength, true)[0];
    this.#demandOneMapping(start, end);
    return BigInt(this.#remap(start, end, count, mayMove, target)) << 12n;
  }

  #remap(start: number, end: number, count: number, mayMove: boolean, to: number | null): number {
    if (to !== null) {
      if (to + count > this.#limitFor(to) || (to < end && start < to + count)) throw new Refusal('EINVAL');
      return this.#move(start, end, to, count);
    }
    const newEnd = start + count;
    if (newEnd < end) this.remove(newEnd, end);
    if (newEnd <= end) return start;
    if (newEnd > this.#limitFor(start) || this.#touches(end, newEnd)) {
      if (!mayMove) throw new Refusal('ENOMEM');
      return this.#move(start, end, this.#highestGap(count), count);
    }
    const last = this.page(end - 1) as MappedPage;
    for (let page = end; page < newEnd; page++) this.#put(page, continued(last, page - end + 1));
    return start;
  }

  #move(start: number, end: number, to: number, count: number): number {
    this.splitAll(start, end);
    this.splitAll(to, to + count);
    const first = this.page(start) as MappedPage;
    for (let i = 0; i < count; i++) {
      this.#tell(to + i, this.page(to + i));
      if (start + i < end) this.#tell(start + i, this.page(start + i));
      const old = start + i < end ? (this.page(start + i) as MappedPage) : continued(first, i);
      const segment = this.#put(to + i, { ...old });
      segment.table ||= old.present;
    }
    this.remove(start, end);
    return to;
  }

  /** Makes an empty process one with the same memory. */
  forkInto(child: ProcessModel): void {
    child.grown = this.grown;
    for (const [number, { pages }] of this.segments) {
      this.#split(number);
      for (const [page, mapped] of pages) {
        // Private pages are copied when they are stored into next: until then that is forbidden.
        if (!mapped.backing.shared && !this.#usesKeys) this.#tell(page, mapped);
        const segment = child.#put(page, { ...mapped, bytes: mapped.bytes?.slice() ?? null, watched: false });
        segment.table ||= mapped.present;
      }
    }
  }

  /**
   * What is in the pages of a range goes: zeros, or what the file has, take its place. Frames of 1 MiB lie in it wholly
   * or not at all.
   */
  drop(start: number, end: number): void {
    this.#eachSegment(start, end, (segment, number) => {
      for (const [page, mapped] of segment.pages) {
        if (page < start || page >= end) continue;
        this.#tell(page, mapped);
        mapped.bytes = null;
        mapped.present = false;
      }
      if (!segment.large) return;
      segment.large = false;
      this.#unlink(number);
    });
  }

  /** The bytes of a page that is touched. @throws Refusal EFAULT */
  touch(page: number, write: boolean): Uint8Array {
    const number = segmentOf(page);
    const segment = this.segments.get(number);
    const mapped = segment?.pages.get(page);
    if (!segment || !mapped) throw new Refusal('EFAULT');
    if (write ? (mapped.protection & WRITE) === 0 : mapped.protection === 0) throw new Refusal('EFAULT');
    const bytes = bytesOf(mapped, write || this.#usesKeys);
    if (!this.#isLarge(number, segment, mapped)) segment.table = true;
    mapped.present = true;
    if (write) this.noteWritten(page);
    return bytes;
  }

  /** Who wants to know hears that the page is written. */
  noteWritten(page: number): void {
    for (const log of this.#logs) if (log.covers(page)) log.written.add(page);
  }

  /** The page is present and can be stored into. @throws Refusal EFAULT */
  makeWatchable(page: number): void {
    this.#split(segmentOf(page));
    this.touch(page, true);
  }

  /** Guests are told when the page, which is present, goes, or can no longer be stored into. */
  watch(page: number): void {
    (this.page(page) as MappedPage).watched = true;
  }

  /** The storage key of a page, but for the bits that say what was used. @throws Refusal EFAULT */
  key(page: number): number {
    if (!this.page(page)) throw new Refusal('EFAULT');
    return this.segments.get(segmentOf(page))?.keys.get(page) ?? 0;
  }

  /** @throws Refusal EFAULT */
  setKey(page: number, key: number): void {
    const segment = this.segments.get(segmentOf(page));
    if (!segment?.pages.has(page)) throw new Refusal('EFAULT');
    this.#enableKeys();
    segment.table = true;
    segment.keys.set(page, key & 0xf8);
  }

  /** Whether keys have come into use. */
  takeOverKeys(used: boolean): void {
    if (used) this.#enableKeys();
  }

  #enableKeys(): void {
    if (this.#usesKeys) return;
    this.#usesKeys = true;
    for (const [number, { pages }] of this.segments) {
      this.#split(number);
      for (const mapped of pages.values()) if (mapped.present) bytesOf(mapped, true);
    }
  }

  /** Notes from now on which pages of a range are written. */
  startLog(start: number, end: number): LogModel {
    this.splitAll(start, end);
    const log = new LogModel(start, end);
    this.#logs.add(log);
    this.#eachSegment(start, end, ({ pages }) => {
      for (const page of pages.keys()) if (log.covers(page)) this.forbidStores(page);
    });
    return log;
  }

  stopLog(log: LogModel): void {
    this.#logs.delete(log);
  }

  /** The next store to the page is heard of. */
  forbidStores(page: number): void {
    this.#tell(page, this.page(page));
  }

  #isLogged(page: number): boolean {
    for (const log of this.#logs) if (log.covers(page)) return true;
    return false;
  }

  /** A page goes, or can no longer be stored into: who watches it is told, once. */
  #tell(page: number, mapped: MappedPage | undefined): void {
    if (!mapped?.watched) return;
    mapped.watched = false;
    for (const gmap of this.gmaps) gmap.tell(page);
  }

  /** A guest is linked to a segment of which something is mapped. */
  provide(number: number): void {
    const segment = this.segments.get(number) as Segment;
    const first = segment.pages.get(number * SEGMENT_PAGES) as MappedPage;
    if (!this.#isLarge(number, segment, first)) segment.table = true;
  }

  /** Whether the segment has a frame of 1 MiB; it gets one when it may have one and has nothing yet. */
  #isLarge(number: number, segment: Segment, mapped: MappedPage): boolean {
    if (segment.large || segment.table || !mapped.backing.large) return segment.large;
    const first = number * SEGMENT_PAGES;
    if (this.#usesKeys) return false;
    for (const log of this.#logs) if (log.start < first + SEGMENT_PAGES && first < log.end) return false;
    if (mapped.protection === 0 || !this.#areOneMapping(first, first + SEGMENT_PAGES)) return false;
    segment.large = this.#hasLargeFrame(number);
    return segment.large;
  }

  /** Frames of 1 MiB that reach beyond the range become pages. */
  splitEdges(start: number, end: number): void {
    if (start % SEGMENT_PAGES) this.#split(segmentOf(start));
    if (end % SEGMENT_PAGES) this.#split(segmentOf(end));
  }

  /** All frames of 1 MiB with a page in the range become pages. */
  splitAll(start: number, end: number): void {
    this.#eachSegment(start, end, (_, number) => this.#split(number));
  }

  #split(number: number): void {
    const segment = this.segments.get(number);
    if (!segment?.large) return;
    segment.large = false;
    segment.table = true;
    for (const mapped of segment.pages.values()) mapped.present = true;
  }

  /** Takes pages away. A segment of which nothing is left loses its page table, and guests their links to it. */
  remove(start: number, end: number): void {
    this.splitEdges(start, end);
    this.#eachSegment(start, end, ({ pages }, number) => {
      for (const [page, mapped] of pages) {
        if (page < start || page >= end) continue;
        this.#tell(page, mapped);
        pages.delete(page);
      }
      if (pages.size > 0) return;
      this.segments.delete(number);
      this.#unlink(number);
    });
  }

  #unlink(number: number): void {
    for (const gmap of this.gmaps) gmap.unlink(number);
  }

  #put(page: number, mapped: MappedPage): Segment {
    const number = segmentOf(page);
    let segment = this.segments.get(number);
    if (!segment) this.segments.set(number, (segment = emptySegment()));
    segment.pages.set(page, mapped);
    return segment;
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

  #demandOneMapping(start: number, end: number): void {
    if (!this.#areOneMapping(start, end)) throw new Refusal('EFAULT');
  }

  #areOneMapping(start: number, end: number): boolean {
    let before: MappedPage | undefined;
    for (let page = start; page < end; page++) {
      const mapped = this.page(page);
      if (!mapped || (before && !areOneMapping(before, mapped))) return false;
      before = mapped;
    }
    return true;
  }

  /** The page behind those that memory at `page` can be moved or grow to. */
  #limitFor(page: number): number {
    return page >= LIMIT_PAGES && this.grown ? GROWN_PAGES : LIMIT_PAGES;
  }

  /** The first page of the highest gap of so many below 4 TiB. @throws Refusal ENOMEM */
  #highestGap(count: number): number {
    let top = LIMIT_PAGES;
    const numbers = [...this.segments.keys()].filter((number) => number * SEGMENT_PAGES < LIMIT_PAGES);
    for (const number of numbers.sort((a, b) => b - a)) {
      const pages = [...(this.segments.get(number) as Segment).pages.keys()].sort((a, b) => b - a);
      for (const page of pages) {
        if (page + 1 <= top - count) return top - count;
        top = page;
      }
    }
    if (top - count < CHOSEN_BOTTOM) throw new Refusal('ENOMEM');
    return top - count;
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

function emptySegment(): Segment {
  return { pages: new Map(), table: false, large: false, keys: new Map() };
}

/** A page that nobody has touched. */
function freshPage(backing: Backing, index: number, protection: number): MappedPage {
  return { backing, index, protection, bytes: null, present: false, watched: false };
}

/** The page of the same mapping that is so many pages further on, untouched. */
function continued({ backing, index, protection }: MappedPage, pages: number): MappedPage {
  return freshPage(backing, backing.file ? index + pages : 0, protection);
}

/** Pages of a byte range of a process: the first, and the one behind the last. @throws Refusal EINVAL */
function rangeOf(address: bigint, length: bigint, beyond: boolean): [start: number, end: number] {
  if (!onPage(address) || !onPage(length) || length === 0n) throw new Refusal('EINVAL');
  if (address + length > BigInt(beyond ? GROWN_PAGES : LIMIT_PAGES) << 12n) throw new Refusal('EINVAL');
  return [pageOf(address), pageOf(address + length)];
}
