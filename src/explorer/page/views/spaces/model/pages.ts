/**
 * Extents of pages with the same flags, and their descriptions.
 */

import { PAGE_FLAG, type Pages } from '../../../../../inspect/index.ts';
import { addressOf, hex, listed, size } from '../../../ui/text.ts';

/** An extent of pages with the same flags. */
export interface PageExtent {
  readonly first: number;
  readonly end: number;
  readonly flags: number;
}

/** Returns the mapped pages of a range as extents. @param single whether each page is an extent by itself */
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

/** Describes flags. */
export function flagWords(flags: number): string {
  if ((flags & PAGE_FLAG.MAPPED) === 0) return 'not mapped';
  const words = [flags & PAGE_FLAG.PRESENT ? 'present' : 'not present'];
  if (flags & PAGE_FLAG.PROTECTED) words.push('read-only now');
  if (flags & PAGE_FLAG.CHANGED) words.push('changed');
  if (flags & PAGE_FLAG.LOGGED) words.push('in the dirty log');
  if (flags & PAGE_FLAG.WATCHED) words.push('watched');
  if (flags & PAGE_FLAG.SHARED) words.push('frame shared');
  return listed(words);
}

/**
 * Describes an extent of pages.
 * @param what the kind of space, or `page` to leave it out
 */
export function pageSentence(extent: PageExtent, what: 'guest' | 'process' | 'page'): string {
  const n = extent.end - extent.first;
  if (what === 'page') return `${hex(addressOf(extent.first))}: ${flagWords(extent.flags)}`;
  const where = `${what} ${hex(addressOf(extent.first))}, ${n === 1 ? 'page' : `${n} pages, ${size(BigInt(n) << 12n)}`}`;
  return `${where}: ${flagWords(extent.flags)}`;
}
