import { expect, it } from 'vitest';
import { json } from './json.ts';

it('has addresses in hexadecimal', () => {
  expect(json({ at: 1n << 40n, n: 5 })).toBe('{"at":"0x10000000000","n":5}');
});

it('has no control characters, and parses to the same value', () => {
  const text = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code)).join('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
  expect(json(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  expect(JSON.parse(json(text))).toBe(text);
});
