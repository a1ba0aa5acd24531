/** Boots Debian's kernel for s390x as a guest, as far as it comes without a disk, and prints its console output. HELP says how it is called. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Host } from '../../src/host/index.ts';
import { type CpuModel, type Engine, Machine } from '../../src/machine/index.ts';
import { type ElfImage, Monitor } from '../../src/vmm/index.ts';
import { scriptOptions } from '../options.ts';

const HELP = `
Boots Debian's kernel for s390x as a guest, as far as it comes without a disk, and prints its console output.

    npx tsx scripts/kernel/main.ts [--package linux-image-6.1.0-50-s390x] [--cpu max] [--engine auto] [--image FILE]

Downloads the Debian package with apt-get into a temporary directory; this needs \`dpkg --add-architecture s390x\` and
\`apt-get update\` once. \`--image\` uses a kernel image instead. The guest has 512 MiB. Exit status 0 if the kernel comes to the
point where it looks for its root file system, which takes 3 billion instructions (20 seconds, or 1 to 3 minutes with
\`--engine interpret\`).
`;

const { values } = scriptOptions(HELP, {
  options: {
    package: { type: 'string', default: 'linux-image-6.1.0-50-s390x' },
    cpu: { type: 'string', default: 'max' },
    engine: { type: 'string', default: 'auto' },
    image: { type: 'string' },
  },
});

const GUEST_SIZE = 512n << 20n;
const PROCESS_ADDRESS = 1n << 32n;
const ENTRY = 0x1_0000n;
/** What the kernel says last. */
const GOAL = 'VFS: Unable to mount root fs';
const LIMIT = 6e9;
const SLICE = 2e7;

function fetchKernel(): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'kernel-'));
  try {
    execFileSync('apt-get', ['download', `${values.package}:s390x`], { cwd: directory, stdio: 'inherit' });
    const [archive] = readdirSync(directory).filter((name) => name.endsWith('.deb'));
    execFileSync('dpkg-deb', ['-x', archive as string, '.'], { cwd: directory });
    const [kernel] = readdirSync(join(directory, 'boot')).filter((name) => name.startsWith('vmlinuz'));
    return readFileSync(join(directory, 'boot', kernel as string));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The raw image as one segment at 0. */
function imageOf(bytes: Uint8Array): ElfImage {
  const memorySize = BigInt(Math.ceil(bytes.length / 0x1000) * 0x1000);
  return { entry: ENTRY, segments: [{ address: 0n, memorySize, bytes, flags: 7 }] };
}

const bytes = values.image === undefined ? fetchKernel() : readFileSync(values.image);
const host = new Host(
  new Machine({ storageSize: 768 << 20, cpuModel: values.cpu as CpuModel, engine: values.engine as Engine }),
);
const mm = host.createMm();
mm.mmap({ address: PROCESS_ADDRESS, length: GUEST_SIZE });
let output = '';
const monitor = new Monitor(host, mm, {
  image: imageOf(bytes),
  maps: [{ from: PROCESS_ADDRESS, to: 0n, length: GUEST_SIZE }],
  console: {
    write: (text) => {
      output += text;
      process.stdout.write(text);
    },
  },
});
const cpu = host.machine.cpu(0);
let end = monitor.run(SLICE);
while (end.kind === 'limit' && cpu.executed < LIMIT && !output.includes(GOAL)) end = monitor.run(SLICE);
const millions = Math.round(cpu.executed / 1e6);
const reached = output.includes(GOAL);
console.log(
  `\n${millions} million instructions; ${reached ? 'the kernel looks for its root file system' : `the guest ended: ${end.kind}`}`,
);
process.exitCode = reached ? 0 : 1;
