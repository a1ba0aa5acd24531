/**
 * Deliberate faults, one at a time: the tests of the host and the checker must catch every one.
 *
 *     npm run test:mutants                    all of them, some minutes
 *     npm run test:mutants -- --slice 2/8     every eighth, beginning with the second: what a daily run takes in turns
 *     npm run test:mutants -- --only NAME     one
 *     npm run test:mutants -- --sound         the tests are known to pass without a fault: they are not run first
 *
 * Each is tried in a copy of the sources, so the checkout is never changed. Exit status 1 when one survives.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants-list.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The tests that must catch them. */
const TESTS = [
  'src/host',
  'src/check',
  'src/fuzz',
  'src/inspect',
  'src/player',
  'src/vmm',
  'src/trace',
  'src/machine/busy.test.ts',
  'src/machine/tlb.test.ts',
  'src/machine/cpu',
  'src/machine/dat',
  'src/machine/sie.test.ts',
  'src/machine/sigp.test.ts',
  'src/machine/reset.test.ts',
];

const { values } = parseArgs({
  options: { slice: { type: 'string' }, only: { type: 'string' }, sound: { type: 'boolean' } },
});

function chosen() {
  if (values.only !== undefined) return MUTANTS.filter(({ name }) => name.includes(values.only));
  if (values.slice === undefined) return MUTANTS;
  const [which, of] = values.slice.split('/').map(Number);
  if (!(of > 0 && which > 0 && which <= of)) {
    console.error(`--slice ${values.slice}: it must be K/N with K from 1 to N`);
    process.exit(2);
  }
  return MUTANTS.filter((_, index) => index % of === which - 1);
}

/** A copy of what the tests need, node_modules being the checkout's own. */
function copy() {
  const folder = mkdtempSync(join(tmpdir(), 'guesthouse-mutants-'));
  for (const name of ['src', 'examples', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  writeFileSync(
    join(folder, 'vitest.config.ts'),
    "export default { test: { include: ['src/**/*.test.ts'], testTimeout: 30_000 } };\n",
  );
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}

function runTests(folder, tests = TESTS) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--bail', '1', '--reporter', 'dot', ...tests];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 600_000 });
}

/** What becomes of a run of the tests with a fault: a run without end counts as noticed, and is told apart. */
function outcome({ status, error }) {
  if (error?.code === 'ETIMEDOUT') return 'hung    ';
  return status === 0 ? null : 'caught  ';
}

/** How the tests notice the fault; null when they do not. */
function caught(folder, { name, file, find, replace }) {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(find).length !== 2) {
    throw new Error(`${name}: ${JSON.stringify(find)} is not exactly once in ${file}`);
  }
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  // What stands beside the source notices most, and soonest.
  const how = outcome(runTests(folder, [dirname(file)])) ?? outcome(runTests(folder));
  writeFileSync(path, source);
  return how;
}

const folder = copy();
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let survived = 0;
const sound = values.sound ? null : runTests(folder);
if (sound !== null && sound.status !== 0) {
  console.error(
    `the tests fail without any fault:\n${sound.stdout.slice(-4000)}${sound.stderr.slice(-4000)}`,
  );
  process.exit(1);
}
for (const mutant of chosen()) {
  const start = Date.now();
  const how = caught(folder, mutant);
  if (how === null) survived++;
  const seconds = ((Date.now() - start) / 1000).toFixed(0);
  console.log(`${how ?? 'SURVIVED'} ${mutant.name} (${seconds} s)`);
}
const total = chosen().length;
console.log(`${total - survived} of ${total} faults caught`);
process.exitCode = survived === 0 ? 0 : 1;
