/** The lists in scripts/stryker match the current sources. */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EQUIVALENT } from '../scripts/stryker/equivalent.ts';
import { MODULES } from '../scripts/stryker/modules.ts';

const at = (path: string) => new URL(`../${path}`, import.meta.url);

describe('equivalent mutants', () => {
  it.each(EQUIVALENT)('$file: $line: $replacement', ({ file, line, original, replacement, reason }) => {
    const lines = readFileSync(at(file), 'utf8').split('\n');
    expect(lines.filter((one) => one.trim() === line).length).toBeGreaterThan(0);
    expect(original).not.toBe(replacement);
    expect(reason).not.toBe('');
  });

  it('are listed once', () => {
    const keys = EQUIVALENT.map(({ file, line, original, replacement }) =>
      [file, line, original, replacement].join('\n'),
    );
    expect(keys).toEqual([...new Set(keys)]);
  });
});

it.each(Object.entries(MODULES))('the sources of %s exist', (_, { sources }) => {
  expect(sources.filter((source) => !existsSync(at(source)))).toEqual([]);
});
