import type { Lesson } from './lesson.ts';

/** A guest address space before anything is mapped. */
export const emptySpace: Lesson = {
  id: 'empty',
  title: 'An empty address space',
  summary: 'A new guest has an address space of its own, with nothing in it.',
  scenario: `# Process 0 maps 1 MiB of memory at 256M.
mmap 256M 1M
process write 256M 68656c6c6f
process read 256M 5
# Create a guest address space (a gmap) for process 0.
gmap_alloc 0
dump 0
guest 0 read 256M 5
stats
`,
  notes: [
    {
      line: 0,
      text: 'A guest is a computer inside a computer. Its memory is borrowed from an ordinary process of the host: here, process 0. Step through the lines and watch both address spaces.',
    },
    {
      line: 2,
      text: '`mmap` reserves a range of addresses and does nothing else. The range has 256 pages of 4 KiB, and none of them has a frame of storage yet.',
    },
    {
      line: 3,
      text: 'The first store needs storage. The host allocated a 4 KiB frame and entered its address in a page table. A page table has 256 entries, one for each page of a 1 MiB segment.',
    },
    {
      line: 6,
      text: 'This is a guest address space, gmap 0. It spans 16 EiB, yet a single table of 2048 empty entries is enough to describe it. Creating the first guest also replaced the process’s page table by one twice as large: the host keeps notes about guest pages in the second half.',
    },
    { line: 7, text: '`dump` lists the mapped segments of the guest. A segment is 1 MiB. There are none.' },
    {
      line: 8,
      text: 'The guest read its own address 256M and failed. The process has memory at its address 256M, but that makes no difference: the two address spaces are separate.',
    },
    { line: 9, text: 'One guest table, one page table of the process, and no link between them.' },
  ],
  questions: [
    {
      text: 'How much storage does the process’s 1 MiB use after the first store?',
      answer:
        'One frame of 4 KiB for the page, plus the tables that lead to it. The other 255 pages use nothing until they are touched.',
    },
    {
      text: 'Why can the guest not see the process’s page?',
      answer:
        'An address has a meaning only together with the tables that translate it. Guest addresses are translated by the guest’s own tables, and those are empty.',
    },
  ],
  view: 'spaces',
};
