/**
 * How a processor reaches storage: from a logical address to a frame, by way of DAT, prefixing and, under
 * interpretive execution, the host's DAT below the guest's.
 *
 *     logical --guest or own DAT--> real --prefix--> absolute          (a processor of its own)
 *     logical --guest DAT--> guest real --prefix--> guest absolute     (under interpretive execution)
 *             --main-storage origin--> host virtual --host DAT--> absolute
 *
 * Addresses come in halves (`hi`, `lo`) or as page numbers; absolute addresses are plain numbers. An exception
 * unwinds to the processor's loop by throwing the one `Unwind` object; outside the processor nobody sees it.
 */

import { type AbsolutePage, applyPrefix, type LogicalPage, type RealPage } from '../addresses.ts';
import { ASCE, CR0_EDAT } from '../dat/formats.ts';
import { AbsoluteEntries, type EntrySource, Walk, type WalkVisitor } from '../dat/walk.ts';
import { PGM } from '../interruption.ts';
import { KEY_CHANGED, KEY_REFERENCED, type Storage } from '../storage.ts';
import { Tlb } from '../tlb.ts';
import { fetchOverridden, keyAllowsFetch, keyAllowsStore, lowAddressProtected } from './protection.ts';
import { CpuState, SPACE } from './state.ts';

/** What an access is for. */
export const FETCH = 0;
export const STORE = 1;
export const INSTRUCTION = 2;
export type Access = typeof FETCH | typeof STORE | typeof INSTRUCTION;

/** Why the processor's loop was left in the middle of an instruction. */
export const UNWIND = {
  /** A program exception of the program that runs. */
  PROGRAM: 1,
  /** The host's translation failed below a guest's access. */
  HOST: 2,
  /** The guest's instruction is for the host to do. */
  INTERCEPT: 3,
} as const;

/** Thrown, always the same object, to leave an instruction. What happened stands in the processor's fields. */
export class Unwind extends Error {
  constructor() {
    super('unwind');
    this.stack = '';
  }
}

/** No key: the access is not subject to key-controlled protection. */
const UNKEYED = 0;
/** The storage key of the frame counts: no segment-table entry stands in for it. */
const FRAMES_KEY = -1;

const PAGES_PER_HIGH = 0x10_0000;
/** Behind what low-address protection covers and fetch-protection override opens of a page. */
const UNPROTECTED_OFFSET = 0x800;

/** The host below a guest: what a processor under interpretive execution needs for the guest's storage. */
export interface HostBelow {
  /** Host page number that guest absolute 0 lies at: main-storage origin. */
  readonly originPage: number;
  /** Guest pages there are: guest absolute pages from this one on are not in the configuration. */
  readonly pages: number;
  /** The host's primary address-space-control element. */
  readonly asceHi: number;
  readonly asceLo: number;
  /** The host's prefix: what its tables lead to is real, and the prefix in the processor is the guest's. */
  readonly prefix: number;
  /** Whether enhanced DAT is on for the host. */
  readonly edat: boolean;
  /** Whether the host's page tables have page-status-table entries. */
  readonly pageStatus: boolean;
  /** Whether unknown operation codes are the host's to see. */
  readonly interceptOperation: boolean;
  /** The controls of the instructions that a host may want to see: see `guest` in an instruction's line. */
  readonly interceptions: number;
  /** Control registers, register 0 in bit 0x8000, whose loading is the host's to see. */
  readonly loadControls: number;
  /** Whether the host wants to be told as soon as external, or I/O, interruptions are enabled. */
  readonly externalRequest: boolean;
  readonly ioRequest: boolean;
}

/** Compares each use of a remembered translation with a fresh walk: check mode installs it. */
export type TranslationWitness = (cpu: CpuAccess, tlb: Tlb, slot: number, walk: Walk, edat: boolean) => void;

