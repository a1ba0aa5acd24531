/**
 * The course: the lessons in the menu. They are our own, or those of a file that the user opened.
 */

import { computed, signal } from '@preact/signals';
import { contents, type Lesson, type LessonEntry } from '../../../lessons/index.ts';
import { storedText } from '../../ui/stored.ts';

/** Lessons that belong together. */
export interface Course {
  /** The name of the file, or null for our own. */
  readonly name: string | null;
  readonly lessons: readonly LessonEntry[];
  /** Whether a link can name them. */
  readonly isLinkable: boolean;
}

/** Our own lessons. */
export const OUR_COURSE: Course = { name: null, lessons: contents, isLinkable: true };

/** The course in the menu. */
export const course = signal<Course>(OUR_COURSE);

/** Returns the place of a lesson in the course, from 0, or -1 if the course does not have it. */
function placeOf(lesson: Lesson | LessonEntry): number {
  return course.value.lessons.findIndex((one) => one === lesson || one.lesson === lesson);
}

/** Returns the number of a lesson of the course: our own begin with lesson 0, others with lesson 1. */
export function numberOf(lesson: Lesson | LessonEntry): number {
  return placeOf(lesson) + (course.value.name === null ? 0 : 1);
}

/** Returns the lesson that is `by` places after another one in the course, or undefined. */
export function lessonAfter(lesson: Lesson, by: 1 | -1): LessonEntry | undefined {
  const at = placeOf(lesson);
  return at < 0 ? undefined : course.value.lessons[at + by];
}

const stored = storedText(() => localStorage, 'guesthouse-lessons-done');
/** The lessons that were done, by name. */
const done = signal<readonly string[]>(storedNames());
/** Maximum number of names kept; the oldest are forgotten. */
const NAMES_KEPT = 1000;

function storedNames(): readonly string[] {
  try {
    const names: unknown = JSON.parse(stored.read() ?? '[]');
    if (Array.isArray(names)) return names.filter((name) => typeof name === 'string').slice(-NAMES_KEPT);
  } catch {
    // The value was not written by this page.
  }
  return [];
}

/** Returns the name of a lesson of the course among those of all courses. */
export function fullName({ id }: Pick<Lesson, 'id'>): string {
  const { name } = course.value;
  return name === null ? id : `${name}/${id}`;
}

/** Whether a lesson of the course was done, now or on an earlier visit. */
export function isDone(lesson: Pick<Lesson, 'id'>): boolean {
  return done.value.includes(fullName(lesson));
}

/** Marks a lesson of the course as done. The browser remembers it. */
export function markDone(lesson: Pick<Lesson, 'id'>): void {
  if (isDone(lesson)) return;
  done.value = [...done.value, fullName(lesson)].slice(-NAMES_KEPT);
  stored.write(JSON.stringify(done.value));
}

/** How many lessons of the course were done. */
export const countDone = computed(() => course.value.lessons.filter(isDone).length);
