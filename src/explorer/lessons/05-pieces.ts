import type { Lesson } from './lesson.ts';

/** A guest of pieces, out of order and far apart. */
export const pieces: Lesson = {
  id: 'pieces',
  title: 'Three pieces, an exbibyte apart',
  summary:
    'A guest is made of pieces of a process, in any order and at any distance, and each has a life of its own.',
  scenario: `# Three pieces of a process.
mmap 256M 1M
mmap 512M 1M
mmap 768M 1M
gmap_alloc 0
# One guest, made of them in another order, and an EiB apart.
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
# The process takes one away, and later has it again.
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
      text: 'So far a guest was one piece of its process. Nothing asks for that: this one has three, and what is first in the process is not first in the guest.',
    },
    { line: 4, text: 'Three mappings of 1 MiB in the process. No page table yet: nobody touched them.' },
    {
      line: 9,
      text: 'Three promises. The curves cross, for the order is another one. From the first to the last there is an EiB; what lies between is folded here, and costs the guest nothing.',
    },
    {
      line: 10,
      text: 'Eight tables hold 16 EiB: one for all of it, and for each place the ones that lead there, shared where the way is the same. No link, no page table.',
    },
    { line: 14, text: 'Each first store was a fault, and each fault linked one segment: three links.' },
    { line: 16, text: 'What the guest stored an EiB up, the process finds at 512M.' },
    { line: 17, text: 'Three links, three page tables, and the guest’s own tables are as many as before.' },
    {
      line: 19,
      text: 'The process unmaps 256M. QueryResult which of the guest’s segments changed: the one at 5G, and no other.',
    },
    { line: 20, text: 'One is a promise again. The other two are linked, as they were.' },
    {
      line: 21,
      text: 'The promise cannot be kept. A real guest would be stopped here, and its host asked what to do.',
    },
    {
      line: 23,
      text: 'The process has memory there again. The gmap was told nothing; the guest’s next access keeps the promise, and finds zeros.',
    },
  ],
  questions: [
    {
      text: 'Why does the guest, with all of 16 EiB, need only eight tables?',
      answer:
        'Because an entry that says “invalid” needs no table below it. Only the ways to the three segments exist, and the way to 0 and the way to 5G have their upper tables in common.',
    },
    {
      text: 'How does the host know which segment of the guest to unlink, when the process unmaps 256M?',
      answer:
        'Every page table has a reverse map: a list of the guest entries that are linked to it. The host goes along that list, so it need not search the guest.',
    },
  ],
  view: 'spaces',
};
