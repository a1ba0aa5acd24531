import { describe, expect, it } from 'vitest';
import { Checker, describeViolation } from '../../check/index.ts';
import type { InjectedFault } from '../../host/index.ts';
import { parseLine, World } from '../../scenario/index.ts';
import { type Lesson, lessons } from './index.ts';

interface Played {
  /** Every line with its answers. */
  readonly transcript: string;
  /** Returns the answer of the last line with this text. */
  answer(line: string): string | undefined;
  /** Lines after which the checker found a broken rule. */
  readonly broken: readonly { readonly line: number; readonly sentence: string }[];
}

/** Plays a lesson to its end, whatever the checker finds. */
function play({ scenario }: Lesson, injectedFault: InjectedFault | null = null): Played {
  const world = new World();
  world.host.kernel.injectedFault = injectedFault;
  const checker = Checker.attach(world.host);
  const transcript: string[] = [];
  const answers = new Map<string, string>();
  const broken: { line: number; sentence: string }[] = [];
  for (const [index, text] of scenario.trimEnd().split('\n').entries()) {
    const operation = parseLine(text);
    transcript.push(text);
    if (!operation) continue;
    checker.record(text);
    const { lines, explanation } = world.perform(operation);
    const answer = [...lines];
    if (explanation !== undefined) checker.suspect();
    transcript.push(...answer.map((line) => `    ${line}`));
    answers.set(text, answer.join('\n'));
    for (const violation of checker.checkChanged()) {
      broken.push({ line: index + 1, sentence: describeViolation(violation) });
    }
  }
  return { transcript: `${transcript.join('\n')}\n`, answer: (line) => answers.get(line), broken };
}

const named = lessons.map((lesson) => [lesson.id, lesson] as const);
const lesson = (id: string) => lessons.find((one) => one.id === id) as Lesson;

describe.each(named)('lesson %s', (_, { scenario, notes, questions, title, summary, faults, faultNote }) => {
  const lines = scenario.trimEnd().split('\n');

  it('plays as its transcript shows, and breaks no rule', async () => {
    const { transcript, broken } = play(lesson(_));
    expect(broken).toEqual([]);
    await expect(transcript).toMatchFileSnapshot(`transcripts/${_}.txt`);
  });

  it('has its notes at lines that are steps, in order', () => {
    const at = notes.map(({ line }) => line);
    expect(at[0]).toBe(0);
    expect(at).toEqual([...new Set(at)].sort((a, b) => a - b));
    for (const line of at.slice(1)) expect(parseLine(lines[line - 1] as string), `${line}`).not.toBeNull();
  });

  it('has short texts, with backquotes as the only markup', () => {
    const texts = [title, summary, faultNote ?? '', ...notes.map(({ text }) => text)];
    for (const { text, answer } of questions) texts.push(text, answer);
    for (const text of texts) {
      expect(text).toBe(text.trim());
      expect(text.replaceAll(/`[^`]+`/g, '')).not.toMatch(/[*_<>]/);
      expect(text.split('`').length % 2, text).toBe(1);
      expect(text.length, text).toBeLessThan(400);
    }
    expect(questions.length).toBeGreaterThanOrEqual(2);
    expect(lines.length).toBeLessThan(30);
    expect(faults === undefined).toBe(faultNote === undefined);
  });
});

it('there are at least ten lessons, with distinct ids', () => {
  expect(lessons.length).toBeGreaterThanOrEqual(10);
  expect(new Set(lessons.map(({ id }) => id)).size).toBe(lessons.length);
});

describe('the faults that a lesson suggests', () => {
  const claims: readonly [
    id: string,
    injectedFault: InjectedFault,
    line: string,
    answer: string,
    brokenAt: string,
  ][] = [
    ['return', 'page-invalidated', 'guest 0 read 0 3', 'ok 6f6c64', 'munmap 256M 512K'],
    ['share', 'gmap-unmap', 'guest 0 read 1T 1 on 1', 'ok bb', 'gmap_unmap_segment 0 1T 1M'],
    ['protect', 'page-protected', 'guest 0 write 0 cc on 1', 'ok', 'mprotect 256M 4K r'],
    ['fork', 'page-protected', '1: process read 256M 1', 'ok bb', 'fork 1'],
    ['dirty', 'page-protected', 'dirty 0 0', 'ok', 'guest 0 write 4K 55 on 1'],
    ['keys', 'page-invalidated', 'guest 0 read 0 1 on 1', 'ok aa', 'gmap_discard 0 0 4K'],
    ['large', 'segment-changed', 'guest 0 read 4K 1 on 1', 'ok aa', 'munmap 0x10001000 4K'],
    ['purge', 'page-table-freed', 'guest 0 read 0 6 on 1', 'ok 736563726574', 'munmap 256M 1M'],
    ['unlink', 'unlink', 'guest 0 read 0 6 on 2', 'ok 736563726574', 'munmap 256M 1M'],
  ];

  it.each(claims)('%s with fault %s: %s answers %s', (id, injectedFault, line, answer, brokenAt) => {
    const { scenario } = lesson(id);
    const played = play(lesson(id), injectedFault);
    expect(played.answer(line)).toBe(answer);
    expect(play(lesson(id)).answer(line)).not.toBe(answer);
    const first = scenario.split('\n')[(played.broken[0]?.line ?? 0) - 1];
    expect(first).toBe(brokenAt);
    expect(played.broken[0]?.sentence).toMatch(/stale-translation|rule broken: link/);
  });

  it('are all tested here', () => {
    const suggested = lessons.flatMap(({ id, faults = [] }) => faults.map((one) => `${id} ${one}`));
    const tried = claims.map(([id, injectedFault]) => `${id} ${injectedFault}`);
    expect(tried.sort()).toEqual(suggested.sort());
  });
});
