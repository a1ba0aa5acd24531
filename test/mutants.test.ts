/** The list of deliberate faults matches the current sources. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../scripts/mutants-list.ts';

const source = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

describe('the list of deliberate faults', () => {
  it('names each fault once', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(MUTANTS)('$name: its text occurs exactly once in $file', ({ file, find, replace }) => {
    expect(source(file).split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
  });
});
