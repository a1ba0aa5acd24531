/**
 * The speed of the processor: guests that compute, compiled from C (bench/kernels), run by compiled code and by the interpreter.
 * If qemu-system-s390x is installed, the same images run under it too, in turn.
 *
 *     npm run bench -- cpu [--interpreted] [--json]
 *
 * With `--interpreted`, only the interpreter runs.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Host } from '../src/host/index.ts';
import { type Engine, Machine } from '../src/machine/index.ts';
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
  'fibonacci',
  'blocks',
] as const;
export type Kernel = (typeof KERNELS)[number];

const GUEST_SIZE = 16n << 20n;
const PROCESS_ADDRESS = 1n << 28n;
const ROUNDS = 3;
/** Units of work of the interpreter, whose speed does not change after that. */
const INTERPRETED = 20_000_000;
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
 * @param engine how instructions are executed
 * @throws Error if it ends with a status other than 0
 */
export function runKernel(name: Kernel, limit = Infinity, engine: Engine = 'auto'): KernelRun {
  const host = new Host(new Machine({ storageSize: 64 << 20, engine }));
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

/** The result of a guest. */
export interface KernelResult {
  /** Millions of instructions. */
  readonly instructions: number;
  /** Millions of instructions per second: of compiled code, from its first instruction on, and of the interpreter. */
  readonly rate: number;
  readonly interpreted: number;
  /** Seconds of compiled code. */
  readonly seconds: number;
  /** Seconds of QEMU, without its start; null if it is missing. */
  readonly qemuSeconds: number | null;
}

/** Returns the best of several runs of each kind, made in turn. Fails if QEMU's output differs. */
export function benchKernel(name: Kernel): KernelResult {
  const qemu = hasQemu();
  let compiled = Infinity;
  let interpreted = Infinity;
  let qemuNs = Infinity;
  let instructions = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const run = runKernel(name);
    instructions = run.instructions;
    compiled = Math.min(compiled, run.ns);
    interpreted = Math.min(interpreted, runKernel(name, INTERPRETED, 'interpret').ns);
    if (qemu) qemuNs = Math.min(qemuNs, qemuTime(imagePath(name), run.output));
  }
  return {
    instructions: instructions / 1e6,
    rate: (instructions / compiled) * 1e3,
    interpreted: (Math.min(instructions, INTERPRETED) / interpreted) * 1e3,
    seconds: compiled / 1e9,
    qemuSeconds: qemu ? Math.max(qemuNs - qemuStart(), 0) / 1e9 : null,
  };
}

/** Returns the millions of instructions per second of the interpreter, the best of several runs. */
export function benchInterpreted(name: Kernel): number {
  const rates = Array.from({ length: ROUNDS }, () => {
    const { instructions, ns } = runKernel(name, INTERPRETED, 'interpret');
    return (instructions / ns) * 1e3;
  });
  return Math.max(...rates);
}

function hasQemu(): boolean {
  return spawnSync(QEMU, ['--version']).status === 0;
}

let start = Infinity;

/** Returns the nanoseconds that QEMU needs for a guest that only prints a line. */
function qemuStart(): number {
  const hello = fileURLToPath(
    new URL('examples/images/hello.elf', checkoutOf(new URL('./', import.meta.url))),
  );
  if (start === Infinity) {
    for (let i = 0; i < ROUNDS; i++) start = Math.min(start, qemuTime(hello, null));
  }
  return start;
}

/** Returns the nanoseconds of a QEMU process that runs an image. @param expected its output, or null to accept any */
function qemuTime(image: string, expected: string | null): number {
  const machine = ['-M', 's390-ccw-virtio', '-m', '64', '-display', 'none', '-nodefaults', '-no-reboot'];
  const line = ['-chardev', 'stdio,id=console', '-device', 'sclpconsole,chardev=console'];
  let output = '';
  const ns = time(() => {
    output = execFileSync(QEMU, [...machine, ...line, '-kernel', image], { encoding: 'utf8' });
  });
  if (expected !== null && output !== expected) {
    throw new Error(`${image}: QEMU prints ${output.trim()}, not ${expected.trim()}`);
  }
  return ns;
}
