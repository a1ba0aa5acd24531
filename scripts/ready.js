/**
 * Readies a checkout for `npm start` and `npm test`: installs what package-lock.json says when that has not been
 * done, and builds when a source is newer than the build. Says nothing when all is ready.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM = [20, 19];
/** Bytes of output of a step that are kept to be shown. */
const OUTPUT_MAX = 16 << 20;

function time(path) {
  const full = join(root, path);
  return existsSync(full) ? statSync(full).mtimeMs : 0;
}

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : time(path));
  }
  return latest;
}

/** Runs npm. What it says is shown only when it fails: build tools warn of what is no concern of the user. */
function run(what, ...args) {
  process.stderr.write(`${what}…\n`);
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: OUTPUT_MAX,
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    process.stderr.write(stdout ?? '');
    process.stderr.write(stderr ?? '');
    process.stderr.write(`npm ${args.join(' ')} failed${error ? `: ${error.message}` : ''}\n`);
    process.exit(1);
  }
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
  process.stderr.write(
    `Guesthouse needs Node ${MINIMUM.join('.')} or later; this is ${process.versions.node}\n`,
  );
  process.exit(1);
}
if (time('node_modules/.package-lock.json') < time('package-lock.json')) {
  run('installing', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
}
const sources = Math.max(
  newest('src'),
  time('tsdown.config.ts'),
  time('vite.config.ts'),
  time('package.json'),
);
const built = Math.min(time('dist/cli/main.js'), time('dist/explorer/index.html'));
if (built < sources) run('building', 'run', 'build');
