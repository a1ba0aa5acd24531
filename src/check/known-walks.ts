/** Remembers the walks that confirmed cached translations, so that most uses of these need no other walk. */

import {
  AbsoluteEntries,
  type EntrySource,
  FRAME_SIZE,
  type Storage,
  TLB_SLOTS,
  type Tlb,
} from '../machine/index.ts';

/** The most entries that a walk fetches: one of each of five tables. */
const MOST_ENTRIES = 5;

/** Table entries in absolute storage. Notes the addresses of those that are fetched. */
export class NotedEntries implements EntrySource {
  readonly #entries: AbsoluteEntries;
  /** Absolute addresses of the entries fetched, the first `count` of them. */
  readonly addresses = new Float64Array(MOST_ENTRIES);
  count = 0;

  constructor(storage: Storage) {
    this.#entries = new AbsoluteEntries(storage);
  }

  get hi(): number {
    return this.#entries.hi;
  }

  get lo(): number {
    return this.#entries.lo;
  }

  /** Forgets the entries noted. */
  begin(): void {
    this.count = 0;
  }

  fetch(page: number, offset: number): number {
    this.addresses[this.count++] = page * FRAME_SIZE + offset;
    return this.#entries.fetch(page, offset);
  }
}

/**
 * For each slot of a TLB the translation that it held when a walk confirmed it last, and the entries that this walk fetched. A walk depends
 * on nothing else: as long as all are the same, it would confirm the translation again.
 */
export class KnownWalks {
  readonly #tlb: Tlb;
  readonly #storage: Storage;
  /** The numbers of entries; 0 for a slot of which nothing is known. */
  readonly #counts = new Uint8Array(TLB_SLOTS);
  /** For each slot: addresses of the entries, and their contents. */
  readonly #addresses = new Float64Array(TLB_SLOTS * MOST_ENTRIES);
  readonly #contents = new Uint32Array(TLB_SLOTS * MOST_ENTRIES * 2);
  /** The translations: what `Tlb` has under these names. */
  readonly #asceHi = new Uint32Array(TLB_SLOTS);
  readonly #asceLo = new Uint32Array(TLB_SLOTS);
  readonly #pages = new Float64Array(TLB_SLOTS);
  readonly #frames = new Float64Array(TLB_SLOTS);
  readonly #tables = new Float64Array(TLB_SLOTS);
  /** 1 for protection, 2 for no execution, or both. */
  readonly #bits = new Uint8Array(TLB_SLOTS);
  /** The slot to go on with, for a caller that compares a few at a time. */
  next = 0;

  constructor(tlb: Tlb, storage: Storage) {
    this.#tlb = tlb;
    this.#storage = storage;
  }

  /** Whether a slot holds a translation that was confirmed, and all entries are as they were then. */
  confirms(slot: number): boolean {
    const count = this.#counts[slot]!;
    return count > 0 && this.#isSameTranslation(slot) && this.#areSameEntries(slot, count);
  }

  #isSameTranslation(slot: number): boolean {
    const tlb = this.#tlb;
    return (
      this.#pages[slot] === tlb.pages[slot] &&
      this.#asceLo[slot] === tlb.asceLo[slot] &&
      this.#asceHi[slot] === tlb.asceHi[slot] &&
      this.#frames[slot] === tlb.frames[slot] &&
      this.#tables[slot] === tlb.tables[slot] &&
      this.#bits[slot] === bitsOf(tlb, slot)
    );
  }

  #areSameEntries(slot: number, count: number): boolean {
    const storage = this.#storage;
    const first = slot * MOST_ENTRIES;
    for (let i = first; i < first + count; i++) {
      const address = this.#addresses[i]!;
      if (storage.get32(address) !== this.#contents[i * 2]) return false;
      if (storage.get32(address + 4) !== this.#contents[i * 2 + 1]) return false;
    }
    return true;
  }

  /** Notes that a walk has confirmed the translation in a slot. @param entries those that it fetched */
  note(slot: number, { addresses, count }: NotedEntries): void {
    const tlb = this.#tlb;
    this.#counts[slot] = count;
    this.#pages[slot] = tlb.pages[slot]!;
    this.#asceHi[slot] = tlb.asceHi[slot]!;
    this.#asceLo[slot] = tlb.asceLo[slot]!;
    this.#frames[slot] = tlb.frames[slot]!;
    this.#tables[slot] = tlb.tables[slot]!;
    this.#bits[slot] = bitsOf(tlb, slot);
    for (let i = 0; i < count; i++) {
      const [at, address] = [slot * MOST_ENTRIES + i, addresses[i]!];
      this.#addresses[at] = address;
      this.#contents[at * 2] = this.#storage.get32(address);
      this.#contents[at * 2 + 1] = this.#storage.get32(address + 4);
    }
  }
}

function bitsOf(tlb: Tlb, slot: number): number {
  return tlb.protect[slot]! | (tlb.noExecute[slot]! << 1);
}
