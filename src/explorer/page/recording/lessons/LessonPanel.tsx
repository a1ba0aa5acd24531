/**
 * The lesson: its notes for the lines that are done, what there is to do at its end, and the button that goes on.
 */

import './LessonPanel.css';
import { useEffect, useRef } from 'preact/hooks';
import type { Source } from '../../../../player/index.ts';
import type { Lesson } from '../../../lessons/index.ts';
import { FoldButton } from '../../ui/FoldButton.tsx';
import { lazy } from '../../ui/lazy.tsx';
import { Blocks, Prose } from '../../ui/Prose.tsx';
import { lecture } from '../../ui/panes.ts';
import { Splitter } from '../../ui/Splitter.tsx';
import { traceCheck } from '../faults/trace-check.ts';
import { isLive, isRecording, progress, settings, source } from '../state.ts';
import { lesson, lessonChanged, reset, title } from '../workspace.ts';
import { LectureLine } from './LectureLine.tsx';
import { LessonEnd } from './LessonEnd.tsx';
import { NextButton } from './NextButton.tsx';
import { hasEnded, latestNotes, notes, notesToCome, placeOfNote } from './story.ts';

const GuestPanel = lazy(
  () => import('../opening/GuestPanel.tsx').then((m) => m.GuestPanel),
  () => null,
);

const ProgramPanel = lazy(
  () => import('../opening/ProgramPanel.tsx').then((m) => m.ProgramPanel),
  () => null,
);

/** The panel. */
export function LessonPanel() {
  const open = lesson.value;
  return (
    <section class="lesson" aria-label="Lesson">
      <div class="bar">
        <FoldButton pane="lesson" name="the lesson" />
        <h2>{title.value}</h2>
      </div>
      {lecture.value && <LectureLine />}
      {open ? <LessonText lesson={open} /> : <OwnRecording />}
      {open && <NextButton lesson={open} />}
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

function LessonText({ lesson: what }: { readonly lesson: Lesson }) {
  const latest = useRef<HTMLLIElement>(null);
  const shown = notes.value;
  useEffect(() => {
    if (latest.current) reveal(latest.current);
  }, [shown.length, what.id]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="words" tabIndex={0} aria-label="Text of the lesson">
      <p class="summary">
        <Prose text={what.summary} />
      </p>
      <Changed />
      <ol class="notes">
        {shown.map((note) => (
          <li
            key={`${what.id} ${note.step} ${note.fault}`}
            class={`${latestNotes.value.includes(note) ? 'latest' : ''} ${note.fault === null ? '' : 'broken'}`}
            ref={note === latestNotes.value[0] ? latest : null}
          >
            <span class="at">{placeOfNote(note.step)}</span>
            <div class="text">
              <Blocks blocks={note.blocks} />
            </div>
          </li>
        ))}
      </ol>
      {notesToCome.value > 0 && (
        <p class="muted more">
          {notesToCome.value} more {notesToCome.value === 1 ? 'note' : 'notes'} as you continue.
        </p>
      )}
      {hasEnded.value && <LessonEnd lesson={what} />}
    </section>
  );
}

/** Says that the run is not the one that the lesson describes. */
function Changed() {
  const isBroken = settings.value.injectedFault !== null;
  if (!lessonChanged.value && !isBroken) return null;
  return (
    <p class="own-text">
      <span>
        {lessonChanged.value
          ? 'You have changed the scenario. Notes that no longer fit are hidden.'
          : lesson.value?.program === null
            ? 'A bug is injected. Notes that no longer hold are hidden.'
            : 'A bug is injected. The notes are about the run without it, and hidden.'}
      </span>
      {lessonChanged.value && (
        <button type="button" title="Restore the scenario of the lesson" onClick={reset}>
          Reset
        </button>
      )}
    </p>
  );
}

/** Says how much of a trace was checked, if it is not all. */
function Checked() {
  const check = traceCheck.value;
  if (check === null || check.isWhole) return null;
  return (
    <>
      <dt>Checked</dt>
      <dd>
        the first {check.checked.toLocaleString('en')} events at most. <code>guesthouse trace --check</code>{' '}
        checks a longer trace.
      </dd>
    </>
  );
}

const SUMMARIES = {
  scenario: 'Your own scenario. Step through it, edit it, inject a bug.',
  trace: 'A recorded trace. Each of its events is a step.',
} as const;

/** How the recording ended. The terminal of a live guest tells what it does. */
function End() {
  const end = progress.value?.end ?? null;
  if (isLive.value && end === null) return null;
  return (
    <>
      <dt>End</dt>
      <dd>{end?.sentence ?? (isRecording.value ? 'still recording' : 'not reached yet')}</dd>
    </>
  );
}

function Summary({ of }: { readonly of: Source }) {
  if (of.kind === 'guest') return <GuestPanel guest={of} />;
  return of.kind === 'program' ? <ProgramPanel program={of} /> : <p class="summary">{SUMMARIES[of.kind]}</p>;
}

/** A summary of the user's own recording. */
function OwnRecording() {
  const what = source.value;
  if (what === null) return <div class="words" />;
  const known = progress.value;
  return (
    <div class="words">
      <Summary of={what} />
      {what.kind !== 'scenario' && known && (
        <dl class="facts">
          {(what.kind === 'guest' || what.kind === 'program') && (
            <>
              <dt>Steps</dt>
              <dd>{known.steps.toLocaleString('en')}</dd>
            </>
          )}
          <dt>Events</dt>
          <dd>{known.events.toLocaleString('en')}</dd>
          <End />
          <Checked />
        </dl>
      )}
    </div>
  );
}
