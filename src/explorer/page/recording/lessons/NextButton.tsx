/**
 * The button that goes on: to the next line, and from the end of a lesson to the next lesson.
 */

import type { Lesson } from '../../../lessons/index.ts';
import { isRecording, moveBySteps } from '../state.ts';
import { lineDone, neighbour, openLesson } from '../workspace.ts';
import { markDone, numberOf } from './course.ts';
import { hasEnded } from './story.ts';

/** The button. */
export function NextButton({ lesson }: { readonly lesson: Lesson }) {
  const next = neighbour(1);
  if (!hasEnded.value) {
    return (
      <div class="go-on">
        <button type="button" class="plain" disabled={lineDone.value === 0} onClick={() => moveBySteps(-1)}>
          Back
        </button>
        <button type="button" class="primary" onClick={() => moveBySteps(1)}>
          Next
        </button>
      </div>
    );
  }
  return (
    <div class="go-on">
      <button type="button" class="plain" onClick={() => moveBySteps(-1)}>
        Back
      </button>
      {next === undefined ? (
        <button type="button" class="primary" disabled={isRecording.value} onClick={() => markDone(lesson)}>
          Done: this was the last lesson
        </button>
      ) : (
        <button
          type="button"
          class="primary"
          onClick={() => {
            markDone(lesson);
            void openLesson(next);
          }}
        >
          Next: Lesson {numberOf(next)}: {next.title}
        </button>
      )}
    </div>
  );
}
