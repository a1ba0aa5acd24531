/**
 * Asks for what is in sight of one line. It draws nothing: the picture is drawn as a whole from what is known.
 */

import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Extent } from '../../../inspect/index.ts';
import type { Look, SpaceOutline } from '../../protocol.ts';
import { useLook } from '../machine.ts';
import { pagesInView, rowsInView } from './ask.ts';
import type { Placement } from './axis.ts';
import { changedParts, type Known } from './changed.ts';
import { learn } from './store.ts';
import { vanished } from './vanished.ts';

/** The question of one line, for as long as it is shown. */
export function Ask({ outline, placement }: { outline: SpaceOutline; placement: Placement }) {
  const space = outline.name;
  const look = useLook({
    rows: rowsInView(placement).map((range) => ({ space, ...range })),
    pages: pagesInView(placement).map((range) => ({ space, ...range })),
  });
  const { changed, gone } = useChanged(look, outline);
  useLayoutEffect(() => {
    if (look) learn(space, { rows: look.rows ?? [], pages: look.pages ?? [], changed, vanished: gone });
  }, [look, space]);
  useLayoutEffect(() => () => learn(space, null), [space]);
  return null;
}

interface Changes {
  readonly changed: ReadonlySet<string>;
  readonly gone: readonly Extent[];
}

const NOTHING: Changes = { changed: new Set(), gone: [] };

/** What is not as it was at the moment shown before this one. */
function useChanged(look: Look | null, outline: SpaceOutline): Changes {
  const memory = useRef<{ at: string; now: Known; before: Known | null }>(null);
  if (look === null) return NOTHING;
  const at = `${look.moment.step} ${look.moment.event}`;
  const now: Known = { extents: outline.extents, rows: look.rows ?? [] };
  const former = memory.current;
  const before = former === null ? null : former.at === at ? former.before : former.now;
  memory.current = { at, now, before };
  return { changed: changedParts(before, now), gone: vanished(before, now) };
}
