/**
 * The address space of a process: its mappings, its tables, and the operations on them (Linux: struct mm_struct).
 *
 * The public operations take byte addresses as bigint, check them, take the mmap lock, and call functions of other modules,
 * which take page numbers. Operations that change mappings hold the mmap lock for writing, faults for reading; entries
 * of page tables and reverse maps are changed under the page-table lock.
 */

import {
  demandBigint,
  demandBytes,
  demandFlag,
  demandInstance,
  demandInteger,
  demandKey,
  demandLength,
  demandObject,
} from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import type { LockMode } from '../locks.ts';
import type { ProcessPage } from '../numbers.ts';
import { type AddressRange, PAGES_PER_SEGMENT } from '../units.ts';
import { addressOf, checkedRange, GROWN_LIMIT, GROWN_PAGES, noMapping } from './addresses.ts';
import type { DirtyLog } from './dirty-log.ts';
import { startLogLocked, takeLogLocked } from './dirty-tracking.ts';
import { enableSie } from './enable-sie.ts';
import { faultPageLocked } from './faults.ts';
import { copyIntoLocked } from './fork.ts';
import { enableKeysLocked, keyOfLocked, setKeysLocked } from './guest-keys.ts';
import { splitAllLocked, splitEdgesLocked } from './large-frames.ts';
import { demandMapped, demandRoomForHole } from './mapping-limits.ts';
import type { Mapping } from './mappings.ts';
import type { MemoryFile } from './memory-file.ts';
import type { MmCommon } from './mm-common.ts';
import { MmState } from './mm-state.ts';
import { checkedMapRequest, checkProtection, type MmapOptions, mmapLocked } from './mmap.ts';
import { mprotectLocked } from './protection.ts';
import {
  demandServedLocked,
  dismissLocked,
  endServingLocked,
  type PageContents,
  providePageLocked,
  serveFaultsLocked,
} from './provide.ts';
import { remapLocked } from './remap.ts';
import { eachPresentLocked, residentLocked } from './residency.ts';
import type { PageServer } from './served-faults.ts';
import { dropFilePagesLocked, removeRangeLocked, zapLocked } from './unmap.ts';
import { clearUsageLocked, type PageUsage, setUsageLocked, usageOfLocked } from './usage-states.ts';
import { accessUser, type PartVisitor } from './user-access.ts';

/** Maximum number of pages that `mincore` is asked about: 2 GiB. */
const MINCORE_MAX = 1 << 19;

/** Options of mremap. Addresses and lengths are in bytes, multiples of 4 KiB. */
export interface MremapOptions {
  readonly address: bigint;
  readonly oldLength: bigint;
  readonly newLength: bigint;
  /** Whether it may move if it cannot grow in place (MREMAP_MAYMOVE); default no. */
  readonly mayMove?: boolean;
  /** The address to move to, replacing existing mappings (MREMAP_FIXED). */
  readonly to?: bigint;
}

/** The address space of a process. */
export class Mm extends MmState {
  /** Tells an `Mm` from a `Gmap` where either is possible. */
  readonly kind = 'process';
  readonly #all: Set<Mm>;

  /**
   * @param all the address spaces of the host, this one among them until it is freed
   * @param id a number for events and messages
   * @throws LinuxError ENOMEM
   */
  constructor(kernel: Kernel, common: MmCommon, all: Set<Mm>, id: number) {
    super(kernel, common, id);
    this.#all = all;
    all.add(this);
    common.spaces.add(this);
    kernel.trace.listener?.({ type: 'mm-alloc', mm: id, asce: this.asce });
  }

  /**
   * Maps memory. Returns its address. It has no frames until it is touched. The address space grows to four levels of
   * tables if the address needs it.
   *
   * @throws LinuxError EINVAL for an address, length or offset that is not a multiple of 4 KiB, a length of 0, a range
   *   beyond 8 PiB, unknown protection bits, an option of the wrong type, a file of another host, or `large` with a file
   *   or shared; EBADF for a file that was closed; ESRCH after the end of the process, as all operations; EEXIST
   *   when some of it is taken; ENOMEM when no gap is large enough, there are 65,530 mappings, or no frame is left for
   *   a table
   */
  mmap(options: MmapOptions): bigint {
    const request = checkedMapRequest(this, options);
    const { length } = options;
    const { protection } = request;
    return this.life.operation(() => {
      const address = addressOf(this.mmapLock.hold('write', () => mmapLocked(this, request)));
      this.kernel.trace.listener?.({ type: 'mmap', mm: this.id, address, length, protection });
      return address;
    });
  }

