/** Runs GCC's execution tests as Linux programs, and prints a table. HELP says how it is called. */

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINES, type Engine } from '../../src/machine/index.ts';
import { scriptOptions } from '../options.ts';
import { fetchTests } from '../torture/sources.ts';
import { Builds, NOT_BUILT, PASSED } from './gcc/builds.ts';
import { command, forEach } from './gcc/pool.ts';
import { type GccTest, listTests } from './gcc/tests.ts';
import { TestWorker } from './gcc/workers.ts';

const HELP = `
Runs GCC's execution tests (gcc.c-torture/execute: C programs that check their own results) as Linux programs, and prints a table.

    npm run test:gcc                               compiled with -O0 and with -O2
    npm run test:gcc -- --levels O2 --engines interpret,compile
    npm run test:gcc -- --only ieee/               those whose names contain a text

  --levels LIST     levels of optimization, default O0,O2
  --engines LIST    how instructions are executed, default auto
  --jobs N          number of programs that run at the same time, default the number of processors
  --sample N        number of programs that also run with the command, \`guesthouse run\`, default 20
  --json            prints the results as JSON
  --package NAME    the Debian package with GCC's sources, default gcc-12-source
  --scratch DIR     where it is unpacked, and the programs are kept: 1.1 GiB for a level

A test counts if it compiles and passes under qemu-s390x: the others need something that s390x does not have. Exit status 1 if
less than 99.5 % of those pass here, or if the command ends a program in another way. Needs apt-get, dpkg-deb, tar,
s390x-linux-gnu-gcc and qemu-s390x. The tests belong to GCC and are not part of this repository.
`;

const COMMAND = fileURLToPath(new URL('../../bin/guesthouse.js', import.meta.url));
/** Units of work and seconds after which a program has failed to end. */
const WORK = 4e9;
const SECONDS = 120;
/** Percentage of the tests that must pass. */
const LEAST = 99.5;
/** Programs between two times that what is known is written down. */
const SAVE_EVERY = 100;

