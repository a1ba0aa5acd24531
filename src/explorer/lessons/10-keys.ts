import type { Lesson } from './lesson.ts';

/** Guests' storage keys, PGSTEs and discard. */
export const keys: Lesson = {
  id: 'keys',
  title: 'Storage keys, and pages that are dropped',
  summary: 'Each page of a guest has a storage key; it is kept while its page is gone.',
  scenario: `mmap 256M 1M
gmap_alloc 0
slot 0 0 256M 0 1M
guest 0 write 0 aa on 1
key 0 0
set_key 0 0 0x30
key 0 0
guest 0 read 0 1 on 1
key 0 0
# The guest says that it does not need the page, or the host takes it.
gmap_discard 0 0 4K
dump 0
key 0 0
guest 0 read 0 1 on 1
key 0 0
`,
  notes: [
    {
      line: 0,
      text: 'On this machine each frame of storage has a key: a number that says who may use it, and two bits that say whether it was referenced (4) and changed (2). A guest expects its pages to have keys of their own.',
    },
    { line: 5, text: 'This guest has not used keys so far, and all of them are 0.' },
    {
      line: 6,
      text: 'From now on its keys are kept. Access key 3 was set, and the frame behind the page has it.',
    },
    { line: 9, text: '0x34: the machine itself noted that the page was referenced.' },
    { line: 11, text: 'The page’s frame is gone: the entry is empty, the mapping and the link stay.' },
    {
      line: 13,
      text: 'The key is still there, although the frame that had it is not. Behind each entry of the page table the host has eight bytes more, a PGSTE, and there it was put.',
    },
    { line: 14, text: 'The next access got a new frame: zeros. The old contents are gone.' },
    { line: 15, text: 'And the key went from the PGSTE to the new frame.' },
  ],
  questions: [
    {
      text: 'Where is the key of a page that has no frame?',
      answer: 'In the PGSTE, the second half of the page table. Each of its 256 entries has one.',
    },
    {
      text: 'What is left of a page after a discard?',
      answer:
        'Its mapping, the link and its storage key. Its contents are not: whoever comes next finds zeros.',
    },
  ],
  view: 'walk',
  breaks: ['page-invalidated'],
  breakNote:
    'The page is dropped, but processor 1 remembers its old frame, and the guest reads `aa` from a frame that is free.',
};
