/**
 * The menu of lessons.
 */

import { lessons } from '../../../lessons/index.ts';
import { Menu } from '../../ui/Menu.tsx';
import { lesson, neighbour, openLesson, openNeighbour } from '../workspace.ts';

/** The menu, with buttons for the previous and the next lesson. */
export function LessonMenu() {
  const at = lesson.value === null ? -1 : lessons.indexOf(lesson.value);
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
            <span class="title">{at < 0 ? 'Lessons' : `Lesson ${at + 1} of ${lessons.length}`}</span>{' '}
            <span aria-hidden="true">▾</span>
          </>
        }
      >
        {lessons.map((one, number) => (
          <button
            key={one.id}
            type="button"
            role="menuitemradio"
            aria-checked={one === lesson.value}
            tabIndex={-1}
            onClick={() => void openLesson(one)}
          >
            <strong>
              {number + 1}. {one.title}
            </strong>
            <small>{one.summary}</small>
          </button>
        ))}
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
