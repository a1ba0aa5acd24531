/**
 * Rows: the extents of any space that lie in a range.
 */

import type { Row, RowRange } from './answers.ts';
import { demandRow } from './arguments.ts';
import { guestExtentsOf } from './guest-extents.ts';
import { mappingExtentsOf, tableExtentsOf } from './process-extents.ts';
import type { SpaceView } from './views.ts';

/** Returns the extents of a space in a range. @throws LinuxError EINVAL for an invalid range */
export function rowOfView(view: SpaceView, range: RowRange): Row {
  demandRow(range);
  if (view.kind === 'guest') return { kind: 'guest', extents: guestExtentsOf(view, range) };
  const extents = mappingExtentsOf(view.mappings, range);
  return { kind: 'process', extents, tables: tableExtentsOf(view, range) };
}
