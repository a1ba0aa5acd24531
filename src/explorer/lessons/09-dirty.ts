import type { Lesson } from './lesson.ts';

/** Dirty logs of memory slots. */
export const dirty: Lesson = {
  id: 'dirty',
  title: 'Which pages were written?',
  summary:
    'A dirty log tells which pages changed since it was last asked, by forbidding the first store to each.',
  scenario: `mmap 256M 1M
gmap_alloc 0
# Slot 0 of the virtual machine: the process's 256M is the guest's 0. Writes are logged.
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
      text: 'To move a running guest to another computer, its memory is copied while it runs. Then one must know which pages were written meanwhile, and copy those again.',
    },
    {
      line: 4,
      text: 'A slot is how KVM gives memory to a guest. It maps the segment and remembers that writes are to be logged.',
    },
    {
      line: 6,
      text: 'The first store faulted, the host noted the page, and its entry allows stores from then on. The second store cost nothing.',
    },
    { line: 7, text: 'To read is not to write.' },
    { line: 8, text: 'Stores of the process to the same memory count as well.' },
    {
      line: 9,
      text: 'Two pages were written, with guest addresses. By asking they became clean: their entries forbid stores again.',
    },
    { line: 10, text: 'Asked once, told once.' },
    { line: 11, text: 'The page was protected again, so this store was stopped and noted once more.' },
    { line: 12, text: 'One page, to be copied again.' },
  ],
  questions: [
    {
      text: 'Why is a store to a page that is dirty already as fast as without a log?',
      answer: 'Its entry allows stores. Only the first store to a page after the log was asked is stopped.',
    },
    {
      text: 'How does the log find out that a page was written?',
      answer:
        'The entry of a clean page has the protection bit on. The store faults, the host notes the page, and takes the bit away.',
    },
  ],
  view: 'spaces',
  breaks: ['page-protected'],
  breakNote:
    'Processor 1 still remembers that the page at 4K may be written, the store of `55` is not stopped, and the last answer of the log is empty. A copy of this guest would be wrong.',
};
