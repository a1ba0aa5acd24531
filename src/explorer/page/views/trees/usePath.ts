/**
 * The path that the trees show: to the selection, or to the page accessed last, and to its other end.
 */

import { type GuestExtent, PAGES_PER_SEGMENT } from '../../../../inspect/index.ts';
import type { QueryResult, SpaceName, SpaceOutline } from '../../../protocol.ts';
import { useQuery } from '../../client.ts';
import { subject, touchedGuest } from '../../recording/subject.ts';
import { pageOf } from '../../ui/text.ts';
import { processPageFor, segmentStart } from '../spaces/model/ends.ts';
import { isStray } from '../spaces/model/labels.ts';
import { guestExtentsOf } from '../spaces/model/layout.ts';
import { type Path, startOf } from './columns.ts';

/** Returns the path to the selection, or null if there is no space. */
export function usePath(spaces: readonly SpaceOutline[]): Path | null {
  const start = startOf(spaces, subject.value);
  const process = spaces.find(({ name }) => name === start?.space)?.process ?? null;
  const isGuest = start !== null && start.space !== process;
  const latest = latestGuest(spaces, process);
  const result = useQuery(
    start === null || process === null
      ? null
      : isGuest
        ? { rows: [segmentRow(start.space, start.page)] }
        : {
            tables: [{ space: start.space, level: 'page', page: start.page, from: 0, count: 1 }],
            rows: latest === null ? [] : [segmentRow(latest.guest, latest.guestPage)],
          },
  );
  if (start === null || process === null) return null;
  const extents = guestExtentsOf({ rows: result?.rows ?? [], pages: [], changed: new Set(), vanished: [] });
  if (!isGuest) {
    const link = linkOf(result, start.page) ?? formerLink(latest, extents, start.page);
    // An empty guest has at least its top table.
    const empty = spaces.find((one) => one.process === process && one.name !== process && one.size === 0);
    const guest = link ?? { guest: empty?.name ?? null, guestPage: empty ? 0 : null };
    return { process, processPage: start.page, ...guest };
  }
  return {
    process,
    processPage: processPageFor(extents, start.page),
    guest: start.space,
    guestPage: start.page,
  };
}

/** A page of a guest. */
interface GuestPage {
  readonly guest: SpaceName;
  readonly guestPage: number;
}

/** Returns the page that a guest of the process accessed last, or null. */
function latestGuest(spaces: readonly SpaceOutline[], process: SpaceName | null): GuestPage | null {
  const latest = touchedGuest.value;
  const space = spaces.find(({ name }) => name === latest?.space);
  if (latest === null || space?.process !== process) return null;
  return { guest: space.name, guestPage: pageOf(latest.address) };
}

/**
 * Returns the guest page for a process page whose segment is not linked: the page that the guest accessed last, if it is mapped to this
 * segment of the process, or linked to a table that is no longer one of the process.
 */
function formerLink(
  latest: GuestPage | null,
  extents: readonly GuestExtent[],
  page: number,
): GuestPage | null {
  if (latest === null) return null;
  const extent = extents.find(({ first, end }) => first <= latest.guestPage && latest.guestPage < end);
  if (extent === undefined) return null;
  if (isStray(extent)) return latest;
  const behind = processPageFor(extents, latest.guestPage);
  if (behind === null || segmentStart(behind) !== segmentStart(page)) return null;
  return { guest: latest.guest, guestPage: latest.guestPage + (page - behind) };
}

function segmentRow(space: SpaceName, page: number) {
  const first = segmentStart(page);
  return { space, first, end: first + PAGES_PER_SEGMENT, limit: 1 };
}

/** Returns a guest page whose segment is linked to the page table of a process page. */
function linkOf(result: QueryResult | null, page: number): GuestPage | null {
  const table = result?.tables?.[0];
  const [link] = table && table.page === segmentStart(page) ? table.linkedFrom : [];
  if (!link) return null;
  return { guest: `gmap ${link.gmap}`, guestPage: link.page + (page % PAGES_PER_SEGMENT) };
}
