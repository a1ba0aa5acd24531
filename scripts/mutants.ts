/** Puts deliberate faults into the sources, one at a time. HELP says how it is called. */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inModules, parseSlice, ROOT } from './checkout.ts';
import { MUTANTS, type Mutant } from './mutants-list.ts';
import { scriptOptions } from './options.ts';

const HELP = `
Puts deliberate faults into the sources, one at a time. The tests must catch every one.

    npm run test:mutants                    all faults
    npm run test:mutants -- --slice 2/8     every eighth fault, starting with the second
    npm run test:mutants -- --only NAME     the faults whose name contains NAME
    npm run test:mutants -- --sound         runs only the tests beside the faults without a fault first, not all

The faults are put into a copy of the sources, so the checkout does not change. Exit status 1 if a fault survives.
`;

/** The tests that must catch them. */
const TESTS = [
  'src/host',
  'src/check',
  'src/fuzz',
  'src/inspect',
  'src/debug',
  'src/player',
  'src/vmm',
  'src/devices',
  'src/net',
  'src/trace',
  'src/analysis',
  'src/scenario',
  'src/explorer/lessons',
  'src/explorer/machine-worker.test.ts',
  'src/machine/busy.test.ts',
  'src/machine/tlb.test.ts',
  'src/machine/cpu',
  'src/machine/engine',
  'src/machine/instructions',
  'src/machine/dat',
  'src/machine/sie.test.ts',
  'src/machine/sie-program-events.test.ts',
  'src/machine/sie-facilities.test.ts',
  'src/machine/cpu-model.test.ts',
  'src/machine/sigp.test.ts',
  'src/machine/reset.test.ts',
  'src/cli',
];

const { values } = scriptOptions(HELP, {
  options: { slice: { type: 'string' }, only: { type: 'string' }, sound: { type: 'boolean' } },
});

function chosen(): readonly Mutant[] {
  const { only, slice } = values;
  if (only !== undefined) return MUTANTS.filter(({ name }) => name.includes(only));
  if (slice === undefined) return MUTANTS;
  const [k, n] = parseSlice(slice);
  return MUTANTS.filter((_, index) => index % n === k - 1);
}

/** What reads lessons for the explorer and its tests. */
const PLUGIN = 'scripts/front-matter.ts';

/** Copies what the tests need, and links node_modules. Returns the folder of the copy. */
function copy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'guesthouse-mutants-'));
  for (const name of ['src', 'test', 'docs', 'examples', 'bench', PLUGIN, 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  writeFileSync(
    join(folder, 'vitest.config.ts'),
    `import { frontMatter } from './${PLUGIN}';
export default {
  plugins: [frontMatter()],
  test: { include: ['src/**/*.test.ts'], testTimeout: 30_000 },
};
`,
  );
  symlinkSync(inModules(''), join(folder, 'node_modules'), 'junction');
  return folder;
}

/** Milliseconds after which tests hang: all of them, and the nearest ones of a fault, which take less than a minute. */
const MOST = 600_000;
const NEAREST_MOST = 240_000;

/** Runs tests, for at most some milliseconds. */
function runTests(folder: string, tests: readonly string[], timeout: number): SpawnSyncReturns<string> {
  const args = [
    inModules('vitest/vitest.mjs'),
    'run',
    '--bail',
    '1',
    '--passWithNoTests',
    '--reporter',
    'dot',
    ...tests,
  ];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout });
}

/** How a run of the tests caught a fault: it failed or it did not end. Null if it passed. */
function outcome({ status, error }: SpawnSyncReturns<string>): 'hung    ' | 'caught  ' | null {
  if (error && 'code' in error && error.code === 'ETIMEDOUT') return 'hung    ';
  return status === 0 ? null : 'caught  ';
}

/** The tests that catch most faults of a file, and are the quickest: those beside it, and for processes the example programs. */
function nearest(file: string): string[] {
  const programs = file.startsWith('src/host/task/') ? ['src/host/task/programs.test.ts'] : [];
  return [dirname(file), ...programs];
}

/** Tries a fault. Returns how the tests caught it, or null if they did not. */
function tryMutant(folder: string, { name, file, find, replace }: Mutant): ReturnType<typeof outcome> {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(find).length !== 2) {
    throw new Error(`${name}: ${JSON.stringify(find)} does not occur exactly once in ${file}`);
  }
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  const how =
    outcome(runTests(folder, nearest(file), NEAREST_MOST)) ?? outcome(runTests(folder, TESTS, MOST));
  writeFileSync(path, source);
  return how;
}

const folder = copy();
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let survived = 0;
// A test that fails in the copy anyway would seem to catch every fault.
const folders = [...new Set(chosen().flatMap(({ file }) => nearest(file)))];
const sound = runTests(folder, values.sound ? folders : TESTS, MOST);
if (sound.status !== 0) {
  console.error(
    `the tests fail without any fault:\n${sound.stdout.slice(-4000)}${sound.stderr.slice(-4000)}`,
  );
  process.exit(1);
}
for (const mutant of chosen()) {
  const start = Date.now();
  const how = tryMutant(folder, mutant);
  if (how === null) survived++;
  const seconds = ((Date.now() - start) / 1000).toFixed(0);
  console.log(`${how ?? 'SURVIVED'} ${mutant.name} (${seconds} s)`);
}
const total = chosen().length;
console.log(`${total - survived} of ${total} faults caught`);
process.exitCode = survived === 0 ? 0 : 1;
