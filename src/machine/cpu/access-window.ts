/**
 * The access window of a processor: pages that an instruction may access without a lookup in the TLBs. They are the page that
 * instructions are fetched from, and pages that were loaded from or stored to. An access to one of them needs no check, and
 * would be a hit in the TLBs; it is counted as one later.
 *
 * The window is used while the run loop executes instructions in one context: PSW mode, key and space, control registers,
 * guest. What changes the context ends the use. The TLBs close the window when they lose or replace an entry, or when a store
 * needs a check again. So everything in it is in the TLBs.
 */

import type { Tlb, TlbWatcher } from '../tlb.ts';

/** No address has this high half. */
const CLOSED = -1;

/** Pages for each kind of access: a page has the place of the low bits of its number. A power of two. */
const PAGES = 64;
/** Words of a page: low half of its address, plus the generation of the window; high half; number of its frame; unused. */
const WORDS = 4;
/** Where the pages begin that may be loaded from and stored to. */
export const LOADS = 0;
export const STORES = PAGES * WORDS;

const GENERATIONS = 0xfff;

/** An access window. The fields are public for the run loop and for loads and stores, which read them each time. */
export class AccessWindow implements TlbWatcher {
  /** The address of the page of code, in halves, and the number of its frame. */
  codeHi = CLOSED;
  codeLo = 0;
  codeFrame = 0;
  /** The pages that are loaded from, then those that are stored to. */
  readonly pages = new Int32Array(2 * PAGES * WORDS);
  /** Pages of other generations are no longer in the window. 1 to 4095. */
  generation = 1;
  /** Accesses through the window that are not counted in the TLBs yet. */
  hits = 0;
  #used = false;
  #hasPages = false;
  /** The TLBs in which an access is a hit. */
  #first: Tlb | null = null;
  #second: Tlb | null = null;

  /** Begins the use of the window. @param first, second the TLBs in which an access is looked up, or null */
  begin(first: Tlb | null, second: Tlb | null): void {
    this.#first = first;
    this.#second = second;
    this.#used = true;
  }

  /** Ends the use of the window. Nothing is in it until the next one. */
  end(): void {
    this.close();
    this.#used = false;
  }

  /** Sets the page of code, by an address in it. */
  setCode(hi: number, lo: number, frame: number): void {
    this.codeHi = hi;
    this.codeLo = lo & ~0xfff;
    this.codeFrame = frame | 0;
  }

  /** Adds a page, by an address in it, if the window is used. @param kind `LOADS` or `STORES` */
  add(hi: number, lo: number, kind: number, frame: number): void {
    if (!this.#used) return;
    const at = kind + placeOf(lo);
    this.pages[at] = (lo & ~0xfff) | this.generation;
    this.pages[at + 1] = hi;
    this.pages[at + 2] = frame;
    this.#hasPages = true;
  }

  /** Closes the window: nothing is in it. */
  close(): void {
    this.codeHi = CLOSED;
    this.count();
    if (!this.#hasPages) return;
    this.#hasPages = false;
    this.generation++;
    if (this.generation <= GENERATIONS) return;
    this.generation = 1;
    this.pages.fill(0);
  }

  /** Counts the accesses in the TLBs. */
  count(): void {
    if (this.#first !== null) this.#first.hits += this.hits;
    if (this.#second !== null) this.#second.hits += this.hits;
    this.hits = 0;
  }

  replaced(): void {
    this.close();
  }

  purged(): void {
    this.close();
  }
}

/** Returns where the words of the page of an address are, relative to those of its kind. */
export function placeOf(lo: number): number {
  return (lo >>> 10) & ((PAGES - 1) * WORDS);
}
