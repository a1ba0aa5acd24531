/**
 * The segments of a guest that lie in a range, as a bounded number of extents.
 */

import type { Gmap } from '../host/index.ts';
import type { GuestExtent, RowRange } from './answers.ts';
import { demandGmap, demandRow } from './arguments.ts';
import { segmentsOf } from './buckets.ts';
import { GuestExtentBuilder } from './guest-extent-builder.ts';
import { GmapView } from './host-views.ts';
import type { GuestView } from './views.ts';

/**
 * Returns the extents of the segments that have a page in the range, in ascending order. An extent as long as a
 * bucket stands alone; shorter ones in the same bucket are merged, and their segments counted by state.
 * @throws LinuxError EINVAL for an invalid range; ENOENT for a gmap that was freed
 */
export function guestExtents(gmap: Gmap, range: RowRange): GuestExtent[] {
  demandGmap(gmap);
  demandRow(range);
  return guestExtentsOf(new GmapView(gmap), range);
}

/** As `guestExtents`, of a view. */
export function guestExtentsOf(view: GuestView, range: RowRange): GuestExtent[] {
  const builder = new GuestExtentBuilder(range);
  view.segmentsInto(builder, ...segmentsOf(range));
  return builder.finish();
}
