/**
 * Pages one by one: what their flags say, and extents of equal ones.
 */

import { PAGE_FLAG, type Pages } from '../../../../../inspect/index.ts';
import { addressOf, hex, listed, size } from '../../../ui/text.ts';

/** Pages with the same flags, half open. */
export interface PageExtent {
  readonly first: number;
  readonly end: number;
  readonly flags: number;
}

/** The mapped pages of a range as extents of equal ones; `single` makes every page a run. */
export function pageExtents({ first, flags }: Pages, single: boolean): readonly PageExtent[] {
  const extents: PageExtent[] = [];
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i] as number;
    if ((flag & PAGE_FLAG.MAPPED) === 0) continue;
    const last = extents[extents.length - 1];
    if (!single && last && last.flags === flag && last.end === first + i) {
      extents[extents.length - 1] = { ...last, end: first + i + 1 };
    } else extents.push({ first: first + i, end: first + i + 1, flags: flag });
  }
  return extents;
}

/** Flags in words. */
export function flagWords(flags: number): string {
  if ((flags & PAGE_FLAG.MAPPED) === 0) return 'not mapped';
  const words = [flags & PAGE_FLAG.PRESENT ? 'present' : 'not present'];
  if (flags & PAGE_FLAG.PROTECTED) words.push('stores forbidden now');
  if (flags & PAGE_FLAG.CHANGED) words.push('changed');
  if (flags & PAGE_FLAG.LOGGED) words.push('in the dirty log');
  if (flags & PAGE_FLAG.WATCHED) words.push('watched');
  if (flags & PAGE_FLAG.SHARED) words.push('frame shared with others');
  return listed(words);
}

/** A run of pages in a sentence. */
export function pageSentence(extent: PageExtent, what: 'guest' | 'process'): string {
  const n = extent.end - extent.first;
  const where = `${what} ${hex(addressOf(extent.first))}, ${n === 1 ? 'page' : `${n} pages, ${size(BigInt(n) << 12n)}`}`;
  return `${where}: ${flagWords(extent.flags)}`;
}
