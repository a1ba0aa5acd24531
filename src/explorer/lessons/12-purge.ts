import type { Lesson } from './lesson.ts';

/** Why remembered translations must be purged before a frame is freed. */
export const purge: Lesson = {
  id: 'purge',
  title: 'First the purge, then the free',
  summary:
    'Processors remember translations; a frame that is freed before they forget becomes somebody else’s memory.',
  scenario: `# Another process, which has nothing to do with the guest.
1: new
1: mmap 512M 1M
1: process write 512M 00
# The guest and the process behind it.
mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 6d696e65 on 1
munmap 256M 1M
# The other process needs two frames, and gets those that were just freed.
1: process write 0x20001000 736563726574
1: process write 0x20002000 736563726574
guest 0 read 0 6 on 1
guest 0 read 0 6 on 2
`,
  notes: [
    {
      line: 0,
      text: 'A walk through five tables for each access would be slow. So processors remember what they found. This lesson is about what they remember of something that is gone.',
    },
    {
      line: 9,
      text: 'The guest wrote `mine` on processor 1. Processor 1 now remembers the guest’s page 0 and the frame behind it, and the next access there needs no walk.',
    },
    {
      line: 10,
      text: 'Three things happened, in this order: the guest’s entry became the promise, all processors forgot what they remembered by this guest and by this process, and only then were the frames free for others.',
    },
    { line: 13, text: 'Process 1 wrote `secret` into its own memory. It lies where the guest’s page was.' },
    {
      line: 14,
      text: 'EFAULT, as it must be. Processor 1 remembers nothing of page 0, walks the tables, and finds the promise.',
    },
    {
      line: 15,
      text: 'Processor 2 never knew the page, so it would be right in any case. That is why such mistakes are so hard to see: they need the processor that remembers.',
    },
  ],
  questions: [
    {
      text: 'Why is it not enough that the guest’s entry became the promise?',
      answer:
        'The table is only looked at by processors that do not remember. One that does goes on to use what it found before.',
    },
    {
      text: 'Why must the purge be done before the frame is freed, and not soon after?',
      answer:
        'In between the frame may be given to another process. For that time one’s memory would be the other’s.',
    },
  ],
  view: 'processors',
  breaks: ['page-table-freed'],
  breakNote:
    'The checker complains as soon as `munmap` is done. Go on all the same: on processor 1 the guest reads `736563726574`, the secret of a process that it has nothing to do with. On processor 2 all looks well.',
};
