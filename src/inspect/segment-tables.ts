/**
 * The segment tables of a space in storage.
 */

import { EMPTY_SEGMENT, HALF } from '../host/internal.ts';
import {
  ASCE,
  CRST_ENTRIES,
  CRST_SIZE,
  emptyEntry,
  REGION,
  type Storage,
  TableScan,
} from '../machine/index.ts';

/** An empty segment-table entry, for `TableScan`. */
export const NOTHING = emptyEntry(EMPTY_SEGMENT);
/** Empty entries by table type: 0 segment … 3 region first. */
const EMPTY = [0x20, 0x24, 0x28, 0x2c].map(emptyEntry);
/** Segments that an entry spans, by table type. */
const SPAN = [1, 2 ** 11, 2 ** 22, 2 ** 33] as const;

/** Receives the origin of a segment table and the number of the first segment that it translates. */
export type SegmentTableVisitor = (origin: number, firstSegment: number) => void;

/** The halves of an address-space-control element. An address space is such an object. */
export interface TopTable {
  readonly asceHi: number;
  readonly asceLo: number;
}

/** Finds segment tables in storage. */
export class SegmentTables {
  readonly scan: TableScan;
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.scan = new TableScan(storage);
  }

  /**
   * Visits each segment table of a space that translates some of the segments `first` up to, not including, `end`, in
   * ascending order.
   */
  each({ asceHi, asceLo }: TopTable, first: number, end: number, visit: SegmentTableVisitor): void {
    const visitBelow = (table: number, type: number, base: number): void => {
      if (!this.#storage.has(table, CRST_SIZE)) return;
      if (type === 0) {
        visit(table, base);
        return;
      }
      const span = SPAN[type] as number;
      const from = Math.max(0, Math.floor((first - base) / span));
      const to = Math.min(CRST_ENTRIES, Math.ceil((end - base) / span));
      const empty = EMPTY[type] as number;
      for (let i = this.scan.next(table, from, to, empty); i < to; ) {
        const lo = this.#storage.get32(table + i * 8 + 4);
        if ((lo & REGION.INVALID) === 0) {
          const below = this.#storage.get32(table + i * 8) * HALF + ((lo & REGION.ORIGIN) >>> 0);
          visitBelow(below, type - 1, base + i * span);
        }
        i = this.scan.next(table, i + 1, to, empty);
      }
    };
    visitBelow(asceHi * HALF + ((asceLo & ASCE.ORIGIN) >>> 0), (asceLo & ASCE.TYPE) >>> 2, 0);
  }
}
