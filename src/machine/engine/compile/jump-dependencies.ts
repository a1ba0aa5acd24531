/** Which entries for jumps depend on which slots of a TLB: on those of the pages that the code is in. */

import { TLB_SLOTS } from '../../tlb.ts';

/** Entries that are noted for a slot at most. */
const MAX_ENTRIES = 200;
const NOTHING: readonly number[] = [];

/** The entries that depend on each slot of one TLB. */
export class JumpDependencies {
  /** Whether any depend on a slot. Most slots have none. */
  readonly #any = new Uint8Array(TLB_SLOTS);
  /** By slot; null if there are too many to note. */
  readonly #entries = new Map<number, number[] | null>();

  /** Notes that an entry depends on a slot. */
  add(slot: number, entry: number): void {
    this.#any[slot] = 1;
    const entries = this.#entries.get(slot);
    if (entries === undefined) this.#entries.set(slot, [entry]);
    else if (entries !== null && entries.push(entry) > MAX_ENTRIES) this.#entries.set(slot, null);
  }

  /** Returns the entries that depend on a slot, or null if they may be any, and forgets them. */
  take(slot: number): readonly number[] | null {
    if (this.#any[slot] === 0) return NOTHING;
    const entries = this.#entries.get(slot) as number[] | null;
    this.#any[slot] = 0;
    this.#entries.delete(slot);
    return entries;
  }

  /** Forgets all. */
  clear(): void {
    this.#any.fill(0);
    this.#entries.clear();
  }
}
