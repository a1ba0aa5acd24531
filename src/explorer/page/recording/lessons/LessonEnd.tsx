/**
 * The end of a lesson: its questions, and the bugs that it invites to inject.
 */

import { useEffect } from 'preact/hooks';
import type { Lesson } from '../../../lessons/index.ts';
import { FAULTS } from '../faults/faults.ts';
import { settings } from '../state.ts';
import { markDone } from './course.ts';
import { isAnswered, Quiz } from './Quiz.tsx';
import { breakIt, mend } from './story.ts';

/** The end. A lesson is done when all of its questions are answered. */
export function LessonEnd({ lesson }: { readonly lesson: Lesson }) {
  const isDone = lesson.questions.every((question) => isAnswered(question));
  useEffect(() => {
    if (isDone) markDone(lesson);
  }, [isDone, lesson]);
  return (
    <>
      {lesson.questions.length > 0 && <h3>{lesson.questions.length === 1 ? 'A question' : 'Questions'}</h3>}
      {lesson.questions.map((question) => (
        <Quiz key={`${lesson.id} ${question.text}`} question={question} />
      ))}
      {lesson.faults.length > 0 && <Bugs lesson={lesson} />}
    </>
  );
}

/** Buttons that inject the bugs of the lesson, and one that removes the injected one. */
function Bugs({ lesson: { faults } }: { readonly lesson: Lesson }) {
  const { injectedFault } = settings.value;
  return (
    <div class="bugs">
      <h3>Break it</h3>
      {faults.map((fault) => (
        <button key={fault} type="button" disabled={fault === injectedFault} onClick={() => breakIt(fault)}>
          Now leave out {FAULTS[fault].name}
        </button>
      ))}
      {injectedFault !== null && (
        <button type="button" onClick={mend}>
          Put it back
        </button>
      )}
    </div>
  );
}
