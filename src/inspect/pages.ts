/**
 * The pages of a space, one by one.
 */

import type { Gmap, Mm } from '../host/index.ts';
import { PAGES_PER_SEGMENT } from '../host/internal.ts';
import { type SegmentNumber, segmentNumber } from '../machine/index.ts';
import { PAGE_FLAG, type PageRange, type Pages } from './answers.ts';
import { demandPages, demandSpace } from './arguments.ts';
import { viewOf } from './host-views.ts';
import type { GuestView, SegmentFlags, SpaceView } from './views.ts';

/** The most pages that one answer holds. */
export const PAGES_LIMIT = 4096;

/**
 * Returns the pages of a range, at most `PAGES_LIMIT` of them.
 * @throws LinuxError EINVAL for an invalid range; ESRCH, ENOENT for a space that has ended
 */
export function pagesOf(space: Mm | Gmap, range: PageRange): Pages {
  demandSpace(space);
  demandPages(range);
  return pagesOfView(viewOf(space), range);
}

/** As `pagesOf`, of a view. */
export function pagesOfView(view: SpaceView, { first, end }: PageRange): Pages {
  const flags = new Uint8Array(Math.max(0, Math.min(end - first, PAGES_LIMIT)));
  let flagsIn: SegmentFlags | null = null;
  for (let i = 0; i < flags.length; i++) {
    const page = first + i;
    const index = page % PAGES_PER_SEGMENT;
    if (flagsIn === null || index === 0) {
      const segment = segmentNumber(Math.floor(page / PAGES_PER_SEGMENT));
      flagsIn = view.kind === 'guest' ? guestFlagsIn(view, segment) : view.flagsIn(segment);
    }
    flags[i] = flagsIn(index);
  }
  return { first, flags };
}

/** Returns the flags of the pages of a guest segment: those of the process pages behind it, and the guest's own. */
function guestFlagsIn(view: GuestView, segment: SegmentNumber): SegmentFlags {
  const found = view.segment(segment);
  if (found === null) return () => 0;
  const linked = found.linked ? PAGE_FLAG.LINKED : 0;
  if (found.process === null) return () => linked;
  const flagsIn = view.process.flagsIn(found.process);
  const first = segment * PAGES_PER_SEGMENT;
  return (index) => {
    const watched = view.watches(first + index) ? PAGE_FLAG.WATCHED : 0;
    return (flagsIn(index) & ~PAGE_FLAG.WATCHED) | watched | linked;
  };
}
