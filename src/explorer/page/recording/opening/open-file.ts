/**
 * Opens files that the user chose or dropped. What is open stays open if a file turns out to be no good.
 */

import type { Source } from '../../../../player/index.ts';
import { entryOf } from '../../../lessons/index.ts';
import { LessonError } from '../../../lessons/lesson.ts';
import { isLessonFile, parseLessons } from '../../../lessons/parse.ts';
import { machine } from '../../client.ts';
import { complain, notice } from '../../ui/notice.ts';
import { course } from '../lessons/course.ts';
import { sourceOf as sourceOfLesson } from '../lessons/lesson-source.ts';
import { source } from '../state.ts';
import { tab } from '../tabs.ts';
import { openLesson, openOwn, ownName } from '../workspace.ts';
import { FileError, LARGEST_FILE, sourceOf } from './detect.ts';
import { isInitrd, isKernel, isState } from './kernel-files.ts';

/** Counts the files chosen: only the latest one is opened, no matter which is read first. */
let chosen = 0;

/** A file that was read. */
interface ReadFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** An initial RAM disk that was opened without a kernel: the kernel may come next. */
let waitingInitrd: ReadFile | null = null;

/** Opens files, or shows why they cannot be opened: one, or a Linux kernel with its initial RAM disk. */
export async function openFiles(files: readonly File[]): Promise<void> {
  const mine = ++chosen;
  const names = files.map(({ name }) => name).join(' and ');
  try {
    for (const { name, size } of files)
      if (size > LARGEST_FILE) throw new FileError(`${name} is larger than 256 MiB.`);
    const read = await Promise.all(files.map(readFile));
    if (mine !== chosen) return;
    const open = await checkedFiles(read);
    if (mine !== chosen) return;
    waitingInitrd = null;
    notice.value = null;
    await open();
  } catch (error) {
    if (mine !== chosen) return;
    const isSaid = error instanceof FileError || error instanceof LessonError;
    complain(isSaid ? error : new FileError(`${names} could not be read.`));
  }
}

async function readFile(file: File): Promise<ReadFile> {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

/** Checks the contents of files. Returns a function that opens them. @throws FileError, LessonError */
async function checkedFiles(files: readonly ReadFile[]): Promise<() => Promise<void>> {
  const initrds = files.filter(({ bytes }) => isInitrd(bytes));
  const [image, more] = files.filter((file) => !initrds.includes(file));
  if (more !== undefined || initrds.length > 1)
    throw new FileError('Open one file, or a Linux kernel and its initial RAM disk.');
  const [initrd] = initrds;
  if (image === undefined) return withOpenKernel(initrd as ReadFile);
  if (initrd === undefined && !isKernel(image.bytes)) return checked(image.name, image.bytes);
  return checkedKernel(image, initrd ?? waitingInitrd);
}

/** Returns a function that boots the open kernel with an initial RAM disk. @throws FileError if no kernel is open */
function withOpenKernel(initrd: ReadFile): Promise<() => Promise<void>> {
  const open = source.value;
  if (open?.kind === 'guest' && isKernel(open.image)) {
    return checkedKernel({ name: ownName.value ?? open.name, bytes: open.image }, initrd, open);
  }
  waitingInitrd = initrd;
  throw new FileError(`${initrd.name} is an initial RAM disk. Now open its kernel.`);
}

/** Checks a kernel. Returns a function that boots it. @param like a guest that has the same settings */
async function checkedKernel(
  { name, bytes }: ReadFile,
  initrd: ReadFile | null,
  like: Source | null = null,
): Promise<() => Promise<void>> {
  const what = sourceOf(name, bytes);
  if (what.kind !== 'guest' || isState(bytes)) {
    throw new FileError(`${initrd?.name} is an initial RAM disk, and ${name} is no Linux kernel.`);
  }
  const usual = like?.kind === 'guest' ? like : {};
  const guest = { ...what, ...usual, ...(initrd === null ? {} : { initrd: initrd.bytes }) };
  await demand(machine.demandPlayable(guest));
  return () => {
    tab.value = 'spaces';
    return openOwn(guest, { name });
  };
}

/** Checks the contents of a file. Returns a function that opens it. @throws FileError, LessonError */
async function checked(name: string, bytes: Uint8Array): Promise<() => Promise<void>> {
  const what = sourceOf(name, bytes);
  if (what.kind === 'scenario' && isLessonFile(name, what.text)) {
    const lessons = parseLessons(name, what.text);
    const played = lessons.map(async (lesson) => ({ lesson, source: await sourceOfLesson(lesson) }));
    await demand(machine.verifyLessons(name, await Promise.all(played)));
    return () => {
      course.value = { name, lessons: lessons.map(entryOf), isLinkable: false };
      const [first] = course.value.lessons;
      return first ? openLesson(first) : Promise.resolve();
    };
  }
  if (what.kind !== 'scenario') await demand(machine.demandPlayable(what));
  return () => {
    if (what.kind === 'program') tab.value = 'processors';
    else if (what.kind === 'guest' && !isState(bytes)) tab.value = 'console';
    else if (what.kind !== 'scenario' || tab.value === 'console') tab.value = 'spaces';
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
