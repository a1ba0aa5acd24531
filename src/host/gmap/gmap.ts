/**
 * A guest address space: a second set of tables over one process's memory, which shares the process's page tables
 * (Linux: struct gmap). docs/gmap.md is the contract, operation by operation.
 *
 * The public operations take byte addresses as bigint. `mapSegments`, `unmapSegments` and `faultSegment` are the same
 * operations on segment numbers (byte address >> 20), for callers with many segments; they allocate nothing.
 *
 * Mapping and linking one segment have a fast path each, `#tryFastMap` and `#tryFastLink`, besides the general `#map` and
 * `#link`. The contract of a pair: the fast path either leaves the same bits in storage and reverse maps, takes the same
 * locks and emits the same events as the general path, or it changes nothing and returns false or -1. fast-path.test.ts
 * compares them.
 *
 * The fast paths take the locks in check mode only. Nothing that they call can see a lock, and taking both would cost 2.8
 * ns of 4.6 a segment (`map-each`) and 8 of 14 (`fault-relink`; `npm run bench -- gmap --segments 10000`). Everything else
 * of the host takes its locks always. `#fault` and `#link` do so without `hold`, whose closures cost 55 ns of 540
 * (`fault-first`).
 */

import { ASCE, type Cpu, CRST_ENTRIES, SEGMENT, SPACE } from '../../machine/index.ts';
import { Hook, type Operations, type Trace, type UnlinkEvent } from '../../trace/index.ts';
import { demandBigint, demandDoubleword, demandInteger, demandObject } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import { Life } from '../life.ts';
import type { Lock, Locks } from '../locks.ts';
import { type GmapHandle, type Mm, PROCESS_LIMIT } from '../mm/index.ts';
import {
  EMPTY_SEGMENT,
  enableSie,
  type PageTableDescriptors,
  provideSegmentLocked,
  type ReverseMaps,
  splitEdgesLocked,
  wantedSegment,
  writeUnlinked,
  writeUnlinkedRun,
  zapLocked,
} from '../mm/internal.ts';
import {
  type GuestPage,
  type GuestSegmentNumber,
  guestPage,
  guestSegment,
  type ProcessSegmentNumber,
  processPage,
  processSegment,
} from '../numbers.ts';
import {
  type AddressRange,
  GUEST_LIMIT,
  HALF,
  MIB,
  PAGE_BYTES,
  PAGES_PER_SEGMENT,
  USER_ASCE,
} from '../units.ts';
import { GUEST_SEGMENTS, GuestTables } from './tables.ts';

/** Segments of a process that a guest can be given. */
const PROCESS_SEGMENTS = Number(PROCESS_LIMIT / MIB);
// Copied to module scope: V8 inlines local constants, but reloads imported ones on every use.
const { INVALID, ORIGIN, FORMAT_CONTROL } = SEGMENT;
const SEGMENT_PAGES = PAGES_PER_SEGMENT;

/** The reasons for which an operation of a gmap unlinks an entry. */
type UnlinkReason = Extract<UnlinkEvent['reason'], 'unmap' | 'remap' | 'free'>;

/** Consecutive entries of one segment table: the first one's address and node in the reverse maps, and their number. */
interface EntryRun {
  readonly entry: number;
  readonly node: number;
  readonly count: number;
}

/** A guest segment that is mapped. */
export interface SegmentState {
  /** Guest address of the segment. */
  readonly guest: bigint;
  /** Process address behind it. */
  readonly process: bigint;
  /** Whether the entry designates the process's page table now. */
  readonly linked: boolean;
}

/** A guest address space. */
export class Gmap implements GmapHandle {
  /** Tells a `Gmap` from an `Mm` where either is possible. */
  readonly kind = 'gmap';
  readonly id: number;
  readonly mm: Mm;
  readonly asceHi: number;
  readonly asceLo: number;
  /** Region and segment tables. @internal */
  readonly tables: GuestTables;
  /** Listeners get each watched page, by guest page number, once, when it loses its frame or the right to store. */
  readonly onInvalidated: Hook<[page: number]>;
  /** Ends when the gmap is freed. @internal */
  readonly life: Life;
  readonly #kernel: Kernel;
  /** Copies of fields of the kernel and the process: code that runs once a segment saves three loads with each. */
  readonly #view: DataView;
  readonly #trace: Trace;
  readonly #operations: Operations;
  readonly #locks: Locks;
  readonly #mmapLock: Lock;
  readonly #pageTableLock: Lock;
  readonly #reverseMaps: ReverseMaps;
  readonly #descriptors: PageTableDescriptors;
  /** The gmap that each processor is in, by CPU address; shared by all gmaps of a host. */
  readonly #running: Map<number, Gmap>;
  readonly #watched = new Set<number>();

