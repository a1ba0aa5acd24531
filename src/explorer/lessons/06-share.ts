import type { Lesson } from './lesson.ts';

/** Links of several guest entries to one page table, and how they are found again. */
export const share: Lesson = {
  id: 'share',
  title: 'Many guests, one page table',
  summary: 'A segment can be mapped at many places in many guests; all of them are linked to one page table.',
  scenario: `mmap 256M 1M
gmap_alloc 0
gmap_alloc 1
gmap_map_segment 0 256M 0 1M
gmap_map_segment 0 256M 1T 1M
gmap_map_segment 1 256M 4G 1M
guest 0 write 0 aa on 1
guest 0 read 1T 1 on 1
guest 1 read 4G 1 on 2
stats
guest 1 write 4G bb on 2
guest 0 read 1T 1 on 1
gmap_unmap_segment 0 1T 1M
guest 0 read 1T 1 on 1
guest 0 read 0 1 on 1
# The process takes it from all of them.
munmap 256M 1M
dump 0
dump 1
stats
`,
  notes: [
    {
      line: 0,
      text: 'The same memory can be promised many times: twice in one guest, and in another guest.',
    },
    { line: 6, text: 'Three promises of the same 1 MiB.' },
    { line: 9, text: 'Each first access made a link of its own. All three lead to the same page.' },
    { line: 10, text: 'Three links (`rmaps`), one page table.' },
    {
      line: 12,
      text: 'A store of one guest is seen by the other at once. There is nothing to keep in step.',
    },
    {
      line: 13,
      text: 'One entry is emptied, and what processors remembered of this guest is purged. The other two links stay.',
    },
    {
      line: 17,
      text: 'Every entry that was linked to the page table became its promise again. The host finds them in the page table’s reverse map, a list of its links, however many guests there are.',
    },
    { line: 20, text: 'No link, no page table. The guest tables stay: they hold the promises.' },
  ],
  questions: [
    {
      text: 'How does the host know which guests to change when a page table goes?',
      answer:
        'Each page table has a list of the guest entries that are linked to it, the reverse map. It was extended with each link.',
    },
    {
      text: 'What did `gmap_unmap_segment` do to the page at 256M?',
      answer:
        'Nothing. It emptied one entry of one guest. The page belongs to the process, and the others still reach it.',
    },
  ],
  view: 'spaces',
  breaks: ['gmap-unmap'],
  breakNote:
    'The entry at 1T is empty, but processor 1 remembers where it led, and the next read there succeeds.',
};
