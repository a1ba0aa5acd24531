/**
 * The lessons, in the order in which they are to be read.
 */

import type { Lesson } from './lesson.ts';
import { promises } from './promises.ts';

export type { Lesson, LessonView, Note, Question } from './lesson.ts';

/** All lessons. */
export const lessons: readonly Lesson[] = [promises];
