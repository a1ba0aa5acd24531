import type { Lesson } from './lesson.ts';

/** What mapping does, and what it leaves for later. */
export const map: Lesson = {
  id: 'map',
  title: 'Mapping is a promise',
  summary: 'Mapping memory into a guest only records which process address it refers to.',
  scenario: `mmap 256M 2M
gmap_alloc 0
stats
# Map 2 MiB of the process, from 256M, to the guest at 1G.
gmap_map_segment 0 256M 1G 2M
dump 0
stats
# Map a range in which the process has no memory at all.
gmap_map_segment 0 512M 0 1M
dump 0
guest 0 read 0 1
# Map a million segments.
gmap_map_segment 0 1T 1T 1T
stats
gmap_map_segment 0 4K 2T 1M
`,
  notes: [
    { line: 0, text: 'Now we give the guest some memory. Watch what it costs.' },
    { line: 3, text: 'So far there is one guest table.' },
    {
      line: 5,
      text: 'Two segment entries of the guest now hold a process address plus 0x220. The bit 0x20 marks the entry invalid, so no processor can use it yet. Think of it as a promise: the segment is mapped, but not linked to any memory.',
    },
    { line: 6, text: '`mapped`, not `linked`: no path leads from the guest to a page yet.' },
    {
      line: 7,
      text: 'Three more guest tables, to hold the two entries. No page table, and not a single page of memory.',
    },
    {
      line: 9,
      text: 'The process does not need to have memory there. Mapping refers to an address, not to what is stored at it.',
    },
    {
      line: 10,
      text: 'A guest may arrange its memory in any order. Here 512M of the process comes before 256M.',
    },
    {
      line: 11,
      text: 'The guest touched the segment, and the process has nothing at 512M: EFAULT. The failed access changed nothing.',
    },
    {
      line: 14,
      text: 'Mapping 1,048,576 segments took 512 tables of 16 KiB, one for every 2 GiB of guest addresses, and still no memory.',
    },
    {
      line: 15,
      text: 'Only whole segments can be mapped: both addresses and the length must be multiples of 1 MiB.',
    },
  ],
  questions: [
    {
      text: 'The guest’s segment entry for 1G holds 0x10000220. What does that mean?',
      answer:
        'It holds the process address 0x10000000, which is 256M, and the bit 0x20 marks it invalid. A processor that meets the entry stops with an exception, and the host then reads the address from it.',
    },
    {
      text: 'Why may the host map memory that the process does not have?',
      answer:
        'Because it only records an address. It does not look at the process until the guest touches the segment. Only the memory that the process has then matters.',
    },
  ],
  view: 'trees',
};
