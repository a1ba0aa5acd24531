import type { Lesson } from './lesson.ts';

/** What a guest address space is before anything is mapped. */
export const emptySpace: Lesson = {
  id: 'empty',
  title: 'An address space with nothing in it',
  summary: 'A guest begins with an address space of its own, and nothing in it.',
  scenario: `# Process 0 gets 1 MiB of memory from address 256M on.
mmap 256M 1M
process write 256M 68656c6c6f
process read 256M 5
# A guest address space, a gmap, of process 0.
gmap_alloc 0
dump 0
guest 0 read 256M 5
stats
`,
  notes: [
    {
      line: 0,
      text: 'A guest is a computer inside a computer. Its memory is made of pieces of an ordinary process of the host, here process 0. Step forward through the lines and watch both address spaces.',
    },
    {
      line: 2,
      text: '`mmap` gives the process a range of addresses, nothing more. There are 256 pages of 4 KiB there, and none of them has a frame of storage yet.',
    },
    {
      line: 3,
      text: 'The first store needs storage. The host took a frame of 4 KiB and wrote its address into a page table: 256 entries, one for each page of 1 MiB.',
    },
    {
      line: 6,
      text: 'This is a guest address space, gmap 0. It has room for 16 EiB, and one table of 2048 empty entries is enough to say that nothing is in it. With its first guest the process also gets its page table anew, twice as large: the second half is for what a host notes of its guests’ pages.',
    },
    { line: 7, text: '`dump` lists the segments of the guest: pieces of 1 MiB. There are none.' },
    {
      line: 8,
      text: 'The guest looked at its own address 256M. That the process has something at its address 256M means nothing here: the two spaces are separate.',
    },
    { line: 9, text: 'One guest table, one page table (the process’s), no link between them.' },
  ],
  questions: [
    {
      text: 'How many bytes of storage does the process’s 1 MiB take after its first store?',
      answer:
        'One frame for the page, 4 KiB, and the tables that lead to it. The other 255 pages take nothing until somebody touches them.',
    },
    {
      text: 'Why does the guest not see the process’s page?',
      answer:
        'An address means something only together with the tables it is looked up in. The guest is looked up in tables of its own, and they are empty.',
    },
  ],
  view: 'spaces',
};
