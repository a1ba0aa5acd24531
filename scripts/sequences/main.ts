/** Compares random sequences of instructions with QEMU and Hercules. HELP says how it is called. */

import { writeFileSync } from 'node:fs';
import { scriptOptions } from '../options.ts';
import { type Compared, compare, judge } from './compare.ts';
import { describe, lastOf } from './describe.ts';
import { FAMILIES, type Family } from './families.ts';

const HELP = `
Compares random sequences of instructions with QEMU and Hercules.

    npx tsx scripts/sequences/main.ts [--seed N] [--count N] [FAMILY...]
    npx tsx scripts/sequences/main.ts --record [FAMILY...]

\`--count\` is the number of sequences of each family (2000). Sequences that differ from both machines are shortened to the first
instruction that differs; \`--each\` of them are printed for each instruction (1). \`--record\` writes the fixtures that
test/sequences.test.ts replays. Needs s390x-linux-gnu-gcc, qemu-system-s390x and hercules. Exit status 1 if a difference from
both machines has no explanation (deviations.ts).
`;

/** Where the recordings are: one file for each family, a sequence a line: its seed, its code, and its outcome. */
const FIXTURES = new URL('../../test/fixtures/sequences/', import.meta.url);
/** The sequences of each family in the fixtures. */
const RECORDED = 300;

const { values, positionals } = scriptOptions(HELP, {
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '2000' },
    record: { type: 'boolean' },
    each: { type: 'string', default: '1' },
  },
  allowPositionals: true,
});

function record(name: string, compared: readonly Compared[]): void {
  const same = compared.filter(({ agreed }) => agreed !== null).slice(0, RECORDED);
  const lines = same.map(({ seed, code, here }) =>
    JSON.stringify([seed, code.toString('hex').replace(/(00)+$/, ''), here]),
  );
  writeFileSync(new URL(`${name}.json`, FIXTURES), `[\n${lines.join(',\n')}\n]\n`);
}

async function report(name: string, family: Family, compared: readonly Compared[]): Promise<void> {
  const counts = { first: 0, second: 0, none: 0 };
  for (const { agreed } of compared) counts[agreed ?? 'none']++;
  const { explained, unexplained } = await judge(
    family,
    compared.filter(({ agreed }) => agreed === null),
  );
  console.log(
    `${name}: ${compared.length} sequences, ${counts.first} as on ${family.machine}, ` +
      `${counts.second} as on the other machine only, ${counts.none - unexplained.length} explained, ` +
      `${unexplained.length} different`,
  );
  for (const [deviation, count] of explained) console.log(`  ${count} explained: ${deviation}`);
  for (const mnemonic of [...new Set(unexplained.map(lastOf))].sort()) {
    const list = unexplained.filter((one) => lastOf(one) === mnemonic);
    console.log(`  ${list.length} at ${mnemonic}`);
    for (const one of list.slice(0, Number(values.each))) console.log(describe(one));
  }
  if (unexplained.length > 0) process.exitCode = 1;
}

const names = positionals.length > 0 ? positionals : Object.keys(FAMILIES);
for (const name of names) {
  const family = FAMILIES[name];
  if (family === undefined) throw new Error(`no family ${name}: ${Object.keys(FAMILIES).join(', ')}`);
  const count = values.record ? RECORDED + 100 : Number(values.count);
  const compared = await compare(name, family, Number(values.seed), count);
  await report(name, family, compared);
  if (values.record) record(name, compared);
}
