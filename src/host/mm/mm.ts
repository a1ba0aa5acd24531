/**
 * A process's address space: its mappings, its tables, and what fills them (Linux: struct mm_struct).
 *
 * The public methods take byte addresses as bigint; what runs per page or per segment has page and segment
 * numbers. Operations that change mappings hold the mmap lock for writing, faults for reading; entries of page
 * tables and reverse maps are changed under the page-table lock.
 */

import {
  ASCE,
  FRAME_SIZE,
  KEY_CHANGED,
  KEY_REFERENCED,
  PAGE_TABLE_SIZE,
  SEGMENT,
} from '../../machine/index.ts';
import {
  demandBigint,
  demandBytes,
  demandFlag,
  demandInstance,
  demandInteger,
  demandKey,
  demandLength,
  demandObject,
  show,
} from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import { Life } from '../life.ts';
import { Lock, RANK } from '../locks.ts';
import { addressOf, checkedRange, GROWN_LIMIT, noMapping } from './addresses.ts';
import { type DirtyLog, startLog, takeLog } from './dirty-log.ts';
import { replacePageTables } from './enable-sie.ts';
import { PageEntries } from './entries.ts';
import { entryBits, provideSegment, serveFault } from './faults.ts';
import { copyInto } from './fork.ts';
import { Gather } from './gather.ts';
import { enableKeys, keyOf, setKeys } from './guest-keys.ts';
import { ANONYMOUS, type Backing, type Mapping, Mappings, PROT } from './mappings.ts';
import { MemoryFile } from './memory-file.ts';
import { PAGES_OF_THREE_LEVELS, PageTableDescriptors, PageTables } from './page-tables.ts';
import { remap } from './remap.ts';
import {
  dropPages,
  dropTables,
  eachPageOf,
  eachSegment,
  protectLarge,
  splitAll,
  splitEdges,
} from './removal.ts';
import { type LinkOwner, ReverseMaps } from './reverse-maps.ts';

const PAGES_PER_SEGMENT = 256;
const GROWN_PAGES = Number(GROWN_LIMIT >> 12n);
/** Chosen addresses lie above this one: below, programs are linked. */
const CHOSEN_BOTTOM = 0x1_0000;
/** Mappings that a process can have, as Linux has it unless told otherwise. */
const MAX_MAPPINGS = 65_530;
/** User spaces: private, storage-alteration-event and space-switch-event controls. */
const USER_ASCE = 0x1c0;

/** What all process address spaces of a host have in common. */
export class MmCommon {
  readonly descriptors: PageTableDescriptors;
  readonly reverseMaps: ReverseMaps;
  /** The address spaces of the processes that have not ended. */
  readonly processes = new Set<Mm>();
  /** Files in memory, those behind shared anonymous memory included. */
  readonly files = new Set<MemoryFile>();

  constructor(kernel: Kernel) {
    this.descriptors = new PageTableDescriptors(kernel.storage.size / PAGE_TABLE_SIZE);
    this.reverseMaps = new ReverseMaps(kernel.storage.size / FRAME_SIZE);
  }
}

/** A gmap, as its process knows it. */
export interface GmapHandle extends LinkOwner {
  /** Frees the gmap. */
  free(): void;
}

/** What mmap may be told. Addresses and lengths in bytes, multiples of 4 KiB. */
export interface MmapOptions {
  /** Where. Without it, the highest gap below 4 TiB that is large enough. */
  readonly address?: bigint;
  readonly length: bigint;
  /** PROT bits; default read and write. */
  readonly protection?: number;
  /** What happens to mappings that are there already: EEXIST (default), or they are replaced (MAP_FIXED). */
  readonly taken?: 'refuse' | 'replace';
  /** Whether writes are for all who map it (MAP_SHARED), or for this process only: the default. */
  readonly shared?: boolean;
  /** The file whose pages they are, from byte `offset` (default 0, a multiple of 4 KiB) on; default anonymous. */
  readonly file?: MemoryFile;
  readonly offset?: bigint;
  /** Whether whole segments get frames of 1 MiB when they are first touched; private anonymous memory only. */
  readonly large?: boolean;
}

