/** Linux's KVM selftests for s390x: fetched with Debian's package of the kernel's sources, compiled once, and kept. */

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const PACKAGE = 'linux-source-6.12';
const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';
/** The parts of the sources that headers and selftests are made of. */
const PARTS = [
  ...['Makefile', 'scripts', 'include', 'tools', 'usr/include', 'arch/*/include'],
  ...['arch/s390/Makefile*', 'arch/s390/kernel/syscalls', 'arch/s390/tools'],
];
const TESTS_FOLDER = 'tools/testing/selftests/kvm';
/** Programs that are needed, and Debian's packages with them. */
const TOOLS: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  tar: 'tar',
  xz: 'xz-utils',
  make: 'make',
  gcc: 'gcc',
  flex: 'flex',
  bison: 'bison',
  rsync: 'rsync',
  [`${PREFIX}gcc`]: 'gcc-s390x-linux-gnu',
};

/** The tests, by their paths in the folder of KVM's selftests. */
const TESTS: readonly string[] = [
  ...['s390x/cmma_test', 's390x/debug_test', 's390x/memop', 's390x/resets', 's390x/shared_zeropage_test'],
  ...['s390x/sync_regs_test', 's390x/tprot', 's390x/ucontrol_test', 'demand_paging_test', 'dirty_log_test'],
  ...['guest_print_test', 'kvm_binary_stats_test', 'kvm_create_max_vcpus', 'kvm_page_table_test'],
  ...['rseq_test', 'set_memory_region_test'],
];

/** The names of the tests. */
export const TEST_NAMES: readonly string[] = TESTS.map((path) => basename(path));

/** What else than without arguments tests are run with. */
export const MORE_RUNS: Readonly<Record<string, readonly string[]>> = {
  demand_paging_test: [
    '-u MISSING -s anonymous -b 64M',
    '-u MISSING -s anonymous -b 16M -v 4',
    '-u MISSING -s shmem -b 16M -v 4 -a',
    '-u MINOR -s shmem -b 64M',
    '-u MINOR -s shmem -b 16M -v 4',
    '-u MINOR -s shmem -b 16M -v 4 -o -r 2',
  ],
};

/** The tests cannot be fetched or compiled. */
export class BuildError extends Error {}

/** Fetches and compiles the tests, unless a former call has. Returns the folder with the programs. @throws BuildError */
export function builtTests(scratch: string): string {
  const programs = join(scratch, 'programs');
  if (TEST_NAMES.every((name) => existsSync(join(programs, name)))) return programs;
  requireTools();
  mkdirSync(scratch, { recursive: true });
  const sources = fetchedSources(scratch);
  console.error('compiling the selftests');
  // What is installed is in usr/include of the sources.
  make(sources, ['headers_install', 'ARCH=s390']);
  const targets = ['TARGETS=kvm', 'ARCH=s390', `CROSS_COMPILE=${PREFIX}`, 'LDFLAGS=-static'];
  make(sources, ['-C', 'tools/testing/selftests', ...targets]);
  const part = `${programs}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part);
  for (const path of TESTS) copyFileSync(join(sources, TESTS_FOLDER, path), join(part, basename(path)));
  rmSync(programs, { recursive: true, force: true });
  renameSync(part, programs);
  return programs;
}

function requireTools(): void {
  const missing = Object.entries(TOOLS).filter(
    ([tool]) => spawnSync('/bin/sh', ['-c', `command -v ${tool}`]).status !== 0,
  );
  if (missing.length === 0) return;
  const names = missing.map(([tool]) => tool).join(', ');
  const packages = missing.map(([, name]) => name).join(' ');
  throw new BuildError(
    `${names} not found: on Debian or Ubuntu, \`apt-get install ${packages}\` brings what is missing`,
  );
}

/** Returns the folder with the sources. */
function fetchedSources(scratch: string): string {
  const sources = join(scratch, 'sources');
  if (existsSync(sources)) return sources;
  if (!archiveIn(scratch)) {
    console.error(`fetching ${PACKAGE} (150 MB)`);
    perform('apt-get', ['download', '-q', PACKAGE], scratch);
  }
  const part = `${sources}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part);
  perform('dpkg-deb', ['-x', join(scratch, archiveIn(scratch) as string), part], scratch);
  const patterns = PARTS.map((path) => `${PACKAGE}/${path}`);
  const select = ['--strip-components=1', '--wildcards', '--no-wildcards-match-slash', ...patterns];
  perform('tar', ['-xf', join(part, `usr/src/${PACKAGE}.tar.xz`), '-C', part, ...select], scratch);
  renameSync(part, sources);
  return sources;
}

/** Returns the name of the package's file, if it was fetched. */
function archiveIn(folder: string): string | undefined {
  return readdirSync(folder).find((name) => name.startsWith(`${PACKAGE}_`) && name.endsWith('.deb'));
}

function make(folder: string, args: readonly string[]): void {
  perform('make', ['-s', ...args], folder);
}

function perform(name: string, args: readonly string[], cwd: string): void {
  try {
    execFileSync(name, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
  } catch (error) {
    const { stderr, message } = error as { stderr?: Buffer; message: string };
    const last = stderr?.toString().trim().split('\n').slice(-3).join('\n');
    throw new BuildError(`${name} ${args.join(' ')} failed: ${last || message}`);
  }
}
