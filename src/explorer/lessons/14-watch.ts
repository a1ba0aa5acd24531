import type { Lesson } from './lesson.ts';

/** Watched pages. */
export const watch: Lesson = {
  id: 'watch',
  title: 'Watching a page',
  summary: 'The host is notified, once, when a watched page loses its frame or becomes read-only.',
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
      text: 'Some guest pages must be accessible to the machine at all times, such as the prefix area of a virtual processor. The host cannot keep the process from taking them away, but it can ask to be notified.',
    },
    {
      line: 4,
      text: 'The host made two pages present and writable, and set a bit in the PGSTE of each to say that they are watched.',
    },
    { line: 5, text: 'Nothing to report yet.' },
    { line: 7, text: 'A store needs no notification: the page is still present and writable.' },
    { line: 8, text: 'This takes away the right to store.' },
    { line: 9, text: 'The page at 0 was reported. From now on it is no longer watched.' },
    {
      line: 12,
      text: 'Anyone who still needs the page asks again. The host made it present and writable, and watches it once more.',
    },
    { line: 14, text: 'Discarding a page is reported as well.' },
    { line: 16, text: 'The second page had been watched all along. It was lost with its page table.' },
  ],
  questions: [
    {
      text: 'Why is a page reported only once?',
      answer:
        'Whoever was notified must make the page usable again before doing anything with it, and the same call watches it again. Until then there is nothing new to report.',
    },
    {
      text: 'Does watching a page keep the process from taking it away?',
      answer:
        'No. The memory belongs to the process, which may unmap it at any time. Watching only makes sure that this does not go unnoticed.',
    },
  ],
  view: 'spaces',
};
