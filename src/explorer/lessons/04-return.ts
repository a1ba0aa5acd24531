import type { Lesson } from './lesson.ts';

/** What a guest sees when the process unmaps part of a segment, then the rest, and maps it again. */
export const comeBack: Lesson = {
  id: 'return',
  title: 'Memory goes away and comes back',
  summary:
    'Freeing a page table removes its links. When memory returns, the next access links the segment again.',
  scenario: `mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 6f6c64
guest 0 write 512K 6f6c64
# Unmap the first half.
munmap 256M 512K
dump 0
guest 0 read 512K 3
guest 0 read 0 3
# Unmap the second half.
munmap 0x10080000 512K
dump 0
guest 0 read 512K 3
# Map new memory at the same address.
mmap 256M 1M
dump 0
guest 0 read 512K 3
dump 0
`,
  notes: [
    { line: 0, text: 'A process may change its memory at any time, even while a guest is running on it.' },
    { line: 5, text: 'The guest has written to two pages of its segment.' },
    {
      line: 7,
      text: 'Half of the segment is still mapped, so the page table stays, and so does the link. The host invalidated the entries of the unmapped pages one by one, and purged each of them from every processor.',
    },
    { line: 9, text: 'The second half is unchanged.' },
    { line: 10, text: 'The first half has disappeared from the guest as well: it is the same page table.' },
    {
      line: 12,
      text: 'No mapping covers the segment any more. The host first removes the link, then frees the page table.',
    },
    {
      line: 17,
      text: 'The segment is mapped and not linked. Nobody has told the gmap that there is memory again, and nobody needs to.',
    },
    {
      line: 18,
      text: 'The access linked the segment again, to a new page table. New memory contains zeros: nothing of the old contents can be seen.',
    },
  ],
  questions: [
    {
      text: 'When does the host free a page table of the process?',
      answer:
        'When the last mapping that covers part of its segment is removed, or when the process ends. As long as any part of the 1 MiB is mapped, the page table stays.',
    },
    {
      text: 'Why does the gmap not have to be told that the memory is back?',
      answer:
        'The guest’s entry has held the process address all the time. The next access looks up what the process has there now.',
    },
  ],
  view: 'spaces',
  faults: ['page-invalidated'],
  faultNote:
    'Step over the first `munmap`. The entry of the page is invalid, but processor 1 still has the old translation cached, and the guest reads `6f6c64` from memory that has been freed.',
};
