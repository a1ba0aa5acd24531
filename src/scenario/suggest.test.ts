import { describe, expect, it } from 'vitest';
import { didYouMean, suggestion } from './suggest.ts';

const WORDS = ['mmap', 'munmap', 'mprotect', 'gmap_alloc', 'fork', 'key'];

describe('the suggestion for a mistyped word', () => {
  it.each([
    ['mmpa', 'mmap'],
    ['MMAP', 'mmap'],
    ['map', 'mmap'],
    ['unmap', 'munmap'],
    ['mprotct', 'mprotect'],
    ['gmapalloc', 'gmap_alloc'],
    ['frok', 'fork'],
    ['kez', 'key'],
    ['frob', null],
    ['xyz', null],
    ['', null],
    ['mmap'.repeat(100), null],
  ])('%j: %j', (word, wanted) => {
    expect(suggestion(word, WORDS)).toBe(wanted);
  });

  it('is part of a message, or nothing', () => {
    expect(didYouMean('mmpa', WORDS)).toBe(' (did you mean `mmap`?)');
    expect(didYouMean('frob', WORDS)).toBe('');
  });
});