/** What mremap is told. Addresses and lengths in bytes, multiples of 4 KiB. */
export interface MremapOptions {
  readonly address: bigint;
  readonly oldLength: bigint;
  readonly newLength: bigint;
  /** Whether it may go elsewhere when it cannot grow where it is (MREMAP_MAYMOVE); default no. */
  readonly mayMove?: boolean;
  /** Where it must go, replacing what is there (MREMAP_FIXED). */
  readonly to?: bigint;
}

/** An address space of a process. */
export class Mm {
  /** Tells it from a gmap where either can be. */
  readonly kind = 'process';
  readonly id: number;
  readonly kernel: Kernel;
  readonly common: MmCommon;
  readonly tables: PageTables;
  readonly mappings = new Mappings();
  readonly mmapLock: Lock;
  readonly pageTableLock: Lock;
  /** The gmaps made of this process's memory. */
  readonly gmaps = new Set<GmapHandle>();
  /** The entries of its page tables. */
  readonly entries: PageEntries;
  /** The logs of who wants to know which pages were written. */
  readonly logs: DirtyLog[] = [];
  /** Ends with the process. */
  readonly life: Life;

  /**
   * @param id a number for events and messages
   * @throws LinuxError ENOMEM
   */
  constructor(kernel: Kernel, common: MmCommon, id: number) {
    this.id = id;
    this.kernel = kernel;
    this.common = common;
    this.life = new Life(kernel, `process ${id} has ended`, 'ESRCH');
    this.tables = new PageTables(kernel, common.descriptors, id);
    this.mmapLock = new Lock(kernel.locks, 'mmap lock', RANK.MMAP);
    this.pageTableLock = new Lock(kernel.locks, 'page-table lock', RANK.PAGE_TABLE);
    this.entries = new PageEntries(kernel, common, this.pageTableLock);
    common.processes.add(this);
    kernel.trace.listener?.({ type: 'mm-alloc', mm: id, asce: this.asce });
  }

  /** High half of the address-space-control element that its code runs with. */
  get asceHi(): number {
    return Math.floor(this.tables.top / 0x1_0000_0000);
  }

  /** Low half of the address-space-control element. */
  get asceLo(): number {
    const type = this.tables.levels === 3 ? ASCE.TYPE_REGION_THIRD : ASCE.TYPE_REGION_SECOND;
    return (this.tables.top | USER_ASCE | type | ASCE.LENGTH) >>> 0;
  }

  /** The address-space-control element that the process's code runs with. */
  get asce(): bigint {
    return (BigInt(this.asceHi) << 32n) | BigInt(this.asceLo);
  }

  /** Whether the process has ended. */
  get gone(): boolean {
    return this.life.ended;
  }

  /**
   * Maps memory and returns its address. It has no frames until it is touched. The address space grows to four
   * levels of tables when the address asked for needs it.
   *
   * @throws LinuxError EINVAL for an address, length or offset that is not a multiple of 4 KiB, a length of 0, a range
   *   beyond 8 PiB, unknown protection bits, an option of the wrong type, a file of another host, or `large` with a file
   *   or shared; EBADF for a file that was closed; ESRCH after the end of the process, as all operations; EEXIST
   *   when some of it is taken; ENOMEM when no gap is large enough, there are 65,530 mappings, or no frame is left for
   *   a table
   */
  mmap(options: MmapOptions): bigint {
    this.#checkOptions(options);
    const { length, protection = PROT.READ | PROT.WRITE, taken = 'refuse' } = options;
    const pages = checkedRange(options.address ?? 0n, length).count;
    const wanted = options.address === undefined ? null : checkedRange(options.address, length).start;
    return this.life.operation(() => {
      const start = this.#locked('write', () => this.#map(wanted, pages, protection, taken, options));
      const address = addressOf(start);
      this.kernel.trace.listener?.({ type: 'mmap', mm: this.id, address, length, protection });
      return address;
    });
  }

