/**
 * The speed of the processor: guests that compute, compiled from C (bench/kernels), in millions of instructions per second. If
 * qemu-system-s390x is installed, the same images run under it too.
 *
 *     npm run bench -- cpu [--json]
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Host } from '../src/host/index.ts';
import { Machine } from '../src/machine/index.ts';
import { Monitor, parseElf } from '../src/vmm/index.ts';
import { time } from './timing.ts';

/** The guests. */
export const KERNELS = [
  'sieve',
  'crc32',
  'xorshift',
  'quicksort',
  'search',
  'sha256',
  'matrix',
  'bytecode',
] as const;
export type Kernel = (typeof KERNELS)[number];

const GUEST_SIZE = 16n << 20n;
const PROCESS_ADDRESS = 1n << 28n;
const ROUNDS = 3;
const QEMU = process.env['QEMU_SYSTEM'] ?? 'qemu-system-s390x';

/** A run of a guest. */
export interface KernelRun {
  /** Its console output. */
  readonly output: string;
  /** Number of instructions, and of the interruptions of its console output. */
  readonly instructions: number;
  /** Nanoseconds. */
  readonly ns: number;
}

/** Returns the checkout that a folder is in: the benchmarks also run as a bundle, which is elsewhere. */
function checkoutOf(folder: URL): URL {
  return existsSync(new URL('package.json', folder)) ? folder : checkoutOf(new URL('../', folder));
}

const IMAGES = new URL('bench/kernels/images/', checkoutOf(new URL('./', import.meta.url)));
/** Returns the path of a guest's image. */
export const imagePath = (name: Kernel) => fileURLToPath(new URL(`${name}.elf`, IMAGES));

/**
 * Runs a guest to its end.
 * @param limit units of work after which to stop
 * @throws Error if it ends with a status other than 0
 */
export function runKernel(name: Kernel, limit = Infinity): KernelRun {
  const host = new Host(new Machine({ storageSize: 64 << 20 }));
  const mm = host.createMm();
  mm.mmap({ address: PROCESS_ADDRESS, length: GUEST_SIZE });
  let output = '';
  const monitor = new Monitor(host, mm, {
    image: parseElf(readFileSync(imagePath(name))),
    maps: [{ from: PROCESS_ADDRESS, to: 0n, length: GUEST_SIZE }],
    console: { write: (text) => void (output += text) },
  });
  const cpu = host.machine.cpu(0);
  const before = cpu.executed;
  let end = monitor.run(1);
  const ns = time(() => {
    end = monitor.run(limit);
  });
  if (end.kind !== 'limit' && (end.kind !== 'disabled-wait' || end.address !== 0n)) {
    throw new Error(`${name}: the guest did not end well: ${JSON.stringify(end, (_, v) => `${v}`)}`);
  }
  return { output, instructions: cpu.executed - before, ns };
}

/** The result of a guest: millions of instructions, and of instructions per second; QEMU's seconds, null if it is missing. */
export interface KernelResult {
  readonly instructions: number;
  readonly rate: number;
  readonly seconds: number;
  readonly qemuSeconds: number | null;
}

/** Returns the best of several runs. Fails if QEMU's output differs. */
export function benchKernel(name: Kernel): KernelResult {
  let best = runKernel(name);
  for (let i = 1; i < ROUNDS; i++) {
    const run = runKernel(name);
    if (run.ns < best.ns) best = run;
  }
  const { instructions, ns, output } = best;
  return {
    instructions: instructions / 1e6,
    rate: (instructions / ns) * 1e3,
    seconds: ns / 1e9,
    qemuSeconds: hasQemu() ? qemuSeconds(name, output) : null,
  };
}

function hasQemu(): boolean {
  return spawnSync(QEMU, ['--version']).status === 0;
}

/** Returns the least seconds that a guest takes under QEMU, from the start of the process to its end. */
function qemuSeconds(name: Kernel, expected: string): number {
  const machine = ['-M', 's390-ccw-virtio', '-m', '64', '-display', 'none', '-nodefaults', '-no-reboot'];
  const line = ['-chardev', 'stdio,id=console', '-device', 'sclpconsole,chardev=console'];
  let best = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    let output = '';
    const ns = time(() => {
      output = execFileSync(QEMU, [...machine, ...line, '-kernel', imagePath(name)], { encoding: 'utf8' });
    });
    if (output !== expected) throw new Error(`${name}: QEMU prints ${output.trim()}, not ${expected.trim()}`);
    best = Math.min(best, ns / 1e9);
  }
  return best;
}
