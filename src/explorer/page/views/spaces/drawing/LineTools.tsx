/**
 * The zoom buttons of a line.
 */

import { subject } from '../../../recording/subject.ts';
import { group } from '../../../ui/aria.ts';
import { spotsOf, zoomCentre } from '../model/ends.ts';
import { displayName } from '../model/labels.ts';
import { GUEST, type Line, PROCESS } from '../model/layout.ts';
import { answers, goTo } from '../model/store.ts';
import { wholeView, zoomed } from '../model/view.ts';

interface LineToolsProps {
  readonly line: Line;
  readonly lines: readonly Line[];
}

/** Zoom in, zoom out, show everything. Zooming goes to the selection, or to the page that changed last. */
export function LineTools({ line, lines }: LineToolsProps) {
  const { outline, placement, top, kind } = line;
  const { axis, view } = placement;
  const name = displayName(outline.name);
  const zoom = (times: number) => {
    const [spot] = spotsOf(line, lines, answers.value, subject.value);
    const centre = zoomCentre(line, spot?.page ?? null, axis.width / 2);
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
