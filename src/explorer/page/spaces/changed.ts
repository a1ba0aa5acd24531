/**
 * What is different from the moment before, told part by part.
 *
 * Two answers need not be about the same ranges: the view moves. So a part is compared with what covered it before, and
 * where nothing is known of before, it is not said to be changed.
 */

import type { Extent, GuestPart, Row } from '../../../inspect/index.ts';
import { KINDS, sharesOf } from './parts.ts';

/** What a line knew at a moment. */
export interface Known {
  /** What was mapped. */
  readonly extents: readonly Extent[];
  readonly rows: readonly (Row | null)[];
}

/** A stretch with one state; null for a state that cannot be compared with another stretch's. */
interface Stretch extends Extent {
  readonly state: string | null;
  /** The same with counts: two stretches with the same borders can be compared by it. */
  readonly detail: string;
}

/** The keys (see `partKey`) of parts that are not as they were. */
export function changedParts(before: Known | null, now: Known): ReadonlySet<string> {
  const changed = new Set<string>();
  if (before === null) return changed;
  for (const list of ['parts', 'tables'] as const) {
    const former = stretchesOf(before.rows, list);
    for (const one of stretchesOf(now.rows, list)) {
      if (isChanged(one, former, before.extents)) changed.add(partKey(list, one));
    }
  }
  return changed;
}

/** A name for a part of an answer. */
export function partKey(list: 'parts' | 'tables', { first, end }: Extent): string {
  return `${list} ${first} ${end}`;
}

function isChanged(one: Stretch, former: readonly Stretch[], mapped: readonly Extent[]): boolean {
  const there = overlapping(former, one);
  if (there.length === 0) return !mapped.some((extent) => extent.first < one.end && one.first < extent.end);
  return there.some((other) =>
    other.first === one.first && other.end === one.end
      ? other.detail !== one.detail
      : other.state !== null && one.state !== null && other.state !== one.state,
  );
}

function overlapping(all: readonly Stretch[], { first, end }: Extent): readonly Stretch[] {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle] as Stretch).end <= first) low = middle + 1;
    else high = middle;
  }
  const found: Stretch[] = [];
  for (let i = low; i < all.length && (all[i] as Stretch).first < end; i++) found.push(all[i] as Stretch);
  return found;
}

function stretchesOf(rows: readonly (Row | null)[], list: 'parts' | 'tables'): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const row of rows) {
    if (row === null) continue;
    if (row.kind === 'guest') {
      if (list === 'parts') found.push(...row.parts.map(guestStretch));
    } else if (list === 'parts') {
      found.push(
        ...row.parts.map((part) => {
          const { first, end, ...rest } = part;
          const detail = JSON.stringify(rest);
          return { first, end, state: part.mappings === 1 ? detail : null, detail };
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

function guestStretch(part: GuestPart): Stretch {
  const { first, end, ...rest } = part;
  const kinds = sharesOf(part).map(({ kind }) => KINDS.indexOf(kind));
  // What lies behind the first page tells what lies behind all, when it is one run.
  const state = part.exact ? `${kinds} ${part.processFirst - first}` : null;
  return { first, end, state, detail: JSON.stringify(rest) };
}
