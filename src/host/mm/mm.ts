/**
 * A process's address space: its mappings, its tables, and what fills them (Linux: struct mm_struct).
 *
 * The public methods take byte addresses as bigint; what runs per page or per segment has page and segment
 * numbers. Operations that change mappings hold the mmap lock for writing, faults for reading; entries of page
 * tables and reverse maps are changed under the page-table lock.
 */

import { ASCE, FRAME_SIZE, PAGE, PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import { Lock, RANK } from '../locks.ts';
import { Gather } from './gather.ts';
import { Mappings, PROT } from './mappings.ts';
import { EMPTY_PAGE, hasFrame, PAGE_NONE, PageTableFacts, PageTables } from './page-tables.ts';
import { type LinkOwner, ReverseMaps } from './reverse-maps.ts';

/** The first address a process cannot have: 4 TiB. */
export const PROCESS_LIMIT = 1n << 42n;

/** A guest's segment entry that is mapped and not linked: its low bits, beside the wanted process address. */
export const PROMISE = 0x220;

const PAGES_PER_SEGMENT = 256;
const LIMIT_PAGES = 2 ** 30;
/** Chosen addresses lie above this one: below, programs are linked. */
const CHOSEN_BOTTOM = 0x1_0000;
/** User spaces: private, storage-alteration-event and space-switch-event controls. */
const USER_ASCE = 0x1c0;

/** What all process address spaces of a host have in common. */
export class MmCommon {
  readonly facts: PageTableFacts;
  readonly reverseMaps: ReverseMaps;

  constructor(kernel: Kernel) {
    this.facts = new PageTableFacts(kernel.storage.size / PAGE_TABLE_SIZE);
    this.reverseMaps = new ReverseMaps(kernel.storage.size / FRAME_SIZE);
  }
}

/** A gmap, as its process knows it. */
export interface Guest extends LinkOwner {
  /** Frees the gmap. */
  free(): void;
}

/** What mmap may be told. Addresses and lengths in bytes, multiples of 4 KiB. */
export interface MmapOptions {
  /** Where. Without it, the highest gap that is large enough. */
  readonly address?: bigint;
  readonly length: bigint;
  /** PROT bits; default read and write. */
  readonly protection?: number;
  /** What happens to mappings that are there already: EEXIST (default), or they are replaced (MAP_FIXED). */
  readonly taken?: 'refuse' | 'replace';
}

/** An address space of a process. */
export class Mm {
  readonly kernel: Kernel;
  readonly common: MmCommon;
  readonly tables: PageTables;
  readonly mappings = new Mappings();
  readonly mmapLock: Lock;
  readonly pageTableLock: Lock;
  /** The gmaps made of this process's memory. */
  readonly guests = new Set<Guest>();
  /** Halves of the address-space-control element that its code runs with. */
  readonly asceHi: number;
  readonly asceLo: number;
  #gone = false;

  /** @throws LinuxError ENOMEM */
  constructor(kernel: Kernel, common: MmCommon) {
    this.kernel = kernel;
    this.common = common;
    this.tables = new PageTables(kernel, common.facts);
    this.mmapLock = new Lock(kernel.locks, 'mmap lock', RANK.MMAP);
    this.pageTableLock = new Lock(kernel.locks, 'page-table lock', RANK.PAGE_TABLE);
    this.asceHi = Math.floor(this.tables.top / 0x1_0000_0000);
    this.asceLo = (this.tables.top | USER_ASCE | ASCE.TYPE_REGION_THIRD | ASCE.LENGTH) >>> 0;
  }

  /** The address-space-control element that the process's code runs with. */
  get asce(): bigint {
    return (BigInt(this.asceHi) << 32n) | BigInt(this.asceLo);
  }

  /** Whether the process is gone. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Says no to whoever comes when the process is gone. @throws LinuxError ENOENT */
  demandAlive(): void {
    if (this.#gone) throw new LinuxError('ENOENT', 'the process is gone');
  }

  /**
   * Maps anonymous, private memory and returns its address. It has no frames until it is touched.
   *
   * @throws LinuxError EINVAL for an address or length that is not a multiple of 4 KiB, a length of 0, a range
   *   beyond 4 TiB or unknown protection bits; EEXIST when some of it is taken; ENOMEM when no gap is large enough
   */
  mmap(options: MmapOptions): bigint {
    const { length, protection = PROT.READ | PROT.WRITE, taken = 'refuse' } = options;
    if (protection & ~7) throw new LinuxError('EINVAL', `protection ${hex(protection)} has unknown bits`);
    const pages = checkedRange(options.address ?? 0n, length).count;
    const wanted = options.address === undefined ? null : checkedRange(options.address, length).start;
    const start = this.#locked('write', () => {
      const start = wanted ?? this.#chooseGap(pages);
      if (this.mappings.touches(start, start + pages)) {
        if (taken === 'refuse') {
          throw new LinuxError(
            'EEXIST',
            `${hex(length)} bytes at ${hex(addressOf(start))} are taken in part`,
          );
        }
        this.#remove(start, start + pages);
      }
      this.mappings.insert(start, start + pages, protection);
      return start;
    });
    const address = addressOf(start);
    this.kernel.trace.listener?.({ type: 'mmap', address, length, protection });
    return address;
  }

  #chooseGap(pages: number): number {
    const start = this.mappings.highestGap(pages, CHOSEN_BOTTOM, LIMIT_PAGES);
    if (start < 0) throw new LinuxError('ENOMEM', `no gap of ${pages} pages in the address space`);
    return start;
  }

  /**
   * Removes what is mapped in the range; holes are no error. Frames, page tables and segment tables that nothing
   * needs any more go; guests linked to a page table that goes find the promise again that they had before.
   *
   * @throws LinuxError EINVAL as `mmap`
   */
  munmap(address: bigint, length: bigint): void {
    const { start, count } = checkedRange(address, length);
    this.#locked('write', () => this.#remove(start, start + count));
    this.kernel.trace.listener?.({ type: 'munmap', address, length });
  }

  /**
   * Changes what may be done with a range of mapped memory.
   * @throws LinuxError EINVAL as `mmap`; ENOMEM when some of the range is not mapped
   */
  mprotect(address: bigint, length: bigint, protection: number): void {
    if (protection & ~7) throw new LinuxError('EINVAL', `protection ${hex(protection)} has unknown bits`);
    const { start, count } = checkedRange(address, length);
    const end = start + count;
    this.#locked('write', () => {
      this.#demandMapped(start, end);
      this.mappings.remove(start, end);
      this.mappings.insert(start, end, protection);
      this.#underPageTableLock(() =>
        this.#eachPage(start, end, (table, index) => this.#protect(table, index, protection)),
      );
    });
    this.kernel.trace.listener?.({ type: 'mprotect', address, length, protection });
  }

  /**
   * madvise(MADV_DONTNEED): drops the pages of a mapped range, so that the next access finds zeros.
   * @throws LinuxError EINVAL as `mmap`; ENOMEM when some of the range is not mapped
   */
  dontNeed(address: bigint, length: bigint): void {
    const { start, count } = checkedRange(address, length);
    this.#locked('read', () => {
      this.#demandMapped(start, start + count);
      this.zap(start, start + count);
    });
  }

  /**
   * Serves a fault of the process at a byte address: puts a frame of zeros behind the page when it has none.
   *
   * @throws LinuxError EFAULT when nothing is mapped there, or not for this; ENOMEM
   */
  fault(address: bigint, write: boolean): void {
    if (address < 0n || address >= PROCESS_LIMIT) throw noMapping(address);
    this.#locked('read', () => this.faultPage(Number(address >> 12n), write));
  }

  /** As `fault`, by page number, for those who hold the mmap lock. */
  faultPage(page: number, write: boolean): void {
    this.mmapLock.expect('read', 'a fault');
    const mapping = this.mappings.at(page);
    if (!mapping) throw noMapping(addressOf(page));
    // No entry can forbid fetching and allow storing: what may be written may be read.
    const wanted = write ? PROT.WRITE : PROT.READ | PROT.WRITE | PROT.EXEC;
    if ((mapping.protection & wanted) === 0) {
      throw new LinuxError('EFAULT', `${hex(addressOf(page))} may not be ${write ? 'written' : 'read'}`);
    }
    const segment = Math.floor(page / PAGES_PER_SEGMENT);
    const index = page % PAGES_PER_SEGMENT;
    const known = this.tables.pageTableOf(segment);
    if (known >= 0 && hasFrame(this.kernel.storage.get32(known + index * 8 + 4))) return;
    const frame = this.kernel.frames.allocateZeroed(0, 'page');
    let table: number;
    try {
      table = this.tables.makePageTable(segment);
    } catch (error) {
      this.kernel.frames.free(frame);
      throw error;
    }
    this.#underPageTableLock(() => this.#enterPage(table, index, frame, mapping.protection));
    const { listener } = this.kernel.trace;
    listener?.({ type: 'mm-fault', address: addressOf(page), frame: BigInt(frame), write });
  }

  /** Makes the segment's page table if it is missing, for those who hold the mmap lock. @throws LinuxError ENOMEM */
  makePageTable(segment: number): number {
    this.mmapLock.expect('read', 'making a page table');
    return this.tables.makePageTable(segment);
  }

  /** Drops the pages of a range, for those who hold the mmap lock. Mappings and page tables stay. */
  zap(start: number, end: number): void {
    this.mmapLock.expect('read', 'zapping pages');
    const gather = new Gather(this.kernel, this.tables);
    this.#underPageTableLock(() =>
      this.#eachPage(start, end, (table, index) => gather.block(this.#invalidate(table, index))),
    );
    gather.finish(this);
    const { listener } = this.kernel.trace;
    listener?.({ type: 'zap', address: addressOf(start), length: addressOf(end - start) });
  }

  /** Reads `length` bytes as the kernel does for a system call. @throws LinuxError EFAULT, ENOMEM */
  read(address: bigint, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#copy(address, length, false, (at, done, count) => {
      bytes.set(this.kernel.storage.bytes.subarray(at, at + count), done);
    });
    return bytes;
  }

  /** Writes bytes as the kernel does for a system call: all, or none. @throws LinuxError EFAULT, ENOMEM */
  write(address: bigint, bytes: Uint8Array): void {
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
    this.demandAlive();
    if (this.tables.pgstes) return;
    this.#locked('write', () => {
      const replacements = this.#pgsteTables();
      const gather = new Gather(this.kernel, this.tables);
      const { bytes } = this.kernel.storage;
      const { present } = this.common.facts;
      this.#underPageTableLock(() => {
        for (const [segment, table] of replacements) {
          const old = this.tables.pageTableOf(segment);
          bytes.copyWithin(table, old, old + PAGE_TABLE_SIZE);
          present[table / PAGE_TABLE_SIZE] = present[old / PAGE_TABLE_SIZE] as number;
          this.tables.setSegmentEntry(segment, table);
          gather.pageTable(old);
        }
      });
      this.tables.pgstes = true;
      gather.finish(this, 'enable-sie');
    });
  }

  /** A page table with PGSTEs for each segment that has one without. All, or ENOMEM and none. */
  #pgsteTables(): [number, number][] {
    const made: [number, number][] = [];
    try {
      for (const segment of this.tables.segments()) {
        made.push([segment, this.tables.newPageTable(segment, true)]);
      }
    } catch (error) {
      for (const [, table] of made) this.tables.freePageTable(table);
      throw error;
    }
    return made;
  }

  /** The process ends: its gmaps, mappings, pages and tables go. */
  exit(): void {
    if (this.#gone) return;
    for (const guest of [...this.guests]) guest.free();
    this.#locked('write', () => this.#remove(0, LIMIT_PAGES));
    this.kernel.frames.free(this.tables.top);
    this.#gone = true;
  }

  /** Takes a range out of mappings and tables. The mmap lock is held for writing. */
  #remove(start: number, end: number): void {
    this.mmapLock.expect('write', 'unmapping');
    this.mappings.remove(start, end);
    const gather = new Gather(this.kernel, this.tables);
    this.#underPageTableLock(() => {
      this.#eachPageTable(start, end, (segment) => this.#removeFromSegment(segment, start, end, gather));
      this.#removeSegmentTables(start, end, gather);
    });
    gather.finish(this);
  }

  #removeFromSegment(segment: number, start: number, end: number, gather: Gather): void {
    const first = segment * PAGES_PER_SEGMENT;
    if (this.mappings.touches(first, first + PAGES_PER_SEGMENT)) {
      this.#eachPageOf(segment, start, end, (table, index) => gather.block(this.#invalidate(table, index)));
    } else {
      this.#removePageTable(segment, gather);
    }
  }

  /** The last mapping of a segment is gone: so are its pages, its page table, and every link to it. */
  #removePageTable(segment: number, gather: Gather): void {
    const table = this.tables.dropPageTable(segment);
    this.#unlinkGuests(segment, table, gather);
    const { view } = this.kernel.storage;
    let present = this.common.facts.present[table / PAGE_TABLE_SIZE] as number;
    for (let entry = table; present > 0; entry += 8) {
      if (!hasFrame(view.getUint32(entry + 4))) continue;
      gather.block(frameOf(view, entry));
      present--;
    }
    gather.pageTable(table);
  }

  /** Every guest entry linked to the page table becomes the promise of its segment again. */
  #unlinkGuests(segment: number, table: number, gather: Gather): void {
    const { reverseMaps } = this.common;
    const { view } = this.kernel.storage;
    for (let node = reverseMaps.first(table); node >= 0; node = reverseMaps.first(table)) {
      const owner = reverseMaps.ownerOf(node);
      const entry = reverseMaps.entryOf(node);
      reverseMaps.unlink(node);
      view.setUint32(entry, segment >>> 12);
      view.setUint32(entry + 4, ((segment << 20) | PROMISE) >>> 0);
      gather.owner(owner);
      this.kernel.trace.listener?.({
        type: 'unlink',
        gmap: owner.id,
        guest: BigInt(owner.segmentOf(entry)) << 20n,
        process: BigInt(segment) << 20n,
        entry: BigInt(entry),
        reason: 'page-table-gone',
      });
    }
  }

  /** Segment tables of which nothing is mapped any more go. */
  #removeSegmentTables(start: number, end: number, gather: Gather): void {
    const pagesPerTable = 2048 * PAGES_PER_SEGMENT;
    const lastSegment = Math.ceil(end / PAGES_PER_SEGMENT);
    let segment = this.tables.nextTable(Math.floor(start / PAGES_PER_SEGMENT), lastSegment);
    while (segment < lastSegment) {
      const first = Math.floor(segment / 2048) * pagesPerTable;
      if (!this.mappings.touches(first, first + pagesPerTable)) {
        gather.segmentTable(this.tables.dropSegmentTable(segment));
      }
      segment = this.tables.nextTable((Math.floor(segment / 2048) + 1) * 2048, lastSegment);
    }
  }

  /** IPTE: makes an entry with a frame invalid and empty, purges it, and says which frame it had. */
  #invalidate(table: number, index: number): number {
    const { view } = this.kernel.storage;
    const entry = table + index * 8;
    const frame = frameOf(view, entry);
    view.setUint32(entry, 0);
    view.setUint32(entry + 4, EMPTY_PAGE);
    this.kernel.purges.page('page-invalidated', table, index);
    this.common.facts.present[table / PAGE_TABLE_SIZE]!--;
    return frame;
  }

  #enterPage(table: number, index: number, frame: number, protection: number): void {
    this.pageTableLock.expect('write', 'entering a page');
    const { view } = this.kernel.storage;
    const entry = table + index * 8;
    view.setUint32(entry, frame / 0x1_0000_0000);
    view.setUint32(entry + 4, (frame | pageBits(protection)) >>> 0);
    this.common.facts.present[table / PAGE_TABLE_SIZE]!++;
  }

  #protect(table: number, index: number, protection: number): void {
    const { view } = this.kernel.storage;
    const entry = table + index * 8;
    const old = view.getUint32(entry + 4);
    const changed = ((old & PAGE.FRAME) | pageBits(protection)) >>> 0;
    if (changed === old) return;
    view.setUint32(entry + 4, changed);
    this.kernel.purges.page('page-protected', table, index);
  }

  /** Calls back for each entry with a frame in the range of pages. */
  #eachPage(start: number, end: number, callback: (table: number, index: number) => void): void {
    this.#eachPageTable(start, end, (segment) => this.#eachPageOf(segment, start, end, callback));
  }

  #eachPageOf(
    segment: number,
    start: number,
    end: number,
    callback: (table: number, index: number) => void,
  ): void {
    const table = this.tables.pageTableOf(segment);
    if (this.common.facts.present[table / PAGE_TABLE_SIZE] === 0) return;
    const first = segment * PAGES_PER_SEGMENT;
    const last = Math.min(end - first, PAGES_PER_SEGMENT);
    for (let index = Math.max(start - first, 0); index < last; index++) {
      if (hasFrame(this.kernel.storage.view.getUint32(table + index * 8 + 4))) callback(table, index);
    }
  }

  /** Calls back for each segment of the range that has a page table. */
  #eachPageTable(start: number, end: number, callback: (segment: number) => void): void {
    const last = Math.ceil(end / PAGES_PER_SEGMENT);
    let segment = this.tables.nextTable(Math.floor(start / PAGES_PER_SEGMENT), last);
    while (segment < last) {
      if (this.tables.pageTableOf(segment) >= 0) callback(segment);
      segment++;
      if (segment % 2048 === 0) segment = this.tables.nextTable(segment, last);
    }
  }

  #copy(
    address: bigint,
    length: number,
    write: boolean,
    move: (at: number, done: number, count: number) => void,
  ): void {
    if (address < 0n || address + BigInt(length) > PROCESS_LIMIT) throw noMapping(address);
    const start = Number(address);
    const firstPage = Math.floor(start / FRAME_SIZE);
    const lastPage = Math.floor((start + length - 1) / FRAME_SIZE);
    this.#locked('read', () => {
      for (let page = firstPage; length > 0 && page <= lastPage; page++) this.faultPage(page, write);
    });
    for (let done = 0; done < length; ) {
      const at = start + done;
      const offset = at % FRAME_SIZE;
      const count = Math.min(length - done, FRAME_SIZE - offset);
      move(this.#frameOfPage(Math.floor(at / FRAME_SIZE)) + offset, done, count);
      done += count;
    }
  }

  #frameOfPage(page: number): number {
    const table = this.tables.pageTableOf(Math.floor(page / PAGES_PER_SEGMENT));
    return frameOf(this.kernel.storage.view, table + (page % PAGES_PER_SEGMENT) * 8);
  }

  #demandMapped(start: number, end: number): void {
    if (this.mappings.covers(start, end)) return;
    throw new LinuxError('ENOMEM', `${hex(addressOf(start))} to ${hex(addressOf(end))} is not all mapped`);
  }

  #locked<T>(mode: 'read' | 'write', action: () => T): T {
    this.demandAlive();
    this.mmapLock.acquire(mode);
    try {
      return action();
    } finally {
      this.mmapLock.release();
    }
  }

  #underPageTableLock(action: () => void): void {
    this.pageTableLock.acquire('write');
    try {
      action();
    } finally {
      this.pageTableLock.release();
    }
  }
}

