/**
 * What of a line can be pointed at, gone to with arrow keys and selected.
 */

import type { GuestPart, ProcessPart, TablePart } from '../../../inspect/index.ts';
import { xOf } from './axis.ts';
import { partKey } from './changed.ts';
import { GUEST, type Line, PROCESS, STRIP } from './lines.ts';
import { type PageRun, pageRuns, pageSentence } from './pages.ts';
import { guestSentence, processSentence, tableSentence } from './parts.ts';
import type { LineAnswer } from './store.ts';

/** Something that is drawn. */
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
  /** Pixels from the top of the line, and its height. */
  readonly top: number;
  readonly height: number;
  readonly items: readonly Item<T>[];
}

/** Pixels from which on a page is drawn by itself. */
export const SINGLE_FROM = 14;

/** The tracks of a line. Of a guest `tables` is empty, and of each only one of `guest` and `process` is there. */
export interface Tracks {
  readonly guest: Track<GuestPart> | null;
  readonly process: Track<ProcessPart> | null;
  readonly tables: Track<TablePart> | null;
  readonly pages: Track<PageRun>;
}

/** Everything on a line that is in sight. */
export function tracksOf(line: Line, answer: LineAnswer | null): Tracks {
  const guest: GuestPart[] = [];
  const process: ProcessPart[] = [];
  const tables: TablePart[] = [];
  for (const row of answer?.rows ?? []) {
    if (row?.kind === 'guest') guest.push(...row.parts);
    else if (row) {
      process.push(...row.parts);
      tables.push(...row.tables);
    }
  }
  const isGuest = line.kind === 'guest';
  const listed = <T extends GuestPart | ProcessPart | TablePart>(
    all: readonly T[],
    list: 'parts' | 'tables',
    sentence: (part: T) => string,
  ) => all.flatMap((part) => itemOf(line, answer, part, partKey(list, part), sentence));
  const at = isGuest ? GUEST : PROCESS;
  const shape = { top: at.parts, height: at.partsHeight };
  return {
    guest: isGuest ? { name: 'segments', ...shape, items: listed(guest, 'parts', guestSentence) } : null,
    process: isGuest
      ? null
      : { name: 'mappings', ...shape, items: listed(process, 'parts', processSentence) },
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

/** The tracks of a line from top to bottom that have something in sight. */
export function filledTracks({ guest, process, tables, pages }: Tracks): readonly Track[] {
  const all: readonly (Track | null)[] = [guest, process, pages, tables];
  return all.filter((track): track is Track => Boolean(track?.items.length));
}

function pageItems(line: Line, answer: LineAnswer | null): readonly Item<PageRun>[] {
  const single = line.placement.view.scale >= SINGLE_FROM;
  const runs = (answer?.pages ?? []).flatMap((pages) => (pages ? pageRuns(pages, single) : []));
  return runs.flatMap((run) =>
    itemOf(line, null, run, `pages ${run.first} ${run.end}`, (one) => pageSentence(one, line.kind)),
  );
}

function itemOf<T extends { readonly first: number; readonly end: number }>(
  { placement }: Line,
  answer: LineAnswer | null,
  part: T,
  key: string,
  sentence: (part: T) => string,
): readonly Item<T>[] {
  const { first, end } = part;
  const left = xOf(placement, first);
  const right = Math.max(xOf(placement, end), left + 1);
  if (right < 0 || left > placement.axis.width) return [];
  const text = sentence(part);
  return [
    { key, first, end, left, right, sentence: text, changed: answer?.changed.has(key) ?? false, of: part },
  ];
}
