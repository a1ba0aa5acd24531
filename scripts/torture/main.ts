/** Runs the execution tests of GCC as guests on the bare machine. HELP says how it is called. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Machine } from '../../src/machine/index.ts';
import { parseElf } from '../../src/vmm/index.ts';
import { scriptOptions } from '../options.ts';
import { fetchTests, optionsOf } from './sources.ts';

const HELP = `
Runs the execution tests of GCC (gcc.c-torture/execute) as guests on the bare machine: 1,700 C programs that check their own results.

    npx tsx scripts/torture/main.ts [--package gcc-12-source] [--march z196,z14] [--only TEXT] [--keep DIRECTORY]

Downloads the Debian package of that name with apt-get into a temporary directory (\`--keep\`: into that one, and uses it again). A
program that does not compile or link on its own is left out: it needs a library or an operating system. Needs apt-get, dpkg-deb,
tar and s390x-linux-gnu-gcc. Exit status 1 if a program fails.
`;

const { values } = scriptOptions(HELP, {
  options: {
    package: { type: 'string', default: 'gcc-12-source' },
    march: { type: 'string', default: 'z196,z14' },
    only: { type: 'string', default: '' },
    keep: { type: 'string' },
  },
});

const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';
const HERE = fileURLToPath(new URL('./', import.meta.url));
const STORAGE_SIZE = 128 << 20;
/** Programs that test the C library itself. */
const OF_LIBRARY = /^(printf|fprintf|vprintf|vfprintf)-/;
/** The units of work after which a program has failed to end. */
const LIMIT = 2e9;
/** PSW bits 0 to 63 at the start: the 64-bit mode. */
const START = 0x1_8000_0000n;

/** The options of the compiler: without vectors and transactions, which this machine lacks. */
const FLAGS =
  `-O2 -mno-vx -mno-htm -w -std=gnu11 -static -nostdlib -no-pie -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables
  -fpermissive -Wl,--build-id=none -Wl,-n -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments -Wl,-T,${HERE}image.ld`.split(
    /\s+/,
  );

/** How a program ended. */
type Result = 'passed' | 'left out' | `failed: ${string}`;

/** Compiles a program. Returns whether it links. */
function compile(source: string, image: string, march: string, runtime: string): boolean {
  const files = [...optionsOf(source), join(HERE, 'start.S'), runtime, source, '-lgcc'];
  return spawnSync(`${PREFIX}gcc`, [...FLAGS, `-march=${march}`, '-o', image, ...files]).status === 0;
}

const machine = new Machine({ storageSize: STORAGE_SIZE });

/** Runs a program. Its result is the address of the disabled wait that it ends in. */
function run(image: string): Result {
  const cpu = machine.cpu(0);
  machine.storage.bytes.fill(0);
  cpu.reset('clear');
  const { entry, segments } = parseElf(readFileSync(image));
  for (const { address, bytes } of segments) machine.storage.write(Number(address), bytes);
  cpu.setPsw(START, entry);
  const stop = cpu.run(LIMIT);
  if (stop.reason !== 'wait' || !stop.disabled) return `failed: ${stop.reason}`;
  if (cpu.pswAddress === 0n) return 'passed';
  if (cpu.pswAddress === 0xbadn) {
    return `failed: program interruption ${machine.storage.get16(0x8e).toString(16)} at ${machine.storage.get64(0x158).toString(16)}`;
  }
  return `failed: status ${cpu.pswAddress.toString(16)}`;
}

function tryProgram(source: string, march: string, work: string): Result {
  const image = join(work, 'program.elf');
  rmSync(image, { force: true });
  return compile(source, image, march, join(work, 'runtime.o')) ? run(image) : 'left out';
}

const directory = values.keep ?? mkdtempSync(join(tmpdir(), 'torture-'));
try {
  const tests = fetchTests(directory, values.package as string);
  const sources = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) =>
        name.endsWith('.c') &&
        !name.includes('-lib') &&
        !OF_LIBRARY.test(name) &&
        name.includes(values.only as string),
    )
    .sort();
  const work = mkdtempSync(join(tmpdir(), 'torture-work-'));
  execFileSync(`${PREFIX}gcc`, [
    '-O2',
    '-ffreestanding',
    '-fno-builtin',
    '-fno-pic',
    '-fno-tree-loop-distribute-patterns',
    '-march=z196',
    '-c',
    '-o',
    join(work, 'runtime.o'),
    join(HERE, 'runtime.c'),
  ]);
  for (const march of (values.march as string).split(',')) {
    const counts = { passed: 0, failed: 0, 'left out': 0 };
    for (const [i, name] of sources.entries()) {
      if (process.stderr.isTTY) process.stderr.write(`\r${march}: ${i + 1} of ${sources.length}`);
      const result = tryProgram(join(tests, name), march, work);
      if (result === 'passed' || result === 'left out') counts[result]++;
      else {
        counts.failed++;
        process.exitCode = 1;
        console.log(`${march} ${name}: ${result}`);
      }
    }
    console.log(`${march}: ${counts.passed} passed, ${counts.failed} failed, ${counts['left out']} left out`);
  }
  rmSync(work, { recursive: true });
} finally {
  if (values.keep === undefined) rmSync(directory, { recursive: true });
}