/** The hardware bits of a page entry with a frame, by the protection of its mapping. */
function pageBits(protection: number): number {
  if (protection & PROT.WRITE) return 0;
  return protection === PROT.NONE ? PAGE_NONE : PAGE.PROTECT;
}

function frameOf(view: DataView, entry: number): number {
  return view.getUint32(entry) * 0x1_0000_0000 + ((view.getUint32(entry + 4) & PAGE.FRAME) >>> 0);
}

function addressOf(page: number): bigint {
  return BigInt(page) << 12n;
}

function noMapping(address: bigint): LinuxError {
  return new LinuxError('EFAULT', `nothing is mapped at ${hex(address)}`);
}

/** Checks a byte range of the process and turns it into pages. */
function checkedRange(address: bigint, length: bigint): { start: number; count: number } {
  if (address < 0n || address % 4096n !== 0n) {
    throw new LinuxError('EINVAL', `address ${hex(address)} is not a multiple of 4 KiB`);
  }
  if (length <= 0n || length % 4096n !== 0n) {
    throw new LinuxError('EINVAL', `length ${hex(length)} is not a positive multiple of 4 KiB`);
  }
  if (address + length > PROCESS_LIMIT) {
    throw new LinuxError('EINVAL', `${hex(address)} + ${hex(length)} is beyond 4 TiB`);
  }
  return { start: Number(address >> 12n), count: Number(length >> 12n) };
}
