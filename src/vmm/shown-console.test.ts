import { expect, it } from 'vitest';
import type { ConsoleKind } from '../devices/index.ts';
import { type ConsoleChoice, ShownConsole } from './shown-console.ts';

const WRITTEN: readonly [string, ConsoleKind][] = [
  ['one\n', 'line'],
  ['one\r\n', 'ascii'],
  ['two\r\n', 'ascii'],
  ['two\n', 'line'],
  ['three\r\n', 'ascii'],
];

it.each<[ConsoleChoice, string]>([
  ['auto', 'one|two|three'],
  ['ascii', 'one|two|three'],
  ['line', 'one|two'],
  ['both', 'one|one|two|two|three'],
])('%s shows %s of text that is written to both', (choice, wanted) => {
  const shown = new ShownConsole(choice);
  const texts = WRITTEN.filter(([text, console]) => shown.shows(text, console)).map(([text]) => text.trim());
  expect(texts.join('|')).toBe(wanted);
});

it('auto shows the line-mode console of a guest that uses no other', () => {
  const shown = new ShownConsole();
  expect(['a\n', 'a\n', 'b\n'].map((text) => shown.shows(text, 'line'))).toEqual([true, true, true]);
});

it('auto shows the first text of the ASCII console if it differs', () => {
  const shown = new ShownConsole();
  expect(shown.shows('Booting\n', 'line')).toBe(true);
  expect(shown.shows('login: ', 'ascii')).toBe(true);
  expect(shown.shows('Booting\n', 'line')).toBe(false);
});