  /**
   * Creates an empty guest address space of a process. The first one of a process replaces the process's page tables by
   * ones with PGSTEs.
   *
   * @param id a number for events and messages
   * @param running the gmap that each processor is in, by CPU address
   * @throws LinuxError ENOMEM; the process is as it was then
   */
  constructor(mm: Mm, id: number, running: Map<number, Gmap>) {
    this.id = id;
    this.mm = mm;
    this.onInvalidated = new Hook(mm.kernel.trace.operations);
    this.life = new Life(mm.kernel, `gmap ${id} was freed`, 'ENOENT');
    this.#kernel = mm.kernel;
    this.#view = mm.kernel.storage.view;
    this.#trace = mm.kernel.trace;
    this.#operations = mm.kernel.trace.operations;
    this.#locks = mm.kernel.locks;
    this.#mmapLock = mm.mmapLock;
    this.#pageTableLock = mm.pageTableLock;
    this.#reverseMaps = mm.common.reverseMaps;
    this.#descriptors = mm.common.descriptors;
    this.#running = running;
    this.tables = new GuestTables(mm.kernel, mm.common.reverseMaps, this);
    try {
      enableSie(mm);
    } catch (error) {
      this.tables.free();
      throw error;
    }
    this.asceHi = Math.floor(this.tables.top / HALF);
    this.asceLo = (this.tables.top | USER_ASCE | ASCE.TYPE_REGION_FIRST | ASCE.LENGTH) >>> 0;
    mm.gmaps.add(this);
    this.#trace.listener?.({ type: 'gmap-alloc', gmap: id, mm: mm.id, asce: this.asce });
  }

  /** The address-space-control element: the region-first table's origin | 0x1c0 | 0x0f. */
  get asce(): bigint {
    return (BigInt(this.asceHi) << 32n) | BigInt(this.asceLo);
  }

  /** Whether the gmap was freed. */
  get freed(): boolean {
    return this.life.ended;
  }

  /** The guest segment number that an entry of one of its segment tables translates. */
  segmentOf(entry: number): number {
    return this.tables.segmentOf(entry);
  }

  /** Guest pages that are watched, by number. */
  get watched(): ReadonlySet<number> {
    return this.#watched;
  }

  /** Notifies the listeners, once, if this gmap watches the page, which has lost its frame or the right to store. */
  invalidated(page: GuestPage): void {
    if (this.#watched.delete(page)) this.onInvalidated.listener?.(page);
  }

  /**
   * Maps `length` bytes of the process from `from` on to the guest at `to`. Nothing is linked yet.
   *
   * @throws LinuxError EINVAL when one of the three is not a bigint or not a multiple of 1 MiB, `length` is 0, the process
   *   range ends beyond 4 TiB or the guest range does not end below 2^64; ENOENT after `free`, as all operations;
   *   ENOMEM; no entry has changed then
   */
  map(range: { readonly from: bigint; readonly to: bigint; readonly length: bigint }): void {
    demandObject('range', range);
    const { from, to, length } = range;
    checkSegments('from', from);
    checkGuestRange('to', to, length);
    if (from + length > PROCESS_LIMIT) {
      throw new LinuxError('EINVAL', `from ${hex(from)} + length ${hex(length)} is beyond 4 TiB`);
    }
    this.#begin();
    try {
      this.#mapSegments(
        processSegment(Number(from >> 20n)),
        guestSegment(Number(to >> 20n)),
        Number(length >> 20n),
      );
      this.#trace.listener?.({ type: 'map', gmap: this.id, from, to, length });
    } finally {
      this.#kernel.end();
    }
  }

