/**
 * The lessons: the files of this folder, in the order of their names.
 */

/// <reference types="vite/client" />

import type { Lesson } from './lesson.ts';
import { parseLessons } from './parse.ts';

export type { Block, Choice, Lesson, LessonView, Note, Question } from './lesson.ts';

const files = import.meta.glob<string>('./*.md', { eager: true, query: '?raw', import: 'default' });

/** All lessons. The first one has the number 0. */
export const lessons: readonly Lesson[] = Object.keys(files)
  .sort()
  .flatMap((path) => parseLessons(path.slice(2), files[path] as string));
