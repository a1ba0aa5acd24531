/**
 * The view of the tab that is shown.
 */

import { source } from '../state.ts';
import { lazy } from './lazy.tsx';
import { tab } from './tabs.ts';

const Spaces = lazy(() => import('../spaces/SpacesView.tsx').then((m) => m.SpacesView));
const Trees = lazy(() => import('../trees/TreesView.tsx').then((m) => m.TreesView));
const Walk = lazy(() => import('../walk/WalkView.tsx').then((m) => m.WalkView));
const Processors = lazy(() => import('../processors/ProcessorsView.tsx').then((m) => m.ProcessorsView));
const Console = lazy(() => import('../console/ConsoleView.tsx').then((m) => m.ConsoleView));

/** The view. */
export function Stage() {
  const what = source.value;
  if (tab.value === 'console') return <Console />;
  if (tab.value === 'spaces') return <Spaces />;
  if (what?.kind === 'trace') {
    return (
      <p class="placeholder">A trace tells of spaces only: no tables, walks or processors were recorded.</p>
    );
  }
  if (tab.value === 'processors') return <Processors />;
  return tab.value === 'trees' ? <Trees /> : <Walk />;
}
