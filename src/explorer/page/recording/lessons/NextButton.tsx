/**
 * The button that goes on: to the next line or event, and from the end of a lesson to the next lesson.
 */

import type { Lesson } from '../../../lessons/index.ts';
import { isRecording, position } from '../state.ts';
import { neighbour, openLesson } from '../workspace.ts';
import { markDone, numberOf } from './course.ts';
import { isAnswered } from './Quiz.tsx';
import { hasEnded, moveByNotes } from './story.ts';

/** Scrolls to the first question without an answer; nothing if there is none. They come after the last note, out of sight. */
function ToQuestions({ lesson: { questions } }: { readonly lesson: Lesson }) {
  const open = questions.map((question) => !isAnswered(question));
  const count = open.filter(Boolean).length;
  if (count === 0) return null;
  return (
    <button
      type="button"
      class="to-questions"
      onClick={() =>
        document.querySelectorAll('.quiz')[open.indexOf(true)]?.scrollIntoView({ block: 'start' })
      }
    >
      {count === 1 ? '1 question' : `${count} questions`}
    </button>
  );
}

/** The button. */
export function NextButton({ lesson }: { readonly lesson: Lesson }) {
  const next = neighbour(1);
  if (!hasEnded.value) {
    return (
      <div class="go-on">
        <button
          type="button"
          class="plain"
          disabled={position.value.step === 0}
          onClick={() => moveByNotes(-1)}
        >
          Back
        </button>
        <button type="button" class="primary" onClick={() => moveByNotes(1)}>
          Next
        </button>
      </div>
    );
  }
  return (
    <div class="go-on">
      <button type="button" class="plain" onClick={() => moveByNotes(-1)}>
        Back
      </button>
      <ToQuestions lesson={lesson} />
      {next === undefined ? (
        <button type="button" class="primary" disabled={isRecording.value} onClick={() => markDone(lesson)}>
          Done: this was the last lesson
        </button>
      ) : (
        <button
          type="button"
          class="primary"
          aria-label={`Next: Lesson ${numberOf(next)}: ${next.title}`}
          onClick={() => {
            markDone(lesson);
            void openLesson(next);
          }}
        >
          Next: Lesson {numberOf(next)}
          <small>{next.title}</small>
        </button>
      )}
    </div>
  );
}
