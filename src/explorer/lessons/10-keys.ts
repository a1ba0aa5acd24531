import type { Lesson } from './lesson.ts';

/** Storage keys of guests, PGSTEs and discard. */
export const keys: Lesson = {
  id: 'keys',
  title: 'Storage keys and discarded pages',
  summary: 'Every guest page has a storage key, which survives even when the page loses its frame.',
  scenario: `mmap 256M 1M
gmap_alloc 0
slot 0 0 256M 0 1M
guest 0 write 0 aa on 1
key 0 0
set_key 0 0 0x30
key 0 0
guest 0 read 0 1 on 1
key 0 0
# Discard the page: the guest does not need its contents.
gmap_discard 0 0 4K
dump 0
key 0 0
guest 0 read 0 1 on 1
key 0 0
`,
  notes: [
    {
      line: 0,
      text: 'On this machine, every frame of storage has a key. It holds a number that controls who may access the frame, and two bits that record whether the frame was referenced (4) or changed (2). A guest expects its pages to have keys of their own.',
    },
    { line: 5, text: 'The guest has not used storage keys yet. All of them are 0.' },
    {
      line: 6,
      text: 'From now on the host maintains keys for the guest. The guest set access key 3, and the frame behind its page now has that key.',
    },
    { line: 9, text: '0x34: the machine itself recorded that the page was referenced.' },
    {
      line: 11,
      text: 'The host has freed the frame. The page-table entry is empty, but the mapping and the link remain.',
    },
    {
      line: 13,
      text: 'The key is still there, although the frame that had it is not. The host keeps eight more bytes for each page-table entry, the PGSTE, and it saved the key there.',
    },
    { line: 14, text: 'The next access got a new frame, full of zeros. The old contents are lost.' },
    { line: 15, text: 'The key was restored from the PGSTE to the new frame.' },
  ],
  questions: [
    {
      text: 'Where is the key of a page that has no frame?',
      answer: 'In its PGSTE. The second half of a page table holds one PGSTE for each of the 256 entries.',
    },
    {
      text: 'What remains of a page after it was discarded?',
      answer: 'Its mapping, the link and its storage key, but not its contents: the next access finds zeros.',
    },
  ],
  view: 'walk',
  faults: ['page-invalidated'],
  faultNote:
    'The page has been discarded, but processor 1 still has its old frame cached, and the guest reads `aa` from a frame that is free.',
};
