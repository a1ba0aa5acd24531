/** Reads lessons for `guesthouse explore`: a Markdown file, or all those of a folder. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  LESSON_SIZE_MAX,
  LESSONS_MAX,
  type Lesson,
  LessonError,
  PROGRAMS,
  parseLessons,
  programSource,
  verifyLesson,
} from '../explorer/internal.ts';
import { type Playable, playableProgram, playableScenario } from '../player/internal.ts';
import { example } from './examples.ts';
import { readLimited } from './files.ts';
import { UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';

/** Milliseconds after which lessons are not checked any further. */
const CHECK_TIME = 60_000;

/** Lessons for the page to open. */
export interface OfferedLessons {
  readonly kind: 'lessons';
  /** The name of the file or the folder. */
  readonly name: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

/** Whether a path names a folder. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Reads the lessons of a folder, in the order of the names of its Markdown files.
 * @throws UsageError naming the first mistake, or if there are no lessons
 */
export function readLessonFolder(folder: string): OfferedLessons {
  const paths = markdownIn(folder).map((name) => join(folder, name));
  if (paths.length === 0) throw new UsageError(`${folder} has no lessons (.md)`);
  return checked(
    basename(folder) || 'lessons',
    paths.map((path) => ({ path, text: readLimited(path, 4 * LESSON_SIZE_MAX).toString('utf8') })),
  );
}

/** Checks the lessons of a file that was read. @throws UsageError naming the first mistake */
export function lessonsOf(path: string, text: string): OfferedLessons {
  return checked(basename(path), [{ path, text }]);
}

function markdownIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .sort();
  } catch (error) {
    throw new UsageError(`could not read ${folder}: ${reasonOf(error)}`);
  }
}

/** Plays every lesson: one that states something that is not so does not open. */
function checked(
  name: string,
  files: readonly { readonly path: string; readonly text: string }[],
): OfferedLessons {
  const until = performance.now() + CHECK_TIME;
  const all = new Map<string, Lesson>();
  try {
    for (const { path, text } of files) {
      for (const lesson of parseLessons(path, text)) {
        if (all.has(lesson.id))
          throw new LessonError(path, 1, `the lesson name "${lesson.id}" is already used by another file`);
        if (all.size === LESSONS_MAX) throw new LessonError(path, 1, `more than ${LESSONS_MAX} lessons`);
        verifyLesson(path, lesson, playableOf(lesson), () => performance.now() >= until);
        all.set(lesson.id, lesson);
      }
    }
  } catch (error) {
    if (error instanceof LessonError) throw new UsageError(error.message);
    throw error;
  }
  return { kind: 'lessons', name, files: files.map(({ path, text }) => ({ name: basename(path), text })) };
}

/** Returns what a lesson plays. */
function playableOf({ program, scenario }: Lesson): Playable {
  if (program === null) return playableScenario(scenario);
  return playableProgram(programSource(program, readFileSync(example(PROGRAMS[program]))));
}
