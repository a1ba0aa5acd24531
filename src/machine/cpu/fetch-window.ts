/**
 * The fetch window of a processor: the page that it fetches instructions from, and the frame behind it. As long as the window is
 * open, a fetch from the page needs no check, and would be a hit in the TLBs. It is counted as one when the window is closed.
 *
 * The run loop opens the window, and closes it before it ends. The TLBs close it when they lose or replace an entry.
 * Everything else that a fetch depends on makes the run loop end (`Processor.attention`).
 */

import type { Tlb, TlbWatcher } from '../tlb.ts';

/** No address has this high half. */
const CLOSED = -1;

/** A fetch window. Its fields are public for the run loop, which reads them for every instruction. */
export class FetchWindow implements TlbWatcher {
  /** The address of the page, in halves. */
  hi = CLOSED;
  lo = 0;
  /** Number of the frame. */
  frame = 0;
  /** Fetches that were made through the window and are not counted in the TLBs yet. */
  fetches = 0;
  /** The TLBs in which a fetch is a hit. */
  #first: Tlb | null = null;
  #second: Tlb | null = null;

  /**
   * Opens the window for the page of an address.
   * @param frame number of the frame
   * @param first the TLB that translates the page, or null; `second`: one that is asked as well
   */
  open(hi: number, lo: number, frame: number, first: Tlb | null, second: Tlb | null): void {
    this.close();
    this.hi = hi;
    this.lo = lo & ~0xfff;
    this.frame = frame | 0;
    this.#first = first;
    this.#second = second;
  }

  /** Closes the window, and counts the fetches. */
  close(): void {
    this.hi = CLOSED;
    if (this.#first !== null) this.#first.hits += this.fetches;
    if (this.#second !== null) this.#second.hits += this.fetches;
    this.fetches = 0;
  }

  replaced(): void {
    this.close();
  }

  purged(): void {
    this.close();
  }
}
