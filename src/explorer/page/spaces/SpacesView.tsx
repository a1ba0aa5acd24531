/**
 * Address spaces as lines, one above the other, and curves from guest segments to the process memory behind them.
 */

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useLook } from '../machine.ts';
import { selected, source } from '../state.ts';
import { Ask } from './Ask.tsx';
import { showBothEnds } from './both.ts';
import { Legend } from './Legend.tsx';
import { LineTools } from './LineTools.tsx';
import { heightOf, linesOf, ordered, shownOf } from './lines.ts';
import { Picture } from './Picture.tsx';
import { forget } from './remember.ts';
import { ShownLines } from './ShownLines.tsx';
import { answers, chosen, views } from './store.ts';
import { useWidth } from './useWidth.ts';
import './spaces.css';

/** The view. */
export function SpacesView() {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const look = useLook({ outline: true });
  // What is known of the story before may be drawn once more until this one answers: then it is forgotten for good.
  const drawn = useRef({ story: source.value, look });
  if (drawn.current.look !== look) {
    if (drawn.current.story !== source.value) forget();
    drawn.current = { story: source.value, look };
  }
  const legend = useSignal(true);
  const spaces = ordered(look?.outline ?? []);
  // Read here, so that the picture is drawn anew when one is moved.
  views.value;
  const lines = width > 0 ? linesOf(shownOf(spaces, chosen.value), width, answers.value) : [];
  const selection = selected.value;
  return (
    <section class="spaces" aria-label="Address spaces">
      <div class="spaces-tools">
        <button
          type="button"
          title="Everything that is mapped now, on all lines"
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
        <ShownLines spaces={spaces} />
      </div>
      <div class="spaces-box" ref={box} style={{ minHeight: `${Math.max(200, heightOf(lines))}px` }}>
        {lines.map(({ outline, placement }) => (
          <Ask key={outline.name} outline={outline} placement={placement} />
        ))}
        {lines.length > 0 && <Picture lines={lines} width={width} />}
        {lines.map((line) => (
          <LineTools key={line.outline.name} line={line} />
        ))}
      </div>
      {legend.value && <Legend />}
      <p class="spaces-empty">{emptySentence(look !== null, spaces)}</p>
    </section>
  );
}

function emptySentence(known: boolean, spaces: readonly { name: string; process: string }[]): string {
  if (!known) return 'Nothing is known of the spaces at this moment.';
  if (spaces.length === 0) return 'There is no process at this moment.';
  const hasGuest = spaces.some(({ name, process }) => name !== process);
  return hasGuest ? '' : 'No guest address space yet.';
}
