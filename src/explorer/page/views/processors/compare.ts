/**
 * Compares the translations of a buffer at two positions.
 */

import type { CachedTranslation } from '../../../../inspect/index.ts';

/** What happened to a cached translation. */
export type Fate = 'kept' | 'new' | 'purged' | 'replaced';

/** A translation, and what happened to it. */
export interface ComparedEntry {
  readonly entry: CachedTranslation;
  readonly fate: Fate;
}

function same(a: CachedTranslation, b: CachedTranslation): boolean {
  return (
    a.slot === b.slot && a.page === b.page && a.asce === b.asce && a.frame === b.frame && a.table === b.table
  );
}

/**
 * Returns the translations of a buffer, including those removed since the earlier position, ordered by element and
 * page.
 * @param former those at the earlier position, or null if there is nothing to compare with
 */
export function compareBuffers(
  now: readonly CachedTranslation[],
  former: readonly CachedTranslation[] | null,
): readonly ComparedEntry[] {
  const inSlot = new Map(now.map((entry) => [entry.slot, entry]));
  const before = new Map(former?.map((entry) => [entry.slot, entry]));
  const compared: ComparedEntry[] = now.map((entry) => {
    const old = before.get(entry.slot);
    const fresh = former !== null && (old === undefined || !same(old, entry));
    return { entry, fate: fresh ? 'new' : 'kept' };
  });
  for (const entry of former ?? []) {
    const current = inSlot.get(entry.slot);
    if (current === undefined) compared.push({ entry, fate: 'purged' });
    else if (!same(entry, current)) compared.push({ entry, fate: 'replaced' });
  }
  return compared.sort((a, b) => compare(a.entry, b.entry));
}

function compare(a: CachedTranslation, b: CachedTranslation): number {
  if (a.asce !== b.asce) return a.asce < b.asce ? -1 : 1;
  return a.page - b.page;
}
