/**
 * Access to storage: a processor translates a logical address to a frame by DAT and prefixing and, while it interprets
 * a guest, by the host's DAT as well.
 *
 *     logical --DAT--> real --prefix--> absolute                       (no guest)
 *     logical --guest DAT--> guest real --prefix--> guest absolute     (interpreting a guest)
 *             --main-storage origin--> host virtual --host DAT--> absolute
 *
 * Addresses are passed in halves (`hi`, `lo`) or as page numbers; absolute addresses are plain numbers. An access
 * exception throws the processor's one `Unwind` object, which the run loop catches.
 */

import { type AbsolutePage, applyPrefix, type LogicalPage, type RealPage } from '../addresses.ts';
import { CR0 } from '../control-registers.ts';
import { ASCE, EDAT, type Edat } from '../dat/formats.ts';
import { AbsoluteEntries, type EntrySource, Walk, type WalkVisitor } from '../dat/walk.ts';
import { isAccessRegisterException, PGM } from '../interruption.ts';
import type { ProcessorBlock } from '../processor-block.ts';
import { KEY_CHANGED, KEY_REFERENCED, type Storage } from '../storage.ts';
import { TLB_SLOTS, Tlb } from '../tlb.ts';
import { AccessWindow, LOADS, placeOf, STORES } from './access-window.ts';
import { AccessRegisterTranslation } from './art.ts';
import type { ObservedAccess, Observer } from './observer.ts';
import { ProgramEvents } from './program-events.ts';
import { fetchOverridden, keyAllowsFetch, keyAllowsStore, lowAddressProtected } from './protection.ts';
import type { SieContext } from './sie-context.ts';
import { CpuState, SPACE } from './state.ts';

/** The kinds of access. */
export const FETCH = 0;
export const STORE = 1;
export const INSTRUCTION = 2;
export type Access = typeof FETCH | typeof STORE | typeof INSTRUCTION;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Why an instruction was abandoned. */
export const UNWIND = {
  /** A program exception of the running program. */
  PROGRAM: 1,
  /** The host's translation of a guest access failed. */
  HOST: 2,
  /** The guest's instruction is an interception. */
  INTERCEPT: 3,
} as const;
export type UnwindKind = (typeof UNWIND)[keyof typeof UNWIND];

/** Thrown to abandon an instruction. A processor always throws the same object; its fields hold the reason. */
export class Unwind extends Error {
  constructor() {
    super('unwind');
    this.stack = '';
  }
}

/** An access key of 0: the access is not subject to key-controlled protection. */
const UNKEYED = 0;
/** The storage key of the frame applies: no segment-table entry overrides it. */
const FRAMES_KEY = -1;

/**
 * Translation-exception identification: bits of its low half. Bits 56, 60 and 61 of a protection exception say what forbids
 * the access. Chapter 3, "Enhanced Suppression-on-Protection Facility 2".
 */
const TEID = {
  STORE: 0x400,
  FETCH: 0x800,
  SIDE_EFFECT: 0x200,
  LOW_ADDRESS: 0x80,
  KEY: 0x08,
  DAT: 0x04,
  ACCESS_LIST: 0x0c,
  EXECUTION: 0x84,
} as const;

const PAGES_PER_HIGH = 0x10_0000;
/** Low-address protection covers parts of the pages below this one. */
const LOW_PAGES = 2;
/**
 * An offset in a page past both the first 512 bytes (low-address protection) and the first 2 KiB (fetch-protection
 * override).
 */
const UNPROTECTED_OFFSET = 0x800;

/**
 * In place of an access register: the operand is in the space of the instruction, as operands of relative instructions are.
 */
export const INSTRUCTION_SPACE = 16;

/** Knows which frames hold code that was compiled. Processors tell it of their stores; a host may tell it of its own, see `Cpu.runClaimed`. */
export interface CodeWatch {
  /** Bytes `first` to `last` of a frame are stored to. Returns whether the next store to the frame must be reported, too. */
  stored(frame: number, first: number, last: number): boolean;
  /** Whether a frame holds code, so that each store to it must be reported. */
  holds(frame: number): boolean;
}

/** The TLB check hook: check mode compares each TLB hit with a fresh walk. */
export type TlbHitCheck = (tlb: Tlb, slot: number) => void;

/**
 * The access under way, for the rules of protection and for the identification of an exception. A processor has one of
 * these and reuses it, so that an access allocates nothing.
 */
class AccessRequest {
  access: Access = FETCH;
  /** Page number of the effective address, before any translation. */
  page = 0;
  /** Byte offsets in the page of the first and the last byte accessed. */
  first = 0;
  last = 0;
  /** The address space, see `SPACE`; 0 for real and absolute addresses, and for the host's space of a guest's storage. */
  space = 0;
  /** Whether the ASCE that translates the address has the private-space control on. */
  privateSpace = false;
  /** The ASCE that translates the address, in halves, if DAT is on. */
  asceHi = 0;
  asceLo = 0;
  /** The access key, or `UNKEYED`. */
  key = UNKEYED;
  /** The storage key from a segment-table entry, or `FRAMES_KEY`. */
  storageKey = FRAMES_KEY;
  /** Whether the access-list entry that designates the space permits only fetches. */
  fetchOnly = false;
  /** The running program's absolute page, once it is known. */
  absolute = 0;
}

/** The facilities of dynamic address translation that a processor has. */
export interface AccessFacilities {
  /** Which enhanced DAT is installed. */
  readonly edat: Edat;
  /** Whether instruction-execution protection is installed. */
  readonly executionProtection: boolean;
}

