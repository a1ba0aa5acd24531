import type { Lesson } from './lesson.ts';

/** What mapping means, and what a first access does. */
export const promises: Lesson = {
  id: 'promises',
  title: 'A guest address space is a promise',
  summary: 'Mapping only promises; the first access links the guest to the page table of the process.',
  scenario: `# A guest made of two pieces of a process, in an order of its own.
mmap 256M 1M
mmap 512M 2M
gmap_alloc 0
# Nothing is linked yet: mapping is a promise.
gmap_map_segment 0 512M 1G 2M
gmap_map_segment 0 256M 0 1M
dump 0
# The first access to a segment links it.
guest 0 write 1G 677565737420776173206865726500
process read 512M 15
dump 0
# The process takes the memory away: the link goes, the promise stays.
munmap 512M 1M
dump 0
guest 0 read 1G 4
# It comes back as fresh memory, and nobody told the gmap.
mmap 512M 1M
guest 0 read 1G 4
stats
`,
  notes: [
    {
      line: 0,
      text: 'A guest runs in an address space of its own, made of pieces of one process. Step through the scenario with `]` and watch what becomes of it.',
    },
    { line: 3, text: 'The process now has two pieces of memory. No page of them has a frame yet.' },
    { line: 4, text: 'An empty guest address space: 16 EiB, and nothing in it.' },
    {
      line: 7,
      text: 'Both pieces are promised to the guest, out of order and far apart. Its segment entries hold the wanted process addresses and are invalid.',
    },
    {
      line: 10,
      text: 'The guest stored at 1 GiB. The host linked the segment to the process’s own page table and put one frame behind the page: present for both from now on.',
    },
    { line: 11, text: 'The process reads what the guest wrote: it is the same page.' },
    {
      line: 14,
      text: 'The page table went, so every guest entry linked to it became the promise again first, and what processors remembered was purged.',
    },
    { line: 16, text: 'With nothing behind the promise the guest’s access is EFAULT.' },
    { line: 19, text: 'The next access linked again, to fresh memory: zeros.' },
  ],
  questions: [
    {
      text: 'After the guest’s first store, how many of its three mapped segments are linked?',
      answer:
        'One. Links are made a segment at a time, by the first access to each; the other two stay promises.',
    },
    {
      text: 'Why must the guest’s entry become the promise before the page table is freed?',
      answer:
        'The frame may be given to somebody else at once. A guest whose entry still designated it would translate by whatever is stored there then.',
    },
  ],
  view: 'spaces',
  breaks: ['page-table-gone', 'unlink'],
  breakNote:
    'Leave out the purge when a page table goes, and step over `munmap`: a processor still uses what it remembers.',
};
