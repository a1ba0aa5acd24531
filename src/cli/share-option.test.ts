import { describe, expect, it } from 'vitest';
import { openShare, type ShareFlag, shareOption } from './share-option.ts';

/** Parses options one after another. */
const parsed = (...texts: string[]) =>
  texts.reduce<ShareFlag[]>((before, text) => shareOption(text, before), []);

describe('--share', () => {
  it.each<[string, string[], string[]]>([
    ['a folder is read-only', ['src'], ['share src ro']],
    ['with rw it is not', ['src:rw', 'a:ro'], ['share src rw', 'share1 a ro']],
    [
      'a tag is before =',
      ['work=/home/me:rw', 'x', 'tools=.'],
      ['work /home/me rw', 'share1 x ro', 'tools . ro'],
    ],
    ['a slash before = belongs to a path', ['./a=b', '/c=d:rw'], ['share ./a=b ro', 'share1 /c=d rw']],
    ['a colon may be in a path', ['a:b', 'c:rw:ro'], ['share a:b ro', 'share1 c:rw ro']],
  ])('%s', (_, texts, expected) => {
    expect(parsed(...texts).map(({ tag, path, mode }) => `${tag} ${path} ${mode}`)).toEqual(expected);
  });

  it.each([
    ['nothing', ['']],
    ['only a mode', [':rw']],
    ['only a tag', ['x=']],
    ['one tag twice', ['x=a', 'x=b']],
    ['a tag that another has by default', ['share1=a', 'b']],
  ])('%s is refused', (_, texts) => {
    expect(() => parsed(...texts)).toThrow(/It must be DIR|There are two folders/);
  });

  it.each([
    ['none', 'no such file or directory'],
    ['package.json', 'not a directory'],
  ])('%s is no folder', (path, reason) => {
    expect(() => openShare({ tag: 'share', path, mode: 'ro' })).toThrow(`could not share ${path}: ${reason}`);
  });
});
