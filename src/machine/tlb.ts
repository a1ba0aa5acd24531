/**
 * The translation-lookaside buffer (TLB): it caches the results of walks until they are purged. Principles of Operation,
 * chapter 3, "Translation-Lookaside Buffer".
 *
 * An entry is tagged with its address-space-control element (ASCE) and with its page table: INVALIDATE PAGE TABLE ENTRY
 * must purge every entry made from an entry of that page table, whatever the ASCE.
 *
 * A processor has two TLBs: one for its own translations, which are the host's while it interprets a guest, and one for
 * the guest's.
 */

/** Number of slots. A power of two, at least 256: all slots of a page have the low 8 bits of its page number. */
export const TLB_SLOTS = 16_384;

const EMPTY = -1;

/** Slots in a group. What looks at all slots leaves out groups without an entry. */
const GROUP = 64;

/** A cached translation. */
export interface TlbEntry {
  /** The virtual page number. */
  readonly page: number;
  readonly asceHi: number;
  readonly asceLo: number;
  /** Page number of the absolute frame. */
  readonly frame: number;
  /** The page table it was made from, in units of 2 KiB; -1 if there was none. */
  readonly table: number;
  readonly protect: boolean;
}

/** Keeps something that was derived from entries of a TLB. */
export interface TlbWatcher {
  /** The entry in a slot is replaced. */
  replaced(slot: number): void;
  /** Any number of entries are purged, or may no longer be stored to without a check. */
  purged(): void;
}

/**
 * A direct-mapped TLB. The arrays are public for the processor, which reads them on every access; other code uses the
 * methods.
 *
 *     slot = page mod TLB_SLOTS
 *     tag:     pages   asceHi asceLo   (all equal: hit)
 *     result:  frames  protect  noExecute  keys
 *     purging: tables  (page table of the entry; the index in it is page mod 256)
 *     store:   changed (1: the change bit of the frame is already on)
 */
export class Tlb {
  /** Virtual page number, -1 for an empty slot. */
  readonly pages = new Float64Array(TLB_SLOTS).fill(EMPTY);
  readonly asceHi = new Uint32Array(TLB_SLOTS);
  readonly asceLo = new Uint32Array(TLB_SLOTS);
  /** Page number of the absolute frame; prefixing has been applied. */
  readonly frames = new Float64Array(TLB_SLOTS);
  /** Access-control and fetch-protection bits that override those of the storage key; -1 if the storage key applies. */
  readonly keys = new Int16Array(TLB_SLOTS).fill(-1);
  /** The page table that the entry was made from, in units of 2 KiB; -1 if there was none. */
  readonly tables = new Float64Array(TLB_SLOTS);
  /** 1 if DAT protection forbids stores. */
  readonly protect = new Uint8Array(TLB_SLOTS);
  /** 1 if its entry forbids instruction fetches, while control register 0 enables that. */
  readonly noExecute = new Uint8Array(TLB_SLOTS);
  /** 1 if the frame's change bit is known to be on. */
  readonly changed = new Uint8Array(TLB_SLOTS);
  /** What must know that entries are gone. */
  readonly watchers: TlbWatcher[] = [];
  /** 1 for each group of slots that may have an entry. */
  readonly #groups = new Uint8Array(TLB_SLOTS / GROUP);
  /** Numbers of lookups that hit and that missed. */
  hits = 0;
  misses = 0;

  /** Returns the slot of a page in the space of an ASCE, or -1 if it is not cached. Counts a hit or a miss. */
  find(page: number, asceHi: number, asceLo: number): number {
    const slot = this.slotOf(page, asceHi, asceLo);
    if (slot < 0) this.misses++;
    else this.hits++;
    return slot;
  }

  /** As `find`, without counting. */
  slotOf(page: number, asceHi: number, asceLo: number): number {
    const slot = page & (TLB_SLOTS - 1);
    if (this.pages[slot] === page && this.asceLo[slot] === asceLo && this.asceHi[slot] === asceHi)
      return slot;
    return -1;
  }

