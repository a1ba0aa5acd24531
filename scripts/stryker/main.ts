/** Mutation testing with StrykerJS, module by module. HELP says how it is called. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant, schema } from '@stryker-mutator/api/core';
import type { Logger } from '@stryker-mutator/api/logging';
import { commonTokens } from '@stryker-mutator/api/plugin';
import ts from 'typescript';
import { inModules, parseSlice, ROOT } from '../checkout.ts';
import { scriptOptions } from '../options.ts';
import { isEquivalent } from './equivalent.ts';
import { MODULES, type MutatedModule } from './modules.ts';
import { CHOICE, type Choice, isChosen } from './sample.ts';

const HELP = `
Mutation testing with StrykerJS, module by module. StrykerJS changes one operator, condition, literal or block at a
time and runs the tests that cover it; a mutant that no test fails on survives.

    npm run test:stryker -- --module tlb                   the whole module: minutes to hours
    npm run test:stryker -- --module gmap --slice 2/10     the second of ten parts
    npm run test:stryker -- --module sample --seed 7 --sample 300   about 300 mutants, chosen by the seed
    npm run test:stryker -- --list                         the names of the modules

\`--file PATH\` restricts the run to matching files of the module. \`--least PERCENT\` (default 90) is the share of
mutants that the tests must kill, equivalent ones (equivalent.ts) excluded; exit status 1 if they kill fewer. Runs are
incremental: \`.stryker/MODULE.json\`, ignored by git, keeps the results of mutants whose code and tests are unchanged.
`;

const work = join(ROOT, '.stryker');

const { values } = scriptOptions(HELP, {
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

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function filesUnder(path: string): string[] {
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path)).flatMap((name) => filesUnder(`${path}/${name}`));
}

/** Sources of the module, as paths from the root. */
function sourcesOf({ sources }: MutatedModule): string[] {
  const all = sources
    .flatMap((path) => filesUnder(path))
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/testing|fixtures/.test(path));
  const { file } = values;
  return file === undefined ? all : all.filter((path) => path.includes(file));
}

/** Makes the mutants of these sources with StrykerJS's own instrumenter, without running any. */
async function mutantsOf(sources: readonly string[]): Promise<readonly Mutant[]> {
  const { createInstrumenter } = await import('@stryker-mutator/instrumenter');
  const { createInjector } = await import('typed-inject');
  const silent = new Proxy({}, { get: () => () => false }) as Logger;
  const injector = createInjector()
    .provideValue(commonTokens.logger, silent)
    .provideValue(commonTokens.getLogger, () => silent);
  const instrumenter = createInstrumenter(injector);
  const files = sources.map((name) => ({
    name,
    content: readFileSync(join(ROOT, name), 'utf8'),
    mutate: true,
  }));
  const options = { ignorers: [], excludedMutations: [], plugins: null, noHeader: false };
  return (await instrumenter.instrument(files, options)).mutants;
}

/**
 * Chooses about `wanted` mutants. Returns what StrykerJS has to mutate: only their places, because with all places of the library, its
 * table of which test runs which mutant is longer than a string can be.
 */
async function placesOf(sources: readonly string[], choice: Choice, wanted: number): Promise<string[]> {
  const all = await mutantsOf(sources);
  choice.share = Math.min(1, wanted / all.length);
  return all
    .filter((mutant) => isChosen(choice, mutant.fileName, mutant, 1))
    .map(({ fileName, location: { start, end } }) => {
      const from = `${start.line + 1}:${start.column}`;
      return `${fileName}:${from}-${end.line + 1}:${end.column}`;
    });
}

/** Compiles a source file to JavaScript. */
function compile(path: string): string {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  return ts.transpileModule(readFileSync(path, 'utf8'), { compilerOptions }).outputText;
}

