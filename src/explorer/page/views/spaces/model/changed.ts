/**
 * Finds the extents that have changed since the last position.
 *
 * The view moves, so two results may cover different ranges. Each extent is compared with those that overlapped it
 * before; if none is known, it does not count as changed.
 */

import type { Extent, GuestExtent, Row } from '../../../../../inspect/index.ts';
import { KINDS, sharesOf } from './labels.ts';

/** The extents of a line that were known at a position. */
export interface Known {
  /** The mapped extents. */
  readonly extents: readonly Extent[];
  readonly rows: readonly (Row | null)[];
}

/** An extent and its state; null if the state cannot be compared with that of another extent. */
interface ComparedExtent extends Extent {
  readonly state: string | null;
  /** The state with counts, which can be compared between two equal extents. */
  readonly detail: string;
}

/** Returns the keys (see `extentKey`) of the extents that have changed. */
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

/** Returns the key of an extent in a row. */
export function extentKey(list: 'extents' | 'tables', { first, end }: Extent): string {
  return `${list} ${first} ${end}`;
}

function isChanged(
  one: ComparedExtent,
  former: readonly ComparedExtent[],
  mapped: readonly Extent[],
): boolean {
  const others = overlapping(former, one);
  if (others.length === 0) return !mapped.some((extent) => extent.first < one.end && one.first < extent.end);
  return others.some((other) =>
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
  // In an exact extent, the first page determines where all pages lead.
  const state = extent.exact ? `${kinds} ${extent.processFirst - first}` : null;
  return { first, end, state, detail: JSON.stringify(rest) };
}
