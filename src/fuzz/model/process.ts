/**
 * The model of a process: a map of pages, each with a protection and contents. It has no tables and no frames. It knows
 * which segments have a page table or a frame of 1 MiB, because links of guests depend on it.
 */

import { LogModel } from './dirty-log.ts';
import { areOneMapping, type Backing, bytesOf, FileModel, type MappedPage } from './memory.ts';
import { GROWN_PAGES, LIMIT_PAGES, onPage, pageOf, SEGMENT_PAGES, segmentOf } from './places.ts';
import { Refusal } from './refusal.ts';

const WRITE = 2;
/** Pages below this one are never chosen for memory without an address. */
const CHOSEN_BOTTOM = 0x1_0000;

/** The mapped pages of one segment. */
export interface Segment {
  readonly pages: Map<number, MappedPage>;
  /** Whether it has a page table: from the first access or link on. */
  table: boolean;
  /** Whether it has a frame of 1 MiB instead. */
  large: boolean;
  /** Storage keys of its pages, without the reference and change bits. Default: 0. */
  readonly keys: Map<number, number>;
}

/** The parameters of an mmap. */
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

/** The parameters of an mremap. */
export interface MremapRequest {
  readonly address: bigint;
  readonly oldLength: bigint;
  readonly newLength: bigint;
  readonly mayMove?: boolean;
  readonly to?: bigint;
}

/** A gmap of the process, which the process notifies. */
export interface GuestOfProcess {
  /** Called when a watched page of the process has lost its frame or the right to store. */
  noteInvalidated(processPage: number): void;
  /** Called when the page table of a process segment was freed. */
  unlink(segment: number): void;
}

/** A process. */
export class ProcessModel {
  /** Segments in which at least one page is mapped. */
  readonly segments = new Map<number, Segment>();
  readonly gmaps = new Set<GuestOfProcess>();
  /** The active dirty logs. */
  readonly #logs = new Set<LogModel>();
  /** Whether it has had a gmap, so that its page tables have PGSTEs. */
  hosting = false;
  /** Whether it has had memory beyond 4 TiB. */
  grown = false;
  /** Whether its guests use storage keys. If so, it shares no private page. */
  #usesKeys = false;
  /** Whether a segment got the frame of 1 MiB that it may have. Only the real host knows, since it depends on storage. */
  readonly #hasLargeFrame: (segment: number) => boolean;

  constructor(hasLargeFrame: (segment: number) => boolean) {
    this.#hasLargeFrame = hasLargeFrame;
  }

