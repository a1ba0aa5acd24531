/**
 * All extents that were mapped at any position shown. Axes are laid out for all of them, so that places do not move
 * while the user steps back and forth, and unmapped memory remains visible.
 */

import { effect } from '@preact/signals';
import type { Extent } from '../../../../../inspect/index.ts';
import type { SpaceName } from '../../../../protocol.ts';
import { source } from '../../../recording/state.ts';

/** Maximum number of extents on an axis. */
const EXTENTS_MAX = 256;

const seen = new Map<SpaceName, { now: readonly Extent[]; all: readonly Extent[] }>();

// Another recording has other extents.
effect(() => {
  source.value;
  forget();
});

/** Returns all extents of a space: those shown before, those mapped now, and those that guests are mapped to. */
export function extentsSeen(
  name: SpaceName,
  now: readonly Extent[],
  unbacked: readonly Extent[] = [],
): readonly Extent[] {
  const known = seen.get(name);
  if (known?.now === now && unbacked.length === 0) return known.all;
  const all = mergeExtents(known?.all ?? [], [...now, ...unbacked], EXTENTS_MAX);
  seen.set(name, { now, all });
  return all;
}

/** Forgets everything that is not mapped now. */
export function forget(): void {
  seen.clear();
}

/** Merges two lists of extents, in ascending order. At most `most` are returned: extents are joined across the smallest gaps. */
export function mergeExtents(a: readonly Extent[], b: readonly Extent[], most: number): readonly Extent[] {
  const sorted = [...a, ...b].sort((one, other) => one.first - other.first);
  const merged: Extent[] = [];
  for (const { first, end } of sorted) {
    const last = merged[merged.length - 1];
    if (last && first <= last.end) merged[merged.length - 1] = { ...last, end: Math.max(last.end, end) };
    else merged.push({ first, end });
  }
  if (merged.length <= most) return merged;
  const gaps = merged.slice(1).map(({ first }, i) => first - (merged[i] as Extent).end);
  const smallest = gaps.toSorted((one, other) => one - other)[merged.length - most - 1] as number;
  return merged.reduce<Extent[]>((few, one, i) => {
    const last = few[few.length - 1];
    if (last && (gaps[i - 1] as number) <= smallest) few[few.length - 1] = { ...last, end: one.end };
    else few.push(one);
    return few;
  }, []);
}
