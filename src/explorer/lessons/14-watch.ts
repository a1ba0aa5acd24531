import type { Lesson } from './lesson.ts';

/** Watched pages. */
export const watch: Lesson = {
  id: 'watch',
  title: 'Being told',
  summary: 'A watched page tells its guest’s host, once, when it goes or can no longer be stored into.',
  scenario: `mmap 256M 1M
gmap_alloc 0
gmap_map_segment 0 256M 0 1M
watch 0 0 8K
watched 0
guest 0 write 0 aa
watched 0
mprotect 256M 4K r
watched 0
watched 0
mprotect 256M 4K rw
watch 0 0 4K
gmap_discard 0 0 4K
watched 0
munmap 256M 1M
watched 0
`,
  notes: [
    {
      line: 0,
      text: 'Some pages of a guest the machine itself needs at any position, such as a virtual processor’s prefix page. The host cannot forbid the process to take them, but it can ask to be told.',
    },
    {
      line: 4,
      text: 'Two pages were made present and writable, and a bit in the PGSTE of each says that somebody wants to hear of it.',
    },
    { line: 5, text: 'Nothing to tell yet.' },
    { line: 7, text: 'A store is nothing to tell: the page is there and may be written.' },
    { line: 8, text: 'This takes away the right to store.' },
    { line: 9, text: 'The page at 0 is told of, and from then on it is not watched any more.' },
    { line: 12, text: 'Who still wants the page asks again. It was made ready and is watched once more.' },
    { line: 14, text: 'Dropping a page is told, too.' },
    { line: 16, text: 'The second page had been watched from the start. It went with its page table.' },
  ],
  questions: [
    {
      text: 'Why is a page told of only once?',
      answer:
        'Who heard of it must make it ready again before it is of any use, and asks to be told with the same call. Until then there is nothing more to say.',
    },
    {
      text: 'Does watching a page keep the process from taking it?',
      answer:
        'No. The memory is the process’s, and it may take it at any time. Watching only makes sure that this does not go unnoticed.',
    },
  ],
  view: 'spaces',
};
