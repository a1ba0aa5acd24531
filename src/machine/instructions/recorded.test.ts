/**
 * Replays the cases that scripts/record-instructions ran on another machine. A fixture has one case in each line: mnemonic,
 * assembler text, code, the initial state and the changes, both without fields that have their default.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Case, replay, replayCpu } from '../testing/replay.ts';
import { lineOf } from './decode.ts';

const FIXTURES = new URL('./fixtures/', import.meta.url);
const cpu = replayCpu();

function check(one: Case): void {
  const [mnemonic, asm, code, state, expected] = one;
  const words = Buffer.from(code.padEnd(12, '0'), 'hex');
  const line = lineOf(words.readUInt32BE(0), words.readUInt16BE(4));
  expect(line?.[0], asm).toBe(mnemonic);
  expect({ asm, state, changed: replay(cpu, one) }).toEqual({ asm, state, changed: expected });
}

for (const file of readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.json'))
  .sort()) {
  const cases = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as Case[];
  describe(`recorded: ${file.slice(0, -5)}`, () => {
    for (const mnemonic of new Set(cases.map(([name]) => name))) {
      it(mnemonic, () => {
        for (const one of cases) if (one[0] === mnemonic) check(one);
      });
    }
  });
}
