/**
 * The view of the selected tab.
 */

import { source } from '../recording/state.ts';
import { tab } from '../recording/tabs.ts';
import { lazy } from '../ui/lazy.tsx';

const Spaces = lazy(() => import('../views/spaces/SpacesView.tsx').then((m) => m.SpacesView));
const Trees = lazy(() => import('../views/trees/TreesView.tsx').then((m) => m.TreesView));
const Walk = lazy(() => import('../views/walk/WalkView.tsx').then((m) => m.WalkView));
const TracedWalk = lazy(() => import('../views/walk/TracedWalkView.tsx').then((m) => m.TracedWalkView));
const TracedTables = lazy(() =>
  import('../views/trees/TracedTablesView.tsx').then((m) => m.TracedTablesView),
);
const Processors = lazy(() => import('../views/processors/ProcessorsView.tsx').then((m) => m.ProcessorsView));
const Console = lazy(() => import('../views/console/ConsoleView.tsx').then((m) => m.ConsoleView));

/** The view. */
export function Stage() {
  const what = source.value;
  if (tab.value === 'console') return <Console />;
  if (tab.value === 'spaces') return <Spaces />;
  if (what?.kind === 'trace') {
    if (tab.value === 'walk') return <TracedWalk />;
    if (tab.value === 'trees') return <TracedTables />;
    return <p class="placeholder">A trace has no processors: it contains events only.</p>;
  }
  if (tab.value === 'processors') return <Processors />;
  return tab.value === 'trees' ? <Trees /> : <Walk />;
}
