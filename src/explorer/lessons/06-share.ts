import type { Lesson } from './lesson.ts';

/** Several guest entries linked to one page table, and how the host finds them. */
export const share: Lesson = {
  id: 'share',
  title: 'Many guests, one page table',
  summary:
    'A segment can be mapped many times, in many guests. All of them are linked to the same page table.',
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
# The process takes the memory away from all of them.
munmap 256M 1M
dump 0
dump 1
stats
`,
  notes: [
    {
      line: 0,
      text: 'The same memory can be mapped more than once: here, twice in one guest and once in another.',
    },
    { line: 6, text: 'Three guest segments are mapped to the same 1 MiB of the process.' },
    { line: 9, text: 'Each first access made a link of its own. All three lead to the same page.' },
    { line: 10, text: 'Three links (`rmaps`), one page table.' },
    {
      line: 12,
      text: 'One guest sees at once what the other has stored. There are no copies to synchronize.',
    },
    {
      line: 13,
      text: 'The host cleared one entry and purged this guest’s cached translations. The other two links remain.',
    },
    {
      line: 17,
      text: 'Every entry that was linked to the page table is unlinked now, and still mapped. The host finds these entries in the reverse map of the page table, a list of its links, no matter how many guests there are.',
    },
    { line: 20, text: 'No link, no page table. The guest tables stay: they hold the mapped segments.' },
  ],
  questions: [
    {
      text: 'How does the host know which guests to update when it frees a page table?',
      answer:
        'Each page table has a reverse map, a list of the guest entries linked to it. Every new link is added to the list.',
    },
    {
      text: 'What did `gmap_unmap_segment` do to the page at 256M?',
      answer:
        'Nothing. It cleared one entry of one guest. The page belongs to the process, and the other guest segments still reach it.',
    },
  ],
  view: 'spaces',
  faults: ['gmap-unmap'],
  faultNote:
    'The entry for 1T is empty, but processor 1 still has the old translation cached, and the next read there succeeds.',
};