/** A processor's state together with its way to storage. */
export class CpuAccess extends CpuState {
  readonly storage: Storage;
  /** Remembers this processor's own translations; under interpretive execution the host's. */
  readonly tlb = new Tlb();
  /** Remembers the guest's translations, guest logical to guest real. */
  readonly guestTlb = new Tlb();
  /** The host below the guest that runs here, or null when the processor runs for itself. */
  below: HostBelow | null = null;
  /** Told of each use of a remembered translation; null when nobody asks. */
  witness: TranslationWitness | null = null;

  /** Why the loop was left, see `UNWIND`. */
  unwindKind = 0;
  /** The program-interruption code of a PROGRAM or HOST unwind. */
  exceptionCode = 0;
  /** Translation-exception identification: page address and indications, in halves. */
  teidHi = 0;
  teidLo = 0;
  /** The data-exception code that goes with a data exception. */
  dataExceptionCode = 0;
  /** Operand-access identification of a page-translation exception: r1 and r2 of MOVE PAGE, 0 for others. */
  operandAccess = 0;
  /** Class and code of a monitor event. */
  monitorClass = 0;
  monitorCode = 0n;

  protected readonly unwind = new Unwind();
  readonly #walk: Walk;
  readonly #guestWalk: Walk;

  constructor(storage: Storage) {
    super();
    this.storage = storage;
    this.#walk = new Walk(new AbsoluteEntries(storage));
    this.#guestWalk = new Walk(new GuestEntries(this));
  }

  /** Ends the instruction with a program exception. */
  program(code: number): never {
    this.unwindKind = UNWIND.PROGRAM;
    this.exceptionCode = code;
    this.teidHi = 0;
    this.teidLo = 0;
    throw this.unwind;
  }

  /** Ends the instruction with a data exception. @param dxc the data-exception code */
  dataException(dxc: number): never {
    this.dataExceptionCode = dxc;
    return this.program(PGM.DATA);
  }

  /** Ends the instruction with an access exception at a page; the identification says where and what for. */
  accessException(kind: number, code: number, page: number, access: Access, space: number): never {
    this.unwindKind = kind;
    this.exceptionCode = code;
    this.operandAccess = 0;
    this.teidHi = Math.floor(page / PAGES_PER_HIGH);
    this.teidLo = (((page % PAGES_PER_HIGH) << 12) | (access === STORE ? 0x400 : 0x800) | space) >>> 0;
    throw this.unwind;
  }

  // The access that is being made, for what is seldom asked of it: protection, and the exception that names it.
  /** Page number of its effective address. */
  #logical = 0;
  /** Byte offset in the page of its last byte. */
  #last = 0;
  /** Whether it is translated by an ASCE with the private-space control on. */
  #private = false;

  /**
   * The absolute byte address of the frame behind a logical page. Unwinds on every access exception.
   *
   * @param offset byte offset in the page of the first byte accessed
   * @param length how many bytes of the page are accessed, at least 1
   */
  frame(page: LogicalPage, offset: number, access: Access, length = 1): number {
    const slot = this.#slot(page, access);
    return slot < 0
      ? this.#translated(page, offset, access, length)
      : (this.tlb.frames[slot] as number) * 4096;
  }

