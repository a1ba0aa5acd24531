import type { Lesson } from './lesson.ts';

/** Why guest entries must be unlinked when their page table goes. */
export const unlink: Lesson = {
  id: 'unlink',
  title: 'A link that was forgotten',
  summary:
    'A guest entry that still designates a freed page table makes the guest’s memory whatever is stored there.',
  scenario: `1: new
1: mmap 512M 1M
1: process write 512M 00
mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
guest 0 write 0 6d696e65 on 1
dump 0
munmap 256M 1M
dump 0
# The frames that were freed become pages of process 1.
1: process write 0x20001000 0000000000000000
1: process write 0x20002000 0000000000000000
guest 0 read 0 8 on 1
`,
  notes: [
    {
      line: 0,
      text: 'The lesson before left the purge out. This one is about the other half: the table entry itself.',
    },
    { line: 8, text: 'The guest’s segment entry designates the page table of the process.' },
    {
      line: 9,
      text: 'The entry became the promise before the page table was freed. The page table’s frame can be anything now.',
    },
    {
      line: 13,
      text: 'Process 1 stored zeros in both. In a page table eight bytes of zeros would be a valid entry for the frame at absolute address 0.',
    },
    { line: 14, text: 'EFAULT: no way leads from the guest to what the frames have become.' },
  ],
  questions: [
    {
      text: 'What would the guest see if its entry still designated the page table?',
      answer:
        'It would be translated by whatever is stored there now. Who owns the frame decides by its contents which storage the guest reaches, without knowing it.',
    },
    {
      text: 'Would a purge help against a forgotten link?',
      answer: 'No. A purge makes processors walk the tables again, and the walk itself is wrong then.',
    },
  ],
  view: 'trees',
  breaks: ['unlink'],
  breakNote:
    'Leave out the unlinking (`unlink`). The purge is done, so processors walk again; but the walk goes on through a frame that belongs to process 1. Its zeros are an entry for the guest, and the guest reads absolute storage from address 0 on, which no guest may ever see.',
};
