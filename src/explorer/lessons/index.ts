/**
 * The lessons: the files of this folder, in the order of their names. The page has only their front matter at first; their texts
 * load when they are needed.
 */

/// <reference types="vite/client" />

import { readFrontMatter } from './front-matter.ts';
import type { Lesson } from './lesson.ts';
import { parseLessons } from './parse.ts';
import { Reader } from './reader.ts';

export type { Block, Choice, Lesson, LessonView, Note, Question } from './lesson.ts';

const fronts = import.meta.glob<string>('./*.md', { eager: true, query: '?front', import: 'default' });
const texts = import.meta.glob<string>('./*.md', { query: '?raw', import: 'default' });

/** An entry of a table of contents: a lesson that may not be loaded yet. */
export interface LessonEntry extends Pick<Lesson, 'id' | 'title' | 'summary'> {
  /** The lesson, or null before it is loaded. */
  readonly lesson: Lesson | null;
  /** Loads the lesson. It is the same object each time. @throws Error if it cannot be fetched */
  load(): Promise<Lesson>;
}

/** Returns the entry of a lesson that is loaded. */
export function entryOf(lesson: Lesson): LessonEntry {
  const { id, title, summary } = lesson;
  return { id, title, summary, lesson, load: () => Promise.resolve(lesson) };
}

/** The entry of a lesson in this folder. */
class FileEntry implements LessonEntry {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly #path: string;
  #lesson: Lesson | null = null;

  constructor(path: string) {
    this.#path = path;
    const { id, title, summary } = readFrontMatter(new Reader(path, fronts[path] as string));
    this.id = id;
    this.title = title;
    this.summary = summary;
  }

  get lesson(): Lesson | null {
    return this.#lesson;
  }

  async load(): Promise<Lesson> {
    const text = await texts[this.#path]?.();
    this.#lesson ??= parseLessons(this.#path.slice(2), text as string)[0] as Lesson;
    return this.#lesson;
  }
}

/** The table of contents. The first lesson has the number 0. */
export const contents: readonly LessonEntry[] = Object.keys(fronts)
  .sort()
  .map((path) => new FileEntry(path));
