/**
 * The tables of one gmap above the page tables: a region-first table, and below it region-second, region-third
 * and segment tables where something was mapped.
 *
 * Segments are guest segment numbers (byte address >> 20, below 2^44), as plain numbers; tables and entries are
 * absolute byte addresses.
 */

import { CRST_ENTRIES, CRST_SIZE, REGION } from '../../machine/index.ts';
import { CRST_ORDER } from '../frames.ts';
import type { Kernel } from '../kernel.ts';
import { fillEntries, type LinkOwner, type ReverseMaps } from '../mm/index.ts';

/** Guest segments there are: 2^44, 16 EiB. */
export const GUEST_SEGMENTS = 2 ** 44;

/** Guest segments that an entry of a table spans, by table type: 1 region third, 2 second, 3 first. */
const SPAN = [1, 2 ** 11, 2 ** 22, 2 ** 33] as const;
/** Low half of an empty entry, and type and length bits of a valid one, by table type. */
const EMPTY = [0x20, 0x24, 0x28, 0x2c] as const;
const VALID = [0, 0x07, 0x0b, 0x0f] as const;
const REGION_FIRST = 3;
const HALF = 0x1_0000_0000;

/** A table made by an operation that may yet fail, and the entry that designates it. */
interface Made {
  readonly entry: number;
  readonly table: number;
  readonly type: number;
}

/** The tables of one gmap. */
export class GuestTables {
  /** Origin of the region-first table. */
  readonly top: number;
  readonly #kernel: Kernel;
  readonly #reverseMaps: ReverseMaps;
  readonly #owner: LinkOwner;
  /** Guest segment number of the first entry of each segment table, by its origin. */
  readonly #segmentTables = new Map<number, number>();
  /** The segment table found last: `segment / 2048` and its origin. */
  #lastNumber = -1;
  #lastTable = -1;

  /** @throws LinuxError ENOMEM */
  constructor(kernel: Kernel, reverseMaps: ReverseMaps, owner: LinkOwner) {
    this.#kernel = kernel;
    this.#reverseMaps = reverseMaps;
    this.#owner = owner;
    this.top = this.#newTable(REGION_FIRST);
  }

  /** The entry of a segment, or -1 when a table on the way to it does not exist. */
  entryOf(segment: number): number {
    const table = this.#segmentTableOf(segment);
    return table < 0 ? -1 : table + (segment % CRST_ENTRIES) * 8;
  }

  /** The guest segment number that an entry of a segment table translates. */
  segmentOf(entry: number): number {
    const offset = entry % CRST_SIZE;
    return (this.#segmentTables.get(entry - offset) as number) + offset / 8;
  }

  /**
   * Makes the tables that the segments of the range need. All of them, or none.
   * @throws LinuxError ENOMEM
   */
  make(start: number, end: number): void {
    const made: Made[] = [];
    try {
      for (let at = start; at < end; at = this.#nextTable(at)) {
        if (this.#segmentTableOf(at) < 0) this.#makeDownTo(at, made);
      }
    } catch (error) {
      for (const one of made.reverse()) this.#undo(one);
      throw error;
    }
  }

  /**
   * Calls back for each segment table with entries in the range, ascending: the address of the first entry in
   * the range, how many there are, and the guest segment number of the first. Missing tables are skipped at the
   * highest level that lacks them.
   */
  eachRun(start: number, end: number, run: (entry: number, count: number, segment: number) => void): void {
    let at = start;
    while (at < end) {
      const missing = this.#spanMissingAt(at);
      if (missing > 0) {
        at = (Math.floor(at / missing) + 1) * missing;
        continue;
      }
      const next = Math.min(this.#nextTable(at), end);
      run(this.entryOf(at), next - at, at);
      at = next;
    }
  }

  /** Every segment table: its origin and the guest segment number of its first entry. */
  segmentTables(): IterableIterator<[origin: number, segment: number]> {
    return this.#segmentTables.entries();
  }

  /** Frees all tables. No entry is linked any more. */
  free(): void {
    this.#freeBelow(this.top, REGION_FIRST);
    this.#lastNumber = -1;
  }

  #nextTable(segment: number): number {
    return (Math.floor(segment / CRST_ENTRIES) + 1) * CRST_ENTRIES;
  }

  #segmentTableOf(segment: number): number {
    const number = Math.floor(segment / CRST_ENTRIES);
    if (number === this.#lastNumber) return this.#lastTable;
    let table = this.top;
    for (let type = REGION_FIRST; type > 0; type--) {
      table = this.#designated(this.#entryIn(table, type, segment));
      if (table < 0) return -1;
    }
    this.#lastNumber = number;
    this.#lastTable = table;
    return table;
  }

  /** 0 when the segment has a segment table; else how many segments the highest missing table would span. */
  #spanMissingAt(segment: number): number {
    if (this.#segmentTableOf(segment) >= 0) return 0;
    let table = this.top;
    for (let type = REGION_FIRST; type > 0; type--) {
      table = this.#designated(this.#entryIn(table, type, segment));
      if (table < 0) return SPAN[type] as number;
    }
    return 0;
  }

  #entryIn(table: number, type: number, segment: number): number {
    return table + (Math.floor(segment / (SPAN[type] as number)) % CRST_ENTRIES) * 8;
  }

  /** The table that a region entry designates, or -1 when it is invalid. */
  #designated(entry: number): number {
    const { view } = this.#kernel.storage;
    const lo = view.getUint32(entry + 4);
    return lo & REGION.INVALID ? -1 : view.getUint32(entry) * HALF + ((lo & REGION.ORIGIN) >>> 0);
  }

  #makeDownTo(segment: number, made: Made[]): void {
    const { view } = this.#kernel.storage;
    let table = this.top;
    for (let type = REGION_FIRST; type > 0; type--) {
      const entry = this.#entryIn(table, type, segment);
      let below = this.#designated(entry);
      if (below < 0) {
        below = this.#newTable(type - 1);
        view.setUint32(entry, below / HALF);
        view.setUint32(entry + 4, (below | (VALID[type] as number)) >>> 0);
        if (type === 1) this.#register(below, segment);
        made.push({ entry, table: below, type });
      }
      table = below;
    }
  }

  #newTable(type: number): number {
    const table = this.#kernel.frames.allocate(CRST_ORDER, 'gmap-table');
    fillEntries(this.#kernel, table, CRST_SIZE, EMPTY[type] as number);
    return table;
  }

  #register(table: number, segment: number): void {
    this.#segmentTables.set(table, segment - (segment % CRST_ENTRIES));
    this.#reverseMaps.addTable(table, this.#owner);
  }

  #unregister(table: number): void {
    this.#segmentTables.delete(table);
    this.#reverseMaps.removeTable(table);
  }

  #undo({ entry, table, type }: Made): void {
    const { view } = this.#kernel.storage;
    view.setUint32(entry, 0);
    view.setUint32(entry + 4, EMPTY[type] as number);
    if (type === 1) this.#unregister(table);
    this.#lastNumber = -1;
    this.#kernel.frames.free(table);
  }

  #freeBelow(table: number, type: number): void {
    if (type === 0) {
      this.#unregister(table);
    } else {
      for (let entry = table; entry < table + CRST_SIZE; entry += 8) {
        const below = this.#designated(entry);
        if (below >= 0) this.#freeBelow(below, type - 1);
      }
    }
    this.#kernel.frames.free(table);
  }
}
