import { describe, expect, it } from 'vitest';
import { GLOSSARY, piecesOf } from './glossary.ts';
import { contents } from './index.ts';
import type { Block } from './lesson.ts';

const lessons = await Promise.all(contents.map((entry) => entry.load()));

const termsIn = (text: string) =>
  piecesOf(text, new Set()).flatMap(({ text: shown, term }) => (term ? [`${shown}: ${term.name}`] : []));

describe('the glossary', () => {
  it('is in alphabetical order, with short texts', () => {
    const names = GLOSSARY.map(({ name }) => name.toLowerCase());
    expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b, 'en')));
    for (const { text } of GLOSSARY) {
      expect(text.length, text).toBeLessThan(260);
      expect(text, text).toMatch(/^\S.*\.$/);
    }
  });

  it('has no two terms that are written alike', () => {
    const forms = GLOSSARY.flatMap((term) => term.forms);
    expect(new Set(forms.map((form) => form.toLowerCase())).size).toBe(forms.length);
  });

  it('has no marked term that no lesson uses', () => {
    const textsOf = (block: Block) => (block.kind === 'list' ? block.items : [block.text]);
    const texts = lessons.flatMap(({ notes, summary }) => [
      summary,
      ...notes.flatMap(({ blocks }) => blocks.flatMap(textsOf)),
    ]);
    const used = new Set(texts.flatMap((text) => piecesOf(text, new Set()).map(({ term }) => term)));
    const unused = GLOSSARY.filter((term) => term.forms.length > 0 && !used.has(term));
    expect(unused.map(({ name }) => name)).toEqual([]);
  });
});

describe('terms', () => {
  it.each([
    ['The TLB of a processor', ['TLB: TLB']],
    ['Page tables and TLBs', ['Page tables: page table', 'TLBs: TLB']],
    ['a page-table entry, a page table', ['page-table entry: page table']],
    ['a region-third table', ['region-third table: region table']],
    ['an atlb, tlb, TLB-like', []],
    ['exit to user space', ['exit to user space: exit']],
    ['a page, a guest', []],
  ])('in “%s”', (text, terms) => expect(termsIn(text)).toEqual(terms));

  it('leave the text as it is', () => {
    const text = 'Purged: the TLBs, then the page table.';
    expect(
      piecesOf(text, new Set())
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });

  it('are marked at their first use', () => {
    const used = new Set(GLOSSARY.filter(({ name }) => name === 'TLB'));
    expect(piecesOf('the TLB', used)).toEqual([{ text: 'the TLB', term: null }]);
    expect(termsIn('TLB and TLB')).toEqual(['TLB: TLB']);
  });
});
