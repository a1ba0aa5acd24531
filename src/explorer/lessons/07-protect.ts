import type { Lesson } from './lesson.ts';

/** mprotect of the process, seen by its guest. */
export const protect: Lesson = {
  id: 'protect',
  title: 'Protection is shared, too',
  summary: 'What the process may not do with its memory, its guests cannot do either.',
  scenario: `mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 aa on 1
guest 0 write 4K bb on 1
# The first page shall only be read.
mprotect 256M 4K r
guest 0 read 0 1 on 1
guest 0 write 0 cc on 1
guest 0 write 4K cc on 1
# Not even read.
mprotect 256M 4K none
guest 0 read 0 1 on 1
mprotect 256M 4K rw
guest 0 read 0 1 on 1
guest 0 write 0 dd on 1
process read 256M 1
`,
  notes: [
    {
      line: 0,
      text: 'An entry of a page table says where a page is, and also what may be done with it. Guests share the entry, so they share that as well.',
    },
    { line: 5, text: 'Two pages that may be read and written.' },
    {
      line: 7,
      text: 'The entry got its protection bit, 0x200, and every processor forgot what it knew of the page. Guest and process see the bit in the same entry.',
    },
    {
      line: 9,
      text: 'The guest’s store is refused, as the process’s own would be. A real program that runs the guest would be told so.',
    },
    { line: 10, text: 'The next page is another entry and another matter.' },
    { line: 12, text: 'The page keeps its frame, but the entry is invalid now: nobody reaches it.' },
    { line: 15, text: 'Nothing was lost: the frame is the same.' },
  ],
  questions: [
    {
      text: 'Who decides whether a guest may store into a page?',
      answer:
        'The process, for the entry is its own. A guest’s tables above the page table only say which page table it is.',
    },
    {
      text: 'Why must processors forget the page when its protection gets stricter?',
      answer:
        'Because they remember not only where a page is but also that it may be written. One that still did would store where the table now forbids it.',
    },
  ],
  view: 'walk',
  breaks: ['page-protected'],
  breakNote:
    'Processor 1 still remembers that the page may be written, and the guest’s store of `cc` goes through.',
};
