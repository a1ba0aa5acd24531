/** Reduces a failing list: makes it shorter and its items simpler, while it still fails. */

/** Returns the number of items of a list up to its failure, or 0 if it does not fail. */
export type NeededUntilFailure<Item> = (items: readonly Item[]) => number;

/**
 * Drops items, long ranges first, then replaces single items by simpler ones, alternately, until neither helps or `more`
 * returns false.
 */
export function reduce<Item>(
  failing: readonly Item[],
  fails: NeededUntilFailure<Item>,
  simpler: (item: Item) => Iterable<Item>,
  more: () => boolean,
): readonly Item[] {
  let best = failing;
  const attempt = (candidate: readonly Item[]): boolean => {
    if (!more()) return false;
    const needed = fails(candidate);
    if (needed === 0) return false;
    best = candidate.slice(0, needed);
    return true;
  };
  attempt(best);
  for (let changed = true; changed && more(); ) {
    changed = dropRanges(() => best, attempt);
    for (let at = 0; at < best.length && more(); at++) {
      for (const item of simpler(best[at] as Item)) {
        if (at >= best.length) break;
        if (attempt(best.with(at, item))) {
          changed = true;
          at--;
          break;
        }
      }
    }
  }
  return best;
}

/** Drops ranges of half the length, a quarter, and so on down to one item, from the end on. */
function dropRanges<Item>(
  best: () => readonly Item[],
  attempt: (candidate: readonly Item[]) => boolean,
): boolean {
  let changed = false;
  for (let length = Math.ceil(best().length / 2); length > 0; length = Math.floor(length / 2)) {
    for (let at = best().length - length; at > -length; at -= length) {
      const items = best();
      const start = Math.max(at, 0);
      if (start < items.length && attempt([...items.slice(0, start), ...items.slice(at + length)])) {
        changed = true;
        at = Math.min(at, best().length);
      }
    }
  }
  return changed;
}
