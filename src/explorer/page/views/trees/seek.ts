/**
 * Finding an entry in a table of which one sees a few entries at a time.
 *
 * A table is told in the order of its populated entries: which of them has a given index is found by looking.
 */

import type { Table } from '../../../../inspect/index.ts';

/** Where the entry can be: its number among the populated ones is at least `low`, and below `high`. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** What a look at a piece of the table says of where an index is. `low === high` when it is in that piece, or nowhere. */
export function narrowed(bounds: Bounds, table: Table, index: number): Bounds {
  const first = table.entries[0];
  const last = table.entries[table.entries.length - 1];
  if (!first || !last) return { low: 0, high: table.populated };
  const lastNumber = table.from + table.entries.length - 1;
  // Between two populated entries there are no more populated ones than there are indexes.
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

/** From which entry on to look next, with so many at a time. */
export function nextFrom({ low, high }: Bounds, size: number, populated: number): number {
  const middle = (low + high) >> 1;
  return Math.max(0, Math.min(middle - (size >> 1), populated - size));
}
