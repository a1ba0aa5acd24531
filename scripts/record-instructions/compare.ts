/** Compares this machine with QEMU and Hercules on cases that no fixture has. HELP says how it is called. */

import { isDeepStrictEqual } from 'node:util';
import { type Case, replay, replayCpu } from '../../src/machine/testing/replay.ts';
import { scriptOptions } from '../options.ts';
import { FAMILIES } from './families.ts';
import { Random } from './generate.ts';
import { recordingsOf } from './recording.ts';

const HELP = `
Compares this machine with QEMU and Hercules on cases that no fixture has: the cases of the families, with other random numbers.

    npx tsx scripts/record-instructions/compare.ts [--seed N] [--rounds N] [FAMILY...]

Every round has a seed of its own, counted up from \`--seed\` (1). Prints the cases with different results. Exit status 1 if there are any.
`;

const { values, positionals } = scriptOptions(HELP, {
  options: { seed: { type: 'string', default: '1' }, rounds: { type: 'string', default: '1' } },
  allowPositionals: true,
});

const cpu = replayCpu();

/** Compares the cases of one family. Returns the number of cases, and of those that differ. */
async function compare(family: string): Promise<[cases: number, different: number]> {
  const make = FAMILIES[family];
  if (make === undefined) throw new Error(`no family ${family}: ${Object.keys(FAMILIES).join(', ')}`);
  const recordings = await recordingsOf(family, make());
  let different = 0;
  for (const recording of recordings) {
    // As a fixture has it.
    const one = JSON.parse(JSON.stringify(recording)) as Case;
    const [, asm, , state, expected] = one;
    const changed = replay(cpu, one);
    if (isDeepStrictEqual(changed, expected)) continue;
    different++;
    console.log(
      [asm, state, 'expected', expected, 'but got', changed].map((part) => JSON.stringify(part)).join(' '),
    );
  }
  return [recordings.length, different];
}

const families = positionals.length > 0 ? positionals : Object.keys(FAMILIES);
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.rounds); seed++) {
  Random.seed = `${seed}`;
  for (const family of families) {
    const [cases, different] = await compare(family);
    console.log(`seed ${seed}, ${family}: ${cases} cases, ${different} different`);
    if (different > 0) process.exitCode = 1;
  }
}
