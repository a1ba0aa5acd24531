/**
 * The tables of one gmap above the page tables: a region-first table, and the region-second, region-third and segment
 * tables that mapped segments need.
 *
 * Segments are guest segment numbers (byte address >> 20, below 2^44), as plain numbers; tables and entries are
 * absolute byte addresses.
 */

import { CRST_ENTRIES, CRST_SIZE, REGION } from '../../machine/index.ts';
import { CRST_ORDER } from '../frames.ts';
import { absolute, type Kernel } from '../kernel.ts';
import { fillEntries, type LinkOwner, type ReverseMaps } from '../mm/internal.ts';
import { HALF } from '../units.ts';

/** The number of segments of a guest: 2^44, 16 EiB. */
export const GUEST_SEGMENTS = 2 ** 44;

/** The number of segments that an entry of a table translates, by table type: 0 segment … 3 region first. */
const SPAN = [1, 2 ** 11, 2 ** 22, 2 ** 33] as const;
/** The low half of an empty entry, and type and length bits of a valid one, by table type. */
const EMPTY = [0x20, 0x24, 0x28, 0x2c] as const;
const VALID = [0, 0x07, 0x0b, 0x0f] as const;
const REGION_FIRST = 3;
/** Stands for the first segment of the segment table found last, if there is none: no segment from 0 on is in its table. */
const NOWHERE = -CRST_ENTRIES;

