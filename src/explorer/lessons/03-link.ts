import type { Lesson } from './lesson.ts';

/** What the first access to a segment does, and why unmapping in the process changes the guest. */
export const link: Lesson = {
  id: 'link',
  title: 'One page table, two address spaces',
  summary:
    'The first access links the guest to the page table of the process, and from then on both see the same.',
  scenario: `mmap 256M 1M
process write 256M 6869
gmap_alloc 0
gmap_map_segment 0 256M 1G 1M
dump 0
guest 0 read 1G 2
dump 0
guest 0 write 0x40001000 796573
process read 0x10001000 3
stats
# The process takes its memory away, and says nothing to the guest.
munmap 256M 1M
dump 0
guest 0 read 1G 2
`,
  notes: [
    {
      line: 0,
      text: 'The promise is kept when the guest first comes. This is the idea on which everything else rests.',
    },
    { line: 2, text: 'The process has a page table for this 1 MiB, and one page in it.' },
    { line: 5, text: 'The guest has a promise.' },
    {
      line: 6,
      text: 'The processor met an invalid entry and stopped. The host linked the segment: it wrote the address of the process’s own page table into the guest’s entry. The guest reads what the process wrote.',
    },
    {
      line: 7,
      text: '`linked`. Above the page table the two have tables of their own. From here down they have the same: it was not copied.',
    },
    {
      line: 8,
      text: 'The guest touched a page that nobody had touched. One entry of the shared page table was filled.',
    },
    { line: 9, text: 'So the page is there for the process too, at once. One entry, two address spaces.' },
    { line: 10, text: 'One link, and still only one page table.' },
    {
      line: 12,
      text: 'The page table goes, because nothing is mapped there any more. A guest must not lead to a table that is gone, so its entry became the promise again.',
    },
    {
      line: 14,
      text: 'The guest has nothing at 1G now, although nobody unmapped anything in the guest. What it had was the process’s page table.',
    },
  ],
  questions: [
    {
      text: 'Why does unmapping memory in the process change the guest?',
      answer:
        'Because the guest has no pages of its own. Its segment was linked to the process’s page table; when that went, the link went, and the guest’s accesses find what the process has there: nothing.',
    },
    {
      text: 'The guest filled an entry for its page at 1G + 4K. Whose page table did it fill?',
      answer:
        'The process’s. There is only one for this 1 MiB, so the process found the page present when it came.',
    },
    {
      text: 'How many pages would have been copied if the guest had been given 1 GiB in this way?',
      answer: 'None. Mapping writes promises, and linking writes one entry a segment.',
    },
  ],
  view: 'spaces',
};
