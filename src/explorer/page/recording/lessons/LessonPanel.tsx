/**
 * The notes of a lesson, for the lines that are done.
 */

import './LessonPanel.css';
import { useEffect, useRef } from 'preact/hooks';
import type { Lesson } from '../../../lessons/index.ts';
import { FoldButton } from '../../ui/FoldButton.tsx';
import { Prose } from '../../ui/Prose.tsx';
import { Splitter } from '../../ui/Splitter.tsx';
import { isRecording, progress, source } from '../state.ts';
import { lesson, lessonChanged, lineDone, reset, title } from '../workspace.ts';

/** The panel. */
export function LessonPanel() {
  const open = lesson.value;
  return (
    <section class="lesson" aria-label="Lesson">
      <div class="bar">
        <FoldButton pane="lesson" name="the lesson" />
        <h2>{title.value}</h2>
      </div>
      {open ? <LessonText lesson={open} /> : <OwnRecording />}
      <Splitter id="lesson" divides=".sidebar" />
    </section>
  );
}

/** Scrolls the notes and not the page: on a small screen the user may be looking at a picture further down. */
function reveal(note: HTMLElement): void {
  const box = note.closest('.words');
  if (!box) return;
  const { top, bottom } = box.getBoundingClientRect();
  const own = note.getBoundingClientRect();
  if (own.bottom > bottom) box.scrollTop += Math.min(own.bottom - bottom, own.top - top);
  else if (own.top < top) box.scrollTop -= top - own.top;
}

function LessonText({ lesson: { notes, questions, summary, id } }: { readonly lesson: Lesson }) {
  const end = useRef<HTMLLIElement>(null);
  const shown = notes.filter((note) => note.line <= lineDone.value);
  useEffect(() => {
    if (end.current) reveal(end.current);
  }, [shown.length, id]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="words" tabIndex={0} aria-label="Text of the lesson">
      <p class="summary">{summary}</p>
      {lessonChanged.value && (
        <p class="own-text">
          You have changed the scenario. The notes describe the original.
          <button type="button" title="Restore the scenario of the lesson" onClick={reset}>
            Reset
          </button>
        </p>
      )}
      <ol class="notes">
        {shown.map((note, at) => (
          <li
            key={`${note.line} ${note.text}`}
            class={at === shown.length - 1 ? 'latest' : ''}
            ref={at === shown.length - 1 ? end : null}
          >
            <span class="at">{note.line === 0 ? 'start' : `line ${note.line}`}</span>
            <p>
              <Prose text={note.text} />
            </p>
          </li>
        ))}
      </ol>
      {shown.length < notes.length && (
        <p class="muted more">
          {notes.length - shown.length} more {notes.length - shown.length === 1 ? 'note' : 'notes'} as you
          continue; press <kbd>]</kbd> for the next step.
        </p>
      )}
      {questions.length > 0 && <h3>Questions</h3>}
      {questions.map(({ text, answer }) => (
        <details key={text}>
          <summary>
            <Prose text={text} />
          </summary>
          <p>
            <Prose text={answer} />
          </p>
        </details>
      ))}
    </section>
  );
}

const SUMMARIES = {
  scenario: 'Your own scenario. Step through it, edit it, inject a fault.',
  guest:
    'A guest with 64 MiB of memory. Loading its image is the first step; every other step is an instruction or an interruption.',
  trace: 'A recorded trace. Each of its events is a step.',
} as const;

/** A summary of the user's own recording. */
function OwnRecording() {
  const what = source.value;
  if (what === null) return <div class="words" />;
  const known = progress.value;
  return (
    <div class="words">
      <p class="summary">{SUMMARIES[what.kind]}</p>
      {what.kind !== 'scenario' && known && (
        <dl class="facts">
          {what.kind === 'guest' && (
            <>
              <dt>Steps</dt>
              <dd>{known.steps.toLocaleString('en')}</dd>
            </>
          )}
          <dt>Events</dt>
          <dd>{known.events.toLocaleString('en')}</dd>
          <dt>End</dt>
          <dd>{known.end?.sentence ?? (isRecording.value ? 'still recording' : 'not reached yet')}</dd>
        </dl>
      )}
    </div>
  );
}
