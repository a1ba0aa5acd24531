import type { Lesson } from './lesson.ts';

/** Operations that run out of frames and change nothing. */
export const enomem: Lesson = {
  id: 'enomem',
  title: 'When storage runs out',
  summary: 'An operation does everything it was asked to do, or it fails with ENOMEM and changes nothing.',
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
      text: 'Tables need storage, and storage can run out in the middle of an operation. `fail N` makes the N-th allocation from now on fail.',
    },
    {
      line: 5,
      text: 'The mapping needed three more tables. The host got two of them but not the third, so it gave the two back.',
    },
    { line: 7, text: 'One table, as before. A failed operation leaves nothing behind.' },
    { line: 8, text: 'The second attempt succeeds.' },
    {
      line: 11,
      text: 'This time an access ran out of frames. It needed a segment table for the process, a page table, and a frame for the page. The second allocation failed.',
    },
    { line: 12, text: 'The segment is mapped and not linked, as before.' },
    { line: 14, text: 'Now the allocation of the page itself failed.' },
    {
      line: 15,
      text: 'The link was made, and it is correct: it leads to a page table of the process that has no page yet. The guest cannot tell the difference.',
    },
    { line: 16, text: 'With a frame for the page, the same store succeeds.' },
  ],
  questions: [
    {
      text: 'What can a guest see of an access that failed with ENOMEM?',
      answer:
        'Nothing. The store did not happen. When it is tried again, everything continues as if it had never failed.',
    },
    {
      text: 'Why does the host give the first two tables back if it cannot get the third?',
      answer:
        'They would lead nowhere, storage is scarce at that very moment, and the operation may never be tried again.',
    },
  ],
  view: 'trees',
};
