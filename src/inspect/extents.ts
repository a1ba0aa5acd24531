/**
 * The mapped extents of a space.
 */

import type { Gmap, Mm } from '../host/index.ts';
import { PAGES_PER_SEGMENT } from '../host/internal.ts';
import type { Extent } from './answers.ts';
import { demandLimit, demandSpace } from './arguments.ts';
import { ExtentList } from './extent-list.ts';
import { viewOf } from './host-views.ts';
import type { SpaceView } from './views.ts';

/** What a space has mapped. */
export interface Extents {
  /** In ascending order. */
  readonly extents: readonly Extent[];
  /** How many segments (of a guest) or mappings (of a process) there are. */
  readonly size: number;
}

/**
 * Returns the mapped extents of a space, at most `limit` (1 or more) of them: extents are joined across the smallest
 * gaps.
 * @throws LinuxError EINVAL for an invalid limit; ESRCH, ENOENT for a space that has ended
 */
export function extentsOf(space: Mm | Gmap, limit: number): Extents {
  demandSpace(space);
  demandLimit('limit', limit);
  return extentsOfView(viewOf(space), limit);
}

/** As `extentsOf`, of a view. */
export function extentsOfView(view: SpaceView, limit: number): Extents {
  const list = new ExtentList();
  if (view.kind === 'guest') {
    view.mappedInto(list);
    return { extents: list.joined(limit), size: list.pages / PAGES_PER_SEGMENT };
  }
  for (const { start, end } of view.mappings) list.add(start, end);
  return { extents: list.joined(limit), size: view.mappings.count };
}
