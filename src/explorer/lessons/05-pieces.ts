import type { Lesson } from './lesson.ts';

/** A guest made of several ranges of a process, out of order and far apart. */
export const pieces: Lesson = {
  id: 'pieces',
  title: 'Three pieces, an exbibyte apart',
  summary:
    'A guest can be assembled from pieces of a process in any order and at any distance. Each piece can change by itself.',
  scenario: `# Three pieces of a process.
mmap 256M 1M
mmap 512M 1M
mmap 768M 1M
gmap_alloc 0
# A guest with the same pieces in another order, an EiB apart.
gmap_map_segment 0 512M 1024P 1M
gmap_map_segment 0 768M 0 1M
gmap_map_segment 0 256M 5G 1M
stats
# The guest touches each of them.
guest 0 write 0 6669727374
guest 0 write 5G 7365636f6e64
guest 0 write 1024P 7468697264
process read 768M 5
process read 512M 5
stats
# The process unmaps one of them, and later maps it again.
munmap 256M 1M
dump 0
guest 0 read 5G 6
mmap 256M 1M
guest 0 read 5G 6
dump 0
`,
  notes: [
    {
      line: 0,
      text: 'So far, each guest has been a single piece of its process. This one has three, and what comes first in the process does not come first in the guest.',
    },
    {
      line: 4,
      text: 'Three mappings of 1 MiB each. No page table yet: nobody has touched them.',
    },
    {
      line: 9,
      text: 'Three segments are mapped. The curves cross because the order is different. The first and the last are an exbibyte apart. The empty space between them is folded here, and costs the guest nothing.',
    },
    {
      line: 10,
      text: 'Eight tables describe 16 EiB: one at the top, and for each segment the tables that lead to it, shared where the paths are the same. No link, no page table.',
    },
    {
      line: 14,
      text: 'Each first store caused a fault, and each fault linked one segment: three links.',
    },
    {
      line: 16,
      text: 'What the guest stored an exbibyte away, the process finds at 512M.',
    },
    { line: 17, text: 'Three links, three page tables, and as many guest tables as before.' },
    {
      line: 19,
      text: 'The process unmaps 256M. See which segment of the guest has changed: the one at 5G, and no other.',
    },
    { line: 20, text: 'One segment is mapped and not linked again. The other two are still linked.' },
    {
      line: 21,
      text: 'There is no memory behind this segment. A real guest would be stopped here, and its monitor would have to decide what to do.',
    },
    {
      line: 23,
      text: 'The process has memory there again. Nobody notified the gmap: the guest’s next access links the segment, and finds zeros.',
    },
  ],
  questions: [
    {
      text: 'Why does a guest that spans 16 EiB need only eight tables?',
      answer:
        'An invalid entry needs no table below it. Only the paths to the three segments exist, and the paths to 0 and to 5G share their upper tables.',
    },
    {
      text: 'The process unmaps 256M. How does the host know which guest segment to unlink?',
      answer:
        'Each page table has a reverse map: a list of the guest entries linked to it. The host follows that list and does not have to search the guest.',
    },
  ],
  view: 'spaces',
};
