/**
 * What became of a processor since the moment that was shown before.
 */

import type { Remembered } from '../../../inspect/index.ts';

/** What became of a remembered translation. */
export type Fate = 'kept' | 'new' | 'purged' | 'replaced';

/** A translation, and what became of it. */
export interface Told {
  readonly entry: Remembered;
  readonly fate: Fate;
}

function same(a: Remembered, b: Remembered): boolean {
  return (
    a.slot === b.slot && a.page === b.page && a.asce === b.asce && a.frame === b.frame && a.table === b.table
  );
}

/**
 * The translations of a buffer, those included that have gone since. By element, then page.
 * @param former those at the earlier moment; null when there is none to compare with
 */
export function tell(now: readonly Remembered[], former: readonly Remembered[] | null): readonly Told[] {
  const inSlot = new Map(now.map((entry) => [entry.slot, entry]));
  const before = new Map(former?.map((entry) => [entry.slot, entry]));
  const told: Told[] = now.map((entry) => {
    const old = before.get(entry.slot);
    const fresh = former !== null && (old === undefined || !same(old, entry));
    return { entry, fate: fresh ? 'new' : 'kept' };
  });
  for (const entry of former ?? []) {
    const there = inSlot.get(entry.slot);
    if (there === undefined) told.push({ entry, fate: 'purged' });
    else if (!same(entry, there)) told.push({ entry, fate: 'replaced' });
  }
  return told.sort((a, b) => compare(a.entry, b.entry));
}

function compare(a: Remembered, b: Remembered): number {
  if (a.asce !== b.asce) return a.asce < b.asce ? -1 : 1;
  return a.page - b.page;
}
