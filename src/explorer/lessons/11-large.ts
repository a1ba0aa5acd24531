import type { Lesson } from './lesson.ts';

/** Large frames, and how they are split under a guest. */
export const large: Lesson = {
  id: 'large',
  title: 'Frames of 1 MiB',
  summary:
    'A whole segment can have a single frame and no page table, until one of its pages needs special treatment.',
  scenario: `# large: a whole segment gets a 1 MiB frame when it is first touched.
mmap 256M 1M large
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 4K aa on 1
dump 0
stats
guest 0 write 0xff000 bb on 1
# Unmap one page of the 256.
munmap 0x10001000 4K
dump 0
stats
guest 0 read 4K 1 on 1
guest 0 read 0xff000 1 on 1
`,
  notes: [
    {
      line: 0,
      text: 'A page table whose 256 entries designate 256 consecutive frames is a waste. Instead, a segment entry can designate a single frame of 1 MiB.',
    },
    {
      line: 5,
      text: 'The process got a 1 MiB frame, and the guest was linked to it. The guest’s segment entry is an exact copy of the process’s; its bit 0x400 says that it designates a frame.',
    },
    { line: 7, text: 'One link, and no page table at all.' },
    { line: 8, text: 'Another page of the same frame. The host had nothing to do.' },
    {
      line: 10,
      text: 'A 1 MiB frame cannot have a hole, so the host split it: it built a page table whose 256 entries designate the same storage. Both segment entries, the process’s and the guest’s, now designate that page table. Then the host invalidated one of its entries.',
    },
    { line: 11, text: 'Still linked, now to a page table.' },
    { line: 13, text: 'The guest can no longer reach the unmapped page.' },
    { line: 14, text: 'The other pages are where they were. Nothing was copied.' },
  ],
  questions: [
    {
      text: 'What does a 1 MiB frame save?',
      answer: 'A page table, 255 faults, and one step of every walk.',
    },
    {
      text: 'Why did the guest’s entry change when the process unmapped a single page?',
      answer:
        'It designated the 1 MiB frame, which cannot express that a page is missing. Now it designates a page table, which can.',
    },
  ],
  view: 'trees',
  faults: ['segment-changed'],
  faultNote:
    'Processor 1 still has the page at 4K cached as part of the large frame. The table says that the page is unmapped, yet the guest still reads `aa`.',
};
