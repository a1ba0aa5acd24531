/** Runs the unit tests on other versions of Node, from npm's package `node`. HELP says how it is called. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inModules, parseSlice, ROOT } from './checkout.ts';
import { scriptOptions } from './options.ts';

const HELP = `
Runs the unit tests on other versions of Node, from npm's package \`node\`.

    npm run test:nodes                            all unit tests on Node 22 and 24
    npm run test:nodes -- --node 24 --slice 2/4   a quarter of the test files on 24

Each version is installed once, into npm's cache folder. If the registry cannot be reached, the script reports
it and skips the version.
`;

const shell = process.platform === 'win32';

const { values } = scriptOptions(HELP, {
  options: {
    node: { type: 'string', multiple: true, default: ['22', '24'] },
    slice: { type: 'string', default: '1/1' },
  },
});

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

/** Installs a version. Returns the path of its `node` program, or null if it cannot be installed. */
function install(version: string): string | null {
  const { stdout } = spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8', shell });
  const folder = join(stdout.trim(), 'guesthouse', `node-${version}`);
  const program = join(folder, 'node_modules', 'node', 'bin', shell ? 'node.exe' : 'node');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const args = ['install', `node@${version}`, '--no-audit', '--no-fund', '--fetch-retries', '1'];
  const { stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8', shell });
  if (existsSync(program)) return program;
  console.log(`Node ${version} cannot be installed and is skipped:\n${stderr}`);
  return null;
}

const slice = parseSlice(values.slice).join('/');
for (const version of values.node) {
  const program = install(version);
  if (program === null) continue;
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (!stdout.startsWith(`v${version}.`)) fail(`${program} reports that it is ${stdout}`);
  console.log(`Node ${stdout.trim()}, part ${slice} of the unit tests`);
  const vitest = inModules('vitest/vitest.mjs');
  const args = [vitest, 'run', '--project', 'unit', '--shard', slice, '--reporter', 'default'];
  // Processes that the tests start as `node` run this version too.
  const path = [dirname(program), process.env['PATH']].join(shell ? ';' : ':');
  const { status } = spawnSync(program, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  if (status !== 0) fail(`the tests fail on Node ${stdout.trim()}`);
}
