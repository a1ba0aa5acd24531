/** Runs Linux's KVM selftests for s390x with `guesthouse run`, and prints a table. HELP says how it is called. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../checkout.ts';
import { scriptOptions, wholeNumber, wrongOption } from '../options.ts';
import { BuildError, builtTests, MORE_RUNS, TEST_NAMES } from './build.ts';
import { runTest, type TestResult } from './run.ts';

const SCRATCH = join(tmpdir(), 'guesthouse-kvm-selftests');
const SECONDS = 600;
/** What the machine of each test is: the guests of some tests have more than 1 GiB. */
const MACHINE = ['--cpus', '2', '--memory', '2560M'];
/** Lines of a failed test's output that are printed. */
const LINES = 12;

const HELP = `
Runs Linux's own tests of KVM for s390x (tools/testing/selftests/kvm) as programs, unmodified, with \`guesthouse run\`, and prints a table.
The tests use /dev/kvm: their guests run in Guesthouse. Each gets a machine of 2560 MiB with two processors.

    npm run test:kvm-selftests                                 all tests, with the page tables checked as they run
    npm run test:kvm-selftests -- --only memop                 one test. The option may be repeated
    npm run test:kvm-selftests -- --only memop -- --strace     with options of \`guesthouse run\`

  --only NAME      only the test of this name, with all its arguments
  --no-check       without \`guesthouse run --check\`, which is faster
  --seconds N      time after which a test has failed, default ${SECONDS} seconds
  --keep           keeps what each test prints, in the folder output of the scratch folder
  --json           prints the results as JSON
  --scratch DIR    where the tests are compiled and kept, default ${SCRATCH}: 0.5 GiB
  --help           prints this

The tests are: ${TEST_NAMES.join(' ').replace(/(.{80,}?) /g, '$1\n  ')}.

demand_paging_test also runs with guest memory whose faults the test itself serves (userfaultfd): these runs have rows of their own.

A test passes if it ends with status 0, and is skipped if it says so (status 4). Exit status 0 if all pass, 1 if one fails or is skipped,
2 if the tests cannot be fetched or compiled, or an option is wrong.

The sources are Debian's package linux-source-6.12, fetched with apt-get; what is compiled once is used again. It needs gcc, make, flex,
bison, rsync and gcc-s390x-linux-gnu. The tests belong to Linux and are not part of this repository.
`;

const { values, positionals } = scriptOptions(HELP, {
  options: {
    only: { type: 'string', multiple: true },
    'no-check': { type: 'boolean', default: false },
    seconds: { type: 'string', default: String(SECONDS) },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    scratch: { type: 'string', default: SCRATCH },
  },
  allowPositionals: true,
});

/** Returns the tests that are to be run: names and arguments. */
function chosen(): readonly (readonly [name: string, ...args: string[]])[] {
  const names = values.only ?? TEST_NAMES;
  const unknown = names.find((name) => !TEST_NAMES.includes(name));
  if (unknown !== undefined) return wrongOption(`--only ${unknown}: there is no such test`);
  return names.flatMap((name) => [
    [name] as const,
    ...(MORE_RUNS[name] ?? []).map((args) => [name, ...args.split(' ')] as const),
  ]);
}

/** Fetches and compiles the tests. Returns the folder with them. */
function programs(): string {
  try {
    return builtTests(values.scratch);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`error: ${error.message}`);
    process.exit(2);
  }
}

/** Keeps what a test has printed. */
function keep({ name, output }: TestResult): void {
  const folder = join(values.scratch, 'output');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name.replaceAll(' ', '')}.txt`), output);
}

function printRow({ name, outcome, note, seconds }: TestResult): void {
  console.log(`| ${name} | ${outcome} | ${seconds.toFixed(1)} | ${note} |`);
}

function printOutput({ name, output }: TestResult): void {
  const lines = output.trimEnd().split('\n').slice(-LINES);
  console.log(`\n${name}:\n${lines.map((line) => `    ${line}`).join('\n')}`);
}

async function main(): Promise<void> {
  const tests = chosen();
  const seconds = wholeNumber('seconds', values.seconds);
  const folder = programs();
  const options = [...(values['no-check'] ? [] : ['--check']), ...positionals];
  const results: TestResult[] = [];
  if (!values.json) console.log('| test | | seconds | |\n| --- | --- | --- | --- |');
  for (const [name, ...args] of tests) {
    const guesthouse = [join(ROOT, 'bin/guesthouse.js'), 'run', ...MACHINE, ...options];
    const command = [...guesthouse, join(folder, name), ...args];
    const result = await runTest([name, ...args].join(' '), command, seconds);
    results.push(result);
    if (values.keep) keep(result);
    if (!values.json) printRow(result);
  }
  const others = results.filter(({ outcome }) => outcome !== 'passed');
  if (values.json) console.log(JSON.stringify(results.map(({ output, ...result }) => result)));
  else for (const result of others) printOutput(result);
  process.exitCode = others.length === 0 ? 0 : 1;
}

await main();
