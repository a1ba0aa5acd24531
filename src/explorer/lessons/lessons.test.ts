import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contents } from './index.ts';
import { parseLessons } from './parse.ts';
import { playableOf } from './testing/playable.ts';
import { verifyLesson } from './verify.ts';

const lessons = await Promise.all(contents.map((entry) => entry.load()));

const FOLDER = 'src/explorer/lessons';
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.md'))
  .sort();
const never = () => false;

it('are the files of the folder, in their order, with distinct ids', () => {
  const read = files.flatMap((name) => parseLessons(name, readFileSync(`${FOLDER}/${name}`, 'utf8')));
  expect(lessons).toEqual(read);
  expect(lessons.length).toBeGreaterThanOrEqual(16);
  expect(new Set(lessons.map(({ id }) => id)).size).toBe(lessons.length);
});

describe.each(files)('%s', (name) => {
  const text = readFileSync(`${FOLDER}/${name}`, 'utf8');
  const [lesson] = parseLessons(name, text);
  if (lesson === undefined) throw new Error(`${name} is empty`);

  it('states only what is so, with and without its faults', () => {
    verifyLesson(name, lesson, playableOf(lesson), never);
  });
});
