/** GCC's execution tests (gcc.c-torture/execute), out of Debian's package with the sources of GCC. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';

/** The path of the tests in the archive of GCC. */
const TESTS = 'gcc/testsuite/gcc.c-torture/execute';
/** Targets of the tests' conditions that hold for s390x with glibc. */
const TARGETS = ['*-*-*', 'fpic', 'signal', 's390*-*-*', '*-*-linux*'];

/** Fetches a package with the sources of GCC by name into a folder, unless it is there. Returns the folder of the tests. */
export function fetchTests(folder: string, packageName: string): string {
  mkdirSync(folder, { recursive: true });
  const there = testsIn(folder);
  if (there !== null) return there;
  execFileSync('apt-get', ['download', '-q', packageName], { cwd: folder, stdio: ['ignore', 2, 'inherit'] });
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb')) as string;
  execFileSync('dpkg-deb', ['-x', archive, '.'], { cwd: folder });
  const found = execFileSync('find', ['.', '-name', 'gcc-*.tar.*'], { cwd: folder, encoding: 'utf8' });
  const [sources] = found.trim().split('\n');
  execFileSync('tar', ['-xf', sources as string, '--wildcards', `*/${TESTS}/*`], { cwd: folder });
  return testsIn(folder) as string;
}

function testsIn(folder: string): string | null {
  const found = execFileSync('find', [folder, '-path', `*/${TESTS}`], { encoding: 'utf8' }).trim();
  return found === '' ? null : (found.split('\n')[0] as string);
}

/** Returns the options that a test asks for on s390x, in its comments for GCC's test driver. */
export function optionsOf(source: string): string[] {
  const directives = readFileSync(source, 'latin1').matchAll(
    /\{ *dg-(?:additional-)?options +\{? *"([^"]*)" *\}?(?: *\{ *target +(.*?) *\} *\}| *\})/g,
  );
  return [...directives]
    .filter(([, , target]) => target === undefined || TARGETS.includes(target))
    .flatMap(([, options = '']) => options.split(/\s+/))
    .filter((option) => option !== '');
}
