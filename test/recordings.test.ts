/** The recordings in src/machine/instructions/fixtures match the current cases in scripts/record-instructions. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { digest } from '../scripts/record-instructions/disassembly-source.ts';
import { FAMILIES } from '../scripts/record-instructions/families.ts';
import type { RecordedCase } from '../scripts/record-instructions/generate.ts';

const FIXTURES = new URL('../src/machine/instructions/fixtures/', import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(new URL(path, FIXTURES), 'utf8'));

/** A recording: mnemonic, assembler text, code, state, and what it changed. */
type Recording = readonly [mnemonic: string, asm: string, code: string, state: object, ...rest: unknown[]];

/** What a case and its recording share, as one string. */
const ofCase = ({ mnemonic, asm, state }: RecordedCase) =>
  JSON.stringify([mnemonic, asm.replaceAll('\n', '; '), state]);
const ofRecording = ([mnemonic, asm, , state]: Recording) => JSON.stringify([mnemonic, asm, state]);

/** How the recordings of a family differ from its cases, and the command that records them again; null if they match. */
function complaint(family: string, cases: readonly RecordedCase[], recordings: readonly Recording[]) {
  const wanted = cases.map(ofCase);
  const recorded = recordings.map(ofRecording);
  if (JSON.stringify(wanted) === JSON.stringify(recorded)) return null;
  const command = `run: npx tsx scripts/record-instructions/record.ts ${family}`;
  const missing = wanted.filter((one) => !recorded.includes(one));
  const extra = recorded.filter((one) => !wanted.includes(one));
  if (missing.length > 0)
    return `${missing.length} cases are not recorded, the first ${missing[0]}; ${command}`;
  if (extra.length > 0) return `${extra.length} recordings have no case, the first ${extra[0]}; ${command}`;
  return `the recordings are in another order than the cases; ${command}`;
}

describe('the recordings', () => {
  it('are one file for each family of cases', () => {
    const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.json'));
    expect(files.sort()).toEqual(
      Object.keys(FAMILIES)
        .map((family) => `${family}.json`)
        .sort(),
    );
  });

  it.each(Object.entries(FAMILIES))('%s: each case is recorded, and nothing else', (family, make) => {
    expect(complaint(family, make(), read(`${family}.json`))).toBe(null);
  });

  it('of objdump are of the current cases and program', () => {
    const { sha256 } = read('objdump/source.json');
    const advice = 'cases or programs have changed; run: npx tsx scripts/record-instructions/disassembly.ts';
    expect(sha256 === digest() ? null : advice).toBe(null);
  });

  it('that do not match are reported with the command to record them', () => {
    const make = Object.values(FAMILIES)[0] as () => RecordedCase[];
    const cases = make().slice(0, 3);
    const recordings = cases.map(({ mnemonic, asm, state }): Recording => [mnemonic, asm, '', state]);
    const [a, b, c] = recordings as [Recording, Recording, Recording];
    expect(complaint('one', cases, recordings)).toBe(null);
    expect(complaint('one', cases, [a, c])).toMatch(/^1 cases are not recorded.*record\.ts one$/);
    expect(complaint('one', cases.slice(1), recordings)).toMatch(
      /^1 recordings have no case.*record\.ts one$/,
    );
    expect(complaint('one', cases, [b, a, c])).toMatch(/another order.*record\.ts one$/);
  });
});
