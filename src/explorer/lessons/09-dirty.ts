import type { Lesson } from './lesson.ts';

/** Dirty logs of memory slots. */
export const dirty: Lesson = {
  id: 'dirty',
  title: 'Which pages were written?',
  summary:
    'A dirty log reports the pages written since it was last read. It works by trapping the first store to each page.',
  scenario: `mmap 256M 1M
gmap_alloc 0
# Slot 0 of the virtual machine: 256M of the process is address 0 of the guest. Log writes.
slot 0 0 256M 0 1M log
guest 0 write 4K 22 on 1
guest 0 write 4K 33 on 1
guest 0 read 8K 1 on 1
process write 0x10003000 44
dirty 0 0
dirty 0 0
guest 0 write 4K 55 on 1
dirty 0 0
`,
  notes: [
    {
      line: 0,
      text: 'Live migration copies the memory of a guest to another computer while the guest keeps running. Pages written in the meantime must be copied again, so somebody has to keep track of them.',
    },
    {
      line: 4,
      text: 'KVM gives memory to a guest in slots. A slot maps segments, and can ask for writes to be logged.',
    },
    {
      line: 6,
      text: 'The first store faulted. The host recorded the page and made its entry writable, so the second store ran at full speed.',
    },
    { line: 7, text: 'Reading a page does not make it dirty.' },
    { line: 8, text: 'Stores by the process to the same memory count as well.' },
    {
      line: 9,
      text: 'Two pages were written; the log reports them by guest address. Reading the log makes them clean: their entries forbid stores again.',
    },
    { line: 10, text: 'Each write is reported only once.' },
    { line: 11, text: 'The page was protected again, so this store faulted and was recorded once more.' },
    { line: 12, text: 'One page has to be copied again.' },
  ],
  questions: [
    {
      text: 'Why is a store to a dirty page as fast as a store without a log?',
      answer: 'The page’s entry allows stores. Only the first store after the log was read is trapped.',
    },
    {
      text: 'How does the log learn that a page was written?',
      answer:
        'The entry of a clean page has the protection bit set. A store faults, and the host records the page and clears the bit.',
    },
  ],
  view: 'spaces',
  faults: ['page-protected'],
  faultNote:
    'Processor 1 still has the page at 4K cached as writable, so the store of `55` is not trapped, and the last answer of the log is empty. A migrated copy of this guest would be wrong.',
};
