/**
 * Program-event recording (PER): the events that a program asks for in control register 9, and the event information that
 * an interruption stores. Principles of Operation, chapter 4, "Program-Event Recording".
 *
 * While events are watched, the processor reports to the one object of this class what an instruction does. The events of an
 * instruction are indicated together when it ends.
 */

import { SPACE } from './state.ts';

/** Bits of the PER code. The mask of an event is the same bit in the high byte of control register 9's low half. */
export const PER_CODE = {
  /** Successful branching. */
  BRANCH: 0x80,
  /** Instruction fetching. */
  FETCH: 0x40,
  /** Storage alteration. */
  STORE: 0x20,
  /** Store using real address, together with the bit of storage alteration, whose mask must be on, too. */
  STORE_REAL: 0x08,
  /** Instruction-fetching nullification. Its mask needs that of instruction fetching. */
  NULLIFICATION: 0x01,
} as const;

/** Controls in the low half of control register 9. */
const CONTROL = {
  /** Branches are events only if their target is in the designated area. */
  BRANCH_ADDRESS: 0x0080_0000,
  /** Stores are events only in address spaces whose control element has `SPACE_EVENT`. */
  STORAGE_ALTERATION_SPACE: 0x0020_0000,
} as const;

const MASK_SHIFT = 24;
/** The events that this machine recognizes. */
const OFFERED =
  PER_CODE.BRANCH | PER_CODE.FETCH | PER_CODE.STORE | PER_CODE.STORE_REAL | PER_CODE.NULLIFICATION;
/** Storage-alteration-event control: bit 56 of an address-space-control element. */
const SPACE_EVENT = 0x80;

/** Bits of the addressing-and-translation-mode identification (ATMID). */
const ATMID = { EXTENDED: 0x80, VALID: 0x40, BASIC: 0x20, DAT: 0x10, SPACE_SHIFT: 2 } as const;
/** PSW bits that it shows. */
const PSW_HI = { EXTENDED: 1, DAT: 0x0400_0000, SPACE_SHIFT: 14 } as const;

/** Index of a control register's low half among the halves. */
const CR9_LOW = 18;

/** The event information of an interruption. */
export interface EventIndication {
  /** PER code, see `PER_CODE`: 0 if no event is indicated. */
  readonly code: number;
  /** Addressing-and-translation-mode identification, 8 bits. */
  readonly atmid: number;
  /** PER address: of the instruction, or of the EXECUTE if the instruction is its target. */
  readonly address: bigint;
  /** PER access identification: the access register of a store in the access-register mode; null if there is none. */
  readonly access: number | null;
}

/** No event is indicated. */
export const NO_EVENTS: EventIndication = { code: 0, atmid: 0, address: 0n, access: null };

/** The events of the instruction under way. A processor has one object and reuses it. */
export class ProgramEvents {
  /** The events that are watched, as bits of the PER code; 0 while PER is off. */
  watched = 0;
  /** The events of the instruction so far, as bits of the PER code; 0 while PER is off. */
  code = 0;
  #atmid = 0;
  #access: number | null = null;
  /** The events of completed units of operation. An exception of a later unit does not take them back. */
  #completed = 0;
  readonly #controls: BigUint64Array;
  readonly #halves: Uint32Array;

  /** @param controls the control registers, which the processor changes */
  constructor(controls: BigUint64Array) {
    this.#controls = controls;
    this.#halves = new Uint32Array(controls.buffer);
  }

  /** Watches the events that control register 9 enables. Returns whether there are any. */
  watch(): boolean {
    let events = (this.#control >>> MASK_SHIFT) & OFFERED;
    if (!(events & PER_CODE.FETCH)) events &= ~PER_CODE.NULLIFICATION;
    if (!(events & PER_CODE.STORE)) events &= ~PER_CODE.STORE_REAL;
    this.watched = events;
    return events !== 0;
  }

  /** Ends the watch. The events of the last instruction stay. */
  unwatch(): void {
    this.watched = 0;
  }

  get #control(): number {
    return this.#halves[CR9_LOW] as number;
  }

