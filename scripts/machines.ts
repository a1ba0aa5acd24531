/**
 * Other machines, which instructions are recorded on. Each runs a harness on a bare machine of 64 MiB, whose storage holds
 * records of cases, until the harness has written a result for every case.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';
const QEMU = process.env['QEMU_SYSTEM'] ?? 'qemu-system-s390x';
const HERCULES = process.env['HERCULES'] ?? 'hercules';
/** Address where the harness is linked. */
const HARNESS = 0x1_0000;

/** Address of the number of cases that are left, a word. */
const COUNT = 0xf_f000;
const MACHINE_SIZE = 0x400_0000;

/** A program that runs cases, and where in storage it has them. */
export interface Harness {
  /** The path of its source. */
  readonly source: string;
  /** Address of the first record, at or above 1 MiB, and size of a record. */
  readonly cases: number;
  readonly caseSize: number;
  /** Address of the first result, and size of a result. */
  readonly results: number;
  readonly resultSize: number;
  /** What else is in storage, below 1 MiB. */
  readonly image?: { readonly address: number; readonly bytes: Buffer };
}

/** Builds the harness as an ELF file. Returns its path. */
function buildHarness(directory: string, source: string): string {
  const elf = join(directory, 'harness.elf');
  const text = `-Wl,-Ttext=0x${HARNESS.toString(16)},--build-id=none`;
  execFileSync(`${PREFIX}gcc`, ['-march=z196', '-nostdlib', '-static', '-no-pie', text, '-o', elf, source]);
  return elf;
}

/**
 * Runs the cases, one record each, in a temporary directory. Returns the results: of the first cases only, if the machine stopped in the
 * case after them.
 */
export type Run = (directory: string, harness: Harness, records: readonly Buffer[]) => Promise<Buffer[]>;

/** QEMU's TCG: its storage is a file. */
async function runQemu(directory: string, harness: Harness, records: readonly Buffer[]): Promise<Buffer[]> {
  const elf = buildHarness(directory, harness.source);
  const storage = join(directory, 'storage');
  const file = openSync(storage, 'w+');
  ftruncateSync(file, MACHINE_SIZE);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(records.length);
  writeSync(file, count, 0, 4, COUNT);
  records.forEach((record, i) => {
    writeSync(file, record, 0, harness.caseSize, harness.cases + i * harness.caseSize);
  });
  if (harness.image)
    writeSync(file, harness.image.bytes, 0, harness.image.bytes.length, harness.image.address);
  const machine = ['-M', 's390-ccw-virtio,memory-backend=storage', '-cpu', 'max', '-m', '64M', '-smp', '1'];
  const backend = ['-object', `memory-backend-file,id=storage,mem-path=${storage},share=on,size=64M`];
  const quiet = ['-display', 'none', '-serial', 'none', '-monitor', 'none', '-no-reboot', '-nodefaults'];
  spawnSync(QEMU, [...machine, ...backend, ...quiet, '-accel', 'tcg', '-kernel', elf], {
    timeout: 120_000,
  });
  readSync(file, count, 0, 4, COUNT);
  const done = records.slice(0, records.length - count.readUInt32BE());
  const results = done.map((_, i) => {
    const result = Buffer.alloc(harness.resultSize);
    readSync(file, result, 0, harness.resultSize, harness.results + i * harness.resultSize);
    return result;
  });
  closeSync(file);
  return results;
}

/**
 * Returns the seconds that Hercules gets for a number of cases: it does not tell when it is done. If it is not done, it gets four times as
 * many in the next attempt.
 */
const secondsFor = (cases: number, attempt: number) => (3 + Math.ceil(cases / 2000)) * 4 ** attempt;
const ATTEMPTS = 3;

/** Hercules: a script loads its storage from files, starts it by a restart, and saves its storage. */
async function runHercules(
  directory: string,
  harness: Harness,
  records: readonly Buffer[],
): Promise<Buffer[]> {
  const path = (name: string) => join(directory, name);
  const flat = ['-O', 'binary', '-j', '.text', buildHarness(directory, harness.source), path('harness')];
  execFileSync(`${PREFIX}objcopy`, flat);
  writeFileSync(path('restart'), Buffer.from('00000001800000000000000000010000', 'hex'));
  const cases = Buffer.alloc(harness.cases - COUNT + records.length * harness.caseSize);
  cases.writeUInt32BE(records.length);
  records.forEach((record, i) => {
    record.copy(cases, harness.cases - COUNT + i * harness.caseSize);
  });
  writeFileSync(path('cases'), cases);
  const { image, results: first, resultSize } = harness;
  if (image) writeFileSync(path('image'), image.bytes);
  const hex = (address: number) => address.toString(16);
  const script = (seconds: number) => [
    `loadcore ${path('restart')} 1a0`,
    `loadcore ${path('harness')} ${hex(HARNESS)}`,
    `loadcore ${path('cases')} ${hex(COUNT)}`,
    ...(image ? [`loadcore ${path('image')} ${hex(image.address)}`] : []),
    'restart',
    `pause ${seconds}`,
    `savecore ${path('count')} ${hex(COUNT)} ${hex(COUNT + 3)}`,
    `savecore ${path('results')} ${hex(first)} ${hex(first + records.length * resultSize - 1)}`,
    'exit',
  ];
  // Hercules ends at once if it has no device.
  writeFileSync(
    path('configuration'),
    `ARCHMODE z/Arch\nMAINSIZE 64\nNUMCPU 1\n000E 1403 ${path('printer')}\n`,
  );
  // The results are saved only if the processor has stopped.
  for (let attempt = 0; attempt < ATTEMPTS && !existsSync(path('results')); attempt++) {
    const seconds = secondsFor(records.length, attempt);
    writeFileSync(path('script'), `${script(seconds).join('\n')}\n`);
    await herculesUntilExit(path('configuration'), path('script'), seconds + 60);
  }
  if (!existsSync(path('results'))) throw new Error('Hercules does not end');
  const done = records.slice(0, records.length - readFileSync(path('count')).readUInt32BE());
  const results = readFileSync(path('results'));
  return done.map((_, i) => results.subarray(i * resultSize, (i + 1) * resultSize));
}

/** Runs Hercules until its script ends it. It also ends when its standard input does, which therefore stays open. */
function herculesUntilExit(configuration: string, script: string, seconds: number): Promise<void> {
  const child = spawn(HERCULES, ['-d', '-f', configuration], {
    env: { ...process.env, HERCULES_RC: script },
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: seconds * 1000,
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => resolve());
  });
}

/** The machines, by the names that `machineOf` in families.ts returns. */
export const MACHINES = { qemu: runQemu, hercules: runHercules } as const satisfies Record<string, Run>;

/** The name of a machine. */
export type MachineName = keyof typeof MACHINES;
