/**
 * The machines that cases are recorded on. Each runs the harness on a bare machine of 64 MiB, whose storage holds the
 * cases, until the harness has written a result for every case.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { CASE_SIZE, CASES, COUNT, MACHINE_SIZE, RESULT_SIZE, RESULTS } from './layout.ts';

const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';
const QEMU = process.env['QEMU_SYSTEM'] ?? 'qemu-system-s390x';
const HERCULES = process.env['HERCULES'] ?? 'hercules';
/** Address where the harness is linked. */
const HARNESS = 0x1_0000;

/** Builds the harness as an ELF file. Returns its path. */
function buildHarness(directory: string, source: string): string {
  const elf = join(directory, 'harness.elf');
  const text = `-Wl,-Ttext=0x${HARNESS.toString(16)},--build-id=none`;
  execFileSync(`${PREFIX}gcc`, ['-march=z196', '-nostdlib', '-static', '-no-pie', text, '-o', elf, source]);
  return elf;
}

/**
 * Runs the cases, one record each, in a temporary directory. Returns the result of each case.
 * @param source the harness
 */
export type Run = (directory: string, source: string, records: readonly Buffer[]) => Promise<Buffer[]>;

function finished(left: number, count: number): void {
  if (left !== 0) throw new Error(`the machine stopped with ${left} cases to go`, { cause: count - left });
}

/** QEMU's TCG: its storage is a file. */
async function runQemu(directory: string, source: string, records: readonly Buffer[]): Promise<Buffer[]> {
  const elf = buildHarness(directory, source);
  const storage = join(directory, 'storage');
  const file = openSync(storage, 'w+');
  ftruncateSync(file, MACHINE_SIZE);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(records.length);
  writeSync(file, count, 0, 4, COUNT);
  records.forEach((record, i) => {
    writeSync(file, record, 0, CASE_SIZE, CASES + i * CASE_SIZE);
  });
  const machine = ['-M', 's390-ccw-virtio,memory-backend=storage', '-cpu', 'max', '-m', '64M', '-smp', '1'];
  const backend = ['-object', `memory-backend-file,id=storage,mem-path=${storage},share=on,size=64M`];
  const quiet = ['-display', 'none', '-serial', 'none', '-monitor', 'none', '-no-reboot', '-nodefaults'];
  const { stderr } = spawnSync(QEMU, [...machine, ...backend, ...quiet, '-accel', 'tcg', '-kernel', elf], {
    timeout: 120_000,
    encoding: 'utf8',
  });
  if (stderr) console.error(stderr);
  readSync(file, count, 0, 4, COUNT);
  finished(count.readUInt32BE(), records.length);
  const results = records.map((_, i) => {
    const result = Buffer.alloc(RESULT_SIZE);
    readSync(file, result, 0, RESULT_SIZE, RESULTS + i * RESULT_SIZE);
    return result;
  });
  closeSync(file);
  return results;
}

/** Seconds that Hercules gets for all cases of a family: it does not tell when it is done. */
const SECONDS = 3;

/** Hercules: a script loads its storage from files, starts it by a restart, and saves its storage. */
async function runHercules(directory: string, source: string, records: readonly Buffer[]): Promise<Buffer[]> {
  const path = (name: string) => join(directory, name);
  const flat = ['-O', 'binary', '-j', '.text', buildHarness(directory, source), path('harness')];
  execFileSync(`${PREFIX}objcopy`, flat);
  writeFileSync(path('restart'), Buffer.from('00000001800000000000000000010000', 'hex'));
  const cases = Buffer.alloc(CASES - COUNT + records.length * CASE_SIZE);
  cases.writeUInt32BE(records.length);
  records.forEach((record, i) => {
    record.copy(cases, CASES - COUNT + i * CASE_SIZE);
  });
  writeFileSync(path('cases'), cases);
  const hex = (address: number) => address.toString(16);
  const script = [
    `loadcore ${path('restart')} 1a0`,
    `loadcore ${path('harness')} ${hex(HARNESS)}`,
    `loadcore ${path('cases')} ${hex(COUNT)}`,
    'restart',
    `pause ${SECONDS}`,
    `savecore ${path('count')} ${hex(COUNT)} ${hex(COUNT + 3)}`,
    `savecore ${path('results')} ${hex(RESULTS)} ${hex(RESULTS + records.length * RESULT_SIZE - 1)}`,
    'exit',
  ];
  writeFileSync(path('script'), `${script.join('\n')}\n`);
  // Hercules ends at once if it has no device.
  writeFileSync(
    path('configuration'),
    `ARCHMODE z/Arch\nMAINSIZE 64\nNUMCPU 1\n000E 1403 ${path('printer')}\n`,
  );
  await herculesUntilExit(path('configuration'), path('script'));
  finished(readFileSync(path('count')).readUInt32BE(), records.length);
  const results = readFileSync(path('results'));
  return records.map((_, i) => results.subarray(i * RESULT_SIZE, (i + 1) * RESULT_SIZE));
}

/** Runs Hercules until its script ends it. It also ends when its standard input does, which therefore stays open. */
function herculesUntilExit(configuration: string, script: string): Promise<void> {
  const child = spawn(HERCULES, ['-d', '-f', configuration], {
    env: { ...process.env, HERCULES_RC: script },
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: (SECONDS + 60) * 1000,
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
