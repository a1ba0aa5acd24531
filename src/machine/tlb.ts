/**
 * What a processor remembers of walks, and what makes it forget. Principles of Operation, chapter 3,
 * "Translation-Lookaside Buffer".
 *
 * An entry is tagged with the address-space-control element it came by and with the page table it came from:
 * INVALIDATE PAGE TABLE ENTRY must reach every entry made through that page table, whichever element it came by.
 *
 * One processor has two of these: one for its own translations (the host's, under interpretive execution),
 * one for the guest's.
 */

/** Slots of a buffer. A power of two, at least 256: slots of a page share the low 8 bits of its number. */
export const TLB_SLOTS = 1024;

const EMPTY = -1;

/** One remembered translation, for those who look. */
export interface TlbEntry {
  /** The virtual page number. */
  readonly page: number;
  readonly asceHi: number;
  readonly asceLo: number;
  /** The page number of the frame it leads to, absolute. */
  readonly frame: number;
  /** The page table it came from, in units of 2 KiB; -1 for none. */
  readonly table: number;
  readonly protect: boolean;
}

/**
 * A direct-mapped translation-lookaside buffer. The arrays are public to the processor that looks up in them on
 * every access; everybody else uses the methods.
 */
export class Tlb {
  /** Virtual page number of each slot, -1 when empty. */
  readonly pages = new Float64Array(TLB_SLOTS).fill(EMPTY);
  readonly asceHi = new Uint32Array(TLB_SLOTS);
  readonly asceLo = new Uint32Array(TLB_SLOTS);
  /** Page number of the frame: absolute, prefixing has been applied. */
  readonly frames = new Float64Array(TLB_SLOTS);
  /** What counts instead of the storage key's access control and fetch protection; -1 when the storage key does. */
  readonly keys = new Int16Array(TLB_SLOTS).fill(-1);
  /** Page-table number in 2 KiB units, -1 for none. */
  readonly tables = new Float64Array(TLB_SLOTS);
  /** 1 when stores are forbidden. */
  readonly protect = new Uint8Array(TLB_SLOTS);
  /** 1 when the frame's change bit is known to be on already. */
  readonly changed = new Uint8Array(TLB_SLOTS);
  /** Lookups that found their entry, and that did not. */
  hits = 0;
  misses = 0;

  /** The slot that remembers the page in the space of the element, or -1: counted as a hit, or as a miss. */
  find(page: number, asceHi: number, asceLo: number): number {
    const slot = this.slotOf(page, asceHi, asceLo);
    if (slot < 0) this.misses++;
    else this.hits++;
    return slot;
  }

  /** As `find`, and not counted. */
  slotOf(page: number, asceHi: number, asceLo: number): number {
    const slot = page & (TLB_SLOTS - 1);
    if (this.pages[slot] === page && this.asceLo[slot] === asceLo && this.asceHi[slot] === asceHi)
      return slot;
    return -1;
  }

  /**
   * Keeps a translation in the page's slot and returns the slot.
   * @param key what counts instead of the storage key's access control and fetch protection; -1: the storage key does
   */
  insert(
    page: number,
    asceHi: number,
    asceLo: number,
    frame: number,
    table: number,
    protect: boolean,
    key = -1,
  ): number {
    const slot = page & (TLB_SLOTS - 1);
    this.pages[slot] = page;
    this.asceHi[slot] = asceHi;
    this.asceLo[slot] = asceLo;
    this.frames[slot] = frame;
    this.tables[slot] = table;
    this.keys[slot] = key;
    this.protect[slot] = protect ? 1 : 0;
    this.changed[slot] = 0;
    return slot;
  }

  /** Forgets every entry made through page table `table` (2 KiB units) for its entry `index` (0 to 255). */
  purgePage(table: number, index: number): void {
    for (let slot = index; slot < TLB_SLOTS; slot += 256) {
      if (this.tables[slot] === table) this.pages[slot] = EMPTY;
    }
  }

  /** Forgets every entry that came by the element. */
  purgeAsce(asceHi: number, asceLo: number): void {
    for (let slot = 0; slot < TLB_SLOTS; slot++) {
      if (this.asceLo[slot] === asceLo && this.asceHi[slot] === asceHi) this.pages[slot] = EMPTY;
    }
  }

  /** Forgets everything. */
  purgeAll(): void {
    this.pages.fill(EMPTY);
  }

  /** Every remembered translation, in slot order. */
  *entries(): IterableIterator<TlbEntry> {
    for (let slot = 0; slot < TLB_SLOTS; slot++) {
      const page = this.pages[slot] as number;
      if (page === EMPTY) continue;
      yield {
        page,
        asceHi: this.asceHi[slot] as number,
        asceLo: this.asceLo[slot] as number,
        frame: this.frames[slot] as number,
        table: this.tables[slot] as number,
        protect: this.protect[slot] === 1,
      };
    }
  }
}
