/**
 * Tests the package as its users get it: packs it, installs it into an empty folder, imports it, compiles programs against
 * it and runs its command. Also runs publint and arethetypeswrong.
 *
 *     npm run test:package
 *
 * Prints one line per check; exit status 1 at the first failure.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inModules, ROOT } from './checkout.ts';

interface Package {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const {
  name,
  exports,
  dependencies = {},
} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Package;
const folder = mkdtempSync(join(tmpdir(), 'guesthouse-package-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
/** The folder of a project that uses the package. */
const user = join(folder, 'user');

class Failure extends Error {}

/**
 * Runs a program, in the user's project unless `cwd` names another folder.
 * Returns its standard output.
 * @throws Failure if the status is not 0 or, with `quiet`, if there is output on standard error
 */
function run(program: string, args: readonly string[], { cwd = user, quiet = true } = {}): string {
  const shell = process.platform === 'win32';
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', shell });
  if (status !== 0 || (quiet && stderr !== '')) {
    throw new Failure(`${program} ${args.join(' ')}: status ${status}\n${stdout}${stderr}`);
  }
  return stdout;
}

function check(what: string, act: () => void): void {
  try {
    act();
    console.log(`ok   ${what}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`FAIL ${what}\n${error.message}`);
    process.exit(1);
  }
}

function expect(text: string, part: string): void {
  if (!text.includes(part)) throw new Failure(`${JSON.stringify(part)} is missing in:\n${text}`);
}

const tarball = () => join(folder, 'guesthouse.tgz');

/** Packs the build. `ready.js` has already built it, so `prepare` is skipped. */
function pack() {
  const output = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    quiet: false,
  });
  cpSync(join(folder, (JSON.parse(output) as [{ filename: string }])[0].filename), tarball());
}

/** Installs the tarball offline: its dependency comes from the checkout's node_modules. */
function install() {
  mkdirSync(user);
  const local = Object.keys(dependencies).map((one) => [one, `file:${inModules(one)}`]);
  const settings = { private: true, type: 'module', dependencies: { ...Object.fromEntries(local) } };
  writeFileSync(join(user, 'package.json'), JSON.stringify(settings));
  const flags = ['--offline', '--install-links', '--no-audit', '--no-fund', '--ignore-scripts'];
  run('npm', ['install', ...flags, tarball()], { quiet: false });
}

/** Imports each export from JavaScript. */
function importAll() {
  const names = Object.keys(exports).filter((path) => path !== './package.json');
  const lines = names.map(
    (path) =>
      `if (Object.keys(await import(${JSON.stringify(join(name, path))})).length === 0) throw new Error(${JSON.stringify(path)});`,
  );
  lines.push(`const { default: about } = await import('${name}/package.json', { with: { type: 'json' } });`);
  lines.push("if (about.type !== 'module') throw new Error('package.json');");
  writeFileSync(join(user, 'imports.js'), lines.join('\n'));
  run(process.execPath, ['--no-warnings', 'imports.js']);
}

/** Programs that use the package, each with the output that it must end with. */
const PROGRAMS = { 'every-entry.ts': 'Hello from a guest!', 'first-program.ts': 'the guest ended' };

/** Compiles the programs as strict TypeScript and runs them. Without skipLibCheck, this checks the package's declarations too. */
function compile(): void {
  const files = Object.keys(PROGRAMS);
  for (const file of files) cpSync(join(ROOT, 'scripts/package', file), join(user, file));
  mkdirSync(join(user, 'node_modules/@types'), { recursive: true });
  for (const one of ['@types/node', 'undici-types']) {
    cpSync(inModules(one), join(user, 'node_modules', one), { recursive: true });
  }
  for (const [resolution, module] of [
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ]) {
    const settings = {
      compilerOptions: {
        target: 'es2023',
        lib: ['es2023'],
        types: ['node'],
        module,
        moduleResolution: resolution,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        isolatedModules: true,
        skipLibCheck: false,
      },
      files,
    };
    writeFileSync(join(user, 'tsconfig.json'), JSON.stringify(settings));
    run(process.execPath, [inModules('typescript/bin/tsc'), '-p', 'tsconfig.json']);
  }
  for (const [file, output] of Object.entries(PROGRAMS)) {
    expect(run(process.execPath, [file.replace('.ts', '.js')]), output);
  }
}

/** Runs the installed command. The example files that its output names must exist. */
function commands() {
  const guesthouse = (...args: string[]) =>
    run('npx', ['--no-install', 'guesthouse', ...args], { quiet: false });
  const help = guesthouse('--help');
  const tour = guesthouse('tour');
  expect(tour, 'Try next');
  if (tour.includes('\u001b')) throw new Failure('the tour writes colours into a pipe');
  for (const text of [help, tour, guesthouse('help', 'boot'), guesthouse('help', 'explore')]) {
    const files = [...text.matchAll(/\S*examples\/\S+/g)].map(([path]) => path);
    if (files.length === 0) throw new Failure(`no example is named in:\n${text}`);
    for (const file of files) readFileSync(join(user, file));
  }
  const hello = /boot (\S+hello\.elf)/.exec(help)?.[1] ?? '';
  expect(guesthouse('boot', hello, '--', 'installed'), 'arguments: installed');
  guesthouse('replay', 'node_modules/guesthouse/examples/scenarios/first.txt', '--check');
}

check('npm pack', pack);
check('npm install into an empty folder, without a network', install);
check('every export can be imported', importAll);
check('strict TypeScript compiles against it, and runs', compile);
check('the command: --help, tour, boot, replay', commands);
check('publint', () =>
  run(process.execPath, [inModules('publint/src/cli.js'), '--strict', tarball()], { cwd: ROOT }),
);
check('arethetypeswrong', () =>
  run(
    process.execPath,
    [inModules('@arethetypeswrong/cli/dist/index.js'), tarball(), '--profile', 'esm-only'],
    {
      cwd: ROOT,
      quiet: false,
    },
  ),
);
