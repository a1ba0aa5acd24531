/**
 * Finds an entry in a table of which only a few entries are shown at a time.
 *
 * Entries are numbered among the populated ones. The number of the entry with a given index is found by a binary search.
 */

import type { Table } from '../../../../inspect/index.ts';

/** Bounds of the number of an entry: at least `low`, and below `high`. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Narrows the bounds, given some entries of the table. `low === high` if the entry is among them or does not exist. */
export function narrowed(bounds: Bounds, table: Table, index: number): Bounds {
  const first = table.entries[0];
  const last = table.entries[table.entries.length - 1];
  if (!first || !last) return { low: 0, high: table.populated };
  const lastNumber = table.from + table.entries.length - 1;
  // There are no more populated entries between two others than there are indexes.
  if (index < first.index) {
    const low = Math.max(bounds.low, table.from - (first.index - index));
    return ordered(low, Math.min(bounds.high, table.from));
  }
  if (index > last.index) {
    const high = Math.min(bounds.high, lastNumber + (index - last.index) + 1);
    return ordered(Math.max(bounds.low, lastNumber + 1), high);
  }
  return { low: table.from, high: table.from };
}

function ordered(low: number, high: number): Bounds {
  return low < high ? { low, high } : { low: high, high };
}

/** Returns the number of the first entry to query next, `size` entries at a time. */
export function nextFrom({ low, high }: Bounds, size: number, populated: number): number {
  const middle = (low + high) >> 1;
  return Math.max(0, Math.min(middle - (size >> 1), populated - size));
}
