import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LessonError } from './lesson.ts';
import { isLessonFile, LESSON_SIZE_MAX, parseLessons } from './parse.ts';
import { playableOf } from './testing/playable.ts';
import { verifyLesson } from './verify.ts';

const FRONT = '---\nid: x\ntitle: X\nsummary: An x.\n---\n';
const PLAY = '\n```scenario\nmmap 256M 1M\n    ok\n```\n';
const QUIZ = '\n## Why?\n\n- [ ] One\n\n  No.\n- [x] Two\n\n  Yes.\n';

/** Returns the message for a file. */
function messageOf(text: string, verified = false): string {
  try {
    for (const lesson of parseLessons('my-lesson.md', text)) {
      if (verified) verifyLesson('my-lesson.md', lesson, playableOf(lesson), () => false);
    }
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(LessonError);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
}

describe('a file of lessons', () => {
  it('is read into its parts', () => {
    const text = `${FRONT.replace('---\n', '---\nfaults: unlink\nview: walk\n')}
First
line.

- one
- two
  more

\`\`\`scenario
# Comment

mmap 256M 1M

munmap 256M 1M
    ok
    broken
    tlb 1 gmap 0 1G none
    entry process 0 256M segment 0x20
    frame process 0 256M none
    events munmap
\`\`\`

Second.

\`\`\`fault unlink
mmap  256M 1M
    error EFAULT
\`\`\`

Third.
${QUIZ}`;
    expect(parseLessons('x.md', text)).toEqual([
      {
        id: 'x',
        title: 'X',
        summary: 'An x.',
        view: 'walk',
        faults: ['unlink'],
        program: null,
        scenario: '# Comment\n\nmmap 256M 1M\n\nmunmap 256M 1M\n',
        steps: [
          { at: 19, operation: 'mmap 256M 1M', answer: null, facts: [] },
          {
            at: 21,
            operation: 'munmap 256M 1M',
            answer: ['ok'],
            facts: [
              { at: 23, fact: { kind: 'broken', rules: [] } },
              { at: 24, fact: { kind: 'tlb', cpu: 1, space: 'gmap 0', address: 1n << 30n, holds: 'none' } },
              {
                at: 25,
                fact: {
                  kind: 'entry',
                  space: 'process 0',
                  address: 1n << 28n,
                  level: 'segment',
                  value: 0x20n,
                },
              },
              { at: 26, fact: { kind: 'frame', space: 'process 0', address: 1n << 28n, frame: null } },
              { at: 27, fact: { kind: 'events', types: ['munmap'] } },
            ],
          },
        ],
        faultOutcomes: [
          {
            at: 33,
            operation: 'mmap  256M 1M',
            answer: ['error EFAULT'],
            facts: [],
            fault: 'unlink',
            step: 1,
          },
        ],
        notes: [
          {
            step: 0,
            fault: null,
            blocks: [
              { kind: 'paragraph', text: 'First line.' },
              { kind: 'list', items: ['one', 'two more'] },
            ],
          },
          { step: 1, fault: 'unlink', blocks: [{ kind: 'paragraph', text: 'Third.' }] },
          { step: 2, fault: null, blocks: [{ kind: 'paragraph', text: 'Second.' }] },
        ],
        questions: [
          {
            text: 'Why?',
            choices: [
              { text: 'One', isRight: false, reason: 'No.' },
              { text: 'Two', isRight: true, reason: 'Yes.' },
            ],
          },
        ],
      },
    ]);
  });

  it('may hold several lessons, with any line ends', () => {
    const text = `\uFEFF${FRONT}${PLAY}${QUIZ}${FRONT.replace('id: x', 'id: y')}${PLAY}`;
    for (const one of [text, text.replaceAll('\n', '\r\n')]) {
      expect(parseLessons('x.md', one).map(({ id }) => id)).toEqual(['x', 'y']);
    }
  });

  it.each([
    ['', ':1: a lesson begins with front matter'],
    ['# Title\n', ':1: a lesson begins with front matter'],
    ['---\nid: x\n', ':1: the front matter has no end'],
    ['---\nid: x\ntitle: X\n---\n', ':1: the front matter has no summary'],
    ['---\nid: X Y\ntitle: X\nsummary: x\n---\n', ':2: the id "X Y" may have only'],
    ['---\nid: x\nid: y\n---\n', ':3: id appears twice'],
    [
      '---\nname: x\n---\n',
      ':2: front matter has the keys id, title, summary, view, faults, program, not "name: x"',
    ],
    [FRONT.replace('summary', 'view: trees\nsummary'), ':4: the view is one of spaces, tables'],
    [FRONT.replace('summary', 'faults: all\nsummary'), ':4: a fault is one of unlink'],
    [FRONT.replace('summary', 'faults: unlink\nsummary') + PLAY, ':1: the lesson does not say what happens'],
    [FRONT, ':1: the lesson has no operation'],
    [`${FRONT}\n\`\`\`js\n\`\`\`\n`, ':7: a block begins with'],
    [`${FRONT}\n\`\`\`scenario\nstats\n`, ':7: the block has no end'],
    [`${FRONT}\n\`\`\`scenario\n    ok\n\`\`\`\n`, ':8: an outcome stands below'],
    [`${FRONT}\n\`\`\`scenario\nstats\n    entry gmap 0 1G\n\`\`\`\n`, ':9: an entry is stated as'],
    [
      `${FRONT}\n\`\`\`scenario\nstats\n    frame gmap x 1G none\n\`\`\`\n`,
      ':9: "gmap x" is no address space',
    ],
    [`${FRONT}\n\`\`\`scenario\nstats\n    frame gmap 0 1X none\n\`\`\`\n`, ':9: "1X" is not a number'],
    [`${FRONT}\n\`\`\`scenario\nstats\n    tlb 9 gmap 0 0 none\n\`\`\`\n`, ':9: a TLB entry is stated as'],
    [
      `${FRONT}${PLAY}\n\`\`\`fault unlink\nmmap 256M 1M\n\`\`\`\n`,
      ':13: the front matter does not name the fault',
    ],
    [`${FRONT}${PLAY}\n| a | b |\n`, ':12: "| a | b |": the text of a lesson has paragraphs'],
    [`${FRONT}${PLAY}\n### Heading\n`, ':12: "### Heading": the text'],
    [`${FRONT}${PLAY}\nsome \`code\n`, ':12: a backquote is missing'],
    [`${FRONT}${PLAY}${QUIZ.replace('[ ]', '[x]')}`, ':12: a question has one right answer (- [x]), not 2'],
    [`${FRONT}${PLAY}\n## Why?\n\n- [x] Two\n\n  Yes.\n`, ':12: a question has at least two answers'],
    [`${FRONT}${PLAY}\n## Why?\n\n- [x] Two\n- [ ] One\n`, ':14: below an answer stands the reason'],
    [`${FRONT}${PLAY}${QUIZ}\nMore.\n`, ':21: a text stands before the questions'],
    [`${FRONT}${PLAY}${FRONT}${PLAY}`, ':11: there are two lessons with the id "x"'],
    ['x'.repeat(LESSON_SIZE_MAX + 1), ':1: a file of lessons has at most 1 MiB'],
    [`${FRONT}${PLAY}\n${'x'.repeat(3000)}\n`, ':12: a text is longer than 2000 characters'],
    [`${FRONT}\n\`\`\`scenario\n${'stats\n'.repeat(600)}\`\`\`\n`, ':7: a lesson has at most 500 operations'],
  ])('%# is rejected: %s', (text, message) => expect(messageOf(text)).toContain(`my-lesson.md${message}`));

  it('from anywhere is read or rejected', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '---',
        '```',
        '```scenario',
        '```fault unlink',
        '',
        '    ok',
        '## x',
        '- [x] a',
        '- [ ] b',
      ),
      fc.constantFrom('  reason', '- item', 'id: x', 'title: x', 'summary: x', 'faults: unlink', 'stats'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.boolean(), (lines, begun) => {
        messageOf((begun ? FRONT : '') + lines.join('\n'));
      }),
    );
  });

  it('is distinguished from a scenario', () => {
    expect(isLessonFile('x.md', 'mmap 256M 1M')).toBe(true);
    expect(isLessonFile('x.txt', FRONT)).toBe(true);
    expect(isLessonFile('x.txt', 'mmap 256M 1M\n')).toBe(false);
  });
});

