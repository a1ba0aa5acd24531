/**
 * Opens a file that the user chose or dropped. What is open stays open if the file turns out to be no good.
 */

import { entryOf } from '../../../lessons/index.ts';
import { LessonError } from '../../../lessons/lesson.ts';
import { isLessonFile, parseLessons } from '../../../lessons/parse.ts';
import { machine } from '../../client.ts';
import { complain, notice } from '../../ui/notice.ts';
import { course } from '../lessons/course.ts';
import { tab } from '../tabs.ts';
import { openLesson, openOwn } from '../workspace.ts';
import { FileError, LARGEST_FILE, sourceOf } from './detect.ts';

/** Counts the files chosen: only the latest one is opened, no matter which is read first. */
let chosen = 0;

/** Opens a file, or shows why it cannot be opened. */
export async function openFile(file: File): Promise<void> {
  const mine = ++chosen;
  try {
    if (file.size > LARGEST_FILE) throw new FileError(`${file.name} is larger than 256 MiB.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (mine !== chosen) return;
    const open = await checked(file.name, bytes);
    if (mine !== chosen) return;
    notice.value = null;
    await open();
  } catch (error) {
    if (mine !== chosen) return;
    const isSaid = error instanceof FileError || error instanceof LessonError;
    complain(isSaid ? error : new FileError(`${file.name} could not be read.`));
  }
}

/** Checks the contents of a file. Returns a function that opens it. @throws FileError, LessonError */
async function checked(name: string, bytes: Uint8Array): Promise<() => Promise<void>> {
  const what = sourceOf(name, bytes);
  if (what.kind === 'scenario' && isLessonFile(name, what.text)) {
    const lessons = parseLessons(name, what.text);
    await demand(machine.verifyLessons(name, lessons));
    return () => {
      course.value = { name, lessons: lessons.map(entryOf), isLinkable: false };
      const [first] = course.value.lessons;
      return first ? openLesson(first) : Promise.resolve();
    };
  }
  if (what.kind !== 'scenario') await demand(machine.demandPlayable(what));
  return () => {
    if (what.kind === 'guest') tab.value = 'console';
    else if (what.kind === 'trace' || tab.value === 'console') tab.value = 'spaces';
    return openOwn(what, { name });
  };
}

/** Turns an error of the worker, whose message is for the reader, into one of the page. */
async function demand(answer: Promise<void>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    throw new FileError(error instanceof Error ? error.message : String(error));
  }
}