  /**
   * Caches a translation in the page's slot, replacing its entry. Returns the slot. The parameters are described at
   * the arrays of the same names.
   * @param key -1: the storage key of the frame applies
   */
  insert(
    page: number,
    asceHi: number,
    asceLo: number,
    frame: number,
    table: number,
    protect: boolean,
    key = -1,
    noExecute = false,
  ): number {
    const slot = page & (TLB_SLOTS - 1);
    for (const watcher of this.watchers) watcher.replaced(slot);
    this.#groups[(slot / GROUP) | 0] = 1;
    this.pages[slot] = page;
    this.asceHi[slot] = asceHi;
    this.asceLo[slot] = asceLo;
    this.frames[slot] = frame;
    this.tables[slot] = table;
    this.keys[slot] = key;
    this.protect[slot] = protect ? 1 : 0;
    this.noExecute[slot] = noExecute ? 1 : 0;
    this.changed[slot] = 0;
    return slot;
  }

  #purged(): void {
    for (const watcher of this.watchers) watcher.purged();
  }

  /** Purges every entry made from entry `index` (0 to 255) of page table `table` (in units of 2 KiB). */
  purgePage(table: number, index: number): void {
    this.#purged();
    for (let slot = index; slot < TLB_SLOTS; slot += 256) {
      if (this.tables[slot] === table) this.pages[slot] = EMPTY;
    }
  }

  /** Purges every entry of an ASCE. */
  purgeAsce(asceHi: number, asceLo: number): void {
    this.#purged();
    for (let group = 0; group < TLB_SLOTS / GROUP; group++) {
      if (this.#groups[group] !== 0) this.#purgeGroup(group, asceHi, asceLo);
    }
  }

  #purgeGroup(group: number, asceHi: number, asceLo: number): void {
    let entries = 0;
    for (let slot = group * GROUP; slot < (group + 1) * GROUP; slot++) {
      if (this.asceLo[slot] === asceLo && this.asceHi[slot] === asceHi) this.pages[slot] = EMPTY;
      else if (this.pages[slot] !== EMPTY) entries++;
    }
    if (entries === 0) this.#groups[group] = 0;
  }

  /** Purges all entries. */
  purgeAll(): void {
    this.#purged();
    for (let group = 0; group < TLB_SLOTS / GROUP; group++) {
      if (this.#groups[group] !== 0) this.pages.fill(EMPTY, group * GROUP, (group + 1) * GROUP);
    }
    this.#groups.fill(0);
  }

  /** Makes the next store to each page record the change again. */
  forgetChanges(): void {
    this.#purged();
    this.changed.fill(0);
  }

  /** As `forgetChanges`, for one frame. */
  forgetChange(frame: number): void {
    this.#purged();
    for (let group = 0; group < TLB_SLOTS / GROUP; group++) {
      if (this.#groups[group] === 0) continue;
      for (let slot = group * GROUP; slot < (group + 1) * GROUP; slot++) {
        if (this.frames[slot] === frame) this.changed[slot] = 0;
      }
    }
  }

  /** Returns the first slot from `slot` on that has an entry, or TLB_SLOTS if there is none. */
  next(slot: number): number {
    let at = slot;
    while (this.pages[at] === EMPTY) {
      const group = (at / GROUP) | 0;
      at = this.#groups[group] === 0 ? (group + 1) * GROUP : at + 1;
    }
    return at;
  }

  /** Iterates over the cached translations, in slot order. */
  *entries(): IterableIterator<TlbEntry> {
    for (let slot = this.next(0); slot < TLB_SLOTS; slot = this.next(slot + 1)) {
      yield {
        page: this.pages[slot] as number,
        asceHi: this.asceHi[slot] as number,
        asceLo: this.asceLo[slot] as number,
        frame: this.frames[slot] as number,
        table: this.tables[slot] as number,
        protect: this.protect[slot] === 1,
      };
    }
  }
}