/** A processor's state together with its access to storage. */
export class CpuAccess extends CpuState {
  readonly storage: Storage;
  /** What must know of stores to code, or null. */
  codeWatch: CodeWatch | null = null;
  /** Program-event recording: the events of the instruction under way. */
  readonly events = new ProgramEvents(this.cr);
  /** Caches translations of the processor's own program; while it interprets a guest, the host's. */
  readonly tlb = new Tlb();
  /** Caches the guest's translations, from guest logical to guest absolute pages. */
  readonly guestTlb = new Tlb();
  /** The pages that are accessed without a lookup. */
  readonly window = new AccessWindow();
  /** The context of the guest that the processor interprets, or null if it interprets none. */
  sie: SieContext | null = null;
  /** Whether no access takes the fast path: in check mode, while stores are program events, and while accesses are observed. */
  #inspecting = false;
  #onTlbHit: TlbHitCheck | null = null;
  #watchingStores = false;
  #observer: Observer | null = null;

  /** Why the last abandoned instruction was abandoned, see `UNWIND`; 0 if none was. */
  unwindKind: UnwindKind | 0 = 0;
  /**
   * The access register that designates the space of the next accesses in the access-register mode, 0 to 15 (0: the primary
   * space), or `INSTRUCTION_SPACE`. It belongs to the operand at the effective address, see `CpuAddressing`.
   */
  operandRegister = 0;
  /** The result of the last access-register translation. */
  readonly art: AccessRegisterTranslation;

  /** The program-interruption code, if the kind is PROGRAM or HOST. */
  exceptionCode = 0;
  /** Translation-exception identification: page address and indications, in halves. */
  teidHi = 0;
  teidLo = 0;
  /** The exception access identification: the access register of the operand, in the access-register mode; otherwise 0. */
  exceptionAccess = 0;
  /** The data-exception code (DXC) of a data exception. */
  dataExceptionCode = 0;
  /** Operand-access identification of a page-translation exception: r1 and r2 of MOVE PAGE, 0 for other instructions. */
  operandAccess = 0;
  /** Class and code of a monitor event. */
  monitorClass = 0;
  monitorCode = 0n;

  protected readonly unwind = new Unwind();
  readonly #walk: Walk;
  readonly #guestWalk: Walk;

  readonly #installed: AccessFacilities;

  constructor(storage: Storage, installed: AccessFacilities, block: ProcessorBlock) {
    super(block);
    this.storage = storage;
    this.tlb.watchers.push(this.window);
    this.guestTlb.watchers.push(this.window);
    this.#installed = installed;
    this.#walk = new Walk(new AbsoluteEntries(storage));
    this.#guestWalk = new Walk(new GuestEntries(this));
    this.art = new AccessRegisterTranslation(this.cr32, (address) => this.realWord(address));
  }

  /** Called for each TLB hit in check mode; null outside check mode. */
  get onTlbHit(): TlbHitCheck | null {
    return this.#onTlbHit;
  }

  set onTlbHit(check: TlbHitCheck | null) {
    this.#onTlbHit = check;
    this.#updateInspecting();
  }

  /** Whether stores are reported to `events`. */
  protected set watchingStores(on: boolean) {
    this.#watchingStores = on;
    this.#updateInspecting();
  }

  /** The observer of the machine, see `Machine.observer`. */
  get observer(): Observer | null {
    return this.#observer;
  }

  set observer(observer: Observer | null) {
    this.#observer = observer;
    this.#updateInspecting();
    // The first store of each translation is reported.
    this.tlb.forgetChanges();
  }