  /**
   * Unmaps a range, which may have holes. Frames, page tables and segment tables that nothing needs any more are freed;
   * guests that are linked to a page table that is freed are unlinked.
   *
   * @throws LinuxError EINVAL as `mmap`; ENOMEM when that leaves part of a frame of 1 MiB and there is no frame for
   *   the page table that it becomes, or when it would make too many mappings
   */
  munmap(range: AddressRange): void {
    demandObject('range', range);
    const { address, length } = range;
    const { start, count } = checkedRange(address, length);
    this.life.operation(() => {
      this.mmapLock.hold('write', () => {
        demandRoomForHole(this, start, start + count);
        removeRangeLocked(this, start, start + count);
      });
      this.kernel.trace.listener?.({ type: 'munmap', mm: this.id, address, length });
    });
  }

  /**
   * Changes the protection of a mapped range.
   * @throws LinuxError EINVAL as `mmap`; ENOMEM when some of the range is not mapped, or as `munmap`
   */
  mprotect(range: AddressRange & { readonly protection: number }): void {
    demandObject('range', range);
    const { address, length, protection } = range;
    checkProtection(protection);
    const { start, count } = checkedRange(address, length);
    this.life.operation(() => {
      this.mmapLock.hold('write', () => mprotectLocked(this, start, start + count, protection));
      this.kernel.trace.listener?.({ type: 'mprotect', mm: this.id, address, length, protection });
    });
  }