  /** Returns the page with a number, or undefined if it is not mapped. */
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
    // Shared anonymous memory is a file without a name.
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
        // The next store to a logged page must be logged again.
        if ((protection & WRITE) === 0 || this.#isLogged(page)) this.#notify(page, mapped);
      }
    });
  }

  dontNeed(address: bigint, length: bigint): void {
    const [start, end] = rangeOf(address, length, this.grown);
    this.#demandMapped(start, end);
    this.splitEdges(start, end);
    this.drop(start, end);
  }

  /** Returns the new address of the memory. */
  mremap({ address, oldLength, newLength, mayMove = false, to }: MremapRequest): bigint {
    const [start, end] = rangeOf(address, oldLength, true);
    const [, count] = rangeOf(0n, newLength, true);
    const target = to === undefined ? null : rangeOf(to, newLength, true)[0];
    this.#demandOneMapping(start, end);
    return BigInt(this.#remap(start, end, count, { mayMove, to: target })) << 12n;
  }

  #remap(
    start: number,
    end: number,
    count: number,
    { mayMove, to }: { mayMove: boolean; to: number | null },
  ): number {
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
      this.#notify(to + i, this.page(to + i));
      if (start + i < end) this.#notify(start + i, this.page(start + i));
      const old = start + i < end ? (this.page(start + i) as MappedPage) : continued(first, i);
      const segment = this.#put(to + i, { ...old });
      segment.table ||= old.present;
    }
    this.remove(start, end);
    return to;
  }

  /** Copies the memory into an empty process. */
  forkInto(child: ProcessModel): void {
    child.grown = this.grown;
    for (const [number, { pages }] of this.segments) {
      this.#split(number);
      for (const [page, mapped] of pages) {
        // Private pages are copied at the next store, so stores are forbidden until then.
        if (!mapped.backing.shared && !this.#usesKeys) this.#notify(page, mapped);
        const segment = child.#put(page, { ...mapped, bytes: mapped.bytes?.slice() ?? null, watched: false });
        segment.table ||= mapped.present;
      }
    }
  }

  /**
   * Drops the contents of the pages of a range: they become zeros, or the file's contents.
   * Preconditions: no frame of 1 MiB is partly in the range.
   */
  drop(start: number, end: number): void {
    this.#eachSegment(start, end, (segment, number) => {
      for (const [page, mapped] of segment.pages) {
        if (page < start || page >= end) continue;
        this.#notify(page, mapped);
        mapped.bytes = null;
        mapped.present = false;
      }
      if (!segment.large) return;
      segment.large = false;
      this.#unlink(number);
    });
  }

  /**
   * Touches a page. Returns its bytes.
   * @throws Refusal EFAULT
   */
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

  /** Notes in the logs that a page is written. */
  noteWritten(page: number): void {
    for (const log of this.#logs) if (log.covers(page)) log.written.add(page);
  }

  /**
   * Makes a page present and writable.
   * @throws Refusal EFAULT
   */
  makeWatchable(page: number): void {
    this.#split(segmentOf(page));
    this.touch(page, true);
  }

  /** Watches a page that is present: guests are notified when it loses its frame or the right to store. */
  watch(page: number): void {
    (this.page(page) as MappedPage).watched = true;
  }

  /**
   * Returns the storage key of a page, without the reference and change bits.
   * @throws Refusal EFAULT
   */
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

  /** Sets whether keys are in use. */
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

  /** Starts a log of the written pages of a range. */
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

  /** Forbids stores to a page, so that the next one is noticed. */
  forbidStores(page: number): void {
    this.#notify(page, this.page(page));
  }

  #isLogged(page: number): boolean {
    for (const log of this.#logs) if (log.covers(page)) return true;
    return false;
  }

  /** Notifies the guests, once, that a watched page lost its frame or the right to store. */
  #notify(page: number, mapped: MappedPage | undefined): void {
    if (!mapped?.watched) return;
    mapped.watched = false;
    for (const gmap of this.gmaps) gmap.noteInvalidated(page);
  }

  /** Gives a segment its page table, because a guest links to it. */
  provide(number: number): void {
    const segment = this.segments.get(number) as Segment;
    const first = segment.pages.get(number * SEGMENT_PAGES) as MappedPage;
    if (!this.#isLarge(number, segment, first)) segment.table = true;
  }

  /** Returns whether the segment has a frame of 1 MiB. It gets one now if it may have one and has no page yet. */
  #isLarge(number: number, segment: Segment, mapped: MappedPage): boolean {
    if (segment.large || segment.table || !mapped.backing.large) return segment.large;
    const first = number * SEGMENT_PAGES;
    if (this.#usesKeys) return false;
    for (const log of this.#logs) if (log.start < first + SEGMENT_PAGES && first < log.end) return false;
    if (mapped.protection === 0 || !this.#areOneMapping(first, first + SEGMENT_PAGES)) return false;
    segment.large = this.#hasLargeFrame(number);
    return segment.large;
  }

  /** Splits frames of 1 MiB that are partly in the range. */
  splitEdges(start: number, end: number): void {
    if (start % SEGMENT_PAGES) this.#split(segmentOf(start));
    if (end % SEGMENT_PAGES) this.#split(segmentOf(end));
  }

  /** Splits all frames of 1 MiB with a page in the range. */
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

  /** Unmaps pages. A segment without pages loses its page table, and guests are unlinked from it. */
  remove(start: number, end: number): void {
    this.splitEdges(start, end);
    this.#eachSegment(start, end, ({ pages }, number) => {
      for (const [page, mapped] of pages) {
        if (page < start || page >= end) continue;
        this.#notify(page, mapped);
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

  /** Returns the page after the last one that memory at `page` can move or grow to. */
  #limitFor(page: number): number {
    return page >= LIMIT_PAGES && this.grown ? GROWN_PAGES : LIMIT_PAGES;
  }

  /**
   * Returns the first of `count` pages at the top of the highest gap that is large enough, below 4 TiB.
   * @throws Refusal ENOMEM
   */
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

/** A page that was never touched. */
function freshPage(backing: Backing, index: number, protection: number): MappedPage {
  return { backing, index, protection, bytes: null, present: false, watched: false };
}

/** The page of the same mapping `pages` pages later, untouched. */
function continued({ backing, index, protection }: MappedPage, pages: number): MappedPage {
  return freshPage(backing, backing.file ? index + pages : 0, protection);
}

/**
 * Returns the pages of a byte range of a process, the end excluded.
 * @param beyond whether the range may lie above 4 TiB
 * @throws Refusal EINVAL
 */
function rangeOf(address: bigint, length: bigint, beyond: boolean): [start: number, end: number] {
  if (!onPage(address) || !onPage(length) || length === 0n) throw new Refusal('EINVAL');
  if (address + length > BigInt(beyond ? GROWN_PAGES : LIMIT_PAGES) << 12n) throw new Refusal('EINVAL');
  return [pageOf(address), pageOf(address + length)];
}
