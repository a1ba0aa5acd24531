import type { Lesson } from './lesson.ts';

/** What guests see when the process unmaps a part, the rest, and maps again. */
export const comeBack: Lesson = {
  id: 'return',
  title: 'Memory goes away and comes back',
  summary:
    'A page table that goes takes its links with it; memory that comes back is linked by the next access.',
  scenario: `mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 6f6c64
guest 0 write 512K 6f6c64
# The first half goes.
munmap 256M 512K
dump 0
guest 0 read 512K 3
guest 0 read 0 3
# The second half goes, too.
munmap 0x10080000 512K
dump 0
guest 0 read 512K 3
# Fresh memory at the same place.
mmap 256M 1M
dump 0
guest 0 read 512K 3
dump 0
`,
  notes: [
    { line: 0, text: 'A process can change its memory at any time, under a running guest.' },
    { line: 5, text: 'Two pages of the guest’s segment have been written.' },
    {
      line: 7,
      text: 'A part of the segment is still mapped, so the page table stays, and so does the link. The entries of the pages that went were invalidated one by one, and forgotten by all processors.',
    },
    { line: 9, text: 'The other half is as it was.' },
    { line: 10, text: 'The first half is gone for the guest too: it is the same page table.' },
    { line: 12, text: 'Now no mapping touches the segment. The page table goes, and before it the link.' },
    {
      line: 17,
      text: 'Still a promise: nobody told the gmap that there is something again, and nobody needs to.',
    },
    {
      line: 18,
      text: 'The promise was kept once more, with another page table. The memory is new, so there are zeros: nothing of the old contents can be seen.',
    },
  ],
  questions: [
    {
      text: 'When does a page table of the process go?',
      answer:
        'When the last mapping that touches its segment is removed, or the process ends. While any part of the 1 MiB is mapped, it stays.',
    },
    {
      text: 'Why is nothing to be told to the gmap when the memory comes back?',
      answer:
        'The promise names the process address, and it was there all the time. The next access asks what the process has there now.',
    },
  ],
  view: 'spaces',
  breaks: ['page-invalidated'],
  breakNote:
    'Step over the first `munmap`. The entry of the page is invalid in the table, but processor 1 still remembers the old one, and the guest reads `6f6c64` from memory that is gone.',
};
