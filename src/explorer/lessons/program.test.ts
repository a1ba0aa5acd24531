import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../player/index.ts';
import type { TraceEvent } from '../../trace/index.ts';
import { stepsAfter, textOf } from './event-texts.ts';
import { LessonError } from './lesson.ts';
import { parseLessons } from './parse.ts';
import { PROGRAMS } from './programs.ts';
import { playableOf } from './testing/playable.ts';
import { verifyLesson } from './verify.ts';

const FRONT = '---\nid: x\ntitle: X\nsummary: An x.\nprogram: kvm/ucontrol\n---\n';

/** Returns the file of a lesson with one block, which begins in line 7. */
const withBlock = (lines: string, front = FRONT) => `${front}\`\`\`program\n${lines}\n\`\`\`\n`;

/** Returns the message for a file. */
function messageOf(text: string, isLate = () => false): string {
  try {
    for (const lesson of parseLessons('x.md', text)) verifyLesson('x.md', lesson, playableOf(lesson), isLate);
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(LessonError);
    return (error as Error).message;
  }
}

describe('a lesson of a program', () => {
  it('has events in place of operations, and no scenario', () => {
    const [lesson] = parseLessons(
      'x.md',
      `${withBlock('# A comment\nioctl(3, KVM\n  frame gmap 0 0 none\n\nlink gmap 0')}\nNote.\n`,
    );
    expect(lesson).toMatchObject({
      program: 'kvm/ucontrol',
      scenario: '',
      steps: [
        {
          at: 9,
          operation: 'ioctl(3, KVM',
          answer: null,
          facts: [{ at: 10, fact: { kind: 'frame', space: 'gmap 0', address: 0n, frame: null } }],
        },
        { at: 12, operation: 'link gmap 0', answer: null, facts: [] },
      ],
      notes: [{ step: 2, fault: null }],
    });
  });

  it.each([
    [withBlock('exit_group(', FRONT.replace('kvm/ucontrol', 'ls')), ':5: a program is one of hello, '],
    [withBlock('exit_group(', FRONT.replace('kvm/ucontrol', '../kvm')), ':5: a program is one of hello, '],
    [
      withBlock('exit_group(', FRONT.replace('program', 'faults: unlink\nprogram')),
      ':5: a lesson of a program has',
    ],
    [FRONT, ':1: the lesson has no event (```program)'],
    [`${FRONT}\`\`\`scenario\nmmap 256M 1M\n\`\`\`\n`, ':7: the lesson has other blocks: event (```program)'],
    [`${FRONT}\`\`\`fault unlink\nmunmap 256M 1M\n\`\`\`\n`, ':7: the lesson has other blocks'],
    [
      withBlock('exit_group(', FRONT.replace(/program: .*\n/, '')),
      ':6: the lesson has other blocks: operation (```scenario)',
    ],
    [withBlock('exit_group(\n  ok'), ':8: below an event stand entry, frame, tlb'],
    [withBlock('exit_group(\n  events munmap'), ':8: below an event stand'],
    [withBlock('exit_group(\n  broken locks'), ':8: below an event stand'],
  ])('%# is rejected: %s', (text, message) => expect(messageOf(text)).toContain(`x.md${message}`));

  const CREATED = 'ioctl(4, KVM_CREATE_VCPU, NULL) = 5';

  it.each([
    [`openat(\n${CREATED}\n  entry gmap 0 0 region-first 0x2c\n  frame gmap 0 0 none\nexit_group(0)`, 'none'],
    [
      `${CREATED}\n  entry gmap 0 0 region-first 0x2d`,
      ':9: region-first entry of gmap 0 0x0: 0x2c, not 0x2d',
    ],
    [`${CREATED}\n  frame gmap 0 0 0x1000`, ':9: frame of gmap 0 0x0: none, not 0x1000'],
    ['link gmap 0 guest 0x0\n  tlb 0 gmap 0 0x2000 0x1000', ':9: tlb of gmap 0 0x2000: '],
    ['openat(\nfork()', ':9: the program has no event that begins with "fork()" after "openat("'],
    ['exit_group(\nopenat(', ':9: the program has no event that begins with "openat(" after "exit_group("'],
    ['+++ exited with 1', ':8: the program has no event that begins with "+++ exited with 1"'],
    ['ioctl(3, KVM_CREATE_VM, 0x1) = 4\n  frame gmap 0 0 none', 'none'],
  ])('states only what is so: %s', (block, message) =>
    expect(messageOf(withBlock(block))).toContain(message),
  );

  it('is rejected if it takes too long', () => {
    expect(messageOf(withBlock('openat('), () => true)).toBe('x.md:8: the lesson takes too long');
  });

  it.each(Object.keys(PROGRAMS))('can play %s, which ends', (name) => {
    const front = FRONT.replace('kvm/ucontrol', name);
    expect(messageOf(withBlock('exit_group(0)\n+++ exited with 0', front))).toBe('none');
  });
});

describe('events', () => {
  const link: TraceEvent = {
    type: 'link',
    gmap: 0,
    guest: 0x10_0000n,
    process: 0n,
    entry: 0x3000n,
    pageTable: 0x4000n,
  };
  const call: TraceEvent = { type: 'system-call', process: 2, thread: 2, text: 'getpid() = 2' };

  it('have a text: that of strace, or type and fields', () => {
    expect(textOf(call)).toBe('getpid() = 2');
    expect(textOf(link)).toBe('link gmap 0 guest 0x100000 process 0x0 entry 0x3000 pageTable 0x4000');
  });

  it('are found one after another', () => {
    const events = [call, link, link, call].map(
      (event, n): RecordedEvent => ({ n, event, position: { step: 10 * n, event: 1 } }),
    );
    expect(stepsAfter(events, [])).toEqual([]);
    expect(stepsAfter(events, ['getpid', 'link', 'getpid() = 2'])).toEqual([1, 11, 31]);
    expect(stepsAfter(events, ['link', 'link', 'link', 'getpid'])).toEqual([11, 21]);
    expect(stepsAfter(events, ['nothing', 'link'])).toEqual([]);
  });
});
