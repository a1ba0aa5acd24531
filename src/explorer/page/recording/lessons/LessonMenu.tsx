/**
 * The menu of lessons.
 */

import { Menu } from '../../ui/Menu.tsx';
import { lesson, neighbour, openLesson, openNeighbour } from '../workspace.ts';
import { countDone, course, isDone, numberOf, OUR_COURSE } from './course.ts';

/** The menu, with buttons for the previous and the next lesson. */
export function LessonMenu() {
  const { name, lessons } = course.value;
  const open = lesson.value;
  const last = lessons.at(-1);
  return (
    <nav class="lesson-menu" aria-label="Lessons">
      <button
        type="button"
        class="icon"
        aria-label="Previous lesson"
        title="Previous lesson"
        disabled={neighbour(-1) === undefined}
        onClick={() => openNeighbour(-1)}
      >
        ‹
      </button>
      <Menu
        name="Choose a lesson"
        label={
          <>
            <span class="title">
              {open === null || last === undefined
                ? 'Lessons'
                : `Lesson ${numberOf(open)} of ${numberOf(last)}`}
            </span>{' '}
            <span aria-hidden="true">▾</span>
          </>
        }
      >
        <p class="muted progress" role="presentation">
          {name ?? 'Lessons'}: {countDone.value} of {lessons.length} done
        </p>
        {lessons.map((one) => (
          <button
            key={one.id}
            type="button"
            role="menuitemradio"
            aria-checked={open !== null && one.lesson === open}
            tabIndex={-1}
            onClick={() => void openLesson(one)}
          >
            <strong>
              {numberOf(one)}. {one.title}
              {isDone(one) && (
                <span class="done">
                  {' '}
                  <span aria-hidden="true">✓</span>
                  <span class="hidden">, done</span>
                </span>
              )}
            </strong>
            <small>{one.summary}</small>
          </button>
        ))}
        {name !== null && (
          <button type="button" role="menuitem" tabIndex={-1} onClick={() => (course.value = OUR_COURSE)}>
            <strong>Guesthouse’s own lessons</strong>
            <small>instead of those of {name}</small>
          </button>
        )}
      </Menu>
      <button
        type="button"
        class="icon"
        aria-label="Next lesson"
        title="Next lesson"
        disabled={neighbour(1) === undefined}
        onClick={() => openNeighbour(1)}
      >
        ›
      </button>
    </nav>
  );
}