function configuration(places: readonly string[], report: string) {
  return {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner', plugin],
    vitest: { configFile: 'scripts/stryker/vitest.config.ts', related: false },
    checkers: ['sample'],
    mutate: places,
    coverageAnalysis: 'perTest',
    incremental: true,
    incrementalFile: report,
    tempDirName: join(work, 'sandbox'),
    ignorePatterns: [
      '**',
      ...['src', 'examples', 'docs', 'bench', 'scripts', 'test'].map((folder) => `!${folder}/**/*`),
      '!package.json',
      '!tsconfig*.json',
    ],
    concurrency: 1,
    // Generous, so that a busy computer does not look like an endless loop. StrykerJS also counts iterations.
    timeoutMS: 20_000,
    timeoutFactor: 3,
    dryRunTimeoutMinutes: 60,
    reporters: process.stdout.isTTY ? ['progress'] : ['progress-append-only'],
    allowConsoleColors: false,
    disableTypeChecks: false,
    warnings: false,
    thresholds: { break: null },
  };
}

/** The text between two positions, whose lines and columns count from 1. */
function cut(lines: readonly string[], { start, end }: schema.Location): string {
  const text = lines.slice(start.line - 1, end.line);
  text.push((text.pop() ?? '').slice(0, end.column - 1));
  text.unshift((text.shift() ?? '').slice(start.column - 1));
  return text.join('\n');
}

/** A mutant that was run, with its file and its source text. */
interface TriedMutant extends schema.MutantResult {
  readonly file: string;
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
}

function tried(report: schema.MutationTestResult, choice: Choice): TriedMutant[] {
  return Object.entries(report.files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants
      .map((mutant) => ({ replacement: '', ...mutant }))
      .filter((mutant) => isChosen(choice, file, mutant))
      .map((mutant) => ({
        ...mutant,
        file,
        line: (lines[mutant.location.start.line - 1] ?? '').trim(),
        original: cut(lines, mutant.location),
      }));
  });
}

const KILLED: readonly string[] = ['Killed', 'Timeout'];
const ALIVE: readonly string[] = ['Survived', 'NoCoverage'];

/** Prints the mutants that survived. Returns the percentage that was killed. */
function summarize(mutants: readonly TriedMutant[]): number {
  const killed = mutants.filter(({ status }) => KILLED.includes(status)).length;
  const alive = mutants.filter(({ status }) => ALIVE.includes(status));
  const missed = alive.filter((mutant) => !isEquivalent(mutant));
  for (const { file, location, mutatorName, line, original, replacement, status } of missed) {
    const why = status === 'NoCoverage' ? 'no test runs it' : 'survived';
    const short = (text: string) => JSON.stringify(text.replace(/\s+/g, ' ').slice(0, 100));
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
const module = MODULES[values.module ?? ''];
if (module === undefined) fail(`--module must be one of ${Object.keys(MODULES).join(', ')}`);
const sources = sourcesOf(module);
if (sources.length === 0) fail(`no file of ${values.module} is named ${values.file}`);

const slice = values.slice === undefined ? undefined : parseSlice(values.slice);
const choice: Choice = { ...(slice ? { slice } : {}), seed: Number(values.seed) };
const places = values.sample === undefined ? sources : await placesOf(sources, choice, Number(values.sample));

mkdirSync(work, { recursive: true });
const report = join(work, `${values.module}.json`);
const config = join(work, `${values.module}.config.json`);
const plugin = join(work, 'sample.js');
writeFileSync(plugin, compile(join(ROOT, 'scripts/stryker/sample.ts')));
writeFileSync(config, JSON.stringify(configuration(places, report)));
const stryker = inModules('@stryker-mutator/core/bin/stryker.js');
const { status } = spawnSync(process.execPath, [stryker, 'run', config], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, [CHOICE]: JSON.stringify(choice), GUESTHOUSE_TESTS: module.tests.join('\n') },
});
if (status !== 0 || !existsSync(report)) fail(`StrykerJS ended with status ${status}`);

const result = JSON.parse(readFileSync(report, 'utf8')) as schema.MutationTestResult;
const mutants = tried(result, choice);
// Drop mutants outside of the slice, which have no result that the next run could reuse. Drop static mutants that
// survived too: StrykerJS does not know which new tests could kill those.
for (const file of Object.values(result.files)) {
  file.mutants = file.mutants.filter(
    ({ status, static: fixed }) => status !== 'CompileError' && !(status === 'Survived' && fixed),
  );
}
const percent = summarize(mutants);
writeFileSync(report, JSON.stringify(result));
process.exitCode = percent >= Number(values.least) ? 0 : 1;
