import type { Lesson } from './lesson.ts';

/** mprotect in the process, seen by its guest. */
export const protect: Lesson = {
  id: 'protect',
  title: 'Protection is shared as well',
  summary: 'A guest cannot use memory in a way that its process may not.',
  scenario: `mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 aa on 1
guest 0 write 4K bb on 1
# Make the first page read-only.
mprotect 256M 4K r
guest 0 read 0 1 on 1
guest 0 write 0 cc on 1
guest 0 write 4K cc on 1
# Forbid even reads.
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
      text: 'A page-table entry holds the location of a page and also its protection. A guest shares the entry, and so it shares the protection.',
    },
    { line: 5, text: 'Both pages can be read and written.' },
    {
      line: 7,
      text: 'The host set the protection bit, 0x200, in the entry and purged the page from every processor. Guest and process see the bit because they use the same entry.',
    },
    {
      line: 9,
      text: 'The guest’s store was refused, just as a store by the process would be. A real virtual machine would exit to its monitor at this point.',
    },
    { line: 10, text: 'The next page has an entry of its own, and is still writable.' },
    { line: 12, text: 'The page keeps its frame, but its entry is invalid now: nobody can reach it.' },
    { line: 15, text: 'Nothing was lost: the page is still in the same frame.' },
  ],
  questions: [
    {
      text: 'Who decides whether a guest may store into a page?',
      answer:
        'The process does, because the page-table entry is its own. The guest’s tables only determine which page table is used.',
    },
    {
      text: 'Why must processors drop a cached translation when the page’s protection becomes stricter?',
      answer:
        'A cached translation also records whether stores are allowed. A processor that kept it would go on storing where the table now forbids it.',
    },
  ],
  view: 'walk',
  faults: ['page-protected'],
  faultNote: 'Processor 1 still has the page cached as writable, and the guest’s store of `cc` succeeds.',
};
