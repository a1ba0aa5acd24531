import type { Lesson } from './lesson.ts';

/** Operations that fail for want of frames and change nothing. */
export const enomem: Lesson = {
  id: 'enomem',
  title: 'When storage runs out',
  summary: 'Each operation either does all of what it is for or, with ENOMEM, nothing.',
  scenario: `mmap 256M 1M
gmap_alloc 0
stats
fail 3
gmap_map_segment 0 256M 0 1M
dump 0
stats
gmap_map_segment 0 256M 0 1M
dump 0
fail 2
guest 0 write 0 aa
dump 0
fail 3
guest 0 write 0 aa
dump 0
guest 0 write 0 aa
process read 256M 1
`,
  notes: [
    {
      line: 0,
      text: 'Tables take storage, and storage can run out in the middle of an operation. `fail N` makes the N-th allocation from then on fail.',
    },
    {
      line: 5,
      text: 'Three tables were needed below the first one. Two were there, the third was not, and the two were given back.',
    },
    { line: 7, text: 'As before: one table. An operation that fails leaves nothing behind.' },
    { line: 8, text: 'Tried again, it succeeds.' },
    {
      line: 11,
      text: 'This time an access ran out of frames: the process needs a table of its own for the segment, a page table, and a frame for the page. The second one failed.',
    },
    { line: 12, text: 'The promise is what it was.' },
    { line: 14, text: 'Now the page itself could not be had.' },
    {
      line: 15,
      text: 'The link has been made, and it is right: a page table of the process, with no page in it yet. The guest sees no difference.',
    },
    { line: 16, text: 'With a frame for the page the same store succeeds.' },
  ],
  questions: [
    {
      text: 'What can a guest see of an access that ended with ENOMEM?',
      answer:
        'Nothing. The store did not happen, and when it is tried again, all goes on as if nothing had been.',
    },
    {
      text: 'Why are the first two tables given back, when the third cannot be had?',
      answer:
        'They would lead nowhere. Storage is short at that very position, and who asked may never come again.',
    },
  ],
  view: 'trees',
};
