/**
 * Replays sequences of instructions that ran on another machine with the same outcome (scripts/sequences). A fixture has one in each
 * line: its seed, from which the initial state follows, its code, and what it changed.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describe as describeSequence } from '../scripts/sequences/describe.ts';
import { FAMILIES, type Family, stateFor } from '../scripts/sequences/families.ts';
import { Here } from '../scripts/sequences/here.ts';
import { CODE_LENGTH, type Outcome, outcomeOf } from '../scripts/sequences/layout.ts';

const FIXTURES = new URL('./fixtures/sequences/', import.meta.url);
const here = new Here();

type Recorded = readonly [seed: number, code: string, outcome: Outcome];

const recorded = (name: string) => JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8')) as Recorded[];

/** Replays a sequence. Returns null, or what differs, as text. */
function difference(family: Family, [seed, hex, expected]: Recorded): string | null {
  const code = Buffer.alloc(CODE_LENGTH);
  code.write(hex, 'hex');
  const state = stateFor(family, seed);
  const result = here.run(code, state);
  const outcome = result === null ? { at: 'loops' } : (outcomeOf(result, code, state) ?? { at: 'loops' });
  const same =
    JSON.stringify(Object.entries(outcome).sort()) === JSON.stringify(Object.entries(expected).sort());
  if (same) return null;
  return describeSequence({
    seed,
    code,
    state,
    here: outcome,
    first: expected,
    second: expected,
    agreed: null,
  });
}

describe('sequences of instructions', () => {
  it('are recorded for every family', () => {
    const files = Object.keys(FAMILIES).map((name) => `${name}.json`);
    expect(readdirSync(FIXTURES).sort()).toEqual(files.sort());
  });

  it.each(Object.entries(FAMILIES))('%s: end as on another machine', (name, family) => {
    const all = recorded(`${name}.json`);
    expect(all.length).toBeGreaterThan(200);
    expect(all.map((one) => difference(family, one)).find((text) => text !== null) ?? null).toBe(null);
  });

  it('that end otherwise are reported with their instructions', () => {
    const [name, family] = Object.entries(FAMILIES)[0] as [string, Family];
    const [first] = recorded(`${name}.json`) as [Recorded];
    expect(difference(family, [first[0], first[1], { ...first[2], r5: 'abc' }])).toMatch(/ r5: .* \| abc/);
  });
});
