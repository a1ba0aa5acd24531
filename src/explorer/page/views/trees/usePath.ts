/**
 * The path that the trees show: to the selection, or to the page accessed last, and to its other end.
 */

import { PAGES_PER_SEGMENT } from '../../../../inspect/index.ts';
import type { QueryResult, SpaceName, SpaceOutline } from '../../../protocol.ts';
import { useQuery } from '../../client.ts';
import { subject } from '../../recording/subject.ts';
import { processPageFor, segmentStart } from '../spaces/model/ends.ts';
import { guestExtentsOf } from '../spaces/model/layout.ts';
import { type Path, startOf } from './columns.ts';

/** Returns the path to the selection, or null if there is no space. */
export function usePath(spaces: readonly SpaceOutline[]): Path | null {
  const start = startOf(spaces, subject.value);
  const process = spaces.find(({ name }) => name === start?.space)?.process ?? null;
  const isGuest = start !== null && start.space !== process;
  const result = useQuery(
    start === null || process === null
      ? null
      : isGuest
        ? { rows: [segmentRow(start.space, start.page)] }
        : { tables: [{ space: start.space, level: 'page', page: start.page, from: 0, count: 1 }] },
  );
  if (start === null || process === null) return null;
  if (!isGuest) {
    const link = linkOf(result, start.page);
    // An empty guest has at least its top table.
    const empty = spaces.find((one) => one.process === process && one.name !== process && one.size === 0);
    const guest = link ?? { guest: empty?.name ?? null, guestPage: empty ? 0 : null };
    return { process, processPage: start.page, ...guest };
  }
  const extents = guestExtentsOf({ rows: result?.rows ?? [], pages: [], changed: new Set(), vanished: [] });
  return {
    process,
    processPage: processPageFor(extents, start.page),
    guest: start.space,
    guestPage: start.page,
  };
}

function segmentRow(space: SpaceName, page: number) {
  const first = segmentStart(page);
  return { space, first, end: first + PAGES_PER_SEGMENT, limit: 1 };
}

/** Returns a guest page whose segment is linked to the page table of a process page. */
function linkOf(result: QueryResult | null, page: number): Pick<Path, 'guest' | 'guestPage'> | null {
  const table = result?.tables?.[0];
  const [link] = table && table.page === segmentStart(page) ? table.linkedFrom : [];
  if (!link) return null;
  return { guest: `gmap ${link.gmap}`, guestPage: link.page + (page % PAGES_PER_SEGMENT) };
}
