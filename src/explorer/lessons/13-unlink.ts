import type { Lesson } from './lesson.ts';

/** Why guest entries must be unlinked before their page table is freed. */
export const unlink: Lesson = {
  id: 'unlink',
  title: 'A forgotten link',
  summary:
    'If a guest entry still designates a freed page table, whatever is stored there next decides what the guest can reach.',
  scenario: `# Another process, with a secret in the frame at 0x18000.
1: new
1: mmap 512M 1M
1: process write 512M 736563726574
mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 6d696e65 on 1
munmap 256M 1M
dump 0
# Process 1 gets the page table's frame, and happens to store a number in it.
1: process write 0x20001000 0000000000018000
guest 0 read 0 6 on 2
`,
  notes: [
    {
      line: 0,
      text: 'The previous lesson was about stale translations in a processor. This one is about a stale entry in a table.',
    },
    {
      line: 8,
      text: 'The guest’s segment entry designates the page table of the process. The page table itself lies in an ordinary frame.',
    },
    {
      line: 9,
      text: 'The host unlinked the guest’s entry before it freed the page table. The frame can now be used for anything.',
    },
    {
      line: 12,
      text: 'To process 1 this is just a number. In a page table, the same eight bytes would be an entry: the page is in the frame at 0x18000, and may be read and written.',
    },
    { line: 13, text: 'EFAULT. No path leads from the guest to what the frame has become.' },
  ],
  questions: [
    {
      text: 'What would the guest see if its entry still designated the page table?',
      answer:
        'Its addresses would be translated by whatever the frame contains now. The new owner of the frame would decide, without knowing it, which memory the guest can reach.',
    },
    {
      text: 'Would a purge help against a forgotten link?',
      answer: 'No. A purge makes processors walk the tables again, but here the tables themselves are wrong.',
    },
  ],
  view: 'trees',
  faults: ['unlink'],
  faultNote:
    'Processor 2 has nothing cached, so it walks the tables: from the guest’s entry into a frame of process 1, whose number it takes for a page-table entry. The guest reads `736563726574`, the secret of an unrelated process.',
};
