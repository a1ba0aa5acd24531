/**
 * The walk: it translates a virtual address by the region, segment and page tables to a frame, or ends with an exception.
 * Principles of Operation, chapter 3, "Translation Process". Hosts, guests, check mode and inspection all use this walk.
 *
 * Addresses are page numbers (byte address / 4096, less than 2^52), as plain numbers.
 */

import { PGM } from '../interruption.ts';
import type { Storage } from '../storage.ts';
import {
  ASCE,
  EDAT,
  type Edat,
  EXECUTION_PROTECT,
  LARGE,
  LARGE_KEY_SHIFT,
  PAGE,
  REGION,
  SEGMENT,
} from './formats.ts';

/** Number of pages in 4 GiB: the weight of an address's high half in a page number. */
const PAGES_PER_HIGH = 0x10_0000;

/** Unit of table numbers in bytes. In this unit every 64-bit page-table origin is an exact plain number. */
export const TABLE_UNIT = 0x800;

/** A source of table entries. */
export interface EntrySource {
  /** High half of the entry last fetched. */
  hi: number;
  /** Low half of the entry last fetched. */
  lo: number;
  /**
   * Fetches the entry at byte `offset` (0 to 4088) of page `page` into `hi` and `lo`.
   * Returns 0, or the program-interruption code that ends the walk.
   */
  fetch(page: number, offset: number): number;
}

/** Table entries in absolute storage, such as those of a host. */
export class AbsoluteEntries implements EntrySource {
  hi = 0;
  lo = 0;
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  fetch(page: number, offset: number): number {
    const address = page * 4096 + offset;
    if (!this.#storage.has(address, 8)) return PGM.ADDRESSING;
    this.hi = this.#storage.get32(address);
    this.lo = this.#storage.get32(address + 4);
    return 0;
  }
}

/** A table entry that a walk fetched. */
export interface WalkStep {
  readonly level: 'region-first' | 'region-second' | 'region-third' | 'segment' | 'page';
  /** Page number of the frame that the entry lies in. */
  readonly tablePage: number;
  /** Byte offset of the entry in that frame. */
  readonly offset: number;
  /** Index of the entry in its table. */
  readonly index: number;
  readonly hi: number;
  readonly lo: number;
}

/** Called with each entry that a walk fetches, in order. */
export type WalkVisitor = (step: WalkStep) => void;

const LEVELS = ['segment', 'region-third', 'region-second', 'region-first'] as const;
const LEVEL_EXCEPTION = [
  PGM.SEGMENT_TRANSLATION,
  PGM.REGION_THIRD_TRANSLATION,
  PGM.REGION_SECOND_TRANSLATION,
  PGM.REGION_FIRST_TRANSLATION,
] as const;
/** Number of pages that an entry of a table covers, by table type. */
const PAGES_PER_ENTRY = [2 ** 8, 2 ** 19, 2 ** 30, 2 ** 41] as const;
/** The table type of a region-third table, and the number of pages that an entry of it covers. */
const REGION_THIRD = 1;
const PAGES_PER_REGION = 2 ** 19;
/** Number of pages in 2^64 bytes. */
const LIMIT = 2 ** 52;
/** Number of pages that a table of 2048 entries covers, by table type. */
const PAGES_PER_TABLE = [2 ** 19, 2 ** 30, 2 ** 41, 2 ** 52] as const;

/**
 * A walk and its result. The object is reused, so that a walk allocates nothing; its fields hold the result of the last
 * `to`.
 */
export class Walk {
  /** 0, or the program-interruption code of the exception that ended the walk. */
  code = 0;
  /** Page number of the frame, if `code` is 0: absolute if `absolute` is true, else real. */
  frame = 0;
  /** Whether `frame` is absolute, as for frames of 1 MiB and 2 GiB: prefixing does not apply. */
  absolute = false;
  /** Whether a protection bit in an entry forbids stores. */
  protect = false;
  /** Whether the entry that designates the frame forbids instruction fetches, if control register 0 enables that. */
  noExecute = false;
  /** The page table used, in units of 2 KiB; -1 if none was (frames of 1 MiB and 2 GiB, real space). */
  table = -1;
  /**
   * Access-control and fetch-protection bits from the entry of a frame of 1 MiB or 2 GiB (access-control validity on), which
   * override those of the storage key; -1 if the storage key applies.
   */
  key = -1;

  readonly #entries: EntrySource;

  /** @param entries the source of table entries */
  constructor(entries: EntrySource) {
    this.#entries = entries;
  }

