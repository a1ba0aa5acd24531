/**
 * Queries the visible part of one line. It renders nothing: the picture draws all lines from the results.
 */

import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Extent } from '../../../../inspect/index.ts';
import type { QueryResult, SpaceOutline } from '../../../protocol.ts';
import { useQuery } from '../../client.ts';
import type { Placement } from './model/axis.ts';
import { changedExtents, type Known } from './model/changed.ts';
import { pagesInView, rowsInView } from './model/row-queries.ts';
import { storeAnswer } from './model/store.ts';
import { vanishedExtents } from './model/vanished.ts';

/** The query of one line. */
export function LineQuery({ outline, placement }: { outline: SpaceOutline; placement: Placement }) {
  const space = outline.name;
  const result = useQuery({
    rows: rowsInView(placement).map((range) => ({ space, ...range })),
    pages: pagesInView(placement).map((range) => ({ space, ...range })),
  });
  const { changed, vanished } = useChanged(result, outline);
  useLayoutEffect(() => {
    if (result) storeAnswer(space, { rows: result.rows ?? [], pages: result.pages ?? [], changed, vanished });
  }, [result, space]);
  useLayoutEffect(() => () => storeAnswer(space, null), [space]);
  return null;
}

interface Changes {
  readonly changed: ReadonlySet<string>;
  readonly vanished: readonly Extent[];
}

const NOTHING: Changes = { changed: new Set(), vanished: [] };

/** Returns the extents that have changed or vanished since the position shown before. */
function useChanged(result: QueryResult | null, outline: SpaceOutline): Changes {
  const memory = useRef<{ at: string; now: Known; before: Known | null }>(null);
  if (result === null) return NOTHING;
  const at = `${result.position.step} ${result.position.event}`;
  const now: Known = { extents: outline.extents, rows: result.rows ?? [] };
  const former = memory.current;
  const before = former === null ? null : former.at === at ? former.before : former.now;
  memory.current = { at, now, before };
  return { changed: changedExtents(before, now), vanished: vanishedExtents(before, now) };
}
