import type { Lesson } from './lesson.ts';

/** Large frames, and how they are split under a guest. */
export const large: Lesson = {
  id: 'large',
  title: 'Frames of 1 MiB',
  summary: 'A whole segment can have one frame and no page table, until something is about one page of it.',
  scenario: `# large: whole segments get frames of 1 MiB when they are first touched.
mmap 256M 1M large
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 4K aa on 1
dump 0
stats
guest 0 write 0xff000 bb on 1
# One page of the 256 goes.
munmap 0x10001000 4K
dump 0
stats
guest 0 read 4K 1 on 1
guest 0 read 0xff000 1 on 1
`,
  notes: [
    {
      line: 0,
      text: '256 entries for 256 neighbouring frames say little. A segment entry can designate one frame of 1 MiB instead of a page table.',
    },
    {
      line: 5,
      text: 'The process got a frame of 1 MiB, and the guest was linked to it: its segment entry is the process’s own, bit for bit, and 0x400 in it says that it designates a frame.',
    },
    { line: 7, text: 'A link, and no page table at all.' },
    { line: 8, text: 'Another page of the same frame: there was nothing to do.' },
    {
      line: 10,
      text: 'A frame of 1 MiB cannot have a hole. So it was split: a page table with 256 entries took its place, with the same storage behind them. Both segment entries, the process’s and the guest’s, designate the page table now. Then one entry was invalidated.',
    },
    { line: 11, text: 'Linked as before, to a page table.' },
    { line: 13, text: 'The page that went is gone for the guest.' },
    { line: 14, text: 'The others are where they were, and nothing was copied.' },
  ],
  questions: [
    {
      text: 'What does a frame of 1 MiB save?',
      answer: 'A page table, 255 faults, and one step of every walk.',
    },
    {
      text: 'Why was the guest’s entry changed when the process unmapped one page?',
      answer:
        'It led to the frame of 1 MiB, with no place to say that one page is missing. Now it leads to a page table, where that can be said.',
    },
  ],
  view: 'trees',
  breaks: ['segment-changed'],
  breakNote:
    'Processor 1 remembers the page at 4K as a part of the large frame. The table says that it is gone, and the guest still reads `aa`.',
};
