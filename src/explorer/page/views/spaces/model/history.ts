/**
 * What has been mapped at any position that was shown. Axes are laid out for all of it, so that a place stays where it is
 * while one steps back and forth, and one can see what is gone.
 */

import { effect } from '@preact/signals';
import type { Extent } from '../../../../../inspect/index.ts';
import type { SpaceName } from '../../../../protocol.ts';
import { source } from '../../../recording/state.ts';

/** Extents that an axis has at most. */
const MOST = 256;

const seen = new Map<SpaceName, { now: readonly Extent[]; all: readonly Extent[] }>();

// Another recording has other places.
effect(() => {
  source.value;
  forget();
});

/** All extents of a space that were seen, with those of now and those that guests want there. */
export function extentsSeen(
  name: SpaceName,
  now: readonly Extent[],
  wanted: readonly Extent[] = [],
): readonly Extent[] {
  const known = seen.get(name);
  if (known?.now === now && wanted.length === 0) return known.all;
  const all = mergeExtents(known?.all ?? [], [...now, ...wanted], MOST);
  seen.set(name, { now, all });
  return all;
}

/** Forgets what is not mapped now. */
export function forget(): void {
  seen.clear();
}

/** Two lists of extents as one, ascending; where there are more than `most`, those with the smallest gaps are one. */
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
