/**
 * The zoom buttons of a line.
 */

import { selected } from '../../../recording/state.ts';
import { group } from '../../../ui/aria.ts';
import { zoomCentre } from '../model/ends.ts';
import { displayName } from '../model/labels.ts';
import { GUEST, type Line, PROCESS } from '../model/layout.ts';
import { goTo } from '../model/store.ts';
import { wholeView, zoomed } from '../model/view.ts';

/** Zoom in, zoom out, show everything. */
export function LineTools({ line }: { line: Line }) {
  const { outline, placement, top, kind } = line;
  const { axis, view } = placement;
  const name = displayName(outline.name);
  const zoom = (times: number) => {
    const centre = zoomCentre(line, selected.value, axis.width / 2);
    goTo(outline.name, axis, zoomed(axis, view, centre, times));
  };
  const y = top + (kind === 'guest' ? GUEST.title : PROCESS.title) - 18;
  return (
    <div class="line-tools" {...group(`Zoom of ${name}`)} style={{ top: `${y}px` }}>
      <button type="button" aria-label={`${name}: zoom out`} title="Zoom out (−)" onClick={() => zoom(1 / 3)}>
        −
      </button>
      <button type="button" aria-label={`${name}: zoom in`} title="Zoom in (+)" onClick={() => zoom(3)}>
        +
      </button>
      <button
        type="button"
        aria-label={`${name}: show everything`}
        title="Show everything (Home)"
        onClick={() => goTo(outline.name, axis, wholeView(axis))}
      >
        ⇤⇥
      </button>
    </div>
  );
}
