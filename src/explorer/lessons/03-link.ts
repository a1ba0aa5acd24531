import type { Lesson } from './lesson.ts';

/** What the first access to a segment does, and why unmapping in the process affects the guest. */
export const link: Lesson = {
  id: 'link',
  title: 'One page table, two address spaces',
  summary:
    'The first access links the guest to a page table of the process. From then on, both use the same entries.',
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
# The process unmaps its memory. Nobody notifies the guest.
munmap 256M 1M
dump 0
guest 0 read 1G 2
`,
  notes: [
    {
      line: 0,
      text: 'A mapped segment is linked when the guest first touches it. Everything else in these lessons rests on this one idea.',
    },
    { line: 2, text: 'The process has a page table for this segment, with one page present.' },
    { line: 5, text: 'The guest’s segment is mapped and not linked.' },
    {
      line: 6,
      text: 'The processor met an invalid entry and stopped. The host then linked the segment: it wrote the address of the process’s own page table into the guest’s segment entry. The guest reads what the process has written.',
    },
    {
      line: 7,
      text: '`linked`. Above the page table, process and guest have separate tables. The page table itself belongs to both: it was not copied.',
    },
    {
      line: 8,
      text: 'The guest touched a page that nobody had touched before. The host filled in one entry of the shared page table.',
    },
    { line: 9, text: 'The page is present for the process at once: one entry serves two address spaces.' },
    { line: 10, text: 'One link, and still only one page table.' },
    {
      line: 12,
      text: 'No mapping uses the page table any more, so the host frees it. The guest must not keep a pointer to a freed table, so its entry is mapped and not linked again.',
    },
    {
      line: 14,
      text: 'The guest has lost its memory at 1G, although nobody unmapped anything in the guest. Its memory was the process’s memory all along.',
    },
  ],
  questions: [
    {
      text: 'Why does unmapping memory in the process affect the guest?',
      answer:
        'The guest has no pages of its own. Its segment was linked to the process’s page table. When that table was freed, the link was removed, and the guest’s next access found that the process has nothing there.',
    },
    {
      text: 'The guest caused an entry to be filled in for its page at 1G + 4K. In whose page table?',
      answer:
        'The process’s. There is only one page table for this segment, which is why the process found the page present.',
    },
    {
      text: 'How many pages would be copied if the guest were given 1 GiB in this way?',
      answer: 'None. Mapping writes one entry for each segment, and linking replaces it by another.',
    },
  ],
  view: 'spaces',
};