  /** Makes the tables that `map` needs for a guest range in bytes, so that it cannot fail. @throws LinuxError as `map` */
  makeTables(range: AddressRange): void {
    demandObject('range', range);
    const { address, length } = range;
    checkGuestRange('address', address, length);
    const start = Number(address >> 20n);
    const end = Number((address + length) >> 20n);
    this.life.operation(() => this.#mmapLock.hold('read', () => this.#makeTables(start, end)));
  }

  /** Preconditions: the caller holds the mmap lock (read). @throws LinuxError ENOMEM */
  #makeTables(start: number, end: number): void {
    this.#mmapLock.expect('read', 'making tables of a guest');
    this.tables.make(start, end);
  }

  /** As `map`, in segment numbers. @throws LinuxError EINVAL for a number that is out of range; ENOENT; ENOMEM */
  mapSegments(from: ProcessSegmentNumber, to: GuestSegmentNumber, count: number): void {
    if (count === 1 && !this.#operations.delivering && this.#tryFastMap(from, to)) return;
    demandInteger('from', from, 0, PROCESS_SEGMENTS - 1);
    demandInteger('count', count, 1, PROCESS_SEGMENTS - from);
    demandInteger('to', to, 0, GUEST_SEGMENTS - 1 - count);
    this.#begin();
    try {
      this.#mapSegments(from, to, count);
    } finally {
      this.#kernel.end();
    }
  }

  #mapSegments(from: ProcessSegmentNumber, to: GuestSegmentNumber, count: number): void {
    if (count !== 1 || !this.#tryFastMap(from, to)) this.#map(from, to, count);
  }

  /** The general path of mapping. */
  #map(from: ProcessSegmentNumber, to: GuestSegmentNumber, count: number): void {
    this.#mmapLock.hold('read', () => {
      this.#makeTables(to, to + count);
      this.#pageTableLock.hold('write', () => {
        if (this.#writeUnlinkedLocked(from, to, to + count) > 0) this.#purge('gmap-map');
      });
    });
  }

  /**
   * The fast path of mapping one segment. Returns false, and changes nothing, unless the guest segment's table is the one
   * found last, its entry is not linked, and both numbers are those of segments. A gmap that was freed has no table found
   * last.
   */
  #tryFastMap(from: ProcessSegmentNumber, to: GuestSegmentNumber): boolean {
    if (typeof from !== 'number' || typeof to !== 'number') return false;
    const { tables } = this;
    const node = tables.nodeIn(to);
    if (node >>> 0 !== node || this.#reverseMaps.isLinked(node)) return false;
    if ((from & (PROCESS_SEGMENTS - 1)) !== from) return false;
    const { checking } = this.#locks;
    if (checking) this.#takeLocks();
    writeUnlinked(this.#view, tables.entryIn(to), from);
    if (checking) this.#releaseLocks();
    return true;
  }

  #takeLocks(): void {
    this.#mmapLock.acquire('read');
    this.#pageTableLock.acquire('write');
  }

  #releaseLocks(): void {
    this.#pageTableLock.release();
    this.#mmapLock.release();
  }

  /** Writes unlinked entries over a range whose tables exist. Returns how many of them were linked. */
  #writeUnlinkedLocked(from: ProcessSegmentNumber, start: number, end: number): number {
    const { tables } = this;
    let unlinked = 0;
    for (let at = start; at < end; at = tables.next) {
      tables.seek(at);
      const { entry, node } = tables;
      const count = Math.min(tables.next, end) - at;
      unlinked += this.#unlinkRunLocked({ entry, node, count }, 'remap');
      writeUnlinkedRun(this.#kernel.storage, entry, count, processSegment(from + (at - start)));
    }
    return unlinked;
  }

  /**
   * Unmaps a range of the guest, in bytes, which may have holes.
   * @throws LinuxError EINVAL as `map`
   */
  unmap(range: AddressRange): void {
    demandObject('range', range);
    const { address, length } = range;
    checkGuestRange('address', address, length);
    this.#begin();
    try {
      this.#unmapSegments(guestSegment(Number(address >> 20n)), Number(length >> 20n));
      this.#trace.listener?.({ type: 'unmap', gmap: this.id, address, length });
    } finally {
      this.#kernel.end();
    }
  }

  /** As `unmap`, in segment numbers. @throws LinuxError EINVAL for a number that is out of range; ENOENT */
  unmapSegments(to: GuestSegmentNumber, count: number): void {
    demandInteger('count', count, 1, GUEST_SEGMENTS - 1);
    demandInteger('to', to, 0, GUEST_SEGMENTS - 1 - count);
    this.#begin();
    try {
      this.#unmapSegments(to, count);
    } finally {
      this.#kernel.end();
    }
  }

  #unmapSegments(to: GuestSegmentNumber, count: number): void {
    this.#mmapLock.hold('read', () =>
      this.#pageTableLock.hold('write', () => {
        if (this.#writeEmptyLocked(to, to + count) > 0) this.#purge('gmap-unmap');
      }),
    );
  }

  /**
   * Makes a guest address translatable: links its segment to the process's page table. Returns the process address behind
   * it. The page itself is the process's to provide, by `mm.fault`.
   *
   * @throws LinuxError EINVAL for an address that is not a bigint from 0 to 2^64 - 1; EFAULT when nothing is mapped there,
   *   or the process has no mapping at the segment's first byte; ENOENT; ENOMEM
   */
  fault(address: bigint): bigint {
    demandDoubleword('address', address);
    this.#begin();
    try {
      const guest = guestSegment(Number(address >> 20n));
      const fast = this.#tryFastFault(guest);
      const segment = fast < 0 ? this.#fault(guest) : fast;
      if (segment < 0) throw new LinuxError('EFAULT', `nothing is mapped at guest address ${hex(address)}`);
      const process = (BigInt(segment) << 20n) | (address & (MIB - 1n));
      this.#trace.listener?.({ type: 'gmap-fault', gmap: this.id, guest: address, process });
      return process;
    } finally {
      this.#kernel.end();
    }
  }

  /**
   * As `fault`, in segment numbers. Returns -1 where that throws EFAULT.
   * @throws LinuxError EINVAL for a number that no segment has; ENOENT, ENOMEM
   */
  faultSegment(segment: GuestSegmentNumber): ProcessSegmentNumber | -1 {
    const process = this.#operations.delivering ? -1 : this.#tryFastFault(segment);
    if (process >= 0) return process;
    demandInteger('segment', segment, 0, GUEST_SEGMENTS - 1);
    this.#begin();
    try {
      return this.#fault(segment);
    } finally {
      this.#kernel.end();
    }
  }

  /**
   * The fast path of a fault. Returns the process segment, or -1 if the segment's table is not the one found last, the
   * segment is not mapped, or `#tryFastLink` cannot link it. An event is emitted after everything else, so an error of a
   * listener need not be held back.
   */
  #tryFastFault(segment: GuestSegmentNumber): ProcessSegmentNumber | -1 {
    if (typeof segment !== 'number') return -1;
    const { tables } = this;
    const node = tables.nodeIn(segment);
    if (node >>> 0 !== node) return -1;
    const entry = tables.entryIn(segment);
    const lo = this.#view.getInt32(entry + 4);
    if ((lo & INVALID) === 0) return this.#processSegment(entry, lo);
    return lo === EMPTY_SEGMENT ? -1 : this.#tryFastLink(segment, entry, node, lo);
  }

  /**
   * The fast path of linking: copies the process's segment entry. Returns the process segment, or -1 if the process has no
   * page table for it.
   */
  #tryFastLink(
    segment: GuestSegmentNumber,
    entry: number,
    node: number,
    lo: number,
  ): ProcessSegmentNumber | -1 {
    const { mm } = this;
    const view = this.#view;
    const wanted = wantedSegment(view.getInt32(entry), lo);
    if (mm.mappings.at(wanted * SEGMENT_PAGES) === undefined) return -1;
    const theirs = mm.tables.segmentEntryOf(wanted);
    if (theirs < 0) return -1;
    const tableLo = view.getInt32(theirs + 4);
    if (tableLo & (INVALID | FORMAT_CONTROL)) return -1;
    const tableHi = view.getInt32(theirs);
    const { checking } = this.#locks;
    if (checking) this.#takeLocks();
    this.#reverseMaps.linkFrame(tableUnit(tableHi, tableLo) >>> 1, node);
    view.setInt32(entry, tableHi);
    view.setInt32(entry + 4, tableLo & ORIGIN);
    if (checking) this.#releaseLocks();
    this.#traceLink(segment, entry, wanted);
    return wanted;
  }

  /** The general path of a fault. */
  #fault(segment: GuestSegmentNumber): ProcessSegmentNumber | -1 {
    this.#mmapLock.acquire('read');
    try {
      const entry = this.tables.entryOf(segment);
      if (entry < 0) return -1;
      const lo = this.#view.getInt32(entry + 4);
      if ((lo & INVALID) === 0) return this.#processSegment(entry, lo);
      return lo === EMPTY_SEGMENT ? -1 : this.#link(segment, entry, lo);
    } finally {
      this.#mmapLock.release();
    }
  }

  /** Returns the process segment of a linked entry: the segment of its page table or 1 MiB frame. */
  #processSegment(entry: number, lo: number): ProcessSegmentNumber {
    return this.#descriptors.segment[tableUnit(this.#view.getInt32(entry), lo)] as ProcessSegmentNumber;
  }

  /** The general path of linking. Returns the process segment, or -1 if the process has no mapping at its first byte. */
  #link(segment: GuestSegmentNumber, entry: number, lo: number): ProcessSegmentNumber | -1 {
    const wanted = wantedSegment(this.#view.getUint32(entry), lo);
    if (this.mm.mappings.at(wanted * PAGES_PER_SEGMENT) === undefined) return -1;
    // A page table's origin, or a 1 MiB frame's with its bits.
    const value = provideSegmentLocked(this.mm, wanted);
    this.#pageTableLock.acquire('write');
    this.#reverseMaps.link(value, this.tables.nodeOf(segment));
    this.#view.setUint32(entry, value / HALF);
    this.#view.setUint32(entry + 4, value >>> 0);
    this.#pageTableLock.release();
    this.#traceLink(segment, entry, wanted);
    return wanted;
  }

  #traceLink(segment: GuestSegmentNumber, entry: number, process: ProcessSegmentNumber): void {
    this.#trace.listener?.({
      type: 'link',
      gmap: this.id,
      guest: BigInt(segment) << 20n,
      process: BigInt(process) << 20n,
      entry: BigInt(entry),
      pageTable: this.#kernel.storage.get64(entry) & ~0x7ffn,
    });
  }

  /**
   * Drops the process pages behind the linked segments of a guest range, so that the next access finds zeros.
   * Mappings and links stay; segments that are not linked are skipped.
   *
   * @throws LinuxError EINVAL when address or length is not a bigint or not a multiple of 4 KiB, or the range ends beyond
   *   2^64; ENOMEM when part of a frame of 1 MiB is dropped and there is no frame for the page table that it becomes
   */
  discard(range: AddressRange): void {
    const { firstPage, endPage } = checkedPages(range);
    this.life.operation(() =>
      this.#mmapLock.hold('read', () => {
        // All parts are found first: dropping a part of a 1 MiB frame splits the frame, which unlinks its segment.
        const parts = this.#linkedParts(firstPage, endPage);
        for (const { start, end } of parts) splitEdgesLocked(this.mm, start, end);
        for (const { start, end } of parts) zapLocked(this.mm, start, end);
      }),
    );
  }

  /** Returns the process pages behind the linked segments of a range of guest pages. */
  #linkedParts(firstPage: number, endPage: number): { start: number; end: number }[] {
    const { tables } = this;
    const endSegment = Math.ceil(endPage / PAGES_PER_SEGMENT);
    const parts: { start: number; end: number }[] = [];
    for (let at = Math.floor(firstPage / PAGES_PER_SEGMENT); at < endSegment; at = tables.next) {
      tables.seek(at);
      if (tables.entry < 0) continue;
      const count = Math.min(tables.next, endSegment) - at;
      for (let i = 0; i < count; i++) {
        const entry = tables.entry + i * 8;
        const lo = this.#view.getInt32(entry + 4);
        if (lo & INVALID) continue;
        const guestPage = (at + i) * PAGES_PER_SEGMENT;
        const processPage = this.#processSegment(entry, lo) * PAGES_PER_SEGMENT;
        parts.push({
          start: processPage + Math.max(firstPage - guestPage, 0),
          end: processPage + Math.min(endPage - guestPage, PAGES_PER_SEGMENT),
        });
      }
    }
    return parts;
  }

  /**
   * Makes the pages of a guest range present and writable, and watches them: the listeners of `onInvalidated` get each one,
   * once, when it loses its frame or the right to store, or the guest its segment.
   *
   * @throws LinuxError EINVAL as `discard`; EFAULT, ENOMEM as a store there; no page is watched then
   */
  watch(range: AddressRange): void {
    const { firstPage, endPage } = checkedPages(range);
    this.life.operation(() => this.#watch(firstPage, endPage));
  }

  /** Makes all pages watchable, which can fail, before it watches the first. */
  #watch(firstPage: number, endPage: number): void {
    const pages: number[] = [];
    for (let guest = firstPage; guest < endPage; guest++) {
      const page = Number(this.fault(BigInt(guest) << 12n) >> 12n);
      this.mm.makeWatchable(processPage(page));
      pages.push(page);
    }
    for (const [i, page] of pages.entries()) {
      this.mm.watchPage(processPage(page));
      this.#watched.add(firstPage + i);
    }
  }

  /**
   * Frees the gmap: purges its translations, unlinks its entries, and frees its tables. Nothing of the process changes.
   * @throws LinuxError ENOENT when it was freed
   */
  free(): void {
    this.life.operation(() => {
      this.#mmapLock.hold('read', () => {
        this.#pageTableLock.hold('write', () => {
          for (const [table] of this.tables.segmentTables()) {
            const node = this.#reverseMaps.nodeOf(table);
            this.#unlinkRunLocked({ entry: table, node, count: CRST_ENTRIES }, 'free');
          }
          this.#purge('gmap-free');
        });
        this.tables.free();
        this.mm.gmaps.delete(this);
      });
      for (const [cpu, gmap] of this.#running) {
        if (gmap === this) this.#leave(this.#kernel.machine.cpu(cpu));
      }
      this.life.end();
      this.#trace.listener?.({ type: 'gmap-free', gmap: this.id });
    });
  }

  /**
   * Puts a processor into this guest address space: loads control register 1 with its element. Purges nothing.
   * @throws LinuxError EINVAL for a processor of another machine; EBUSY for one that executes; ENOENT
   */
  enable(cpu: Cpu): void {
    this.life.operation(() => {
      this.#kernel.demandCpu(cpu);
      cpu.setControl(1, this.asce);
      cpu.space = SPACE.PRIMARY;
      this.#running.set(cpu.address, this);
    });
  }

  /** Takes a processor back to the process's own address space. @throws LinuxError as `enable` */
  disable(cpu: Cpu): void {
    this.life.operation(() => {
      this.#kernel.demandCpu(cpu);
      this.#leave(cpu);
    });
  }

  #leave(cpu: Cpu): void {
    cpu.setControl(1, this.mm.asce);
    this.#running.delete(cpu.address);
  }

  /** Begins a public operation that runs once a segment, which `Kernel.end` ends. @throws LinuxError ENOENT, EBUSY */
  #begin(): void {
    this.life.demand();
    this.#kernel.begin();
  }

  /** Every segment entry that is not empty, ascending. */
  *segments(): IterableIterator<SegmentState> {
    const { view } = this.#kernel.storage;
    const tables = [...this.tables.segmentTables()].sort((a, b) => a[1] - b[1]);
    for (const [origin, first] of tables) {
      for (let i = 0; i < CRST_ENTRIES; i++) {
        const lo = view.getUint32(origin + i * 8 + 4);
        if (lo === EMPTY_SEGMENT) continue;
        const linked = (lo & INVALID) === 0;
        const process = linked
          ? this.#processSegment(origin + i * 8, lo)
          : wantedSegment(view.getUint32(origin + i * 8), lo);
        yield { guest: BigInt(first + i) << 20n, process: BigInt(process) << 20n, linked };
      }
    }
  }

  /** Writes empty entries over a range. Returns how many of them were linked. */
  #writeEmptyLocked(start: number, end: number): number {
    const { tables } = this;
    let unlinked = 0;
    for (let at = start; at < end; at = tables.next) {
      tables.seek(at);
      const { entry, node } = tables;
      if (entry < 0) continue;
      const count = Math.min(tables.next, end) - at;
      unlinked += this.#unlinkRunLocked({ entry, node, count }, 'unmap');
      writeEmpty(this.#view, entry, count);
    }
    return unlinked;
  }

  /** Removes the linked entries of a run from their reverse maps. Returns their number. The caller writes the entries. */
  #unlinkRunLocked(run: EntryRun, reason: UnlinkReason): number {
    const reverseMaps = this.#reverseMaps;
    const { entry, node, count } = run;
    if (!reverseMaps.anyLinked(node)) return 0;
    this.#traceUnlinks(run, reason);
    if (this.#watched.size > 0) this.#notifyUnlinked(entry, count);
    let unlinked = 0;
    for (let i = 0; i < count; i++) {
      if (!reverseMaps.isLinked(node + i)) continue;
      reverseMaps.unlink(node + i);
      unlinked++;
    }
    return unlinked;
  }

  /** Notifies the listeners of all watched pages behind these entries, some of which are about to be unlinked. */
  #notifyUnlinked(first: number, count: number): void {
    const start = this.segmentOf(first) * PAGES_PER_SEGMENT;
    for (const page of [...this.#watched]) {
      if (page >= start && page < start + count * PAGES_PER_SEGMENT) this.invalidated(guestPage(page));
    }
  }

  #traceUnlinks({ entry: first, node, count }: EntryRun, reason: UnlinkReason): void {
    if (this.#trace.listener === null) return;
    for (let i = 0; i < count; i++) {
      if (!this.#reverseMaps.isLinked(node + i)) continue;
      const entry = first + i * 8;
      const process = this.#processSegment(entry, this.#view.getInt32(entry + 4));
      this.#trace.listener?.({
        type: 'unlink',
        gmap: this.id,
        guest: BigInt(this.segmentOf(entry)) << 20n,
        process: BigInt(process) << 20n,
        entry: BigInt(entry),
        reason,
      });
    }
  }

  #purge(site: 'gmap-map' | 'gmap-unmap' | 'gmap-free'): void {
    this.#kernel.purges.byGmap++;
    this.#kernel.purges.asce(site, this.asceHi, this.asceLo);
  }
}