  #updateInspecting(): void {
    this.window.close();
    this.#inspecting =
      this.#onTlbHit !== null || this.#watchingStores || (this.#observer?.accessed ?? null) !== null;
  }

  /** Ends the instruction with a program exception. */
  program(code: number): never {
    this.unwindKind = UNWIND.PROGRAM;
    this.exceptionCode = code;
    this.exceptionAccess = 0;
    this.teidHi = 0;
    this.teidLo = 0;
    throw this.unwind;
  }

  /**
   * Ends the instruction with an exception that stores an exception access identification: the access register, or which
   * address-space number an ASTE-instance exception is about.
   */
  accessRegisterException(code: number, register: number): never {
    try {
      return this.program(code);
    } finally {
      this.exceptionAccess = register;
    }
  }

  /**
   * Ends the instruction with an exception or event that stores an identification of 32 bits, such as an address-space number.
   */
  identifiedException(code: number, identification: number): never {
    try {
      return this.program(code);
    } finally {
      this.teidLo = identification >>> 0;
    }
  }

  /** Ends the instruction with a data exception. @param dxc the data-exception code */
  dataException(dxc: number): never {
    this.dataExceptionCode = dxc;
    return this.program(PGM.DATA);
  }

  /**
   * Ends the instruction with an access exception. The translation-exception identification names page, access and space.
   * @param reason of a protection exception, see `TEID`
   */
  #accessException(kind: UnwindKind, code: number, page: number, reason = 0): never {
    this.unwindKind = kind;
    this.exceptionCode = code;
    this.operandAccess = 0;
    this.teidHi = Math.floor(page / PAGES_PER_HIGH);
    const { access, space } = this.#request;
    const fetchOrStore = access === STORE ? TEID.STORE : TEID.FETCH;
    const own = kind === UNWIND.HOST ? 0 : space;
    this.exceptionAccess = own === SPACE.ACCESS_REGISTER ? this.operandRegister : 0;
    this.teidLo = (((page % PAGES_PER_HIGH) << 12) | fetchOrStore | reason | own) >>> 0;
    throw this.unwind;
  }

  /** Ends the instruction with an exception of low-address protection, for a store to a real page. */
  lowAddressException(page: number): never {
    this.#request.access = STORE;
    this.#request.space = 0;
    return this.#accessException(UNWIND.PROGRAM, PGM.PROTECTION, page, TEID.LOW_ADDRESS);
  }

  readonly #request = new AccessRequest();

  /**
   * Returns the absolute byte address of the frame behind a logical page. Unwinds on every access exception.
   *
   * @param offset byte offset in the page of the first byte accessed
   * @param length number of bytes accessed in the page, at least 1
   */
  frame(page: LogicalPage, offset: number, access: Access, length = 1): number {
    const slot = this.#fastSlot(page, access);
    return slot < 0
      ? this.#translated(page, offset, access, length)
      : (this.tlb.frames[slot] as number) * 4096;
  }

  /**
   * Returns the absolute address of an operand of `length` bytes, all in one page, at a logical address. Unwinds on every
   * access exception.
   */
  operandAddress(hi: number, lo: number, access: typeof FETCH | typeof STORE, length: number): number {
    const kind = access === STORE ? STORES : LOADS;
    const at = this.#inWindow(hi, lo, kind);
    if (at >= 0) return at;
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const offset = lo & 0xfff;
    const slot = this.#fastSlot(page, access);
    if (slot >= 0) return this.#frameOfSlot(slot, hi, lo, kind) + offset;
    return this.#translated(page, offset, access, length) + offset;
  }

  /** Returns the absolute address of a byte if its page is in the window, and counts the access. Otherwise returns -1. */
  #inWindow(hi: number, lo: number, kind: number): number {
    const { window } = this;
    const { pages } = window;
    const at = kind + placeOf(lo);
    if (pages[at] !== ((lo & ~0xfff) | window.generation) || pages[at + 1] !== (hi | 0)) return -1;
    window.hits++;
    return (pages[at + 2] as number) * 4096 + (lo & 0xfff);
  }

  /** Returns the address of the frame in a slot that `#fastSlot` has found, and adds the page to the window. */
  #frameOfSlot(slot: number, hi: number, lo: number, kind: number): number {
    const frame = this.tlb.frames[slot] as number;
    this.window.add(hi, lo, kind, frame);
    return frame * 4096;
  }

  /** As `frame`, for an instruction fetch of two bytes: its fast path tests what matters to a fetch of instructions. */
  instructionFrame(page: LogicalPage, offset: number): number {
    const { tlb, cr32 } = this;
    if (this.sie !== null) {
      const slot = this.#fastGuestSlot(this.sie, page, INSTRUCTION);
      if (slot >= 0) return (tlb.frames[slot] as number) * 4096;
      // Instructions come from the primary space, except in the home-space mode.
    } else if (this.dat === true && this.space !== SPACE.HOME) {
      const slot = tlb.slotOf(page, cr32[3] as number, cr32[2] as number);
      if (slot >= 0 && tlb.noExecute[slot] === 0 && this.key === 0 && !this.#inspecting) {
        tlb.hits++;
        return (tlb.frames[slot] as number) * 4096;
      }
    }
    return this.#translated(page, offset, INSTRUCTION, 2);
  }

  /**
   * Fast path: returns the TLB slot of the page if the access needs no other check: DAT is on, the primary or the home space is used,
   * the key is 0, check mode is off, stores are not watched, the page is not 0 or 1 (low-address
   * protection), and the change bit is recorded if it is a store (so the page is not protected), and the entry permits
   * instruction fetches if it is one. Returns -1 otherwise: `#translated` decides.
   */
  #fastSlot(page: LogicalPage, access: Access): number {
    const { tlb, cr32, sie } = this;
    if (sie !== null) return this.#fastGuestSlot(sie, page, access);
    if (this.dat !== true || (this.space !== SPACE.PRIMARY && this.space !== SPACE.HOME)) return -1;
    if (this.key !== 0 || this.#inspecting || page < LOW_PAGES) return -1;
    const cr = this.space === SPACE.PRIMARY ? 2 : 26;
    const slot = tlb.slotOf(page, cr32[cr + 1] as number, cr32[cr] as number);
    if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;
    if (access === INSTRUCTION && tlb.noExecute[slot] !== 0) return -1;
    tlb.hits++;
    return slot;
  }

  /**
   * As `#fastSlot`, for a guest: the guest's TLB has the page, unless DAT is off, and the host's TLB has the page of the host
   * where the guest's absolute page is.
   */
  #fastGuestSlot(
    { pages, originPage, asceHi, asceLo }: SieContext,
    page: LogicalPage,
    access: Access,
  ): number {
    if (this.key !== 0 || this.#inspecting || page < LOW_PAGES) return -1;
    const { tlb, guestTlb, cr32 } = this;
    let absolute: number = page;
    if (this.dat) {
      if (this.space !== SPACE.PRIMARY && this.space !== SPACE.HOME) return -1;
      const cr = this.space === SPACE.PRIMARY ? 2 : 26;
      const slot = guestTlb.slotOf(page, cr32[cr + 1] as number, cr32[cr] as number);
      if (slot < 0 || (access === STORE && guestTlb.protect[slot] !== 0)) return -1;
      if (access === INSTRUCTION && guestTlb.noExecute[slot] !== 0) return -1;
      absolute = guestTlb.frames[slot] as number;
    } else {
      const inPrefixArea = page - (this.prefix >>> 12);
      if (inPrefixArea === 0 || inPrefixArea === 1) return -1;
    }
    if (absolute >= pages) return -1;
    const slot = tlb.slotOf(absolute + originPage, asceHi, asceLo);
    if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;
    if (access === INSTRUCTION && tlb.noExecute[slot] !== 0) return -1;
    if (this.dat) guestTlb.hits++;
    tlb.hits++;
    return slot;
  }

  /**
   * Returns the address of the frame behind a page if an access to it needs no more than the TLB entries that are there, or, with DAT off, if its key shows it referenced (and changed) already. Returns -1
   * otherwise. Records nothing and counts nothing.
   */
  cachedFrame(page: LogicalPage, access: Access): number {
    if (this.key !== 0 || this.#inspecting || (access === STORE && page < LOW_PAGES)) return -1;
    const { sie } = this;
    const cr = controlRegisterOf(access === INSTRUCTION ? this.#space(access) : this.space) * 2;
    const asceHi = this.cr32[cr + 1] as number;
    const asceLo = this.cr32[cr] as number;
    if (sie !== null) {
      const absolute = this.#cachedGuestPage(page, access, asceHi, asceLo);
      if (absolute < 0 || absolute >= sie.pages) return -1;
      return this.#cachedHostFrame(absolute + sie.originPage, access, sie.asceHi, sie.asceLo);
    }
    if (this.dat) return this.#cachedHostFrame(page, access, asceHi, asceLo);
    const absolute = this.prefixed(page as number as RealPage);
    const recorded = access === STORE ? KEY_REFERENCED | KEY_CHANGED : KEY_REFERENCED;
    if (absolute * 4096 >= this.storage.size) return -1;
    if (access === STORE && (this.#observer !== null || this.codeWatch?.holds(absolute) === true)) return -1;
    return ((this.storage.keys[absolute] as number) & recorded) === recorded ? absolute * 4096 : -1;
  }

  /** Returns the slot of the host's TLB that a page of the guest depends on. Preconditions: `cachedFrame` has found the page. */
  hostSlotOf(page: LogicalPage): number {
    const { originPage } = this.sie as SieContext;
    const cr = controlRegisterOf(this.space) * 2;
    const absolute = this.#cachedGuestPage(page, FETCH, this.cr32[cr + 1] as number, this.cr32[cr] as number);
    return (absolute + originPage) & (TLB_SLOTS - 1);
  }

  #cachedHostFrame(page: number, access: Access, asceHi: number, asceLo: number): number {
    const { tlb } = this;
    const slot = tlb.slotOf(page, asceHi, asceLo);
    if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;
    if (access === INSTRUCTION && tlb.noExecute[slot] !== 0) return -1;
    return (tlb.frames[slot] as number) * 4096;
  }

  /** The guest's absolute page, or -1. */
  #cachedGuestPage(page: LogicalPage, access: Access, asceHi: number, asceLo: number): number {
    if (!this.dat) return this.prefixed(page as number as RealPage);
    const { guestTlb } = this;
    const slot = guestTlb.slotOf(page, asceHi, asceLo);
    if (slot < 0) return -1;
    if (access === STORE && guestTlb.protect[slot] !== 0) return -1;
    if (access === INSTRUCTION && guestTlb.noExecute[slot] !== 0) return -1;
    return guestTlb.frames[slot] as number;
  }

  /** The general path of `frame`, with every check. */
  #translated(page: LogicalPage, offset: number, access: Access, length: number): number {
    const address = this.#checkedFrame(page, offset, access, length);
    if (this.#observer !== null && access !== INSTRUCTION) this.#observe(page, offset, access, length);
    return address;
  }

  readonly #observed: Mutable<ObservedAccess> = { page: 0, absolute: 0, offset: 0, length: 0, store: false };

  /** Reports an operand to the observer. */
  #observe(page: number, offset: number, access: Access, length: number): void {
    const observed = this.#observed;
    observed.page = page;
    observed.absolute = this.sie === null ? -1 : this.#request.absolute;
    observed.offset = offset;
    observed.length = length;
    observed.store = access === STORE;
    this.#observer?.accessed?.(observed);
  }

  #checkedFrame(page: LogicalPage, offset: number, access: Access, length: number): number {
    const last = offset + length - 1;
    if (!this.dat) {
      this.#begin(page, offset, last, access);
      if (access === STORE && (page < LOW_PAGES || this.#inspecting)) {
        this.#inspect(offset, length, SPACE.PRIMARY, null);
      }
      return this.#operand(page as number as RealPage);
    }
    this.#beginTranslated(page, offset, last, access);
    const request = this.#request;
    const { asceHi, asceLo } = request;
    if (access === STORE && (page < LOW_PAGES || this.#inspecting))
      this.#inspect(offset, length, request.space, asceLo);
    request.key = this.key;
    request.storageKey = FRAMES_KEY;
    return this.sie === null ? this.#hostFrame(page, asceHi, asceLo) : this.#guestFrame(page, asceHi, asceLo);
  }

  /** As `#begin`, with DAT on: selects the space and its ASCE. Unwinds on exceptions of access-register translation. */
  #beginTranslated(page: LogicalPage, first: number, last: number, access: Access): void {
    const space = this.#space(access);
    const byRegister = space === SPACE.ACCESS_REGISTER;
    if (byRegister) this.#translateRegister();
    const cr = controlRegisterOf(space) * 2;
    this.#begin(page, first, last, access);
    const request = this.#request;
    request.space = space;
    request.asceLo = byRegister ? this.art.asceLo : (this.cr32[cr] as number);
    request.asceHi = byRegister ? this.art.asceHi : (this.cr32[cr + 1] as number);
    request.fetchOnly = byRegister && this.art.fetchOnly;
    request.privateSpace = (request.asceLo & ASCE.PRIVATE) !== 0;
  }

  /**
   * Returns the guest's absolute page behind a logical page, for a host that accesses it for the guest. Low-address and DAT
   * protection and that of access lists apply; key-controlled protection is left to the caller, who needs `privateSpace` for
   * it. Of the storage, only table entries are accessed. Unwinds on exceptions.
   * Preconditions: the processor interprets a guest.
   * @param offset byte offset in the page of the first byte accessed
   */
  guestAbsolute(page: LogicalPage, offset: number, access: typeof FETCH | typeof STORE): AbsolutePage {
    if (this.dat) this.#beginTranslated(page, offset, offset, access);
    else this.#begin(page, offset, offset, access);
    if (access === STORE) this.#lowAddress(offset);
    const { asceHi, asceLo, privateSpace } = this.#request;
    this.privateSpace = privateSpace;
    return this.dat ? this.#guestPage(page, asceHi, asceLo) : this.prefixed(page as number as RealPage);
  }

  /** Translates the ALET in the operand's access register. Unwinds on exceptions. */
  #translateRegister(): void {
    const register = this.operandRegister;
    const code = this.translateAlet(register);
    if (code !== 0) this.accessRegisterException(code, register);
  }

  /**
   * Translates the ALET in an access register: sets `art`. Returns 0, or the code of the program exception. Access register 0
   * designates the primary space, whatever it contains.
   */
  translateAlet(register: number): number {
    const alet = register === 0 ? 0 : (this.ar[register] as number);
    return this.art.to(alet, this.extendedAuthorizationIndex);
  }

  /** The extended authorization index (EAX), in control register 8. */
  get extendedAuthorizationIndex(): number {
    return (this.cr32[16] as number) >>> 16;
  }

  #begin(page: number, first: number, last: number, access: Access): void {
    const request = this.#request;
    request.fetchOnly = false;
    request.page = page;
    request.first = first;
    request.last = last;
    request.access = access;
    request.privateSpace = false;
    request.space = 0;
  }

  /**
   * Returns the absolute byte address of the frame behind a real page that an instruction names, such as LOAD USING
   * REAL ADDRESS: low-address and key-controlled protection apply. Unwinds on every access exception.
   *
   * @param offset byte offset in the page of the first byte accessed
   * @param length number of bytes accessed in the page, at least 1
   */
  realOperandFrame(page: RealPage, offset: number, access: Access, length: number): number {
    this.#begin(page, offset, offset + length - 1, access);
    if (access === STORE && page < LOW_PAGES) this.#lowAddress(offset);
    const address = this.#operand(page);
    if (this.#observer !== null) this.#observe(page, offset, access, length);
    return address;
  }

  #operand(page: RealPage): number {
    const request = this.#request;
    request.key = this.key;
    request.storageKey = FRAMES_KEY;
    return this.#absoluteFrame(this.prefixed(page));
  }

  /**
   * Returns the absolute byte address of the frame behind a real page that the machine itself accesses, such as the
   * prefix area in an interruption. Only the host's translation of a guest page can refuse the access.
   */
  realFrame(page: RealPage, access: Access): number {
    this.#beginUnkeyed(page, access);
    return this.#absoluteFrame(this.prefixed(page));
  }

  /** Fetches the word at a real address, a multiple of 4 below 2^31, that the machine itself uses, such as that of a table entry. */
  realWord(address: number): number {
    const page = (address >>> 12) as RealPage;
    return this.storage.get32(this.realFrame(page, FETCH) + (address & 0xfff));
  }

  /** As `realFrame`, for an absolute page of the running program. */
  absoluteFrame(page: AbsolutePage, access: Access): number {
    this.#beginUnkeyed(page, access);
    return this.#absoluteFrame(page);
  }

  #beginUnkeyed(page: number, access: Access): void {
    const request = this.#request;
    request.fetchOnly = false;
    request.page = page;
    request.first = 0;
    request.last = 0xfff;
    request.access = access;
    request.key = UNKEYED;
    request.space = 0;
  }

  /** Returns the address of the frame of an absolute page: of the guest, while the processor interprets one. */
  #absoluteFrame(page: AbsolutePage): number {
    const { sie } = this;
    this.#request.absolute = page;
    if (sie !== null) {
      if (page >= sie.pages) return this.#outside();
      return this.#hostFrame(page + sie.originPage, sie.asceHi, sie.asceLo);
    }
    const address = page * 4096;
    if (address >= this.storage.size) return this.#outside();
    const request = this.#request;
    if (request.key !== UNKEYED) this.#checkKey(page, request.storageKey);
    this.storage.keys[page]! |= request.access === STORE ? KEY_REFERENCED | KEY_CHANGED : KEY_REFERENCED;
    if (request.access === STORE) {
      this.#observer?.stored(page, request.first, request.last);
      this.codeWatch?.stored(page, request.first, request.last);
    }
    return address;
  }

  /** Applies prefixing. */
  prefixed(page: RealPage): AbsolutePage {
    return applyPrefix(page, this.prefix);
  }

  /** Returns the absolute page that a walk of the host's tables (the only tables, without a guest) has found. */
  #hostAbsolute(walk: Walk): AbsolutePage {
    const { frame } = walk;
    if (walk.absolute) return frame as AbsolutePage;
    return applyPrefix(frame as RealPage, this.sie === null ? this.prefix : this.sie.prefix);
  }

  /** Returns the absolute page that a walk of the running program's tables has found. */
  absoluteOf(walk: Walk): AbsolutePage {
    const { frame } = walk;
    return walk.absolute ? (frame as AbsolutePage) : this.prefixed(frame as RealPage);
  }

  /**
   * As `frame`, for a host that accesses memory as its program would. Returns -1 instead of unwinding; `exceptionCode`
   * holds the reason.
   */
  attempt(page: LogicalPage, access: Access): number {
    try {
      return this.frame(page, UNPROTECTED_OFFSET, access);
    } catch (thrown) {
      if (thrown !== this.unwind) throw thrown;
      return -1;
    }
  }

  /**
   * Makes accesses that are side effects of an instruction, not those of its operands: the identification of an access
   * exception says so.
   */
  sideEffect(accesses: () => void): void {
    try {
      accesses();
    } catch (thrown) {
      if (thrown === this.unwind && this.unwindKind === UNWIND.PROGRAM)
        this.teidLo = (this.teidLo | TEID.SIDE_EFFECT) >>> 0;
      throw thrown;
    }
  }

  /** Makes several accesses. Returns 0, or the kind of the exception that ended them. */
  attemptAll(accesses: () => void): UnwindKind | 0 {
    try {
      accesses();
      return 0;
    } catch (thrown) {
      if (thrown !== this.unwind) throw thrown;
      this.#observer?.abandoned();
      return this.unwindKind;
    }
  }

  /**
   * Returns whether the guest could store to a page of its absolute storage, its key aside. Has no side effects: no TLB
   * fill, no hit count, no reference bit.
   * Preconditions: the processor interprets a guest.
   */
  absoluteStorable(page: AbsolutePage): boolean {
    const { pages, originPage, asceHi, asceLo, edat } = this.sie as SieContext;
    if (page >= pages) return false;
    const host = page + originPage;
    const slot = this.tlb.slotOf(host, asceHi, asceLo);
    if (slot >= 0) return this.tlb.protect[slot] === 0;
    const walk = this.#walk;
    if (walk.to(asceHi, asceLo, host, edat)) return false;
    return !walk.protect && this.#hostAbsolute(walk) * 4096 < this.storage.size;
  }

  /**
   * Tags the guest TLB with the guest that its entries belong to. If the tag changes (another guest, another prefix),
   * the guest TLB is purged.
   * Preconditions: the processor interprets a guest.
   * @param description absolute address of the guest's state description
   */
  tagGuestTlb(description: number): void {
    const { asceHi, asceLo, originPage } = this.sie as SieContext;
    const tag = `${description} ${asceHi} ${asceLo} ${originPage} ${this.prefix}`;
    if (tag !== this.#guestTag) this.guestTlb.purgeAll();
    this.#guestTag = tag;
  }

  #guestTag = '';

  // Loads and stores. Hit and miss paths are separate on purpose: merged, V8 boxes addresses above 2 GiB as HeapNumbers.

  /** Loads a byte at a logical address. All loads and stores unwind on access exceptions. */
  load8(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    const { view } = this.storage;
    const at = this.#inWindow(hi, lo, LOADS);
    if (at >= 0) return view.getUint8(at);
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#fastSlot(page, FETCH);
    if (slot >= 0) return view.getUint8(this.#frameOfSlot(slot, hi, lo, LOADS) + offset);
    return view.getUint8(this.#translated(page, offset, FETCH, 1) + offset);
  }

  /** Loads two bytes, unsigned. */
  load16(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    if (offset > 0xffe) return (this.load8(hi, lo) << 8) | this.#next8(hi, lo, 1);
    const { view } = this.storage;
    const at = this.#inWindow(hi, lo, LOADS);
    if (at >= 0) return view.getUint16(at);
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#fastSlot(page, FETCH);
    if (slot >= 0) return view.getUint16(this.#frameOfSlot(slot, hi, lo, LOADS) + offset);
    return view.getUint16(this.#translated(page, offset, FETCH, 2) + offset);
  }

  /** Loads four bytes, unsigned. */
  load32(hi: number, lo: number): number {
    const offset = lo & 0xfff;
    if (offset > 0xffc) return Number(this.#gather(hi, lo, 4));
    const { view } = this.storage;
    const at = this.#inWindow(hi, lo, LOADS);
    if (at >= 0) return view.getUint32(at);
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#fastSlot(page, FETCH);
    if (slot >= 0) return view.getUint32(this.#frameOfSlot(slot, hi, lo, LOADS) + offset);
    return view.getUint32(this.#translated(page, offset, FETCH, 4) + offset);
  }

  /** Loads eight bytes, unsigned. */
  load64(hi: number, lo: number): bigint {
    const offset = lo & 0xfff;
    if (offset > 0xff8) return this.#gather(hi, lo, 8);
    const { view } = this.storage;
    const at = this.#inWindow(hi, lo, LOADS);
    if (at >= 0) return view.getBigUint64(at);
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#fastSlot(page, FETCH);
    if (slot >= 0) return view.getBigUint64(this.#frameOfSlot(slot, hi, lo, LOADS) + offset);
    return view.getBigUint64(this.#translated(page, offset, FETCH, 8) + offset);
  }

  /** Stores the low 8 bits of `value`. */
  store8(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    const { view } = this.storage;
    const at = this.#inWindow(hi, lo, STORES);
    if (at >= 0) {
      view.setUint8(at, value);
      return;
    }
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#fastSlot(page, STORE);
    if (slot >= 0) view.setUint8(this.#frameOfSlot(slot, hi, lo, STORES) + offset, value);
    else view.setUint8(this.#translated(page, offset, STORE, 1) + offset, value);
  }

  /** Stores the low 16 bits of `value`. */
  store16(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    if (offset > 0xffe) {
      this.#scatter(hi, lo, 2, BigInt(value & 0xffff));
      return;
    }
    const { view } = this.storage;
    const at = this.#inWindow(hi, lo, STORES);
    if (at >= 0) {
      view.setUint16(at, value);
      return;
    }
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#fastSlot(page, STORE);
    if (slot >= 0) view.setUint16(this.#frameOfSlot(slot, hi, lo, STORES) + offset, value);
    else view.setUint16(this.#translated(page, offset, STORE, 2) + offset, value);
  }

  /** Stores the low 32 bits of `value`. */
  store32(hi: number, lo: number, value: number): void {
    const offset = lo & 0xfff;
    if (offset > 0xffc) {
      this.#scatter(hi, lo, 4, BigInt(value >>> 0));
      return;
    }
    const { view } = this.storage;
    const at = this.#inWindow(hi, lo, STORES);
    if (at >= 0) {
      view.setUint32(at, value);
      return;
    }
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#fastSlot(page, STORE);
    if (slot >= 0) view.setUint32(this.#frameOfSlot(slot, hi, lo, STORES) + offset, value);
    else view.setUint32(this.#translated(page, offset, STORE, 4) + offset, value);
  }

  /** Stores the low 64 bits of `value`. */
  store64(hi: number, lo: number, value: bigint): void {
    const offset = lo & 0xfff;
    if (offset > 0xff8) {
      this.#scatter(hi, lo, 8, BigInt.asUintN(64, value));
      return;
    }
    const { view } = this.storage;
    const at = this.#inWindow(hi, lo, STORES);
    if (at >= 0) {
      view.setBigUint64(at, value);
      return;
    }
    const page = (hi * PAGES_PER_HIGH + (lo >>> 12)) as LogicalPage;
    const slot = this.#fastSlot(page, STORE);
    if (slot >= 0) view.setBigUint64(this.#frameOfSlot(slot, hi, lo, STORES) + offset, value);
    else view.setBigUint64(this.#translated(page, offset, STORE, 8) + offset, value);
  }

  /** Checks that `length` bytes (1 to 4096) can be accessed, without accessing them. */
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
   * Translates a logical page without accessing it, as LOAD REAL ADDRESS and TEST PROTECTION do: in the access-register mode by
   * the operand's access register. Returns the walk with its `code` set; `absoluteOf` returns the page that it leads to, and
   * `privateSpace` and `fetchOnly` say what the ASCE and the access-list entry permit.
   * @param visit called with each table entry fetched
   */
  translate(page: LogicalPage, space: number, visit?: WalkVisitor): Walk {
    const byRegister = space === SPACE.ACCESS_REGISTER;
    const walk = this.sie === null ? this.#walk : this.#guestWalk;
    walk.code = byRegister ? this.translateAlet(this.operandRegister) : 0;
    this.fetchOnly = byRegister && this.art.fetchOnly;
    if (walk.code !== 0) return walk;
    const cr = controlRegisterOf(space) * 2;
    const asceLo = byRegister ? this.art.asceLo : (this.cr32[cr] as number);
    const asceHi = byRegister ? this.art.asceHi : (this.cr32[cr + 1] as number);
    this.privateSpace = (asceLo & ASCE.PRIVATE) !== 0;
    walk.to(asceHi, asceLo, page, this.edat, visit);
    return walk;
  }

  /** As `translate`, but unwinds on the exceptions of the translation, as a fetch from the page does. */
  demandTranslation(page: LogicalPage, space: number): Walk {
    const walk = this.translate(page, space);
    if (walk.code === 0) return walk;
    if (isAccessRegisterException(walk.code)) this.accessRegisterException(walk.code, this.operandRegister);
    this.#begin(page, 0, 0, FETCH);
    this.#request.space = space;
    return this.#accessException(UNWIND.PROGRAM, walk.code, page);
  }

  /**
   * Whether the last `translate` or `guestAbsolute` used an ASCE with the private-space control; and whether the last `translate`
   * used an access-list entry for fetches only.
   */
  privateSpace = false;
  fetchOnly = false;

  /**
   * Translates an absolute page of the guest by the host's tables, for instructions on its storage key. No key is
   * checked, no reference recorded, no TLB entry made. Returns the walk, with `frame` absolute and `table` set. Unwinds
   * on the host's translation exceptions.
   * Preconditions: the processor interprets a guest.
   * @param logical the page that an addressing exception of the guest names
   */
  walkHost(page: AbsolutePage, logical: number): Walk {
    const { originPage, pages, asceHi, asceLo, edat } = this.sie as SieContext;
    this.#begin(logical, 0, 0, FETCH);
    if (page >= pages) this.#outside();
    const walk = this.#walk;
    const host = page + originPage;
    if (walk.to(asceHi, asceLo, host, edat)) this.#accessException(UNWIND.HOST, walk.code, host);
    walk.frame = this.#hostAbsolute(walk);
    walk.absolute = true;
    if (walk.frame * 4096 >= this.storage.size) this.#accessException(UNWIND.HOST, PGM.ADDRESSING, host);
    return walk;
  }

  /** Which enhanced DAT applies to the running program's translations. */
  get edat(): Edat {
    return this.edatBy(this.cr0);
  }

  /** Which enhanced DAT applies with the low half of a control register 0. */
  edatBy(cr0: number): Edat {
    return cr0 & CR0.EDAT ? this.#installed.edat : EDAT.OFF;
  }

  /** Whether instruction-execution protection applies to the running program's instruction fetches. */
  get #executionProtection(): boolean {
    if ((this.cr0 & CR0.EXECUTION_PROTECTION) === 0 || !this.#installed.executionProtection) return false;
    return this.sie === null || this.sie.executionProtection;
  }

  /** Returns the space of an access. Instructions are fetched from the primary space, in the home-space mode from the home space. */
  #space(access: Access): number {
    if (access !== INSTRUCTION && this.operandRegister !== INSTRUCTION_SPACE) return this.space;
    return this.space === SPACE.HOME ? SPACE.HOME : SPACE.PRIMARY;
  }

  /**
   * Translates by the host's tables (by the only tables, if the processor interprets no guest), through `tlb`. The page
   * is the host's, which differs from the page of the request while a guest is interpreted.
   */
  #hostFrame(page: number, asceHi: number, asceLo: number): number {
    const { tlb } = this;
    let slot = tlb.find(page, asceHi, asceLo);
    if (slot < 0) {
      slot = this.#fill(page, asceHi, asceLo);
    } else if (this.#onTlbHit !== null) {
      this.#onTlbHit(tlb, slot);
    }
    const { access, key, storageKey, fetchOnly } = this.#request;
    const frame = tlb.frames[slot] as number;
    if (access === STORE && (tlb.protect[slot] || fetchOnly)) {
      this.#accessException(this.#hostKind, PGM.PROTECTION, page, fetchOnly ? TEID.ACCESS_LIST : TEID.DAT);
    }
    // A guest's instructions are data for the host, whose tables alone decide here.
    if (access === INSTRUCTION && tlb.noExecute[slot] && this.sie === null) this.#demandExecutable(page);
    if (key !== UNKEYED) this.#checkKey(frame, storageKey < 0 ? (tlb.keys[slot] as number) : storageKey);
    if (access === STORE && !tlb.changed[slot]) {
      this.storage.keys[frame]! |= KEY_CHANGED;
      const { first, last } = this.#request;
      const again = this.#observer?.stored(frame, first, last) === true;
      if (this.codeWatch?.stored(frame, first, last) !== true && !again) tlb.changed[slot] = 1;
    }
    return frame * 4096;
  }

  /** Ends the access, an instruction fetch from a page whose entry forbids it, if that protection is enabled. */
  #demandExecutable(page: number): void {
    if (this.#executionProtection) {
      this.#accessException(UNWIND.PROGRAM, PGM.PROTECTION, page, TEID.EXECUTION);
    }
  }

  #fill(page: number, asceHi: number, asceLo: number): number {
    const walk = this.#walk;
    if (walk.to(asceHi, asceLo, page, this.#hostEdat)) {
      this.#accessException(this.#hostKind, walk.code, page);
    }
    const frame = this.#hostAbsolute(walk);
    if (frame * 4096 >= this.storage.size) this.#accessException(this.#hostKind, PGM.ADDRESSING, page);
    this.storage.keys[frame]! |= KEY_REFERENCED;
    const { table, protect, key, noExecute } = walk;
    return this.tlb.insert(page, asceHi, asceLo, frame, table, protect, key, noExecute);
  }

  /** Which enhanced DAT applies to a translation by the host's (or the only) tables. */
  get #hostEdat(): Edat {
    return this.sie === null ? this.edat : this.sie.edat;
  }

  /** The kind of an exception in a translation by the host's (or the only) tables. */
  get #hostKind(): UnwindKind {
    return this.sie === null ? UNWIND.PROGRAM : UNWIND.HOST;
  }

  /** Translates by the guest's tables to a guest absolute page, then by the host's. */
  #guestFrame(page: LogicalPage, asceHi: number, asceLo: number): number {
    return this.#absoluteFrame(this.#guestPage(page, asceHi, asceLo));
  }

  /** Translates by the guest's tables to a guest absolute page. */
  #guestPage(page: LogicalPage, asceHi: number, asceLo: number): AbsolutePage {
    const { guestTlb: tlb } = this;
    let slot = tlb.find(page, asceHi, asceLo);
    if (slot < 0) slot = this.#fillGuest(page, asceHi, asceLo);
    const request = this.#request;
    if (request.access === STORE && (tlb.protect[slot] || request.fetchOnly)) {
      this.#accessException(
        UNWIND.PROGRAM,
        PGM.PROTECTION,
        page,
        request.fetchOnly ? TEID.ACCESS_LIST : TEID.DAT,
      );
    }
    if (request.access === INSTRUCTION && tlb.noExecute[slot]) this.#demandExecutable(page);
    request.storageKey = tlb.keys[slot] as number;
    return tlb.frames[slot] as AbsolutePage;
  }

  #fillGuest(page: LogicalPage, asceHi: number, asceLo: number): number {
    const request = this.#request;
    const walk = this.#guestWalk;
    const { access, key, space, fetchOnly } = request;
    const code = walk.to(asceHi, asceLo, page, this.edat);
    // Each table entry that the walk fetched was an access of its own.
    request.page = page;
    request.access = access;
    request.key = key;
    request.space = space;
    request.fetchOnly = fetchOnly;
    if (code) this.#accessException(UNWIND.PROGRAM, code, page);
    const absolute = this.absoluteOf(walk);
    return this.guestTlb.insert(
      page,
      asceHi,
      asceLo,
      absolute,
      walk.table,
      walk.protect,
      walk.key,
      walk.noExecute,
    );
  }

  /** Ends the instruction: the access is outside the storage of the configuration. */
  #outside(): never {
    return this.#accessException(UNWIND.PROGRAM, PGM.ADDRESSING, this.#request.page);
  }

  /** Applies low-address protection to a store, and watches it. @param asce low half, or null if the address is real */
  #inspect(offset: number, length: number, space: number, asce: number | null): void {
    this.#lowAddress(offset);
    if (this.#watchingStores)
      this.events.stores(this.#request.page, offset, length, space, asce, this.operandRegister);
  }

  /** Applies low-address protection to the access under way, a store. */
  #lowAddress(offset: number): void {
    const { page, privateSpace } = this.#request;
    if (lowAddressProtected(this.cr0, page, offset, privateSpace)) {
      this.#accessException(UNWIND.PROGRAM, PGM.PROTECTION, page, TEID.LOW_ADDRESS);
    }
  }

  /** Applies key-controlled protection to the access under way. */
  #checkKey(frame: number, override: number): void {
    const { access, key, page, last, privateSpace } = this.#request;
    const cr0 = this.cr0;
    const storageKey = override < 0 ? (this.storage.keys[frame] as number) : override;
    if (access === STORE) {
      if (keyAllowsStore(cr0, key, storageKey)) return;
    } else if (keyAllowsFetch(cr0, key, storageKey) || fetchOverridden(cr0, page, last, privateSpace)) {
      return;
    }
    this.#accessException(UNWIND.PROGRAM, PGM.PROTECTION, page, TEID.KEY);
  }

  /** Returns the next page, wrapped by the addressing mode. */
  pageAfter(page: LogicalPage): LogicalPage {
    return (page + 1 >= this.pageLimit ? 0 : page + 1) as LogicalPage;
  }

  /** Returns the byte `step` bytes further on, which is in the next page. */
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

/**
 * Table entries of a guest. They are in its absolute storage, so each fetch goes through the host's translation.
 * Preconditions: the processor interprets a guest.
 */
class GuestEntries implements EntrySource {
  hi = 0;
  lo = 0;
  readonly #cpu: CpuAccess;

  constructor(cpu: CpuAccess) {
    this.#cpu = cpu;
  }

  fetch(page: number, offset: number): number {
    // Fetches of table entries are not subject to key-controlled protection.
    const address = this.#cpu.absoluteFrame(page as AbsolutePage, FETCH) + offset;
    this.hi = this.#cpu.storage.get32(address);
    this.lo = this.#cpu.storage.get32(address + 4);
    return 0;
  }
}