/** A table made by an operation that may still fail, and the entry that designates the table. */
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
  /** The guest segment number of the first entry of each segment table, by its origin. */
  readonly #segmentTables = new Map<number, number>();
  /** The region tables below the top, in the order in which they were made. */
  readonly #regionTables: number[] = [];

  // The segment table found last: guest segment of its first entry, its origin, and the node of its first entry.
  #first = NOWHERE;
  #table = -1;
  #node = -1;
  /**
   * The number of its entries that `nodeIn` finds: all but that of the last segment of a guest, which cannot be mapped.
   * 0 if there is no table, since `nodeIn` gets numbers that nothing has checked.
   */
  #reach = 0;

  // The result of `seek`.
  /** The address of the segment's entry, or -1 if a table on the way to it does not exist. */
  entry = -1;
  /** The entry's node in the reverse maps. Consecutive entries have consecutive nodes. */
  node = -1;
  /** The first segment after those that the same table translates, or would translate if it existed. */
  next = 0;

  /** @throws LinuxError ENOMEM */
  constructor(kernel: Kernel, reverseMaps: ReverseMaps, owner: LinkOwner) {
    this.#kernel = kernel;
    this.#reverseMaps = reverseMaps;
    this.#owner = owner;
    this.top = this.#newTable(REGION_FIRST);
  }

  /** Returns the node of a segment's entry in the reverse maps, or -1 if its table is not the one found last. */
  nodeIn(segment: number): number {
    const index = segment - this.#first;
    return index >= 0 && index < this.#reach ? this.#node + index : -1;
  }

  /** Returns the entry of a segment. Preconditions: `nodeIn` has just found its node. */
  entryIn(segment: number): number {
    return this.#table + (segment - this.#first) * 8;
  }

  /** Returns the entry of a segment, or -1 if a table on the way to it does not exist. */
  entryOf(segment: number): number {
    return this.#find(segment) ? this.#table + (segment - this.#first) * 8 : -1;
  }

  /** Returns the node of a segment's entry in the reverse maps. Preconditions: `entryOf` has just found the entry. */
  nodeOf(segment: number): number {
    return this.#node + (segment - this.#first);
  }

  /**
   * Looks up a segment and sets `entry`, `node` and `next`. A loop over a range continues with `next`, so that a table is
   * looked up once and not for every segment, and a missing table is skipped at the highest level.
   */
  seek(segment: number): void {
    if (this.#find(segment)) {
      const index = segment - this.#first;
      this.entry = this.#table + index * 8;
      this.node = this.#node + index;
      this.next = this.#first + CRST_ENTRIES;
    } else {
      const span = this.#spanMissingAt(segment);
      this.entry = -1;
      this.next = (Math.floor(segment / span) + 1) * span;
    }
  }

  /** Returns the guest segment number that an entry of a segment table translates. */
  segmentOf(entry: number): number {
    const offset = entry % CRST_SIZE;
    return (this.#segmentTables.get(entry - offset) as number) + offset / 8;
  }

  /**
   * Makes the tables that the segments of a range need.
   * @throws LinuxError ENOMEM; no table was made then
   */
  make(start: number, end: number): void {
    if (this.#find(start) && end <= this.#first + CRST_ENTRIES) return;
    let made: Made[] | null = null;
    for (let at = start; at < end; at = this.#endOfTable(at)) {
      if (this.#find(at)) continue;
      made ??= [];
      try {
        this.#makeDownTo(at, made);
      } catch (error) {
        for (const one of made.reverse()) this.#undo(one);
        throw error;
      }
    }
  }

  /** Iterates over all segment tables: origin, and guest segment number of the first entry. */
  segmentTables(): IterableIterator<[origin: number, segment: number]> {
    return this.#segmentTables.entries();
  }

  /** Frees all tables. Preconditions: no entry is linked. */
  free(): void {
    const { frames } = this.#kernel;
    for (const table of this.#segmentTables.keys()) {
      this.#reverseMaps.removeTable(table);
      frames.free(table);
    }
    for (const table of this.#regionTables) frames.free(table);
    frames.free(this.top);
    this.#segmentTables.clear();
    this.#forget();
  }

  /** Returns the first segment after those that the segment's table translates. */
  #endOfTable(segment: number): number {
    return (Math.floor(segment / CRST_ENTRIES) + 1) * CRST_ENTRIES;
  }

  /** Makes the table of a segment the one found last. Returns whether it exists. */
  #find(segment: number): boolean {
    const index = segment - this.#first;
    return (index >= 0 && index < CRST_ENTRIES) || this.#walk(segment);
  }

  /** Makes no table the one found last. */
  #forget(): void {
    this.#first = NOWHERE;
    this.#reach = 0;
  }

  #walk(segment: number): boolean {
    let table = this.top;
    for (let type = REGION_FIRST; type > 0; type--) {
      table = this.#designated(this.#entryIn(table, type, segment));
      if (table < 0) return false;
    }
    this.#first = this.#endOfTable(segment) - CRST_ENTRIES;
    this.#table = table;
    this.#reach = this.#first === GUEST_SEGMENTS - CRST_ENTRIES ? CRST_ENTRIES - 1 : CRST_ENTRIES;
    this.#node = this.#reverseMaps.nodeOf(table);
    return true;
  }

  /**
   * Returns the number of segments that the highest missing table on the way to a segment would translate. Preconditions:
   * one is missing.
   */
  #spanMissingAt(segment: number): number {
    let table = this.top;
    for (let type = REGION_FIRST; ; type--) {
      table = this.#designated(this.#entryIn(table, type, segment));
      if (table < 0) return SPAN[type] as number;
    }
  }

  #entryIn(table: number, type: number, segment: number): number {
    return table + (Math.floor(segment / (SPAN[type] as number)) % CRST_ENTRIES) * 8;
  }

  /** Returns the table that a region entry designates, or -1 if it is invalid. */
  #designated(entry: number): number {
    const { view } = this.#kernel.storage;
    const lo = view.getUint32(entry + 4);
    return lo & REGION.INVALID ? -1 : absolute(view.getUint32(entry), lo & REGION.ORIGIN);
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
        else this.#regionTables.push(below);
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

  /** Frees the table that was made last. */
  #undo({ entry, table, type }: Made): void {
    const { view } = this.#kernel.storage;
    view.setUint32(entry, 0);
    view.setUint32(entry + 4, EMPTY[type] as number);
    if (type === 1) this.#unregister(table);
    else this.#regionTables.pop();
    this.#forget();
    this.#kernel.frames.free(table);
  }
}