  /**
   * Fast path: the slot of the TLB that has the page, if the access needs no other check: DAT is on, the primary space
   * is used, the key is 0, no guest runs, check mode is off, the page is not 0 or 1 (low-address protection), and a
   * store may be made and is not the first. -1 otherwise: `#translated` decides.
   */
  #slot(page: LogicalPage, access: Access): number {
    const { tlb, cr32 } = this;
    if (this.dat !== true || this.below !== null || this.space !== SPACE.PRIMARY) return -1;
    if (this.key !== 0 || this.witness !== null || page < 2) return -1;
    const slot = tlb.slotOf(page, cr32[3] as number, cr32[2] as number);
    if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;
    tlb.hits++;
    return slot;
  }

  /** As `frame`, with every check. */
  #translated(page: LogicalPage, offset: number, access: Access, length: number): number {
    this.#logical = page;
    this.#last = offset + length - 1;
    if (!this.dat) return this.#operand(page as number as RealPage, offset, access);
    const space = this.#space(access);
    const cr = controlRegisterOf(space) * 2;
    const asceLo = this.cr32[cr] as number;
    const asceHi = this.cr32[cr + 1] as number;
    this.#private = (asceLo & ASCE.PRIVATE) !== 0;
    if (access === STORE && page < 2) this.#lowAddress(offset);
    return this.below === null
      ? this.#hostFrame(page, asceHi, asceLo, access, UNWIND.PROGRAM, space, this.key, FRAMES_KEY)
      : this.#guestFrame(page, asceHi, asceLo, access, space);
  }

  /**
   * The absolute byte address of the frame behind a real page that an instruction names, such as LOAD USING REAL
   * ADDRESS: low-address and key-controlled protection apply. Unwinds on every access exception.
   *
   * @param offset byte offset in the page of the first byte accessed
   * @param length how many bytes of the page are accessed, at least 1
   */
  realOperandFrame(page: RealPage, offset: number, access: Access, length: number): number {
    this.#logical = page;
    this.#last = offset + length - 1;
    return this.#operand(page, offset, access);
  }

  #operand(page: RealPage, offset: number, access: Access): number {
    this.#private = false;
    if (access === STORE && page < 2) this.#lowAddress(offset);
    return this.#absoluteFrame(this.prefixed(page), access, this.key, FRAMES_KEY);
  }

  /**
   * The absolute byte address of the frame behind a real page that the machine itself accesses, such as the prefix
   * area in an interruption: no protection applies but that of the host below a guest.
   */
  realFrame(page: RealPage, access: Access): number {
    this.#logical = page;
    return this.#absoluteFrame(this.prefixed(page), access, UNKEYED, FRAMES_KEY);
  }

  /** As `realFrame`, for an absolute page of whoever runs here. */
  absoluteFrame(page: AbsolutePage, access: Access): number {
    this.#logical = page;
    return this.#absoluteFrame(page, access, UNKEYED, FRAMES_KEY);
  }

  /**
   * @param key the access key, `UNKEYED` for none
   * @param storageKey what counts as the storage key, or FRAMES_KEY
   */
  #absoluteFrame(page: AbsolutePage, access: Access, key: number, storageKey: number): number {
    const below = this.below;
    if (below !== null) {
      if (page >= below.pages) return this.#outside(access);
      const host = page + below.originPage;
      return this.#hostFrame(host, below.asceHi, below.asceLo, access, UNWIND.HOST, 0, key, storageKey);
    }
    const address = page * 4096;
    if (address >= this.storage.size) return this.#outside(access);
    if (key !== UNKEYED) this.#checkKey(page, access, key, storageKey);
    this.storage.keys[page]! |= access === STORE ? KEY_REFERENCED | KEY_CHANGED : KEY_REFERENCED;
    return address;
  }

  /** Applies prefixing. */
  prefixed(page: RealPage): AbsolutePage {
    return applyPrefix(page, this.prefix);
  }

  /** The absolute page that a walk by the tables of the host, or of a processor of its own, leads to. */
  #hostAbsolute(walk: Walk): AbsolutePage {
    const { frame } = walk;
    if (walk.absolute) return frame as AbsolutePage;
    return applyPrefix(frame as RealPage, this.below === null ? this.prefix : this.below.prefix);
  }

  /** The absolute page that a walk of whoever runs here leads to. */
  absoluteOf(walk: Walk): AbsolutePage {
    const { frame } = walk;
    return walk.absolute ? (frame as AbsolutePage) : this.prefixed(frame as RealPage);
  }

  /**
   * As `frame`, for a host that touches memory the way its program would: -1 where that unwinds, with
   * `exceptionCode` saying why.
   */
  attempt(page: number, access: Access): number {
    try {
      return this.frame(page as LogicalPage, UNPROTECTED_OFFSET, access);
    } catch (thrown) {
      if (thrown !== this.unwind) throw thrown;
      return -1;
    }
  }

  /** Makes several accesses. Returns 0, or the kind of the exception (see `UNWIND`) that ended them. */
  attemptAll(accesses: () => void): number {
    try {
      accesses();
      return 0;
    } catch (thrown) {
      if (thrown !== this.unwind) throw thrown;
      return this.unwindKind;
    }
  }

  /**
   * Whether a guest that runs here could store to a page of its absolute storage, whatever its key. Nothing is
   * remembered, counted or noted in storage keys: how often a host asks, does not show.
   */
  absoluteStorable(page: number): boolean {
    const { pages, originPage, asceHi, asceLo, edat } = this.below as HostBelow;
    if (page >= pages) return false;
    const host = page + originPage;
    const slot = this.tlb.slotOf(host, asceHi, asceLo);
    if (slot >= 0) return this.tlb.protect[slot] === 0;
    const walk = this.#walk;
    if (walk.to(asceHi, asceLo, host, edat)) return false;
    return !walk.protect && this.#hostAbsolute(walk) * 4096 < this.storage.size;
  }

  /**
   * Says which guest the entries of the guest's TLB belong to: those of another one, or by another prefix, are
   * purged.
   * @param description address of the state description that the guest runs by
   */
  tagGuestTlb(description: number): void {
    const below = this.below as HostBelow;
    const tag = `${description} ${below.asceHi} ${below.asceLo} ${below.originPage} ${this.prefix}`;
    if (tag !== this.#guestTag) this.guestTlb.purgeAll();
    this.#guestTag = tag;
  }

  #guestTag = '';

  // Loads and stores: two ways to the address, each with one type for it. Joined, an address above 2 GiB would be
  // put into an object for every access.

  /** One byte at a logical address. Unwinds on access exceptions, as do all that follow. */
  load8(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#slot(page, FETCH);
    const { view } = this.storage;
    if (slot >= 0) return view.getUint8((this.tlb.frames[slot] as number) * 4096 + offset);
    return view.getUint8(this.#translated(page, offset, FETCH, 1) + offset);
  }

  /** Two bytes, unsigned. */
  load16(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    if (offset > 0xffe) return (this.load8(hi, lo) << 8) | this.#next8(hi, lo, 1);
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#slot(page, FETCH);
    const { view } = this.storage;
    if (slot >= 0) return view.getUint16((this.tlb.frames[slot] as number) * 4096 + offset);
    return view.getUint16(this.#translated(page, offset, FETCH, 2) + offset);
  }

  /** Four bytes, unsigned. */
  load32(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    if (offset > 0xffc) return Number(this.#gather(hi, lo, 4));
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#slot(page, FETCH);
    const { view } = this.storage;
    if (slot >= 0) return view.getUint32((this.tlb.frames[slot] as number) * 4096 + offset);
    return view.getUint32(this.#translated(page, offset, FETCH, 4) + offset);
  }

  /** Eight bytes, unsigned. */
  load64(hi: number, lo: number): bigint {
    const offset = lo & 0xfff;
    if (offset > 0xff8) return this.#gather(hi, lo, 8);
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#slot(page, FETCH);
    const { view } = this.storage;
    if (slot >= 0) return view.getBigUint64((this.tlb.frames[slot] as number) * 4096 + offset);
    return view.getBigUint64(this.#translated(page, offset, FETCH, 8) + offset);
  }

  /** Stores the low 8 bits of `value`. */
  store8(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#slot(page, STORE);
    const { view } = this.storage;
    if (slot >= 0) view.setUint8((this.tlb.frames[slot] as number) * 4096 + offset, value);
    else view.setUint8(this.#translated(page, offset, STORE, 1) + offset, value);
  }

  /** Stores the low 16 bits of `value`. */
  store16(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    if (offset > 0xffe) {
      this.#scatter(hi, lo, 2, BigInt(value & 0xffff));
      return;
    }
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#slot(page, STORE);
    const { view } = this.storage;
    if (slot >= 0) view.setUint16((this.tlb.frames[slot] as number) * 4096 + offset, value);
    else view.setUint16(this.#translated(page, offset, STORE, 2) + offset, value);
  }

  /** Stores the low 32 bits of `value`. */
  store32(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    if (offset > 0xffc) {
      this.#scatter(hi, lo, 4, BigInt(value >>> 0));
      return;
    }
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#slot(page, STORE);
    const { view } = this.storage;
    if (slot >= 0) view.setUint32((this.tlb.frames[slot] as number) * 4096 + offset, value);
    else view.setUint32(this.#translated(page, offset, STORE, 4) + offset, value);
  }

  /** Stores the low 64 bits of `value`. */
  store64(hi: number, lo: number, value: bigint): void {
    const offset = lo & 0xfff;
    if (offset > 0xff8) {
      this.#scatter(hi, lo, 8, BigInt.asUintN(64, value));
      return;
    }
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#slot(page, STORE);
    const { view } = this.storage;
    if (slot >= 0) view.setBigUint64((this.tlb.frames[slot] as number) * 4096 + offset, value);
    else view.setBigUint64(this.#translated(page, offset, STORE, 8) + offset, value);
  }

  /** Makes sure that `length` bytes (1 to 4096) can be accessed, without accessing them. */
  probe(hi: number, lo: number, length: number, access: Access): void {
    const offset = lo & 0xfff;
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const first = Math.min(length, 0x1000 - offset);
    this.frame(page, offset, access, first);
    if (first < length) this.frame(this.pageAfter(page), 0, access, length - first);
  }

  /** Fetches `length` bytes (1 to 4096) into the start of `into`. */
  fetchBytes(hi: number, lo: number, length: number, into: Uint8Array): void {
    const offset = lo & 0xfff;
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const bytes = this.storage.bytes;
    const first = Math.min(length, 0x1000 - offset);
    const start = this.frame(page, offset, FETCH, first) + offset;
    for (let i = 0; i < first; i++) into[i] = bytes[start + i] as number;
    if (first === length) return;
    const rest = this.frame(this.pageAfter(page), 0, FETCH, length - first);
    for (let i = first; i < length; i++) into[i] = bytes[rest + i - first] as number;
  }

  /** Stores the first `length` bytes (1 to 4096) of `from`: all of them, or none when it unwinds. */
  storeBytes(hi: number, lo: number, length: number, from: Uint8Array): void {
    const offset = lo & 0xfff;
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const bytes = this.storage.bytes;
    const first = Math.min(length, 0x1000 - offset);
    const start = this.frame(page, offset, STORE, first) + offset;
    const rest = first === length ? 0 : this.frame(this.pageAfter(page), 0, STORE, length - first);
    for (let i = 0; i < first; i++) bytes[start + i] = from[i] as number;
    for (let i = first; i < length; i++) bytes[rest + i - first] = from[i] as number;
  }

  /**
   * Translates a logical page without accessing it: what LOAD REAL ADDRESS and TEST PROTECTION ask.
   * Returns the walk, its `code` set, and for `absoluteOf` what it leads to.
   * @param visit told of each table entry fetched
   */
  translate(page: LogicalPage, space: number, visit?: WalkVisitor): Walk {
    const cr = controlRegisterOf(space) * 2;
    const walk = this.below === null ? this.#walk : this.#guestWalk;
    walk.to(this.cr32[cr + 1] as number, this.cr32[cr] as number, page, this.#edat, visit);
    return walk;
  }

  /**
   * Where the host has an absolute page of the guest that runs here, for instructions on its storage key: no key is
   * asked, no reference noted, nothing remembered. Returns the walk, its `frame` absolute and `table` set. Unwinds on
   * the host's translation exceptions.
   * @param logical the page that an exception of the guest's names
   */
  walkBelow(page: AbsolutePage, logical: number): Walk {
    const { originPage, pages, asceHi, asceLo, edat } = this.below as HostBelow;
    this.#logical = logical;
    if (page >= pages) this.#outside(FETCH);
    const walk = this.#walk;
    const host = page + originPage;
    if (walk.to(asceHi, asceLo, host, edat)) this.accessException(UNWIND.HOST, walk.code, host, FETCH, 0);
    walk.frame = this.#hostAbsolute(walk);
    walk.absolute = true;
    if (walk.frame * 4096 >= this.storage.size) {
      this.accessException(UNWIND.HOST, PGM.ADDRESSING, host, FETCH, 0);
    }
    return walk;
  }

  get #edat(): boolean {
    return ((this.cr32[0] as number) & CR0_EDAT) !== 0;
  }

  /** Access-register mode is not implemented: an operand in it is a special-operation exception. */
  #space(access: Access): number {
    if (access !== INSTRUCTION) {
      if (this.space === SPACE.ACCESS_REGISTER) this.program(PGM.SPECIAL_OPERATION);
      return this.space;
    }
    return this.space === SPACE.HOME ? SPACE.HOME : SPACE.PRIMARY;
  }

  /**
   * A host's (or only) translation: page to frame, kept in `tlb`.
   * @param kind whose exception it is when the translation fails, see `UNWIND`
   * @param key the access key, `UNKEYED` for none
   * @param storageKey what counts as the storage key, or FRAMES_KEY
   */
  #hostFrame(
    page: number,
    asceHi: number,
    asceLo: number,
    access: Access,
    kind: number,
    space: number,
    key: number,
    storageKey: number,
  ): number {
    const tlb = this.tlb;
    let slot = tlb.find(page, asceHi, asceLo);
    if (slot < 0) {
      slot = this.#fill(page, asceHi, asceLo, access, kind, space);
    } else if (this.witness !== null) {
      this.witness(this, tlb, slot, this.#walk, this.below === null ? this.#edat : this.below.edat);
    }
    const frame = tlb.frames[slot] as number;
    if (access === STORE && tlb.protect[slot]) {
      this.accessException(kind, PGM.PROTECTION, page, access, space | 4);
    }
    if (key !== UNKEYED) {
      this.#checkKey(frame, access, key, storageKey < 0 ? (tlb.keys[slot] as number) : storageKey);
    }
    if (access === STORE && !tlb.changed[slot]) {
      this.storage.keys[frame]! |= KEY_CHANGED;
      tlb.changed[slot] = 1;
    }
    return frame * 4096;
  }

  #fill(page: number, asceHi: number, asceLo: number, access: Access, kind: number, space: number): number {
    const walk = this.#walk;
    const edat = this.below === null ? this.#edat : this.below.edat;
    if (walk.to(asceHi, asceLo, page, edat)) this.accessException(kind, walk.code, page, access, space);
    const frame = this.#hostAbsolute(walk);
    if (frame * 4096 >= this.storage.size) {
      this.accessException(kind, PGM.ADDRESSING, page, access, space);
    }
    this.storage.keys[frame]! |= KEY_REFERENCED;
    return this.tlb.remember(page, asceHi, asceLo, frame, walk.table, walk.protect, walk.key);
  }

  /** A guest's translation, to the guest's absolute storage, on top of the host's. */
  #guestFrame(page: LogicalPage, asceHi: number, asceLo: number, access: Access, space: number): number {
    const tlb = this.guestTlb;
    let slot = tlb.find(page, asceHi, asceLo);
    if (slot < 0) {
      const walk = this.#guestWalk;
      if (walk.to(asceHi, asceLo, page, this.#edat)) {
        this.accessException(UNWIND.PROGRAM, walk.code, page, access, space);
      }
      // The walk has made accesses of its own.
      this.#logical = page;
      slot = tlb.remember(page, asceHi, asceLo, this.absoluteOf(walk), walk.table, walk.protect, walk.key);
    }
    if (access === STORE && tlb.protect[slot]) {
      this.accessException(UNWIND.PROGRAM, PGM.PROTECTION, page, access, space | 4);
    }
    return this.#absoluteFrame(tlb.frames[slot] as AbsolutePage, access, this.key, tlb.keys[slot] as number);
  }

  /** The access is to storage that the configuration does not have. */
  #outside(access: Access): never {
    return this.accessException(UNWIND.PROGRAM, PGM.ADDRESSING, this.#logical, access, 0);
  }

  /** Low-address protection of the access that is being made, a store. */
  #lowAddress(offset: number): void {
    if (lowAddressProtected(this.cr32[0] as number, this.#logical, offset, this.#private)) {
      this.accessException(UNWIND.PROGRAM, PGM.PROTECTION, this.#logical, STORE, 0);
    }
  }

  /** Key-controlled protection of the access that is being made. */
  #checkKey(frame: number, access: Access, key: number, instead: number): void {
    const cr0 = this.cr32[0] as number;
    const storageKey = instead < 0 ? (this.storage.keys[frame] as number) : instead;
    if (access === STORE) {
      if (keyAllowsStore(cr0, key, storageKey)) return;
    } else if (
      keyAllowsFetch(cr0, key, storageKey) ||
      fetchOverridden(cr0, this.#logical, this.#last, this.#private)
    ) {
      return;
    }
    this.accessException(UNWIND.PROGRAM, PGM.PROTECTION, this.#logical, access, 0);
  }

  /** The page after this one, as the addressing mode wraps. */
  pageAfter(page: LogicalPage): LogicalPage {
    const limit = this.addressing === 3 ? 2 ** 52 : this.addressing === 1 ? 0x8_0000 : 0x1000;
    return (page + 1 >= limit ? 0 : page + 1) as LogicalPage;
  }

  /** The byte `step` bytes on, which lies in the next page. */
  #next8(hi: number, lo: number, step: number): number {
    const page = this.pageAfter((hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage);
    const offset = (lo + step) & 0xfff;
    return this.storage.view.getUint8(this.frame(page, offset, FETCH) + offset);
  }

  #gather(hi: number, lo: number, length: number): bigint {
    const first = 0x1000 - (lo & 0xfff);
    let value = 0n;
    for (let i = 0; i < length; i++) {
      const byte = i < first ? this.load8(hi, lo + i) : this.#next8(hi, lo, i);
      value = (value << 8n) | BigInt(byte);
    }
    return value;
  }

  readonly #scratch = new Uint8Array(8);

  #scatter(hi: number, lo: number, length: number, value: bigint): void {
    for (let i = 0; i < length; i++)
      this.#scratch[i] = Number((value >> BigInt((length - 1 - i) * 8)) & 0xffn);
    this.storeBytes(hi, lo, length, this.#scratch);
  }
}

/** The control register that holds the ASCE of a space. */
export function controlRegisterOf(space: number): number {
  return space === SPACE.PRIMARY ? 1 : space === SPACE.SECONDARY ? 7 : 13;
}

/** Table entries of a guest: in its absolute storage, so each fetch goes through the host's translation. */
class GuestEntries implements EntrySource {
  hi = 0;
  lo = 0;
  readonly #cpu: CpuAccess;

  constructor(cpu: CpuAccess) {
    this.#cpu = cpu;
  }

  fetch(page: number, offset: number): number {
    const below = this.#cpu.below;
    if (below === null || page >= below.pages) return PGM.ADDRESSING;
    // Fetches of table entries are not subject to key-controlled protection.
    const address = this.#cpu.absoluteFrame(page as AbsolutePage, FETCH) + offset;
    this.hi = this.#cpu.storage.get32(address);
    this.lo = this.#cpu.storage.get32(address + 4);
    return 0;
  }
}
