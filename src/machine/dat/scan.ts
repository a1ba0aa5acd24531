/**
 * A fast scan for the entries of a table that are not empty.
 *
 * It compares an entry at once, as the double that its eight bytes make in this computer's byte order. An empty entry makes
 * a double that is neither a NaN nor a zero, and such doubles are equal only if their bits are.
 */

import type { Storage } from '../storage.ts';

/** Finds entries in one storage. */
export class TableScan {
  readonly #entries: Float64Array;

  constructor(storage: Storage) {
    this.#entries = new Float64Array(storage.bytes.buffer, 0, storage.size / 8);
  }

  /**
   * Returns the index of the first entry from `from` on that is not `empty`, or `count` if all are.
   * @param table absolute byte address of the table
   * @param empty see `emptyEntry`
   */
  next(table: number, from: number, count: number, empty: number): number {
    const e = this.#entries;
    const end = table / 8 + count;
    let at = table / 8 + from;
    // Unrolled eight times: the loop's bounds check costs as much as a comparison.
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

/** Returns the empty entry for `TableScan.next`: one with this low half and a high half of zeros. */
export function emptyEntry(low: number): number {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(4, low);
  return new Float64Array(bytes.buffer)[0] as number;
}
