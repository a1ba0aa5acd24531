import type { Lesson } from './lesson.ts';

/** What mapping does, and what it does not. */
export const promise: Lesson = {
  id: 'promise',
  title: 'A promise',
  summary: 'Mapping memory into a guest only writes down which process address is meant.',
  scenario: `mmap 256M 2M
gmap_alloc 0
stats
# 2 MiB of the process, from its 256M on, for the guest at its 1G.
gmap_map_segment 0 256M 1G 2M
dump 0
stats
# Where the process has nothing at all.
gmap_map_segment 0 512M 0 1M
dump 0
guest 0 read 0 1
# A million segments.
gmap_map_segment 0 1T 1T 1T
stats
gmap_map_segment 0 4K 2T 1M
`,
  notes: [
    { line: 0, text: 'Now the guest shall have memory. Watch what mapping costs.' },
    { line: 3, text: 'One guest table so far.' },
    {
      line: 5,
      text: 'Two segments of the guest now say which process address is meant. An entry holds that address plus 0x220: 0x20 makes it invalid, so that no processor can use it yet. It is a promise.',
    },
    { line: 6, text: '`mapped`, not `linked`: nothing leads from the guest to a page.' },
    {
      line: 7,
      text: 'Three guest tables more, to hold the two entries. No page table, and not one page of memory.',
    },
    {
      line: 9,
      text: 'The process need not have anything there yet. A promise is about an address, not about what is there.',
    },
    {
      line: 10,
      text: 'The order and the distances are the guest’s own: 512M of the process comes first here.',
    },
    {
      line: 11,
      text: 'Here the promise is called in, and the process has nothing at 512M: EFAULT. Nothing has changed by asking.',
    },
    {
      line: 14,
      text: '1,048,576 promises took 512 tables of 16 KiB, one for each 2 GiB of the guest, and still no memory for the guest.',
    },
    {
      line: 15,
      text: 'Only whole segments can be promised: each of the three numbers must be a multiple of 1 MiB.',
    },
  ],
  questions: [
    {
      text: 'The entry of the guest’s segment at 1G holds 0x10000220. What does it say?',
      answer:
        'The process address 0x10000000, which is 256M, and that the entry is invalid (0x20). A processor that meets it stops with an exception, and the host reads the address in it.',
    },
    {
      text: 'Why can the host promise memory that the process has not mapped?',
      answer:
        'Because it writes down an address and looks at it only when the guest comes. What is there then decides.',
    },
  ],
  view: 'trees',
};
