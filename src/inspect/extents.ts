/**
 * Where a space has anything mapped: the runs of it, told in a bounded number of extents.
 */

import { EMPTY_SEGMENT, Gmap, GUEST_SEGMENTS, type Mm } from '../host/index.ts';
import { CRST_ENTRIES } from '../machine/index.ts';
import { type Extent, PAGES_PER_SEGMENT } from './answers.ts';
import { demandLimit, demandSpace } from './questions.ts';
import { NOTHING, SegmentTables } from './segment-tables.ts';

/** So many runs are kept while they are found: more are joined over the smallest gaps. */
const KEPT = 4096;

/** What a space has. */
export interface Extents {
  /** Ascending. */
  readonly extents: readonly Extent[];
  /** Segments (gmap) or mappings (process) in all. */
  readonly size: number;
}

/**
 * The extents of a space, at most `limit` (1 or more): where there are more runs than that, those with the smallest
 * gaps between them are told as one.
 * @throws LinuxError EINVAL, ESRCH, ENOENT, see questions.ts
 */
export function extentsOf(space: Mm | Gmap, limit: number): Extents {
  demandSpace(space);
  demandLimit('limit', limit);
  return space instanceof Gmap ? guestExtents(space, limit) : processExtents(space, limit);
}

function processExtents(mm: Mm, limit: number): Extents {
  const runs = new Runs();
  let size = 0;
  for (const { start, end } of mm.mappings) {
    runs.add(start, end);
    size++;
  }
  return { extents: runs.joined(limit), size };
}

function guestExtents(gmap: Gmap, limit: number): Extents {
  const runs = new Runs();
  const { storage } = gmap.mm.kernel;
  const { view } = storage;
  const tables = new SegmentTables(storage);
  let size = 0;
  tables.each(gmap.asceHi, gmap.asceLo, 0, GUEST_SEGMENTS, (origin, first) => {
    let at = tables.scan.next(origin, 0, CRST_ENTRIES, NOTHING);
    while (at < CRST_ENTRIES) {
      let end = at + 1;
      while (end < CRST_ENTRIES && view.getInt32(origin + end * 8 + 4) !== EMPTY_SEGMENT) end++;
      runs.add((first + at) * PAGES_PER_SEGMENT, (first + end) * PAGES_PER_SEGMENT);
      size += end - at;
      at = tables.scan.next(origin, end, CRST_ENTRIES, NOTHING);
    }
  });
  return { extents: runs.joined(limit), size };
}

/** Runs in ascending order, joined over small gaps when they become too many. */
class Runs {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Gaps up to this one, in pages, are not told. */
  #ignored = 0;

  add(start: number, end: number): void {
    const last = this.#ends.length - 1;
    if (last >= 0 && start - (this.#ends[last] as number) <= this.#ignored) {
      this.#ends[last] = end;
      return;
    }
    this.#starts.push(start);
    this.#ends.push(end);
    if (last + 2 > KEPT) this.#join(KEPT / 2);
  }

  joined(limit: number): Extent[] {
    if (this.#starts.length > limit) this.#join(limit);
    return this.#starts.map((first, i) => ({ first, end: this.#ends[i] as number }));
  }

  /** Joins over the smallest gaps, until at most `limit` runs are left. */
  #join(limit: number): void {
    const starts = this.#starts;
    const ends = this.#ends;
    const gaps = starts.slice(1).map((start, i) => start - (ends[i] as number));
    const sorted = [...gaps].sort((a, b) => a - b);
    this.#ignored = sorted[sorted.length - limit] ?? this.#ignored;
    let kept = 0;
    for (let i = 1; i < starts.length; i++) {
      if ((gaps[i - 1] as number) > this.#ignored) {
        kept++;
        starts[kept] = starts[i] as number;
      }
      ends[kept] = ends[i] as number;
    }
    starts.length = ends.length = kept + 1;
  }
}
