/**
 * What is different from the position before, told extent by extent.
 *
 * Two answers need not be about the same ranges: the view moves. So an extent is compared with what covered it before, and
 * where nothing is known of before, it is not said to be changed.
 */

import type { Extent, GuestExtent, Row } from '../../../../../inspect/index.ts';
import { KINDS, sharesOf } from './labels.ts';

/** What a line knew at a position. */
export interface Known {
  /** What was mapped. */
  readonly extents: readonly Extent[];
  readonly rows: readonly (Row | null)[];
}

/** An extent with one state; null for a state that cannot be compared with another extent's. */
interface ComparedExtent extends Extent {
  readonly state: string | null;
  /** The same with counts: two extents with the same borders can be compared by it. */
  readonly detail: string;
}

/** The keys (see `extentKey`) of extents that are not as they were. */
export function changedExtents(before: Known | null, now: Known): ReadonlySet<string> {
  const changed = new Set<string>();
  if (before === null) return changed;
  for (const list of ['extents', 'tables'] as const) {
    const former = comparedExtents(before.rows, list);
    for (const one of comparedExtents(now.rows, list)) {
      if (isChanged(one, former, before.extents)) changed.add(extentKey(list, one));
    }
  }
  return changed;
}

/** A name for an extent of an answer. */
export function extentKey(list: 'extents' | 'tables', { first, end }: Extent): string {
  return `${list} ${first} ${end}`;
}

function isChanged(
  one: ComparedExtent,
  former: readonly ComparedExtent[],
  mapped: readonly Extent[],
): boolean {
  const there = overlapping(former, one);
  if (there.length === 0) return !mapped.some((extent) => extent.first < one.end && one.first < extent.end);
  return there.some((other) =>
    other.first === one.first && other.end === one.end
      ? other.detail !== one.detail
      : other.state !== null && one.state !== null && other.state !== one.state,
  );
}

function overlapping(all: readonly ComparedExtent[], { first, end }: Extent): readonly ComparedExtent[] {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle] as ComparedExtent).end <= first) low = middle + 1;
    else high = middle;
  }
  const found: ComparedExtent[] = [];
  for (let i = low; i < all.length && (all[i] as ComparedExtent).first < end; i++)
    found.push(all[i] as ComparedExtent);
  return found;
}

function comparedExtents(
  rows: readonly (Row | null)[],
  list: 'extents' | 'tables',
): readonly ComparedExtent[] {
  const found: ComparedExtent[] = [];
  for (const row of rows) {
    if (row === null) continue;
    if (row.kind === 'guest') {
      if (list === 'extents') found.push(...row.extents.map(comparedGuestExtent));
    } else if (list === 'extents') {
      found.push(
        ...row.extents.map((extent) => {
          const { first, end, ...rest } = extent;
          const detail = JSON.stringify(rest);
          return { first, end, state: extent.mappings === 1 ? detail : null, detail };
        }),
      );
    } else {
      found.push(
        ...row.tables.map(({ first, end, ...rest }) => ({
          first,
          end,
          state: null,
          detail: JSON.stringify(rest),
        })),
      );
    }
  }
  return found.sort((a, b) => a.first - b.first);
}

function comparedGuestExtent(extent: GuestExtent): ComparedExtent {
  const { first, end, ...rest } = extent;
  const kinds = sharesOf(extent).map(({ kind }) => KINDS.indexOf(kind));
  // What lies behind the first page tells what lies behind all, when it is one run.
  const state = extent.exact ? `${kinds} ${extent.processFirst - first}` : null;
  return { first, end, state, detail: JSON.stringify(rest) };
}
