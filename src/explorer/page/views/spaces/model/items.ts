/**
 * The items of a line, which can be pointed at, reached with arrow keys and selected.
 */

import type { GuestExtent, MappingExtent, TableExtent } from '../../../../../inspect/index.ts';
import { xOf } from './axis.ts';
import { extentKey } from './changed.ts';
import { guestSentence, processSentence, tableSentence } from './labels.ts';
import { GUEST, type Line, PROCESS, STRIP } from './layout.ts';
import { type PageExtent, pageExtents, pageSentence } from './pages.ts';
import type { LineAnswer } from './store.ts';

/** An item. */
export interface Item<T> {
  readonly key: string;
  readonly first: number;
  readonly end: number;
  readonly left: number;
  readonly right: number;
  readonly sentence: string;
  readonly changed: boolean;
  readonly of: T;
}

/** A row of items. */
export interface Track<T = unknown> {
  readonly name: string;
  /** Top, from that of the line, and height, in pixels. */
  readonly top: number;
  readonly height: number;
  readonly items: readonly Item<T>[];
}

/** Minimum width of a page that is drawn by itself, in pixels. */
export const SINGLE_FROM = 14;

/** The tracks of a line. A guest has no mappings and no page tables; a process has no segments. */
export interface Tracks {
  readonly guest: Track<GuestExtent> | null;
  readonly process: Track<MappingExtent> | null;
  readonly tables: Track<TableExtent> | null;
  readonly pages: Track<PageExtent>;
}

/** Returns the tracks of a line with their visible items. */
export function tracksOf(line: Line, answer: LineAnswer | null): Tracks {
  const guest: GuestExtent[] = [];
  const process: MappingExtent[] = [];
  const tables: TableExtent[] = [];
  for (const row of answer?.rows ?? []) {
    if (row?.kind === 'guest') guest.push(...row.extents);
    else if (row) {
      process.push(...row.extents);
      tables.push(...row.tables);
    }
  }
  const isGuest = line.kind === 'guest';
  const listed = <T extends GuestExtent | MappingExtent | TableExtent>(
    all: readonly T[],
    list: 'extents' | 'tables',
    sentence: (extent: T) => string,
  ) =>
    all.flatMap((extent) => {
      const key = extentKey(list, extent);
      return itemOf(line, extent, { key, sentence, changed: answer?.changed.has(key) ?? false });
    });
  const at = isGuest ? GUEST : PROCESS;
  const shape = { top: at.blocks, height: at.blocksHeight };
  return {
    guest: isGuest ? { name: 'segments', ...shape, items: listed(guest, 'extents', guestSentence) } : null,
    process: isGuest
      ? null
      : { name: 'mappings', ...shape, items: listed(process, 'extents', processSentence) },
    tables: isGuest
      ? null
      : {
          name: 'page tables',
          top: PROCESS.tables,
          height: STRIP,
          items: listed(tables, 'tables', tableSentence),
        },
    pages: { name: 'pages', top: at.pages, height: STRIP, items: pageItems(line, answer) },
  };
}

/** Returns the tracks with visible items, from top to bottom. */
export function filledTracks({ guest, process, tables, pages }: Tracks): readonly Track[] {
  const all: readonly (Track | null)[] = [guest, process, pages, tables];
  return all.filter((track): track is Track => Boolean(track?.items.length));
}

function pageItems(line: Line, answer: LineAnswer | null): readonly Item<PageExtent>[] {
  const single = line.placement.view.scale >= SINGLE_FROM;
  const extents = (answer?.pages ?? []).flatMap((pages) => (pages ? pageExtents(pages, single) : []));
  return extents.flatMap((extent) =>
    itemOf(line, extent, {
      key: `pages ${extent.first} ${extent.end}`,
      sentence: (one) => pageSentence(one, line.kind),
      changed: false,
    }),
  );
}

interface ItemOptions<T> {
  readonly key: string;
  readonly sentence: (extent: T) => string;
  readonly changed: boolean;
}

/** Returns the item of an extent, if any of it is visible. */
function itemOf<T extends { readonly first: number; readonly end: number }>(
  { placement }: Line,
  extent: T,
  { key, sentence, changed }: ItemOptions<T>,
): readonly Item<T>[] {
  const { first, end } = extent;
  const left = xOf(placement, first);
  const right = Math.max(xOf(placement, end), left + 1);
  if (right < 0 || left > placement.axis.width) return [];
  return [{ key, first, end, left, right, sentence: sentence(extent), changed, of: extent }];
}
