import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../../scenario/index.ts';
import { lastLineDone, lineOfStep, stepLines, stepsThrough } from './lines.ts';
import { isVerb, PROCESS_VERBS, VERBS, wordsAfter } from './vocabulary.ts';

const offered = (beginning: string) => wordsAfter(beginning).map(({ word }) => word);

describe('the words of the language', () => {
  it.each(VERBS.map(({ word }) => word))('%s is an operation', (verb) => {
    expect(() => parseLine(`${verb} ?`)).toThrow(/^(?!.*unknown operation)/);
  });

  it('are complete, with the operands of docs/scenarios.md', () => {
    const page = readFileSync('docs/scenarios.md', 'utf8');
    const operations = [...page.matchAll(/^\| `([a-z_]+)/gm)].map(([, verb]) => verb as string);
    const words = new Set(['none', 'fixed', 'shared', 'large', 'high']);
    for (const verb of operations.filter((one) => !words.has(one))) expect(isVerb(verb)).toBe(true);
    for (const { word, operands } of VERBS) {
      if (!operands.includes('|'))
        expect(page.replaceAll('\\|', '|')).toContain(`${word} ${operands}`.trim());
    }
  });
});

describe('completion', () => {
  it('offers all operations at the beginning of a line, and those on processes after a process', () => {
    expect(offered('')).toEqual(VERBS.map(({ word }) => word));
    expect(offered('2: ')).toEqual(PROCESS_VERBS.map(({ word }) => word));
  });

  it.each([
    ['guest 0 ', ['read', 'write']],
    ['guest 0 read 0 4 ', ['on']],
    ['process ', ['read', 'write']],
    ['mprotect 0 4K ', ['none', 'r', 'rw', 'rx']],
    ['mremap 0 1M 2M ', ['maymove', 'to']],
    ['slot 0 0 0 0 1M ', ['log']],
    ['file 0 ', ['read', 'write', 'close']],
    ['munmap ', []],
    ['# mmap ', []],
    ['toString ', []],
  ])('%s', (beginning, words) => expect(offered(beginning)).toEqual(words));

  it('offers a word of mmap once', () => {
    expect(offered('mmap 0 1M shared ')).not.toContain('shared');
    expect(offered('mmap 0 1M shared ')).toContain('large');
    expect(offered('mmap 0 ')).toEqual([]);
  });
});

describe('lines and steps', () => {
  const lines = stepLines('# one\n\nmmap 0 1M\n  # two\ngmap_alloc 0\n');

  it('skip blank lines and comments, as the parser does', () => {
    expect(lines).toEqual([3, 5]);
  });

  it('correspond', () => {
    expect([0, 1, 2].map((step) => lineOfStep(lines, step))).toEqual([3, 5, null]);
    expect([0, 1, 2, 3].map((step) => lastLineDone(lines, step))).toEqual([0, 3, 5, 5]);
    expect([1, 3, 4, 5, 99].map((line) => stepsThrough(lines, line))).toEqual([0, 1, 1, 2, 2]);
  });
});
