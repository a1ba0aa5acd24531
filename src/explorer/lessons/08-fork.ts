import type { Lesson } from './lesson.ts';

/** fork and copy-on-write with a guest on the parent. */
export const fork: Lesson = {
  id: 'fork',
  title: 'A fork under a guest',
  summary: 'After a fork pages are shared until somebody writes; the guest’s store makes the copy.',
  scenario: `mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 aa on 1
# Process 1 is a copy of process 0. The guest stays with process 0.
fork 1
process read 256M 1
1: process read 256M 1
guest 0 read 0 1 on 1
guest 0 write 0 bb on 1
process read 256M 1
1: process read 256M 1
1: process write 256M cc
guest 0 read 0 1 on 1
1: exit
stats
`,
  notes: [
    {
      line: 0,
      text: '`fork` makes a second process with the same memory. Copying all of it would take long, so the host copies a page only when somebody writes to it.',
    },
    {
      line: 6,
      text: 'Both processes have the same frame now, and neither may write to it: the protection bit went on in both entries. The guest shares the parent’s entry, so its right to store is gone as well.',
    },
    { line: 9, text: 'All three read the same frame.' },
    {
      line: 10,
      text: 'The guest’s store was stopped by the protection bit. The host saw that the page is shared, copied it for the parent, and let the store happen in the copy.',
    },
    {
      line: 11,
      text: 'The parent has what its guest wrote: they share the entry, and it designates the copy.',
    },
    { line: 12, text: 'The child keeps what was there at the fork.' },
    {
      line: 13,
      text: 'The child is the only one left with the old frame, so it may write to it: no second copy.',
    },
    { line: 16, text: 'The child is gone. The guest never noticed it.' },
  ],
  questions: [
    {
      text: 'Why did `fork` change what the guest may do?',
      answer:
        'The guest is linked to the parent’s page table. To make the parent’s pages copy-on-write their entries were protected, and those are the guest’s entries, too.',
    },
    {
      text: 'How often was the page copied?',
      answer: 'Once, at the first store after the fork. Whoever has a frame alone may write to it.',
    },
  ],
  view: 'spaces',
  breaks: ['page-protected'],
  breakNote:
    'The entries forbid stores after `fork`, but processor 1 still remembers that the page may be written. The guest’s store makes no copy, and the child reads `bb`, which was never its own.',
};
