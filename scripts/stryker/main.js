/**
 * Mutation testing with StrykerJS, module by module. StrykerJS changes one operator, condition, literal or block at a
 * time and runs the tests that cover it; a mutant that no test fails on survives.
 *
 *     npm run test:stryker -- --module tlb                   the whole module: minutes to hours
 *     npm run test:stryker -- --module gmap --slice 2/10     the second of ten parts
 *     npm run test:stryker -- --module sample --seed 7 --sample 300   about 300 mutants, chosen by the seed
 *     npm run test:stryker -- --list                         the names of the modules
 *
 * `--file PATH` restricts the run to matching files of the module. `--least PERCENT` (default 90) is the share of
 * mutants that the tests must kill, equivalent ones (equivalent.js) excluded; exit status 1 if they kill fewer. Runs are
 * incremental: `.stryker/MODULE.json`, ignored by git, keeps the results of mutants whose code and tests are unchanged.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isEquivalent } from './equivalent.js';
import { MODULES } from './modules.js';
import { CHOICE, isChosen } from './sample.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const work = join(root, '.stryker');

const { values } = parseArgs({
  options: {
    module: { type: 'string' },
    file: { type: 'string' },
    slice: { type: 'string' },
    seed: { type: 'string', default: '0' },
    sample: { type: 'string' },
    least: { type: 'string', default: '90' },
    list: { type: 'boolean' },
  },
});

function fail(message) {
  console.error(message);
  process.exit(2);
}

/** The slice as [K, N]; undefined when there is none. */
function parseSlice() {
  if (values.slice === undefined) return undefined;
  const [which, of] = values.slice.split('/').map(Number);
  if (!(of > 0 && which > 0 && which <= of))
    fail(`--slice ${values.slice}: it must be K/N with K from 1 to N`);
  return [which, of];
}

function filesUnder(path) {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesUnder(`${path}/${name}`));
}

/** Sources of the module, as paths from the root. */
function sourcesOf({ sources }) {
  const all = sources
    .flatMap((path) => filesUnder(path))
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/testing|fixtures/.test(path));
  return values.file === undefined ? all : all.filter((path) => path.includes(values.file));
}

/** Counts the mutants of these sources with StrykerJS's own instrumenter, without running any. */
async function count(sources) {
  const { createInstrumenter } = await import('@stryker-mutator/instrumenter');
  const { createInjector } = await import('typed-inject');
  const silent = new Proxy({}, { get: () => () => false });
  const instrumenter = createInjector()
    .provideValue('logger', silent)
    .provideValue('getLogger', () => silent)
    .injectFunction(createInstrumenter);
  const files = sources.map((name) => ({
    name: join(root, name),
    content: readFileSync(join(root, name), 'utf8'),
    mutate: true,
  }));
  const options = { ignorers: [], excludedMutations: [], plugins: null, noHeader: false };
  return (await instrumenter.instrument(files, options)).mutants.length;
}

function configuration(sources, report) {
  return {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner', './scripts/stryker/sample.js'],
    vitest: { configFile: 'scripts/stryker/vitest.config.ts', related: false },
    checkers: ['sample'],
    mutate: sources,
    coverageAnalysis: 'perTest',
    incremental: true,
    incrementalFile: report,
    tempDirName: join(work, 'sandbox'),
    ignorePatterns: [
      '**',
      ...['src', 'examples', 'docs', 'scripts'].map((folder) => `!${folder}/**/*`),
      '!package.json',
      '!tsconfig*.json',
    ],
    concurrency: 1,
    // Generous, so that a busy computer does not look like an endless loop. StrykerJS also counts iterations.
    timeoutMS: 20_000,
    timeoutFactor: 3,
    dryRunTimeoutMinutes: 20,
    reporters: process.stdout.isTTY ? ['progress'] : ['progress-append-only'],
    allowConsoleColors: false,
    disableTypeChecks: false,
    warnings: false,
    thresholds: { break: null },
  };
}

/** The text between two places, whose lines and columns count from 1. */
function cut(lines, { start, end }) {
  const part = lines.slice(start.line - 1, end.line);
  part[part.length - 1] = part.at(-1).slice(0, end.column - 1);
  part[0] = part[0].slice(start.column - 1);
  return part.join('\n');
}

/** Mutants of the report that were run, with the file and the source text of each. */
function tried(report, choice) {
  return Object.entries(report.files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants
      .filter((mutant) => isChosen(choice, file, mutant))
      .map((mutant) => ({
        ...mutant,
        file,
        line: lines[mutant.location.start.line - 1].trim(),
        original: cut(lines, mutant.location),
      }));
  });
}

const KILLED = ['Killed', 'Timeout'];
const ALIVE = ['Survived', 'NoCoverage'];

function summarize(mutants) {
  const killed = mutants.filter(({ status }) => KILLED.includes(status)).length;
  const alive = mutants.filter(({ status }) => ALIVE.includes(status));
  const missed = alive.filter((mutant) => !isEquivalent(mutant));
  for (const { file, location, mutatorName, line, original, replacement, status } of missed) {
    const why = status === 'NoCoverage' ? 'no test runs it' : 'survived';
    const short = (text) => JSON.stringify(text.replace(/\s+/g, ' ').slice(0, 100));
    console.log(`${why}: ${file}:${location.start.line}:${location.start.column} ${mutatorName}`);
    console.log(`    ${line}`);
    console.log(`    ${short(original)} -> ${short(replacement)}`);
  }
  const percent = killed + missed.length === 0 ? 100 : (100 * killed) / (killed + missed.length);
  const equivalent = alive.length - missed.length;
  console.log(
    `${values.module}: ${killed} killed, ${missed.length} not, ${equivalent} equivalent: ${percent.toFixed(1)} % killed`,
  );
  return percent;
}

if (values.list) {
  console.log(Object.keys(MODULES).join('\n'));
  process.exit(0);
}
const module = MODULES[values.module];
if (module === undefined) fail(`--module must be one of ${Object.keys(MODULES).join(', ')}`);
const sources = sourcesOf(module);
if (sources.length === 0) fail(`no file of ${values.module} is named ${values.file}`);

const choice = { slice: parseSlice(), seed: Number(values.seed) };
if (values.sample !== undefined) choice.share = Math.min(1, Number(values.sample) / (await count(sources)));

mkdirSync(work, { recursive: true });
const report = join(work, `${values.module}.json`);
const config = join(work, `${values.module}.config.json`);
writeFileSync(config, JSON.stringify(configuration(sources, report)));
const stryker = join(root, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const { status } = spawnSync(process.execPath, [stryker, 'run', config], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, [CHOICE]: JSON.stringify(choice), GUESTHOUSE_TESTS: module.tests.join('\n') },
});
if (status !== 0 || !existsSync(report)) fail(`StrykerJS ended with status ${status}`);

const result = JSON.parse(readFileSync(report, 'utf8'));
const mutants = tried(result, choice);
// Drop mutants outside the slice: the next run must not reuse a result they do not have.
for (const file of Object.values(result.files)) {
  // Nor of static mutants that survived: StrykerJS does not know which new tests could kill those.
  file.mutants = file.mutants.filter(
    ({ status, static: fixed }) => status !== 'CompileError' && !(status === 'Survived' && fixed),
  );
}
const percent = summarize(mutants);
writeFileSync(report, JSON.stringify(result));
process.exitCode = percent >= Number(values.least) ? 0 : 1;
