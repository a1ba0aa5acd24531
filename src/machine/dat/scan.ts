/**
 * Looks for the entries of a table that are not empty, fast: most are.
 *
 * An entry is compared whole, as the double that its eight bytes make in the order of this computer. Bits that make a
 * number are equal as numbers only when they are equal as bits, and every empty entry is such a number.
 */

import type { Storage } from '../storage.ts';

/** Finds entries in one storage. */
export class TableScan {
  readonly #entries: Float64Array;

  constructor(storage: Storage) {
    this.#entries = new Float64Array(storage.bytes.buffer);
  }

  /**
   * The index, from `from` on, of the next entry of a table that is not `empty`; `count` when there is none.
   * @param table absolute byte address
   * @param empty see `emptyEntry`
   */
  next(table: number, from: number, count: number, empty: number): number {
    const e = this.#entries;
    const end = table / 8 + count;
    let at = table / 8 + from;
    // Eight at a time: the bounds of a loop would cost as much as what it does.
    while (
      at + 8 <= end &&
      e[at] === empty &&
      e[at + 1] === empty &&
      e[at + 2] === empty &&
      e[at + 3] === empty &&
      e[at + 4] === empty &&
      e[at + 5] === empty &&
      e[at + 6] === empty &&
      e[at + 7] === empty
    ) {
      at += 8;
    }
    while (at < end && e[at] === empty) at++;
    return at - table / 8;
  }
}

/** What `TableScan.next` compares with: an entry with this low half and a high half of zeros. */
export function emptyEntry(low: number): number {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(4, low);
  return new Float64Array(bytes.buffer)[0] as number;
}