  /** Begins an instruction. @param pswHi @param pswLo the first two words of its PSW */
  begin(pswHi: number, pswLo: number): void {
    this.code = this.#completed = 0;
    this.#access = null;
    const space = (pswHi >>> PSW_HI.SPACE_SHIFT) & 3;
    this.#atmid =
      ATMID.VALID |
      (pswHi & PSW_HI.EXTENDED ? ATMID.EXTENDED : 0) |
      (pswLo >>> 31 ? ATMID.BASIC : 0) |
      (pswHi & PSW_HI.DAT ? ATMID.DAT : 0) |
      (space << ATMID.SPACE_SHIFT);
  }

  /** The first halfword of an instruction was fetched, by EXECUTE too. Returns whether its execution is nullified. */
  fetched(hi: number, lo: number): boolean {
    const address = (BigInt(hi) << 32n) | BigInt(lo);
    if (!(this.watched & PER_CODE.FETCH) || !this.#designated(address, address)) return false;
    this.code |= this.watched & (PER_CODE.FETCH | PER_CODE.NULLIFICATION);
    return (this.watched & PER_CODE.NULLIFICATION) !== 0;
  }

  /** The instruction branched to an address. */
  branched(hi: number, lo: number): void {
    if (!(this.watched & PER_CODE.BRANCH)) return;
    const address = (BigInt(hi) << 32n) | BigInt(lo);
    if (this.#control & CONTROL.BRANCH_ADDRESS && !this.#designated(address, address)) return;
    this.code |= PER_CODE.BRANCH;
  }

  /**
   * The instruction stores at a logical address, unless an access exception follows.
   * Preconditions: storage alteration is watched.
   * @param length in bytes, at least 1, all in one page
   * @param space the address space, see `SPACE`
   * @param asce the low half of its control element, or null if the address is real
   * @param register the access register, which only counts in the access-register mode
   */
  stores(
    page: number,
    offset: number,
    length: number,
    space: number,
    asce: number | null,
    register: number,
  ): void {
    const bySpace = this.#control & CONTROL.STORAGE_ALTERATION_SPACE;
    if (bySpace && asce !== null && !(asce & SPACE_EVENT)) return;
    const first = (BigInt(page) << 12n) | BigInt(offset);
    if (!this.#designated(first, first + BigInt(length - 1))) return;
    this.code |= PER_CODE.STORE;
    this.#atmid = (this.#atmid & ~3) | (asce === null ? 0 : space);
    this.#access = asce !== null && space === SPACE.ACCESS_REGISTER ? register : null;
  }

  /** The instruction is STORE USING REAL ADDRESS, and stores. */
  storesReal(): void {
    if (this.watched & PER_CODE.STORE_REAL) this.code |= PER_CODE.STORE | PER_CODE.STORE_REAL;
  }

  /** A unit of operation is complete. */
  unitCompleted(): void {
    this.#completed = this.code;
  }

  /** The instruction was nullified or suppressed: only its fetch and its completed units are events. */
  suppressed(): void {
    this.code = (this.code & (PER_CODE.FETCH | PER_CODE.NULLIFICATION)) | this.#completed;
  }

  /** Ends the instruction, and returns its events. @param hi @param lo the address of the instruction */
  take(hi: number, lo: number): EventIndication {
    const { code } = this;
    this.code = 0;
    if (code === 0) return NO_EVENTS;
    const stored = (code & PER_CODE.STORE) !== 0;
    return {
      code,
      atmid: stored ? this.#atmid : this.#atmid & ~3,
      address: (BigInt(hi) << 32n) | BigInt(lo),
      access: stored ? this.#access : null,
    };
  }

  /** Whether some of the addresses from `first` to `last` are in the designated area, which may wrap around. */
  #designated(first: bigint, last: bigint): boolean {
    const start = this.#controls[10] as bigint;
    const end = this.#controls[11] as bigint;
    return start <= end ? last >= start && first <= end : last >= start || first <= end;
  }
}
