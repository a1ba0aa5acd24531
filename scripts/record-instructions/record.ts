/**
 * Records the results of instructions on a bare machine under qemu-system-s390x, for the replay in
 * src/machine/instructions/recorded.test.ts.
 *
 *     npx tsx scripts/record-instructions/record.ts [FAMILY...]
 *
 * Needs s390x-linux-gnu-gcc and qemu-system-s390x; the replay needs neither. Writes one JSON file per family to
 * src/machine/instructions/fixtures/, with one case per line. The cases are pseudo-random and always the same: recording
 * twice gives the same files.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { corrected } from './deviations.ts';
import { FAMILIES } from './families.ts';
import type { RecordedCase } from './generate.ts';
import {
  CASE_SIZE,
  CASES,
  CODE_SIZE,
  COUNT,
  MACHINE_SIZE,
  RESULT_SIZE,
  RESULTS,
  readResult,
  writeCase,
} from './layout.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const FIXTURES = join(HERE, '../../src/machine/instructions/fixtures');
const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';
const QEMU = process.env['QEMU_SYSTEM'] ?? 'qemu-system-s390x';

/** Assembles the cases. Returns the code of each, CODE_SIZE bytes long. */
function assemble(directory: string, cases: readonly RecordedCase[]): Buffer[] {
  const source = cases.map(({ asm }) => `.balign ${CODE_SIZE},0\n${asm}\n`).join('');
  const file = join(directory, 'cases.s');
  writeFileSync(file, `.machinemode zarch\n.machine "all"\n${source}.balign ${CODE_SIZE},0\n`);
  execFileSync(`${PREFIX}as`, ['-march=all', '-o', join(directory, 'cases.o'), file], { stdio: 'inherit' });
  execFileSync(`${PREFIX}objcopy`, ['-O', 'binary', '-j', '.text', 'cases.o', 'cases.bin'], {
    cwd: directory,
  });
  const bytes = readFileSync(join(directory, 'cases.bin'));
  if (bytes.length !== cases.length * CODE_SIZE) throw new Error('a case has more code than fits');
  cases.forEach(({ patch }, i) => {
    if (!patch) return;
    const at = i * CODE_SIZE + patch[0];
    bytes.writeUInt8(bytes.readUInt8(at) | patch[1], at);
  });
  return cases.map((_, i) => bytes.subarray(i * CODE_SIZE, (i + 1) * CODE_SIZE));
}

function buildHarness(directory: string): string {
  const elf = join(directory, 'harness.elf');
  const flags = ['-march=z196', '-nostdlib', '-static', '-no-pie', '-Wl,-Ttext=0x10000,--build-id=none'];
  execFileSync(`${PREFIX}gcc`, [...flags, '-o', elf, join(HERE, 'harness.S')]);
  return elf;
}

/** Runs the harness on a machine whose storage is a file. Returns the result of each case. */
function run(directory: string, elf: string, records: readonly Buffer[]): Buffer[] {
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
  const left = count.readUInt32BE();
  if (left !== 0)
    throw new Error(`the machine stopped with ${left} cases to go`, { cause: records.length - left });
  const results = records.map((_, i) => {
    const result = Buffer.alloc(RESULT_SIZE);
    readSync(file, result, 0, RESULT_SIZE, RESULTS + i * RESULT_SIZE);
    return result;
  });
  closeSync(file);
  return results;
}

/** Records one family and writes its fixture. Returns the number of cases. */
function record(family: string, cases: readonly RecordedCase[]): number {
  const directory = mkdtempSync(join(tmpdir(), 'record-'));
  try {
    const codes = assemble(directory, cases);
    const records = cases.map(({ state }, i) => {
      const bytes = Buffer.alloc(CASE_SIZE);
      writeCase(bytes, codes[i] as Buffer, state);
      return bytes;
    });
    const results = run(directory, buildHarness(directory), records);
    const lines = cases.map((one, i) => {
      const { mnemonic, asm, state } = one;
      const code = codes[i] as Buffer;
      const hex = code.toString('hex').replace(/(0000)+$/, '');
      const result = corrected(one, code, readResult(results[i] as Buffer, code, state));
      return JSON.stringify([mnemonic, asm.replaceAll('\n', '; '), hex, state, ...result]);
    });
    writeFileSync(join(FIXTURES, `${family}.json`), `[\n${lines.join(',\n')}\n]\n`);
  } catch (error) {
    if (error instanceof Error && typeof error.cause === 'number') console.error(cases[error.cause]);
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }
  return cases.length;
}

const wanted = process.argv.slice(2);
for (const [family, cases] of Object.entries(FAMILIES)) {
  if (wanted.length > 0 && !wanted.includes(family)) continue;
  console.log(`${family}: ${record(family, cases())} cases`);
}
