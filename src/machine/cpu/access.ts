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

import { ASCE, CR0_EDAT } from '../dat/formats.ts';
import { AbsoluteEntries, type EntrySource, Walk, type WalkVisitor } from '../dat/walk.ts';
import { PGM } from '../interruption.ts';
import { KEY_ACC, KEY_CHANGED, KEY_FETCH, KEY_REFERENCED, type Storage } from '../storage.ts';
import { Tlb } from '../tlb.ts';
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

/** Control register 0: low-address protection, fetch- and storage-protection override. */
const CR0_LOW_ADDRESS_PROTECTION = 0x1000_0000;
const CR0_FETCH_OVERRIDE = 0x0200_0000;
const CR0_STORAGE_OVERRIDE = 0x0100_0000;

const PAGES_PER_HIGH = 0x10_0000;

/** The host below a guest: what a processor under interpretive execution needs for the guest's storage. */
export interface HostBelow {
  /** Host page number that guest absolute 0 lies at: main-storage origin. */
  readonly originPage: number;
  /** Guest pages there are: guest absolute pages from this one on are not in the configuration. */
  readonly pages: number;
  /** The host's primary address-space-control element. */
  readonly asceHi: number;
  readonly asceLo: number;
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
    this.teidHi = Math.floor(page / PAGES_PER_HIGH);
    this.teidLo = (((page % PAGES_PER_HIGH) << 12) | (access === STORE ? 0x400 : 0x800) | space) >>> 0;
    throw this.unwind;
  }

  /**
   * The absolute byte address of the frame behind a logical page.
   *
   * @param page logical page number
   * @param offset byte offset in the page of the first byte accessed (low-address protection needs it)
   * Unwinds on every access exception.
   */
  frame(page: number, offset: number, access: Access): number {
    const slot = this.#slot(page, access);
    return slot < 0 ? this.#translated(page, offset, access) : (this.tlb.frames[slot] as number) * 4096;
  }

  /**
   * The slot of the buffer that an access finds its page in when nothing more is to be asked: about DAT, spaces,
   * keys, low addresses, a host below, a witness, or for a store whether it may be made and is the first. -1 when
   * something is: `#translated` asks.
   */
  #slot(page: number, access: Access): number {
    const { tlb, cr32 } = this;
    if (this.dat !== true || this.below !== null || this.space !== SPACE.PRIMARY) return -1;
    if (this.key !== 0 || this.witness !== null || page < 2) return -1;
    const slot = tlb.slotOf(page, cr32[3] as number, cr32[2] as number);
    if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;
    tlb.hits++;
    return slot;
  }

  /** As `frame`, whatever there is to ask. */
  #translated(page: number, offset: number, access: Access): number {
    if (access === STORE && page < 2 && offset < 512) this.#lowAddress(page, access);
    if (!this.dat) return this.realFrame(page, access, page, offset);
    const space = this.#space(access);
    const cr = space === SPACE.PRIMARY ? 1 : space === SPACE.SECONDARY ? 7 : 13;
    const asceLo = this.cr32[cr * 2] as number;
    const asceHi = this.cr32[cr * 2 + 1] as number;
    return this.below === null
      ? this.#hostFrame(page, asceHi, asceLo, access, page, offset, UNWIND.PROGRAM, space)
      : this.#guestFrame(page, asceHi, asceLo, access, offset, space);
  }

  /**
   * The absolute byte address of the frame behind a real page of whoever runs here: prefixing and, for a guest,
   * the host's translation. `logical` is the page that an exception names.
   */
  realFrame(page: number, access: Access, logical = page, offset = 0): number {
    return this.absoluteFrame(this.prefixed(page), access, logical, offset);
  }

  /** The absolute byte address of the frame behind an absolute page of whoever runs here. */
  absoluteFrame(page: number, access: Access, logical = page, offset = 0): number {
    const below = this.below;
    if (below !== null) {
      if (page >= below.pages) return this.#outside(logical, access);
      const host = page + below.originPage;
      return this.#hostFrame(host, below.asceHi, below.asceLo, access, logical, offset, UNWIND.HOST, 0);
    }
    const address = page * 4096;
    if (address >= this.storage.size) return this.#outside(logical, access);
    this.#key(page, access, logical, offset);
    this.storage.keys[page]! |= access === STORE ? KEY_REFERENCED | KEY_CHANGED : KEY_REFERENCED;
    return address;
  }

  /** Applies prefixing to a real page number. */
  prefixed(page: number): number {
    const prefix = this.prefix >>> 12;
    if (page < 2) return page + prefix;
    return page === prefix || page === prefix + 1 ? page - prefix : page;
  }

  /**
   * As `frame`, for a host that touches memory the way its program would: -1 where that unwinds, with
   * `exceptionCode` saying why.
   */
  attempt(page: number, access: Access): number {
    try {
      return this.frame(page, 0x800, access);
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
    return !walk.protect && walk.frame * 4096 < this.storage.size;
  }

  /**
   * Says which guest the guest's remembered translations are of: those of another one are forgotten.
   * @param description address of the state description that the guest runs by
   */
  tagGuestTlb(description: number): void {
    const below = this.below as HostBelow;
    const tag = `${description} ${below.asceHi} ${below.asceLo} ${below.originPage}`;
    if (tag !== this.#guestTag) this.guestTlb.purgeAll();
    this.#guestTag = tag;
  }

  #guestTag = '';

  // Loads and stores: two ways to the address, each with one type for it. Joined, an address above 2 GiB would be
  // put into an object for every access.

  /** One byte at a logical address. Unwinds on access exceptions, as do all that follow. */
  load8(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const slot = this.#slot(page, FETCH);
    const { view } = this.storage;
    if (slot >= 0) return view.getUint8((this.tlb.frames[slot] as number) * 4096 + offset);
    return view.getUint8(this.#translated(page, offset, FETCH) + offset);
  }

  /** Two bytes, unsigned. */
  load16(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    if (offset > 0xffe) return (this.load8(hi, lo) << 8) | this.#next8(hi, lo, 1);
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const slot = this.#slot(page, FETCH);
    const { view } = this.storage;
    if (slot >= 0) return view.getUint16((this.tlb.frames[slot] as number) * 4096 + offset);
    return view.getUint16(this.#translated(page, offset, FETCH) + offset);
  }

  /** Four bytes, unsigned. */
  load32(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    if (offset > 0xffc) return Number(this.#gather(hi, lo, 4));
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const slot = this.#slot(page, FETCH);
    const { view } = this.storage;
    if (slot >= 0) return view.getUint32((this.tlb.frames[slot] as number) * 4096 + offset);
    return view.getUint32(this.#translated(page, offset, FETCH) + offset);
  }

  /** Eight bytes, unsigned. */
  load64(hi: number, lo: number): bigint {
    const offset = lo & 0xfff;
    if (offset > 0xff8) return this.#gather(hi, lo, 8);
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const slot = this.#slot(page, FETCH);
    const { view } = this.storage;
    if (slot >= 0) return view.getBigUint64((this.tlb.frames[slot] as number) * 4096 + offset);
    return view.getBigUint64(this.#translated(page, offset, FETCH) + offset);
  }

  /** Stores the low 8 bits of `value`. */
  store8(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const slot = this.#slot(page, STORE);
    const { view } = this.storage;
    if (slot >= 0) view.setUint8((this.tlb.frames[slot] as number) * 4096 + offset, value);
    else view.setUint8(this.#translated(page, offset, STORE) + offset, value);
  }

  /** Stores the low 16 bits of `value`. */
  store16(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    if (offset > 0xffe) {
      this.#scatter(hi, lo, 2, BigInt(value & 0xffff));
      return;
    }
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const slot = this.#slot(page, STORE);
    const { view } = this.storage;
    if (slot >= 0) view.setUint16((this.tlb.frames[slot] as number) * 4096 + offset, value);
    else view.setUint16(this.#translated(page, offset, STORE) + offset, value);
  }

  /** Stores the low 32 bits of `value`. */
  store32(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    if (offset > 0xffc) {
      this.#scatter(hi, lo, 4, BigInt(value >>> 0));
      return;
    }
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const slot = this.#slot(page, STORE);
    const { view } = this.storage;
    if (slot >= 0) view.setUint32((this.tlb.frames[slot] as number) * 4096 + offset, value);
    else view.setUint32(this.#translated(page, offset, STORE) + offset, value);
  }

  /** Stores the low 64 bits of `value`. */
  store64(hi: number, lo: number, value: bigint): void {
    const offset = lo & 0xfff;
    if (offset > 0xff8) {
      this.#scatter(hi, lo, 8, BigInt.asUintN(64, value));
      return;
    }
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const slot = this.#slot(page, STORE);
    const { view } = this.storage;
    if (slot >= 0) view.setBigUint64((this.tlb.frames[slot] as number) * 4096 + offset, value);
    else view.setBigUint64(this.#translated(page, offset, STORE) + offset, value);
  }

  /** Makes sure that `length` bytes (1 to 4096) can be accessed, without accessing them. */
  probe(hi: number, lo: number, length: number, access: Access): void {
    const offset = lo & 0xfff;
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    this.frame(page, offset, access);
    if (offset + length > 0x1000) this.frame(this.pageAfter(page), 0, access);
  }

  /** Fetches `length` bytes (1 to 4096) into the start of `into`. */
  fetchBytes(hi: number, lo: number, length: number, into: Uint8Array): void {
    const offset = lo & 0xfff;
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const bytes = this.storage.bytes;
    const first = Math.min(length, 0x1000 - offset);
    const start = this.frame(page, offset, FETCH) + offset;
    for (let i = 0; i < first; i++) into[i] = bytes[start + i] as number;
    if (first === length) return;
    const rest = this.frame(this.pageAfter(page), 0, FETCH);
    for (let i = first; i < length; i++) into[i] = bytes[rest + i - first] as number;
  }

  /** Stores the first `length` bytes (1 to 4096) of `from`: all of them, or none when it unwinds. */
  storeBytes(hi: number, lo: number, length: number, from: Uint8Array): void {
    const offset = lo & 0xfff;
    const page = hi * PAGES_PER_HIGH + (lo >>> 12);
    const bytes = this.storage.bytes;
    const first = Math.min(length, 0x1000 - offset);
    const start = this.frame(page, offset, STORE) + offset;
    const rest = first === length ? 0 : this.frame(this.pageAfter(page), 0, STORE);
    for (let i = 0; i < first; i++) bytes[start + i] = from[i] as number;
    for (let i = first; i < length; i++) bytes[rest + i - first] = from[i] as number;
  }

  /**
   * Translates a logical page without accessing it: what LOAD REAL ADDRESS and TEST PROTECTION ask.
   * Returns the walk, its `code` and `frame` (a real page of whoever runs here) set.
   * @param visit told of each table entry fetched
   */
  translate(page: number, space: number, visit?: WalkVisitor): Walk {
    const cr = space === SPACE.PRIMARY ? 1 : space === SPACE.SECONDARY ? 7 : 13;
    const walk = this.below === null ? this.#walk : this.#guestWalk;
    walk.to(this.cr32[cr * 2 + 1] as number, this.cr32[cr * 2] as number, page, this.#edat, visit);
    return walk;
  }

  /**
   * Where the host has an absolute page of the guest that runs here, for instructions on its storage key: no key is
   * asked, no reference noted, nothing remembered. Returns the walk, its `frame` and `table` set. Unwinds on the
   * host's translation exceptions.
   * @param logical the page that an exception of the guest's names
   */
  walkBelow(page: number, logical: number): Walk {
    const { originPage, pages, asceHi, asceLo, edat } = this.below as HostBelow;
    if (page >= pages) this.#outside(logical, FETCH);
    const walk = this.#walk;
    const host = page + originPage;
    if (walk.to(asceHi, asceLo, host, edat)) this.#walkFailed(walk.code, host, FETCH, UNWIND.HOST, 0);
    if (walk.frame * 4096 >= this.storage.size) {
      this.#walkFailed(PGM.ADDRESSING, host, FETCH, UNWIND.HOST, 0);
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

  /** A host's (or only) translation: logical page to frame, remembered in `tlb`. */
  #hostFrame(
    page: number,
    asceHi: number,
    asceLo: number,
    access: Access,
    logical: number,
    offset: number,
    kind: number,
    space: number,
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
    if (this.key !== 0) this.#key(frame, access, logical, offset);
    if (access === STORE && !tlb.changed[slot]) {
      this.storage.keys[frame]! |= KEY_CHANGED;
      tlb.changed[slot] = 1;
    }
    return frame * 4096;
  }

  #fill(page: number, asceHi: number, asceLo: number, access: Access, kind: number, space: number): number {
    const walk = this.#walk;
    const edat = this.below === null ? this.#edat : this.below.edat;
    if (walk.to(asceHi, asceLo, page, edat)) this.#walkFailed(walk.code, page, access, kind, space);
    // Under interpretive execution the prefix is the guest's and has been applied already.
    const frame = this.below === null ? this.prefixed(walk.frame) : walk.frame;
    if (frame * 4096 >= this.storage.size) this.#walkFailed(PGM.ADDRESSING, page, access, kind, space);
    this.storage.keys[frame]! |= KEY_REFERENCED;
    return this.tlb.remember(page, asceHi, asceLo, frame, walk.table, walk.protect);
  }

  /** A guest's translation on top of the host's. */
  #guestFrame(
    page: number,
    asceHi: number,
    asceLo: number,
    access: Access,
    offset: number,
    space: number,
  ): number {
    const tlb = this.guestTlb;
    let slot = tlb.find(page, asceHi, asceLo);
    if (slot < 0) {
      const walk = this.#guestWalk;
      if (walk.to(asceHi, asceLo, page, this.#edat)) {
        this.#walkFailed(walk.code, page, access, UNWIND.PROGRAM, space);
      }
      slot = tlb.remember(page, asceHi, asceLo, walk.frame, walk.table, walk.protect);
    }
    if (access === STORE && tlb.protect[slot]) {
      this.accessException(UNWIND.PROGRAM, PGM.PROTECTION, page, access, space | 4);
    }
    return this.realFrame(tlb.frames[slot] as number, access, page, offset);
  }

  #walkFailed(code: number, page: number, access: Access, kind: number, space: number): never {
    return this.accessException(kind, code, page, access, space);
  }

  #outside(logical: number, access: Access): never {
    return this.accessException(UNWIND.PROGRAM, PGM.ADDRESSING, logical, access, 0);
  }

  /** Low-address protection: stores to the first 512 bytes of pages 0 and 1. */
  #lowAddress(page: number, access: Access): void {
    if (this.lowAddressProtected(page, 0)) {
      this.accessException(UNWIND.PROGRAM, PGM.PROTECTION, page, access, 0);
    }
  }

  /** Whether low-address protection forbids stores at an offset of a logical page. */
  lowAddressProtected(page: number, offset: number): boolean {
    if (page > 1 || offset > 511) return false;
    if (((this.cr32[0] as number) & CR0_LOW_ADDRESS_PROTECTION) === 0) return false;
    if (!this.dat) return true;
    const cr = this.space === SPACE.SECONDARY ? 7 : this.space === SPACE.HOME ? 13 : 1;
    return ((this.cr32[cr * 2] as number) & ASCE.PRIVATE) === 0;
  }

  /** Key-controlled protection: chapter 3, "Protection". */
  #key(frame: number, access: Access, logical: number, offset: number): void {
    if (this.key === 0) return;
    const key = this.storage.keys[frame] as number;
    if ((key & KEY_ACC) >>> 4 === this.key) return;
    const cr0 = this.cr32[0] as number;
    if (cr0 & CR0_STORAGE_OVERRIDE && (key & KEY_ACC) >>> 4 === 9) return;
    if (access !== STORE) {
      if ((key & KEY_FETCH) === 0) return;
      if (cr0 & CR0_FETCH_OVERRIDE && logical === 0 && offset < 2048) return;
    }
    this.accessException(UNWIND.PROGRAM, PGM.PROTECTION, logical, access, 0);
  }

  /** The page after this one, as the addressing mode wraps. */
  pageAfter(page: number): number {
    const limit = this.addressing === 3 ? 2 ** 52 : this.addressing === 1 ? 0x8_0000 : 0x1000;
    return page + 1 >= limit ? 0 : page + 1;
  }

  /** The byte `step` bytes on, which lies in the next page. */
  #next8(hi: number, lo: number, step: number): number {
    const page = this.pageAfter(hi * PAGES_PER_HIGH + (lo >>> 12));
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
    const key = this.#cpu.key;
    // Table fetches are not subject to key-controlled protection.
    this.#cpu.key = 0;
    try {
      const address = this.#cpu.absoluteFrame(page, FETCH) + offset;
      this.hi = this.#cpu.storage.get32(address);
      this.lo = this.#cpu.storage.get32(address + 4);
      return 0;
    } finally {
      this.#cpu.key = key;
    }
  }
}