describe('a lesson that states what is not so', () => {
  const stated = (block: string) => messageOf(`${FRONT}\n\`\`\`scenario\n${block}\n\`\`\`\n`, true);

  it.each([
    ['mmap 256M 1M\nprocess read 256M 1\n  ok 00', 'none'],
    ['mmap 256M 1M\nprocess read 256M 1\n  ok 00 "x"', 'none'],
    ['mmap 256M 1M\nprocess read 256M 1\n  ok 01', ':9: "process read 256M 1" answers "ok 00", not "ok 01"'],
    [
      'process read 256M 1',
      ':8: "process read 256M 1" answers "error EFAULT", which the lesson does not state',
    ],
    ['mmap 256M 1M\nbanana', ':9: unknown operation "banana"'],
    ['mmap 256M 1M\n  ok\n  events munmap', ':10: events: mmap, not munmap'],
    ['mmap 256M 1M\n  events', ':9: events: mmap, not none'],
    ['mmap 256M 1M\n  broken locks', ':9: broken: none, not locks'],
    ['mmap 256M 1M\n  frame process 0 256M 0x1000', ':9: frame of process 0 0x10000000: none, not 0x1000'],
    [
      'mmap 256M 1M\n  entry process 0 256M page 0x1',
      ':9: page entry of process 0 0x10000000: not on the walk',
    ],
    ['mmap 256M 1M\n  tlb 0 process 0 256M 0x1', ':9: tlb of process 0 0x10000000: none, not 0x1'],
  ])('%s', (block, message) => expect(stated(block)).toContain(message));

  it('also with its bug', () => {
    const text = `${FRONT.replace('id', 'faults: unlink\nid')}${PLAY}
\`\`\`fault unlink
mmap 256M 1M
    error EFAULT
\`\`\`
`;
    expect(messageOf(text, true)).toContain(
      ':14: "mmap 256M 1M" answers "ok" with the fault unlink, not "error EFAULT"',
    );
  });

  it('and one that takes too long', () => {
    const [lesson] = parseLessons('x.md', FRONT + PLAY);
    if (lesson === undefined) throw new Error('there is no lesson');
    expect(() => verifyLesson('x.md', lesson, playableOf(lesson), () => true)).toThrow(
      'x.md:8: the lesson takes too long',
    );
  });
});
