import { describe, expect, it } from 'vitest';
import { parseLessons } from './parse.ts';
import { commonSteps, isAtEnd, notesShown, type ShownRun } from './story.ts';

const [lesson] = parseLessons(
  'x.md',
  `---
id: x
title: X
summary: X.
faults: unlink
---

Start.

\`\`\`scenario
mmap 256M 1M
munmap 256M 1M
\`\`\`

Own.

\`\`\`fault unlink
munmap 256M 1M
\`\`\`

Broken.

\`\`\`scenario
stats
\`\`\`

Later.
`,
);
if (lesson === undefined) throw new Error('there is no lesson');
const { scenario } = lesson;

describe('the steps that a scenario has in common with a lesson', () => {
  it.each([
    ['the lesson itself', scenario, [0, 1, 2, 3]],
    ['other blanks and comments', '# x\n\n  mmap   256M 1M\nmunmap 256M 1M \n', [0, 1, 2]],
    ['additional questions', 'stats\nmmap 256M 1M\ndump 0\nmunmap 256M 1M\nstats\n', [0, 2, 4, 5]],
    ['a change', 'mmap 256M 2M\nmunmap 256M 1M\n', [0]],
    ['an additional operation', 'mmap 256M 1M\nmmap 512M 1M\nmunmap 256M 1M\n', [0, 1]],
    ['nothing', '', [0]],
    ['more than the lesson', `${scenario}mmap 1G 1M\n`, [0, 1, 2, 3]],
  ])('%s', (_, text, steps) => expect(commonSteps(lesson, text)).toEqual(steps));
});

describe('the notes shown', () => {
  const own: ShownRun = { fault: null, step: 3, common: [0, 1, 2, 3], unaffected: Infinity };
  const shown = (run: Partial<ShownRun>) =>
    notesShown(lesson, { ...own, ...run }).map(({ blocks: [block] }) =>
      block?.kind === 'paragraph' ? block.text : '',
    );

  it('are those of the run, for the steps that are done', () => {
    expect(shown({})).toEqual(['Start.', 'Own.', 'Later.']);
    expect(shown({ step: 2 })).toEqual(['Start.', 'Own.']);
    expect(shown({ step: 1 })).toEqual(['Start.']);
  });

  it('are not those on steps that a fault has affected', () => {
    expect(shown({ fault: 'unlink', unaffected: 1 })).toEqual(['Start.', 'Broken.']);
    expect(shown({ fault: 'unlink', unaffected: 0 })).toEqual(['Start.', 'Broken.']);
    expect(shown({ fault: 'page-copied', unaffected: 1 })).toEqual(['Start.']);
    expect(shown({ fault: 'page-copied', unaffected: 3 })).toEqual(['Start.', 'Own.', 'Later.']);
  });

  it('are none after a change', () => {
    expect(shown({ common: [0, 1] })).toEqual(['Start.']);
    expect(shown({ fault: 'unlink', common: [0, 1], unaffected: 1 })).toEqual(['Start.']);
  });

  it('move with additional questions', () => {
    const common = [0, 2, 4, 5];
    expect(shown({ common, step: 3 })).toEqual(['Start.']);
    expect(shown({ common, step: 4 })).toEqual(['Start.', 'Own.']);
  });
});

it('a lesson ends with its last step, a changed one with its last line', () => {
  const run = { fault: null, step: 3, common: [0, 1, 2, 3], unaffected: Infinity };
  expect(isAtEnd(lesson, run, 5)).toBe(true);
  expect(isAtEnd(lesson, { ...run, step: 2 }, 5)).toBe(false);
  expect(isAtEnd(lesson, { ...run, common: [0, 1], step: 4 }, 5)).toBe(false);
  expect(isAtEnd(lesson, { ...run, common: [0, 1], step: 5 }, 5)).toBe(true);
  expect(isAtEnd(lesson, { ...run, common: [0], step: 0 }, 0)).toBe(false);
});