  #map(
    wanted: number | null,
    pages: number,
    protection: number,
    taken: 'refuse' | 'replace',
    options: MmapOptions,
  ): number {
    this.demandRoom();
    const start = wanted ?? this.chooseGap(pages);
    const free = !this.mappings.touches(start, start + pages);
    if (!free && taken === 'refuse') {
      throw new LinuxError('EEXIST', `${pages * 4} KiB at ${hex(addressOf(start))} are taken in part`);
    }
    if (!free) splitEdges(this, start, start + pages);
    if (start + pages > this.tables.limit) this.#grow();
    if (!free) this.removeRange(start, start + pages);
    this.#insert(start, pages, protection, options);
    return start;
  }

  /** @throws LinuxError EINVAL, EBADF as `mmap` */
  #checkOptions(options: MmapOptions): void {
    demandObject('options', options);
    const {
      protection = PROT.READ,
      taken = 'refuse',
      file,
      offset = 0n,
      shared = false,
      large = false,
    } = options;
    checkProtection(protection);
    if (taken !== 'refuse' && taken !== 'replace') {
      throw new LinuxError('EINVAL', `taken ${show(taken)} is neither 'refuse' nor 'replace'`);
    }
    demandFlag('shared', shared);
    demandFlag('large', large);
    demandBigint('offset', offset);
    if (offset < 0n || offset % 4096n !== 0n || offset >= GROWN_LIMIT) {
      throw new LinuxError('EINVAL', `offset ${hex(offset)} is not a multiple of 4 KiB in a file`);
    }
    if (file !== undefined) {
      demandInstance('file', file, MemoryFile);
      this.kernel.demandOwn('file', file.life);
      file.life.demand();
    }
    if (large && (file || shared))
      throw new LinuxError('EINVAL', 'only private anonymous memory can be large');
  }

  #insert(start: number, pages: number, protection: number, options: MmapOptions): void {
    const { file = null, offset = 0n, shared = false, large = false } = options;
    if (file !== null || !shared) {
      const shift = file === null ? 0 : Number(offset >> 12n) - start;
      const backing: Backing = large || file ? { file, shift, shared, large } : ANONYMOUS;
      this.mappings.insert(start, start + pages, protection, backing);
      return;
    }
    // Shared anonymous memory is a file that nobody else can open.
    const own = new MemoryFile(this.kernel, this.common.files, BigInt(pages) << 12n);
    this.mappings.insert(start, start + pages, protection, { file: own, shift: -start, shared, large });
    own.close();
  }

  /** The highest gap of so many pages that guests can be given. @throws LinuxError ENOMEM */
  chooseGap(pages: number): number {
    const start = this.mappings.highestGap(pages, CHOSEN_BOTTOM, PAGES_OF_THREE_LEVELS);
    if (start < 0) throw new LinuxError('ENOMEM', `no gap of ${pages} pages in the address space`);
    return start;
  }

  /** The first page behind those that memory at `page` can grow to without growing the tables. */
  limitFor(page: number): number {
    return page < PAGES_OF_THREE_LEVELS ? PAGES_OF_THREE_LEVELS : this.tables.limit;
  }

  /** @throws LinuxError ENOMEM when so many more mappings would be too many; splitting one twice makes two */
  demandRoom(more = 2): void {
    if (this.mappings.count + more <= MAX_MAPPINGS) return;
    throw new LinuxError(
      'ENOMEM',
      `the process has ${this.mappings.count} mappings: no more than ${MAX_MAPPINGS}`,
    );
  }

  /** @throws LinuxError ENOMEM when the range lies inside one mapping, and to make two of it would be one too many */
  demandRoomForHole(start: number, end: number): void {
    const mapping = this.mappings.at(start);
    if (mapping !== undefined && mapping.start < start && end < mapping.end) this.demandRoom(1);
  }

  /** A fourth level of tables: processors that run the process's code get the new element. @throws LinuxError ENOMEM */
  #grow(): void {
    const { asce, asceHi, asceLo } = this;
    this.tables.grow();
    for (const cpu of this.kernel.machine.cpus) if (cpu.cr[1] === asce) cpu.setControl(1, this.asce);
    this.kernel.purges.asce('space-grown', asceHi, asceLo);
  }

  /**
   * Removes what is mapped in the range; holes are no error. Frames, page tables and segment tables that nothing
   * needs any more go; guests linked to a page table that goes find the promise again that they had before.
   *
   * @throws LinuxError EINVAL as `mmap`; ENOMEM when that leaves part of a frame of 1 MiB and there is no frame for
   *   the page table that it becomes, or when it would make too many mappings
   */
  munmap(address: bigint, length: bigint): void {
    const { start, count } = checkedRange(address, length);
    this.life.operation(() => {
      this.#locked('write', () => {
        this.demandRoomForHole(start, start + count);
        this.removeRange(start, start + count);
      });
      this.kernel.trace.listener?.({ type: 'munmap', mm: this.id, address, length });
    });
  }

  /**
   * Changes what may be done with a range of mapped memory.
   * @throws LinuxError EINVAL as `mmap`; ENOMEM when some of the range is not mapped, or as `munmap`
   */
  mprotect(address: bigint, length: bigint, protection: number): void {
    checkProtection(protection);
    const { start, count } = checkedRange(address, length);
    const end = start + count;
    this.life.operation(() => {
      this.#locked('write', () => this.#protect(start, end, protection));
      this.kernel.trace.listener?.({ type: 'mprotect', mm: this.id, address, length, protection });
    });
  }

  #protect(start: number, end: number, protection: number): void {
    this.#demandMapped(start, end);
    this.demandRoom();
    if (protection === PROT.NONE) splitAll(this, start, end);
    else splitEdges(this, start, end);
    this.mappings.protect(start, end, protection);
    const gather = new Gather(this.kernel, this.tables);
    this.underPageTableLock(() =>
      eachSegment(this, start, end, (segment) => this.#protectSegment(segment, start, end, gather)),
    );
    gather.finish(this, 'segment-changed');
  }

  #protectSegment(segment: number, start: number, end: number, gather: Gather): void {
    if (this.tables.largeFrameOf(segment) >= 0) {
      const mapping = this.mappings.at(segment * PAGES_PER_SEGMENT);
      protectLarge(this, segment, (mapping?.protection ?? 0) & PROT.WRITE ? 0 : SEGMENT.PROTECT, gather);
      return;
    }
    eachPageOf(this, segment, start, end, (page, table, index) => {
      const mapping = this.mappings.at(page) as Mapping;
      const bits = entryBits(this, mapping, page, this.entries.frame(table, index), false);
      this.entries.protect(table, index, bits);
    });
  }

  /**
   * madvise(MADV_DONTNEED): drops the pages of a mapped range. The next access finds zeros or, where a file or shared
   * memory is behind, what that has.
   * @throws LinuxError EINVAL as `mmap`; ENOMEM when some of the range is not mapped, or as `munmap`
   */
  dontNeed(address: bigint, length: bigint): void {
    const { start, count } = checkedRange(address, length);
    this.#operation('read', () => {
      this.#demandMapped(start, start + count);
      splitEdges(this, start, start + count);
      this.zap(start, start + count);
    });
  }

  /**
   * Makes a mapped range longer or shorter, or moves it, with what is in it. Returns its address.
   *
   * @throws LinuxError EINVAL for what is not a multiple of 4 KiB, a length of 0, a new place that overlaps the old
   *   one or is beyond the address space; EFAULT when the old range is not wholly in one mapping; ENOMEM when it
   *   cannot grow where it is and may not move, and as `mmap`. Nothing has changed then
   */
  mremap(options: MremapOptions): bigint {
    demandObject('options', options);
    const { address, oldLength, newLength, mayMove = false } = options;
    demandFlag('mayMove', mayMove);
    const { start, count: oldCount } = checkedRange(address, oldLength);
    const newCount = checkedRange(0n, newLength).count;
    const to = options.to === undefined ? null : checkedRange(options.to, newLength).start;
    return this.life.operation(() => {
      const moved = this.#locked('write', () => remap(this, { start, oldCount, newCount, mayMove, to }));
      const result = addressOf(moved);
      this.kernel.trace.listener?.({
        type: 'mremap',
        mm: this.id,
        address,
        length: oldLength,
        to: result,
        newLength,
      });
      return result;
    });
  }

  /**
   * A process with the same memory: private pages are shared until one of the two writes them, or copied at once when
   * guests of the parent use storage keys. Gmaps, logs, watches and storage keys stay with the parent.
   * @param id the number that events and messages call it by
   * @throws LinuxError EINVAL for an id that is not an integer from 0 on; ENOMEM
   */
  fork(id: number): Mm {
    demandInteger('id', id);
    return this.life.operation(() => {
      const child = new Mm(this.kernel, this.common, id);
      try {
        if (this.tables.levels === 4) child.tables.grow();
        this.#locked('write', () => copyInto(child, this));
      } catch (error) {
        child.exit();
        throw error;
      }
      this.kernel.trace.listener?.({ type: 'fork', mm: this.id, child: child.id });
      return child;
    });
  }

  /**
   * Serves a fault of the process at a byte address: puts a frame of zeros behind the page when it has none.
   *
   * @throws LinuxError EINVAL for an address that is no bigint; EFAULT when nothing is mapped there, or not for this;
   *   ENOMEM
   */
  fault(address: bigint, write: boolean): void {
    demandBigint('address', address);
    demandFlag('write', write);
    if (address < 0n || address >= GROWN_LIMIT) throw noMapping(address);
    this.#operation('read', () => this.faultPage(Number(address >> 12n), write));
  }

  /** As `fault`, by page number, for those who hold the mmap lock. */
  faultPage(page: number, write: boolean): void {
    this.mmapLock.expect('read', 'a fault');
    serveFault(this, page, write);
  }

  /**
   * What a guest's segment entry must be to share the segment: see `provideSegment` in faults.ts. For those who hold
   * the mmap lock. @throws LinuxError ENOMEM
   */
  provideSegment(segment: number): number {
    this.mmapLock.expect('read', 'making a page table');
    return provideSegment(this, segment);
  }

  /**
   * Drops the pages of a range, for those who hold the mmap lock. Mappings and page tables stay. Frames of 1 MiB lie
   * wholly in the range or not at all, see `splitEdges`.
   */
  zap(start: number, end: number): void {
    this.mmapLock.expect('read', 'zapping pages');
    const gather = new Gather(this.kernel, this.tables);
    this.underPageTableLock(() => dropPages(this, start, end, gather));
    gather.finish(this);
    this.kernel.trace.listener?.({
      type: 'zap',
      mm: this.id,
      address: addressOf(start),
      length: addressOf(end - start),
    });
  }

  /** Makes frames of 1 MiB that reach beyond the range page tables, for those who hold the mmap lock. @throws LinuxError ENOMEM */
  splitEdges(start: number, end: number): void {
    splitEdges(this, start, end);
  }

  /** Notes that a page is written. */
  noteWritten(page: number): void {
    for (const log of this.logs) if (log.covers(page)) log.note(page);
  }

  /**
   * Starts to note which pages of a range are written, by the process or its guests; none is noted at first.
   * @param start page number
   * @param count pages
   * @throws LinuxError EINVAL for pages that no process can have; ENOMEM
   */
  startLog(start: number, count: number): DirtyLog {
    demandInteger('start', start, 0, GROWN_PAGES);
    demandInteger('count', count, 0, GROWN_PAGES - start);
    return this.#operation('write', () => startLog(this, start, count));
  }

  /** Stops to note. @throws LinuxError EINVAL for a log that is none of this process, or was stopped */
  stopLog(log: DirtyLog): void {
    this.#demandLog(log);
    this.#operation('write', () => void this.logs.splice(this.logs.indexOf(log), 1));
  }

  /**
   * The pages of the log that were written since it was started or last asked, ascending.
   * @throws LinuxError EINVAL as `stopLog`
   */
  takeLog(log: DirtyLog): number[] {
    this.#demandLog(log);
    return this.#operation('read', () => takeLog(this, log));
  }

  #demandLog(log: DirtyLog): void {
    if (!this.logs.includes(log)) throw new LinuxError('EINVAL', 'the log is none of this process');
  }

  /**
   * Guests use storage keys from now on: all are 0 first, frames of 1 MiB are split and no more are made, private
   * pages have frames of their own, and a page's key outlives its frame.
   * @throws LinuxError ENOMEM; nothing that a guest sees has changed then
   */
  enableKeys(): void {
    this.life.operation(() => {
      if (this.entries.usesKeys) return;
      this.enableSie();
      this.#locked('write', () => enableKeys(this));
    });
  }

  /**
   * The guests' storage key of a page, by number, 0 to 0xfe; 0 for one without a page table.
   * @throws LinuxError EINVAL for a page that no process can have
   */
  keyOf(page: number): number {
    demandPage(page);
    return this.#operation('read', () => keyOf(this, page));
  }

  /**
   * Sets the guests' storage key of a mapped page of a process that uses them.
   * @throws LinuxError as `setKeys`
   */
  setKey(page: number, key: number): void {
    this.setKeys([page], [key]);
  }

  /**
   * Sets the guests' storage keys of mapped pages: all, or none.
   * @throws LinuxError EINVAL when the process does not use keys, for a page that no process can have, a key that is not
   *   0 to 0xfe and even, or fewer keys than pages; EFAULT when one of the pages is not mapped; ENOMEM
   */
  setKeys(pages: readonly number[], keys: ArrayLike<number>): void {
    checkKeys(pages, keys);
    if (!this.entries.usesKeys) throw new LinuxError('EINVAL', 'the process does not use storage keys');
    this.#operation('read', () => setKeys(this, pages, keys));
  }

  /**
   * Makes a page present and writable, and not part of a frame of 1 MiB: watching it needs no more then.
   * @throws LinuxError EFAULT, ENOMEM as `fault`
   */
  makeWatchable(page: number): void {
    demandPage(page);
    this.life.operation(() => {
      this.enableSie();
      this.#locked('read', () => {
        splitAll(this, page, page + 1);
        this.faultPage(page, true);
        splitAll(this, page, page + 1);
      });
    });
  }

  /**
   * Makes a page watchable; the guests that are linked to it are told, once, when it is not any more.
   * @throws LinuxError EFAULT, ENOMEM as `fault`
   */
  watchPage(page: number): void {
    demandPage(page);
    this.life.operation(() => {
      this.makeWatchable(page);
      this.#locked('read', () => {
        const table = this.tables.pageTableOf(Math.floor(page / PAGES_PER_SEGMENT));
        this.underPageTableLock(() => this.entries.watch(table, page % PAGES_PER_SEGMENT));
      });
    });
  }

  /**
   * Reads `length` bytes as the kernel does for a system call.
   * @throws LinuxError EINVAL for an address that is no bigint, or a length that is not an integer up to 2^31 - 4096;
   *   EFAULT, ENOMEM
   */
  read(address: bigint, length: number): Uint8Array {
    demandLength(length);
    let bytes = new Uint8Array();
    this.#copy(address, length, false, (at, done, count) => {
      // Only now: every page is there, so that the length is none that fills the memory for nothing.
      if (done === 0) bytes = new Uint8Array(length);
      bytes.set(this.kernel.storage.bytes.subarray(at, at + count), done);
    });
    return bytes;
  }

  /** Writes bytes as the kernel does for a system call: all, or none. @throws LinuxError as `read` */
  write(address: bigint, bytes: Uint8Array): void {
    demandBytes(bytes);
    this.#copy(address, bytes.length, true, (at, done, count) => {
      this.kernel.storage.bytes.set(bytes.subarray(done, done + count), at);
    });
  }

  /**
   * Makes all page tables ones with PGSTEs, contents and mappings unchanged: before the first gmap. All at once,
   * or not at all.
   * @throws LinuxError ENOMEM
   */
  enableSie(): void {
    this.life.operation(() => {
      if (!this.tables.pgstes) this.#locked('write', () => replacePageTables(this));
    });
  }

  /** The process ends: its gmaps, mappings, pages and tables go. @throws LinuxError ESRCH when it has ended */
  exit(): void {
    this.life.operation(() => {
      for (const gmap of [...this.gmaps]) gmap.free();
      this.#locked('write', () => this.removeRange(0, this.tables.limit));
      this.tables.free();
      this.life.end();
      this.common.processes.delete(this);
      this.kernel.trace.listener?.({ type: 'mm-free', mm: this.id });
    });
  }

  /**
   * Takes a range out of mappings and tables, for those who hold the mmap lock for writing.
   * @throws LinuxError ENOMEM when a frame of 1 MiB must be split and cannot; nothing has changed then
   */
  removeRange(start: number, end: number): void {
    this.mmapLock.expect('write', 'unmapping');
    splitEdges(this, start, end);
    this.mappings.remove(start, end);
    const gather = new Gather(this.kernel, this.tables);
    this.underPageTableLock(() => dropTables(this, start, end, gather));
    gather.finish(this);
  }

  #copy(
    address: bigint,
    length: number,
    write: boolean,
    move: (at: number, done: number, count: number) => void,
  ): void {
    demandBigint('address', address);
    if (address < 0n || address + BigInt(length) > GROWN_LIMIT) throw noMapping(address);
    this.life.operation(() => this.#copyParts(Number(address), length, write, move));
  }

  #copyParts(
    start: number,
    length: number,
    write: boolean,
    move: (at: number, done: number, count: number) => void,
  ): void {
    const firstPage = Math.floor(start / FRAME_SIZE);
    const lastPage = Math.floor((start + length - 1) / FRAME_SIZE);
    const { keys } = this.kernel.storage;
    this.#locked('read', () => {
      for (let page = firstPage; length > 0 && page <= lastPage; page++) this.faultPage(page, write);
    });
    for (let done = 0; done < length; ) {
      const at = start + done;
      const offset = at % FRAME_SIZE;
      const count = Math.min(length - done, FRAME_SIZE - offset);
      const frame = this.#frameOfPage(Math.floor(at / FRAME_SIZE));
      // The kernel's accesses are a processor's: the storage key tells of them.
      keys[frame / FRAME_SIZE]! |= write ? KEY_REFERENCED | KEY_CHANGED : KEY_REFERENCED;
      move(frame + offset, done, count);
      done += count;
    }
  }

  #frameOfPage(page: number): number {
    const segment = Math.floor(page / PAGES_PER_SEGMENT);
    const index = page % PAGES_PER_SEGMENT;
    const large = this.tables.largeFrameOf(segment);
    return large >= 0
      ? large + index * FRAME_SIZE
      : this.entries.frame(this.tables.pageTableOf(segment), index);
  }

  #demandMapped(start: number, end: number): void {
    if (this.mappings.covers(start, end)) return;
    throw new LinuxError('ENOMEM', `${hex(addressOf(start))} to ${hex(addressOf(end))} is not all mapped`);
  }

  /** A public operation that holds the mmap lock from its start to its end. */
  #operation<T>(mode: 'read' | 'write', action: () => T): T {
    return this.life.operation(() => this.#locked(mode, action));
  }

  #locked<T>(mode: 'read' | 'write', action: () => T): T {
    this.mmapLock.acquire(mode);
    try {
      return action();
    } finally {
      this.mmapLock.release();
    }
  }

  /** Entries and reverse maps change under the page-table lock. */
  underPageTableLock(action: () => void): void {
    this.pageTableLock.acquire('write');
    try {
      action();
    } finally {
      this.pageTableLock.release();
    }
  }
}

function checkProtection(protection: number): void {
  demandInteger('protection', protection);
  if (protection & ~7) throw new LinuxError('EINVAL', `protection ${hex(protection)} has unknown bits`);
}

/** @throws LinuxError EINVAL for what is not the number of a page that a process can have */
function demandPage(page: number): void {
  demandInteger('page', page, 0, GROWN_PAGES - 1);
}

/** @throws LinuxError EINVAL as `Mm.setKeys` */
function checkKeys(pages: readonly number[], keys: ArrayLike<number>): void {
  demandInstance('pages', pages, Array);
  demandObject('keys', keys);
  demandInteger('number of keys', keys.length, pages.length);
  pages.forEach((page, i) => {
    demandPage(page);
    demandKey(keys[i] as number);
  });
}