function writeEmpty(view: DataView, first: number, count: number): void {
  const end = first + count * 8;
  for (let entry = first; entry < end; entry += 8) {
    view.setUint32(entry, 0);
    view.setUint32(entry + 4, EMPTY_SEGMENT);
  }
}

function checkSegments(name: string, value: bigint): void {
  demandBigint(name, value);
  if (value < 0n || value % MIB !== 0n) {
    throw new LinuxError('EINVAL', `${name} ${hex(value)} is not a multiple of 1 MiB`);
  }
}

function checkGuestRange(name: 'to' | 'address', address: bigint, length: bigint): void {
  checkSegments(name, address);
  checkSegments('length', length);
  if (length === 0n) throw new LinuxError('EINVAL', 'length is 0');
  if (address + length >= GUEST_LIMIT) {
    throw new LinuxError('EINVAL', `${name} ${hex(address)} + length ${hex(length)} does not end below 2^64`);
  }
}

/** Turns a range of guest pages into page numbers. @throws LinuxError EINVAL as `discard` */
function checkedPages(range: AddressRange): { firstPage: number; endPage: number } {
  demandObject('range', range);
  const { address, length } = range;
  demandBigint('address', address);
  demandBigint('length', length);
  if (
    address < 0n ||
    address % PAGE_BYTES ||
    length < 0n ||
    length % PAGE_BYTES ||
    address + length > GUEST_LIMIT
  ) {
    throw new LinuxError('EINVAL', `${hex(address)} + ${hex(length)} is not a range of pages of a guest`);
  }
  return { firstPage: Number(address / PAGE_BYTES), endPage: Number((address + length) / PAGE_BYTES) };
}

/**
 * Returns the number, in units of 2 KiB, of the page table that a linked entry with these halves designates. 32 bits are
 * enough for absolute storage below 4 TiB, and V8 calculates with them as plain integers.
 */
function tableUnit(hi: number, lo: number): number {
  return (hi << 21) | (lo >>> 11);
}