  /**
   * Translates a page. Sets the fields and returns `code`.
   *
   * @param asceHi high half of the address-space-control element
   * @param asceLo low half
   * @param page the page number, less than 2^52
   * @param edat which enhanced DAT applies
   * @param visit called with each entry fetched
   */
  to(asceHi: number, asceLo: number, page: number, edat: Edat, visit?: WalkVisitor): number {
    this.protect = false;
    this.noExecute = false;
    this.table = -1;
    this.key = -1;
    this.absolute = false;
    if (asceLo & ASCE.REAL_SPACE) {
      this.frame = page;
      return (this.code = 0);
    }
    const top = (asceLo & ASCE.TYPE) >>> 2;
    if (page >= (PAGES_PER_TABLE[top] as number)) return (this.code = PGM.ASCE_TYPE);
    return (this.code = this.#tables(asceHi, asceLo, top, page, edat, visit));
  }

  #tables(
    asceHi: number,
    asceLo: number,
    top: number,
    page: number,
    edat: Edat,
    visit?: WalkVisitor,
  ): number {
    const entries = this.#entries;
    let tablePage = asceHi * PAGES_PER_HIGH + (asceLo >>> 12);
    let first = 0;
    let length = asceLo & ASCE.LENGTH;
    for (let type = top; ; type--) {
      const index = indexOf(page, PAGES_PER_ENTRY[type] as number);
      const quarter = index >>> 9;
      if (quarter < first || quarter > length) return LEVEL_EXCEPTION[type] as number;
      const failed = this.#fetch(tablePage, index, LEVELS[type] as (typeof LEVELS)[number], visit);
      if (failed) return failed;
      const { hi, lo } = entries;
      if (lo & REGION.INVALID) return LEVEL_EXCEPTION[type] as number;
      if ((lo & REGION.TYPE) >>> 2 !== type) return PGM.TRANSLATION_SPECIFICATION;
      if (edat !== EDAT.OFF && lo & REGION.PROTECT) this.protect = true;
      if (type === 0) return this.#segment(hi, lo, asceLo, page, edat, visit);
      if (type === REGION_THIRD && edat === EDAT.EDAT_2) {
        if (lo & REGION.COMMON && asceLo & ASCE.PRIVATE) return PGM.TRANSLATION_SPECIFICATION;
        if (lo & REGION.FORMAT_CONTROL) return this.#large(hi, lo, REGION.FRAME, page % PAGES_PER_REGION);
      }
      tablePage = hi * PAGES_PER_HIGH + (lo >>> 12);
      first = (lo & REGION.OFFSET) >>> 6;
      length = lo & REGION.LENGTH;
    }
  }

  /** Follows a valid segment-table entry to a 1 MiB frame, or by its page table to a frame. */
  #segment(hi: number, lo: number, asceLo: number, page: number, edat: Edat, visit?: WalkVisitor): number {
    if (lo & SEGMENT.COMMON && asceLo & ASCE.PRIVATE) return PGM.TRANSLATION_SPECIFICATION;
    if (lo & SEGMENT.PROTECT) this.protect = true;
    const inSegment = page % 256;
    if (edat !== EDAT.OFF && lo & SEGMENT.FORMAT_CONTROL)
      return this.#large(hi, lo, SEGMENT.FRAME, inSegment);
    const table = hi * (PAGES_PER_HIGH * 2) + (lo >>> 11);
    const half = (lo & TABLE_UNIT) === 0 ? 0 : 256;
    const failed = this.#fetch(hi * PAGES_PER_HIGH + (lo >>> 12), half + inSegment, 'page', visit, half);
    if (failed) return failed;
    const entry = this.#entries;
    if (entry.lo & PAGE.INVALID) return PGM.PAGE_TRANSLATION;
    if (entry.lo & PAGE.RESERVED) return PGM.TRANSLATION_SPECIFICATION;
    if (entry.lo & PAGE.PROTECT) this.protect = true;
    this.noExecute = (entry.lo & EXECUTION_PROTECT) !== 0;
    this.table = table;
    this.frame = entry.hi * PAGES_PER_HIGH + (entry.lo >>> 12);
    return 0;
  }

  /** Ends at a frame of 1 MiB or 2 GiB: `origin` are the bits of its address in `lo`, `inFrame` is the page in it. */
  #large(hi: number, lo: number, origin: number, inFrame: number): number {
    this.frame = hi * PAGES_PER_HIGH + ((lo & origin) >>> 12) + inFrame;
    this.absolute = true;
    this.noExecute = (lo & EXECUTION_PROTECT) !== 0;
    if (lo & LARGE.ACCESS_VALID) this.key = (lo & LARGE.ACCESS) >>> LARGE_KEY_SHIFT;
    return 0;
  }

  /** Fetches entry `slot` of the table that starts at page `tablePage`; `skip` slots precede the table. */
  #fetch(tablePage: number, slot: number, level: WalkStep['level'], visit?: WalkVisitor, skip = 0): number {
    // A table's origin plus an index may exceed 2^64; addresses wrap.
    const page = tablePage + (slot >>> 9);
    const at = page < LIMIT ? page : page - LIMIT;
    const offset = (slot & 0x1ff) * 8;
    const failed = this.#entries.fetch(at, offset);
    if (failed) return failed;
    if (visit) {
      const { hi, lo } = this.#entries;
      visit({ level, tablePage: at, offset, index: slot - skip, hi, lo });
    }
    return 0;
  }
}

/** Returns the index of a page's entry in a table. Without %, which V8 computes slowly for numbers of more than 32 bits. */
function indexOf(page: number, pagesPerEntry: number): number {
  const entry = Math.floor(page / pagesPerEntry);
  return entry - Math.floor(entry / 2048) * 2048;
}
