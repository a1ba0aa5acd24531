/**
 * The view of the tab that is shown.
 */

import { source } from '../state.ts';
import { lazy } from './lazy.tsx';
import { tab } from './tabs.ts';

const Spaces = lazy(() => import('../spaces/SpacesView.tsx').then((m) => m.SpacesView));
const Processors = lazy(() => import('../processors/ProcessorsView.tsx').then((m) => m.ProcessorsView));
const Console = lazy(() => import('../console/ConsoleView.tsx').then((m) => m.ConsoleView));

/** The view. */
export function Stage() {
  const what = source.value;
  if (tab.value === 'console') return <Console />;
  if (what?.kind === 'trace') {
    return (
      <p class="placeholder">
        A trace has events only: nothing was recorded that could be shown here. The timeline tells what
        happened.
      </p>
    );
  }
  if (tab.value === 'spaces') return <Spaces />;
  if (tab.value === 'processors') return <Processors />;
  return <p class="placeholder">not implemented: {tab.value}</p>;
}
