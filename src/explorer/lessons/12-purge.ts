import type { Lesson } from './lesson.ts';

/** Why cached translations must be purged before a frame is freed. */
export const purge: Lesson = {
  id: 'purge',
  title: 'First purge, then free',
  summary:
    'Processors cache translations. A frame that is freed before they drop them becomes somebody else’s memory.',
  scenario: `# Another process, unrelated to the guest.
1: new
1: mmap 512M 1M
1: process write 512M 00
# The guest, and the process behind it.
mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 6d696e65 on 1
munmap 256M 1M
# The other process needs two frames, and gets the ones just freed.
1: process write 0x20001000 736563726574
1: process write 0x20002000 736563726574
guest 0 read 0 6 on 1
guest 0 read 0 6 on 2
`,
  notes: [
    {
      line: 0,
      text: 'Walking through five tables on every access would be slow, so processors cache the translations they find. This lesson is about cached translations that are out of date.',
    },
    {
      line: 9,
      text: 'The guest wrote `mine` on processor 1. Processor 1 has now cached the frame of the guest’s page 0, and its next access there needs no walk.',
    },
    {
      line: 10,
      text: 'Three things happened, in this order: the host unlinked the guest’s segment; it purged the cached translations of this guest and of this process from all processors; and only then did it free the frames.',
    },
    {
      line: 13,
      text: 'Process 1 wrote `secret` into its own memory, which happens to lie where the guest’s page was.',
    },
    {
      line: 14,
      text: 'EFAULT, as it should be. Processor 1 has nothing cached for page 0, walks the tables, and meets the unlinked entry.',
    },
    {
      line: 15,
      text: 'Processor 2 never cached the page, so it would have been right in any case. This is why such bugs are so hard to find: they appear only on a processor with a stale translation.',
    },
  ],
  questions: [
    {
      text: 'Why is it not enough to unlink the guest’s segment?',
      answer:
        'A processor looks at the tables only if it has nothing cached. One that has goes on using the old translation.',
    },
    {
      text: 'Why must the purge come before the frame is freed, and not shortly afterwards?',
      answer:
        'In between, the frame may be given to another process. For that time, the guest could read and write the memory of that process.',
    },
  ],
  view: 'processors',
  faults: ['page-table-freed'],
  faultNote:
    'The checker complains as soon as `munmap` is done. Continue anyway: on processor 1 the guest reads `736563726574`, the secret of an unrelated process. On processor 2 everything looks fine.',
};
