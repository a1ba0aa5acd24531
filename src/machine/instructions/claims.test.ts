/** The machine's own claims are true: names, codes, facilities, and the list of missing instructions. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { facilityList } from './decode.ts';
import { BEHAVIORS, FACILITIES, type FacilityDefinition, facilityListOf, namesIn } from './facilities.ts';
import { INSTRUCTIONS } from './table.ts';

/** Every operation code that objdump of binutils 2.40 knows, as scripts/record-instructions/opcodes.ts recorded them. */
const KNOWN = new Map(
  JSON.parse(readFileSync(new URL('./fixtures/objdump/opcodes.json', import.meta.url), 'utf8')) as [
    code: string,
    name: string,
  ][],
);
const MISSING = readFileSync(new URL('../../../docs/missing-instructions.md', import.meta.url), 'utf8');

/** Lines that binutils does not know: documented elsewhere, or not for programs. */
const UNLISTED = ['SERVC', 'CHSC'];

const present = new Map(
  INSTRUCTIONS.map(([name, , code]) => [code.toString(16).padStart(2, '0'), name] as const),
);

describe('the table', () => {
  it('has the names and codes that binutils has', () => {
    const different = [...present].filter(
      ([code, name]) => KNOWN.get(code) !== name && !UNLISTED.includes(name),
    );
    expect(different.map(([code, name]) => `${code} ${name}, not ${KNOWN.get(code)}`)).toEqual([]);
  });

  it('and docs/missing-instructions.md together have every operation code that binutils knows', () => {
    const missing = [...KNOWN].filter(([code]) => !present.has(code)).map(([, name]) => name);
    const listed = [...MISSING.matchAll(/^ {4}(.*)$/gm)].flatMap(([, line]) => namesIn(line as string));
    expect(listed.toSorted()).toEqual(missing.toSorted());
  });
});

describe('the facility list', () => {
  const definitions: readonly (readonly [string, FacilityDefinition])[] = Object.entries(FACILITIES);
  const names = INSTRUCTIONS.map(([name]) => name);
  const told = (bit: number) => ((facilityList()[bit >>> 3] as number) & (0x80 >>> (bit & 7))) !== 0;

  it.each(definitions)(
    '%s: its instructions exist, and each line of the table that belongs to it is among them',
    (name, { instructions }) => {
      const list = namesIn(instructions);
      expect(list.filter((one) => ![...KNOWN.values()].includes(one))).toEqual([]);
      expect(new Set(list).size).toBe(list.length);
      if (name === 'base' || name === 'zarch') return;
      const lines = INSTRUCTIONS.filter(([, , , facility]) => facility === name).map(
        ([mnemonic]) => mnemonic,
      );
      expect(lines.filter((line) => !list.includes(line))).toEqual([]);
    },
  );

  it('has a facility if all of its instructions are in the table, and no other facility', () => {
    for (const [, { bit, instructions }] of definitions) {
      const list = namesIn(instructions);
      expect(told(bit)).toBe(list.every((one) => names.includes(one)));
      for (const one of list) {
        const without = facilityListOf(names.filter((name) => name !== one));
        expect((without[bit >>> 3] ?? 0) & (0x80 >>> (bit & 7))).toBe(0);
      }
    }
  });

  it('has these bits', () => {
    const bits = Array.from({ length: facilityList().length * 8 }, (_, bit) => bit).filter(told);
    expect(bits).toEqual([
      0, 1, 2, 3, 6, 7, 8, 9, 10, 13, 14, 16, 18, 21, 22, 24, 25, 26, 27, 28, 30, 31, 32, 33, 34, 35, 40, 41,
      45, 49, 51, 52, 53, 58, 61, 66, 75, 78, 130, 131, 133, 145, 193, 194,
    ]);
    expect(Object.values(BEHAVIORS).every(({ bit }) => told(bit))).toBe(true);
  });
});