const { values } = scriptOptions(HELP, {
  options: {
    only: { type: 'string', default: '' },
    levels: { type: 'string', default: 'O0,O2' },
    engines: { type: 'string', default: 'auto' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    sample: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    package: { type: 'string', default: 'gcc-12-source' },
    scratch: { type: 'string', default: join(tmpdir(), 'guesthouse-gcc') },
  },
});
const jobs = Math.max(1, Number(values.jobs) || 1);

/** The results of the tests, compiled at a level, with an engine. */
interface Results {
  readonly level: string;
  readonly engine: Engine;
  /** Number of tests, of those that compile, and of those that pass under QEMU. */
  readonly tests: number;
  readonly built: number;
  readonly counted: number;
  /** Number of those that pass here, and how the others end. */
  readonly passed: number;
  readonly failures: Readonly<Record<string, string>>;
  /** Programs that end in another way with the command. */
  readonly differences: Readonly<Record<string, string>>;
  readonly seconds: number;
}

function progress(what: string, done: number, of: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}: ${done} of ${of}`);
  else if (done % 250 === 0) console.error(`${what}: ${done} of ${of}`);
  if (done === of && process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

/** Compiles the tests and runs them under QEMU. Returns how each ended there. */
async function build(
  tests: readonly GccTest[],
  builds: Builds,
  level: string,
): Promise<Map<GccTest, string>> {
  const ends = new Map<GccTest, string>();
  await forEach(tests, jobs, async (test) => {
    ends.set(test, await builds.ended(test));
    if (ends.size % SAVE_EVERY === 0) builds.save();
    progress(`${level}, compiling and running with QEMU`, ends.size, tests.length);
  });
  builds.save();
  return ends;
}

/** Runs the programs of tests. Returns how each ended. */
async function run(tests: readonly GccTest[], builds: Builds, engine: Engine): Promise<Map<GccTest, string>> {
  const ends = new Map<GccTest, string>();
  const workers = Array.from({ length: jobs }, () => new TestWorker(SECONDS));
  await forEach(tests, jobs, async (test, number) => {
    const order = { program: builds.program(test), engine, work: WORK };
    ends.set(test, (await (workers[number] as TestWorker).run(order)).end);
    progress(`running (${engine})`, ends.size, tests.length);
  });
  for (const worker of workers) worker.end();
  return ends;
}

/** Runs a sample with the command. Returns those that end in another way than with `run`. */
async function compareWithCommand(
  ends: ReadonlyMap<GccTest, string>,
  builds: Builds,
  engine: Engine,
): Promise<Record<string, string>> {
  const all = [...ends.keys()];
  const count = Math.min(Number(values.sample) || 0, all.length);
  const sample = Array.from(
    { length: count },
    (_, i) => all[Math.floor((i * all.length) / count)] as GccTest,
  );
  const differences: Record<string, string> = {};
  const work = mkdtempSync(join(tmpdir(), 'gcc-test-'));
  await forEach(sample, jobs, async (test) => {
    const args = [COMMAND, 'run', '--engine', engine, '--cwd', '/tmp', builds.program(test)];
    const { end } = await command(process.execPath, args, { cwd: work, seconds: SECONDS });
    const expected = ends.get(test) as string;
    // The command tells signals by its status.
    if (end !== expected && (end === PASSED || expected === PASSED)) differences[test.name] = end;
  });
  rmSync(work, { recursive: true });
  return differences;
}

async function check(
  tests: readonly GccTest[],
  level: string,
  engines: readonly Engine[],
): Promise<Results[]> {
  const builds = new Builds(values.scratch, level);
  const theirs = await build(tests, builds, level);
  const counted = tests.filter((test) => theirs.get(test) === PASSED);
  const built = tests.filter((test) => theirs.get(test) !== NOT_BUILT).length;
  const results: Results[] = [];
  for (const engine of engines) {
    const start = performance.now();
    const ends = await run(counted, builds, engine);
    const seconds = Math.round((performance.now() - start) / 1000);
    const failing = counted.filter((test) => ends.get(test) !== PASSED);
    results.push({
      ...{ level, engine, tests: tests.length, built, counted: counted.length },
      passed: counted.length - failing.length,
      failures: Object.fromEntries(failing.map((test) => [test.name, ends.get(test) as string])),
      differences: await compareWithCommand(ends, builds, engine),
      seconds,
    });
  }
  return results;
}

function percentage({ passed, counted }: Results): number {
  return counted === 0 ? 100 : (100 * passed) / counted;
}

function print(results: readonly Results[]): void {
  console.log('| compiled with | engine | tests | compile | pass under QEMU | of these pass here | |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const one of results) {
    const { level, engine, tests, built, counted, passed } = one;
    const share = `${percentage(one).toFixed(2)} %, ${one.seconds} s`;
    console.log(`| ${level} | ${engine} | ${tests} | ${built} | ${counted} | ${passed} | ${share} |`);
  }
  for (const { level, engine, failures, differences } of results) {
    for (const [name, end] of Object.entries(failures)) console.log(`${level} ${engine} ${name}: ${end}`);
    for (const [name, end] of Object.entries(differences)) {
      console.log(`${level} ${engine} ${name}: ${end} with the command`);
    }
  }
}

const engines = values.engines.split(',').map((name) => {
  const engine = ENGINES.find((one) => one === name);
  if (engine === undefined) throw new Error(`${name} is no engine`);
  return engine;
});
const tests = listTests(fetchTests(values.scratch, values.package), values.only);
const results: Results[] = [];
for (const level of values.levels.split(',')) results.push(...(await check(tests, `-${level}`, engines)));
if (values.json) console.log(JSON.stringify(results));
else print(results);
const isGood = results.every((one) => percentage(one) >= LEAST && Object.keys(one.differences).length === 0);
process.exitCode = isGood ? 0 : 1;
