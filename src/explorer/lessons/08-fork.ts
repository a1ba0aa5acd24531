import type { Lesson } from './lesson.ts';

/** fork and copy-on-write with a guest on the parent. */
export const fork: Lesson = {
  id: 'fork',
  title: 'A fork under a guest',
  summary:
    'After a fork, pages are shared until somebody writes to them. Here it is a guest’s store that causes the copy.',
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
      text: '`fork` creates a second process with the same memory. Copying all of it would take a long time, so the host copies a page only when somebody writes to it.',
    },
    {
      line: 6,
      text: 'Both processes now use the same frame, and neither may write to it: the host set the protection bit in both entries. The guest shares the parent’s entry, so it has lost the right to store as well.',
    },
    { line: 9, text: 'All three read the same frame.' },
    {
      line: 10,
      text: 'The protection bit stopped the guest’s store. The host saw that the page was shared, copied it for the parent, and let the store proceed in the copy.',
    },
    {
      line: 11,
      text: 'The parent sees what its guest has written: they share an entry, and it now designates the copy.',
    },
    { line: 12, text: 'The child still has the contents from the time of the fork.' },
    {
      line: 13,
      text: 'The child is the only remaining user of the old frame, so it may write to it without a second copy.',
    },
    { line: 16, text: 'The child has exited. The guest never noticed it.' },
  ],
  questions: [
    {
      text: 'Why did `fork` restrict the guest?',
      answer:
        'The guest is linked to the parent’s page table. To make the parent’s pages copy-on-write, the host write-protected their entries, and the guest uses the same entries.',
    },
    {
      text: 'How often was the page copied?',
      answer: 'Once, at the first store after the fork. The last user of a frame may simply write to it.',
    },
  ],
  view: 'spaces',
  faults: ['page-protected'],
  faultNote:
    'The entries forbid stores after `fork`, but processor 1 still has the page cached as writable. The guest’s store makes no copy, and the child reads `bb`, which it never wrote.',
};