  /**
   * madvise(MADV_DONTNEED): drops the pages of a mapped range. The next access finds zeros or, in a mapping of a file or
   * shared memory, its contents.
   * @throws LinuxError EINVAL as `mmap`; ENOMEM when some of the range is not mapped, or as `munmap`
   */
  dontNeed(range: AddressRange): void {
    demandObject('range', range);
    const { address, length } = range;
    const { start, count } = checkedRange(address, length);
    this.#operation('read', () => {
      demandMapped(this, start, start + count);
      splitEdgesLocked(this, start, start + count);
      zapLocked(this, start, start + count);
    });
  }

  /** Drops the pages of a file, by number and half open, that it maps: the next access faults. @internal */
  dropFilePages(file: MemoryFile, first: number, end: number): void {
    this.#operation('read', () => dropFilePagesLocked(this, file, first, end));
  }

  /**
   * Makes a server serve the faults of the pages from `start` to `end`, as `serveFaultsLocked` says.
   * @param modes bits of `SERVED`
   * @throws LinuxError EINVAL, EBUSY, ENOMEM
   * @internal
   */
  serveFaults(start: number, end: number, server: PageServer, modes: number): void {
    this.#operation('write', () => {
      serveFaultsLocked(this, { start, end }, server, modes);
      this.hasServers = true;
    });
  }

  /**
   * Ends the serving of faults of the pages from `start` to `end`. Returns the parts that were served for missing pages, and by whom.
   * @throws LinuxError EINVAL, ENOMEM
   * @internal
   */
  endServing(start: number, end: number): readonly Mapping[] {
    return this.#operation('write', () => endServingLocked(this, start, end));
  }

  /** Ends all serving by a server. @internal */
  dismiss(server: PageServer): void {
    this.#operation('write', () => dismissLocked(this, server));
  }

  /** Checks that pages of a range can be provided, see `demandServedLocked`. @throws LinuxError ENOENT, EINVAL @internal */
  demandServed(start: number, end: number, contents: PageContents): void {
    this.#operation('read', () => demandServedLocked(this, start, end, contents));
  }

  /** Provides a page that has no frame, see `providePageLocked`. @throws LinuxError EEXIST, EFAULT, ENOMEM @internal */
  providePage(page: number, contents: PageContents): void {
    this.#operation('read', () => providePageLocked(this, page, contents));
  }

  /**
   * mincore: returns a byte for each page of a mapped range, 1 if the process's tables have a frame for it.
   * @throws LinuxError EINVAL as `mmap`, and for more than 2 GiB; ENOMEM when some of the range is not mapped
   */
  mincore(range: AddressRange): Uint8Array {
    demandObject('range', range);
    const { address, length } = range;
    const { start, count } = checkedRange(address, length);
    demandInteger('pages', count, 0, MINCORE_MAX);
    return this.#operation('read', () => {
      demandMapped(this, start, start + count);
      return residentLocked(this, start, start + count);
    });
  }

  /** Visits the pages that have frames, by number, from `start` to `end`. @internal */
  eachPresent(
    start: number,
    end: number,
    visit: (page: number, frame: number, isLarge: boolean) => void,
  ): void {
    this.#operation('read', () => eachPresentLocked(this, start, end, visit));
  }

  /**
   * Resizes a mapped range, or moves it with its pages. Returns its address.
   *
   * @throws LinuxError EINVAL for an address or length that is not a multiple of 4 KiB, a length of 0, or a new place that
   *   overlaps the old one or is beyond the address space; EFAULT when the old range is not wholly in one mapping;
   *   ENOMEM when it cannot grow where it is and may not move, and as `mmap`. Nothing has changed then
   */
  mremap(options: MremapOptions): bigint {
    demandObject('options', options);
    const { address, oldLength, newLength, mayMove = false } = options;
    demandFlag('mayMove', mayMove);
    const { start, count: oldCount } = checkedRange(address, oldLength);
    const newCount = checkedRange(0n, newLength).count;
    const to = options.to === undefined ? null : checkedRange(options.to, newLength).start;
    return this.life.operation(() => {
      const request = { start, oldCount, newCount, mayMove, to };
      const result = addressOf(this.mmapLock.hold('write', () => remapLocked(this, request)));
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
   * Creates a process with the same memory. Private pages are shared until one of the two writes them, or copied at once
   * if guests of the parent use storage keys. Gmaps, logs, watches and storage keys stay with the parent.
   * @param id the number that events and messages call it by
   * @throws LinuxError EINVAL for an id that is not an integer from 0 on; ENOMEM
   */
  fork(id: number): Mm {
    demandInteger('id', id);
    return this.life.operation(() => {
      const child = new Mm(this.kernel, this.common, this.#all, id);
      try {
        if (this.tables.levels === 4) child.tables.grow();
        child.sharesZeros = this.sharesZeros;
        this.mmapLock.hold('write', () => copyIntoLocked(child, this));
      } catch (error) {
        child.exit();
        throw error;
      }
      this.kernel.trace.listener?.({ type: 'fork', mm: this.id, child: child.id });
      return child;
    });
  }

  /**
   * Serves a fault of the process at a byte address: a page that has no frame gets one.
   *
   * @throws LinuxError EINVAL for an address that is not a bigint; EFAULT when nothing is mapped there, or the mapping does
   *   not allow the access, or, as PendingFault, when user space is to provide the page; ENOMEM
   */
  fault(address: bigint, write: boolean): void {
    demandBigint('address', address);
    demandFlag('write', write);
    if (address < 0n || address >= GROWN_LIMIT) throw noMapping(address);
    this.#operation('read', () => faultPageLocked(this, Number(address >> 12n), write));
  }

  /**
   * Starts a dirty log of `count` pages from page `start` on. It is empty at first.
   * @throws LinuxError EINVAL for pages that no process can have; ENOMEM
   */
  startLog(start: number, count: number): DirtyLog {
    demandInteger('start', start, 0, GROWN_PAGES);
    demandInteger('count', count, 0, GROWN_PAGES - start);
    return this.#operation('write', () => startLogLocked(this, start, count));
  }

  /** Stops a dirty log. @throws LinuxError EINVAL for a log that is not one of this process, or was stopped */
  stopLog(log: DirtyLog): void {
    this.#demandLog(log);
    this.#operation('write', () => void this.logs.splice(this.logs.indexOf(log), 1));
  }

  /**
   * Returns the pages of a dirty log that were written since it was started or last taken, ascending.
   * @throws LinuxError EINVAL as `stopLog`
   */
  takeLog(log: DirtyLog): number[] {
    this.#demandLog(log);
    return this.#operation('read', () => takeLogLocked(this, log));
  }

  #demandLog(log: DirtyLog): void {
    if (!this.logs.includes(log)) throw new LinuxError('EINVAL', 'the log is not one of this process');
  }

  /**
   * Makes the guests of the process use storage keys: all are 0 first, frames of 1 MiB are split and no more are made,
   * private pages get frames of their own, and a page's key outlives its frame.
   * @throws LinuxError ENOMEM; nothing that a guest sees has changed then
   */
  enableKeys(): void {
    this.life.operation(() => {
      if (this.ptes.usesKeys) return;
      enableSie(this);
      this.mmapLock.hold('write', () => enableKeysLocked(this));
    });
  }

  /**
   * Returns the guests' storage key of a page, by number: 0 to 0xfe; 0 if the page has no page table.
   * @throws LinuxError EINVAL for a page that no process can have
   */
  keyOf(page: ProcessPage): number {
    demandPage(page);
    return this.#operation('read', () => keyOfLocked(this, page));
  }

  /**
   * Sets the guests' storage key of a mapped page.
   * @throws LinuxError as `setKeys`
   */
  setKey(page: ProcessPage, key: number): void {
    this.setKeys([page], [key]);
  }

  /**
   * Sets the guests' storage keys of mapped pages: all, or none.
   * @throws LinuxError EINVAL when the process does not use keys, for a page that no process can have, a key that is not
   *   0 to 0xfe and even, or fewer keys than pages; EFAULT when one of the pages is not mapped; ENOMEM
   */
  setKeys(pages: readonly number[], keys: ArrayLike<number>): void {
    checkKeys(pages, keys);
    if (!this.ptes.usesKeys) throw new LinuxError('EINVAL', 'the process does not use storage keys');
    this.#operation('read', () => setKeysLocked(this, pages, keys));
  }

  /**
   * Returns the usage state of a page, by number, which guests have set, and whether it has a frame.
   * @throws LinuxError EINVAL for a page that no process can have
   */
  usageOf(page: ProcessPage): PageUsage {
    demandPage(page);
    return this.#operation('read', () => usageOfLocked(this, page));
  }

  /**
   * Sets the usage state of a mapped page.
   * @param bits bits of `USAGE`; those in `mask` are set
   * @throws LinuxError EINVAL for a page that no process can have, or bits that are not 0 to 0xff; EFAULT when the page is not mapped; ENOMEM
   */
  setUsage(page: ProcessPage, bits: number, mask: number): void {
    demandPage(page);
    demandInteger('bits', bits, 0, 0xff);
    demandInteger('mask', mask, 0, 0xff);
    this.life.operation(() => {
      enableSie(this);
      this.mmapLock.hold('read', () => {
        if (!this.mappings.at(page)) throw noMapping(addressOf(page));
        setUsageLocked(this, page, bits, mask);
      });
    });
  }

  /** Makes all pages stable: no usage states are set any more. */
  clearUsage(): void {
    if (this.tables.pgstes) this.#operation('read', () => clearUsageLocked(this));
  }

  /**
   * Makes a page present, writable, and not part of a frame of 1 MiB, so that watching it cannot fail.
   * @throws LinuxError EFAULT, ENOMEM as `fault`
   */
  makeWatchable(page: ProcessPage): void {
    demandPage(page);
    this.life.operation(() => {
      enableSie(this);
      this.mmapLock.hold('read', () => {
        faultPageLocked(this, page, true);
        splitAllLocked(this, page, page + 1);
      });
    });
  }

  /**
   * Makes a page watchable and watches it: the gmaps that are linked to its page table are notified, once, when it loses
   * its frame or the right to store.
   * @throws LinuxError EFAULT, ENOMEM as `fault`
   */
  watchPage(page: ProcessPage): void {
    demandPage(page);
    this.life.operation(() => {
      this.makeWatchable(page);
      this.mmapLock.hold('read', () => {
        const table = this.tables.pageTableOf(Math.floor(page / PAGES_PER_SEGMENT));
        this.pageTableLock.hold('write', () => this.ptes.watch(table, page % PAGES_PER_SEGMENT));
      });
    });
  }

  /**
   * Reads `length` bytes as the kernel does for a system call.
   * @throws LinuxError EINVAL for an address that is not a bigint, or a length that is not an integer up to 2^31 - 4096;
   *   EFAULT, ENOMEM
   */
  read(address: bigint, length: number): Uint8Array {
    demandLength(length);
    let bytes = new Uint8Array();
    this.#access(address, length, false, (at, done, count) => {
      // Allocated only now, when every page is present: a wrong length cannot exhaust memory.
      if (done === 0) bytes = new Uint8Array(length);
      bytes.set(this.kernel.storage.bytes.subarray(at, at + count), done);
    });
    return bytes;
  }

  /** Writes bytes as the kernel does for a system call: all, or none. @throws LinuxError as `read` */
  write(address: bigint, bytes: Uint8Array): void {
    demandBytes(bytes);
    this.#access(address, bytes.length, true, (at, done, count) => {
      this.kernel.storage.bytes.set(bytes.subarray(done, done + count), at);
    });
  }

  #access(address: bigint, length: number, write: boolean, visit: PartVisitor): void {
    demandBigint('address', address);
    if (address < 0n || address + BigInt(length) > GROWN_LIMIT) throw noMapping(address);
    this.life.operation(() => accessUser(this, { start: Number(address), length }, write, visit));
  }

  /**
   * Prepares the process to host guests, unless it is prepared: replaces all page tables by ones with PGSTEs. Contents and
   * mappings do not change. The first gmap does this.
   * @throws LinuxError ENOMEM; no table was replaced then
   */
  enableSie(): void {
    this.life.operation(() => enableSie(this));
  }

  /** Ends the process: its gmaps, mappings, pages and tables are freed. @throws LinuxError ESRCH when it has ended */
  exit(): void {
    this.life.operation(() => {
      for (const gmap of [...this.gmaps]) gmap.free();
      this.mmapLock.hold('write', () => removeRangeLocked(this, 0, this.tables.limit));
      this.tables.free();
      this.life.end();
      this.#all.delete(this);
      this.common.spaces.delete(this);
      this.kernel.trace.listener?.({ type: 'mm-free', mm: this.id });
    });
  }

  /** Performs a public operation that holds the mmap lock from its start to its end. */
  #operation<T>(mode: LockMode, action: () => T): T {
    return this.life.operation(() => this.mmapLock.hold(mode, action));
  }
}

/** @throws LinuxError EINVAL if `page` is not the number of a page that a process can have */
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
