/**
 * Prepares a checkout for `npm start` and `npm test`: installs the packages of package-lock.json if they are missing or
 * outdated, and builds if a source is newer than the build. Prints nothing if there is nothing to do.
 *
 * JavaScript, because it runs before anything is installed. Its types are checked like those of all scripts.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Maximum output kept of a step, in bytes. */
const OUTPUT_MAX = 16 << 20;

/**
 * Returns when a file was last modified, or 0 if it does not exist.
 * @param {string} path
 */
function time(path) {
  const full = join(ROOT, path);
  return existsSync(full) ? statSync(full).mtimeMs : 0;
}

/**
 * Returns when the newest file of a folder was last modified.
 * @param {string} folder
 * @returns {number}
 */
function newest(folder) {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return Math.max(
    ...entries.map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newest(path) : time(path);
    }),
  );
}

/**
 * Runs npm. Its output is shown only if it fails, since build tools print warnings that do not concern users.
 * @param {string} title
 * @param {string[]} args
 */
function run(title, ...args) {
  process.stderr.write(`${title}…\n`);
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    cwd: ROOT,
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

/** The oldest Node supported, such as `20.19`. */
const oldest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node.replace('>=', '');
const [oldestMajor, oldestMinor] = oldest.split('.').map(Number);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  process.stderr.write(`Guesthouse needs Node ${oldest} or later; this is ${process.versions.node}\n`);
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
