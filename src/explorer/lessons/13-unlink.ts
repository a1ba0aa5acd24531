import type { Lesson } from './lesson.ts';

/** Why guest entries must be unlinked when their page table goes. */
export const unlink: Lesson = {
  id: 'unlink',
  title: 'A link that was forgotten',
  summary:
    'A guest entry that still designates a freed page table makes the guest’s memory whatever is stored there.',
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
# Process 1 gets that frame, and happens to store a number in it.
1: process write 0x20001000 0000000000018000
guest 0 read 0 6 on 2
`,
  notes: [
    {
      line: 0,
      text: 'The lesson before left the purge out. This one is about the other half: the table entry itself.',
    },
    {
      line: 8,
      text: 'The guest’s segment entry designates the page table of the process. The page table lies in a frame, like everything.',
    },
    {
      line: 9,
      text: 'The entry became the promise before the page table was freed. Its frame can be used for anything now.',
    },
    {
      line: 12,
      text: 'To process 1 this is a number. In a page table the same eight bytes would be an entry: the page is in the frame at 0x18000, and may be read and written.',
    },
    { line: 13, text: 'EFAULT. No way leads from the guest to what the frame has become.' },
  ],
  questions: [
    {
      text: 'What would the guest see if its entry still designated the page table?',
      answer:
        'It would be translated by whatever is stored there now. Who has the frame decides by its contents what the guest reaches, and does not know it.',
    },
    {
      text: 'Would a purge help against a forgotten link?',
      answer: 'No. A purge makes processors walk the tables again, and the walk itself is wrong then.',
    },
  ],
  view: 'trees',
  breaks: ['unlink'],
  breakNote:
    'Processor 2 remembers nothing of the guest, so it walks: from the guest’s entry into a frame that belongs to process 1, whose number it takes for a page entry. The guest reads `736563726574`, the secret of a process that it has nothing to do with.',
};
