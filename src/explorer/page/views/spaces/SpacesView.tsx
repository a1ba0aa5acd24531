/**
 * The address spaces as lines, one above the other, with curves from guest segments to process memory.
 */

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useQuery } from '../../client.ts';
import { selected, source } from '../../recording/state.ts';
import { useWidth } from '../../ui/useWidth.ts';
import { Legend } from './drawing/Legend.tsx';
import { LineTools } from './drawing/LineTools.tsx';
import { Picture } from './drawing/Picture.tsx';
import { ShownLines } from './drawing/ShownLines.tsx';
import { LineQuery } from './LineQuery.tsx';
import { PageLens } from './lens/PageLens.tsx';
import { showBothEnds } from './model/ends.ts';
import { forget } from './model/history.ts';
import { heightOf, linesOf, ordered, shownOf } from './model/layout.ts';
import { answers, chosen, views } from './model/store.ts';
import './SpacesView.css';

/** The view. */
export function SpacesView() {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const result = useQuery({ outline: true });
  // Results of the former recording may be drawn once more before the new ones arrive. Forget them after that.
  const drawn = useRef({ recording: source.value, result });
  if (drawn.current.result !== result) {
    if (drawn.current.recording !== source.value) forget();
    drawn.current = { recording: source.value, result };
  }
  const legend = useSignal(true);
  const lens = useSignal(true);
  const spaces = ordered(result?.outline ?? []);
  // Read here, so that the picture is rendered again when a line moves.
  views.value;
  const lines = width > 0 ? linesOf(shownOf(spaces, chosen.value), width, answers.value) : [];
  const selection = selected.value;
  return (
    <section class="spaces" aria-label="Address spaces">
      <div class="spaces-tools">
        <button
          type="button"
          title="Show all mapped memory on all lines"
          onClick={() => {
            forget();
            views.value = new Map();
          }}
        >
          Show everything
        </button>
        <button
          type="button"
          disabled={selection === null}
          onClick={() => selection && showBothEnds(lines, answers.value, selection)}
        >
          Show both ends
        </button>
        <button type="button" aria-expanded={legend.value} onClick={() => (legend.value = !legend.value)}>
          Legend
        </button>
        <button type="button" aria-expanded={lens.value} onClick={() => (lens.value = !lens.value)}>
          Page lens
        </button>
        <ShownLines spaces={spaces} />
      </div>
      <div class="spaces-body">
        <div class="spaces-box" ref={box} style={{ minHeight: `${Math.max(200, heightOf(lines))}px` }}>
          {lines.map(({ outline, placement }) => (
            <LineQuery key={outline.name} outline={outline} placement={placement} />
          ))}
          {lines.length > 0 && <Picture lines={lines} width={width} />}
          {lines.map((line) => (
            <LineTools key={line.outline.name} line={line} lines={lines} />
          ))}
        </div>
        {lens.value && <PageLens />}
      </div>
      <p class="spaces-empty">{emptySentence(result !== null, spaces)}</p>
      {legend.value && spaces.length > 0 && <Legend />}
    </section>
  );
}

function emptySentence(known: boolean, spaces: readonly { name: string; process: string }[]): string {
  if (!known) return 'The spaces at this position are not known yet.';
  if (spaces.length === 0) return 'No process exists at this position.';
  const hasGuest = spaces.some(({ name, process }) => name !== process);
  return hasGuest ? '' : 'No guest address space yet.';
}
