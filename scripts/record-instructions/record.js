/**
 * Records what instructions do, on a bare machine under qemu-system-s390x, for the replay in
 * src/machine/instructions/recorded.test.ts.
 *
 *     node scripts/record-instructions/record.js [FAMILY...]
 *
 * Needs s390x-linux-gnu-gcc and qemu-system-s390x, which the replay does not. Writes one JSON file a family to
 * src/machine/instructions/fixtures/, a case a line. The cases are pseudo-random but always the same ones: recording
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
import { corrected } from './deviations.js';
import { FAMILIES } from './families.js';
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
} from './layout.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const FIXTURES = join(HERE, '../../src/machine/instructions/fixtures');
const PREFIX = process.env.CROSS_PREFIX ?? 's390x-linux-gnu-';
const QEMU = process.env.QEMU_SYSTEM ?? 'qemu-system-s390x';

/** The encoded instructions of each case, CODE_SIZE bytes each, as the assembler makes them. */
function assemble(directory, cases) {
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
    if (patch) bytes[i * CODE_SIZE + patch[0]] |= patch[1];
  });
  return cases.map((_, i) => bytes.subarray(i * CODE_SIZE, (i + 1) * CODE_SIZE));
}

function buildHarness(directory) {
  const elf = join(directory, 'harness.elf');
  const flags = ['-march=z196', '-nostdlib', '-static', '-no-pie', '-Wl,-Ttext=0x10000,--build-id=none'];
  execFileSync(`${PREFIX}gcc`, [...flags, '-o', elf, join(HERE, 'harness.S')]);
  return elf;
}

/** Runs the harness on a machine whose storage is a file, and returns each case's result. */
function run(directory, elf, records) {
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

/** Records one family and writes its fixture. Returns how many cases it has. */
function record(family, cases) {
  const directory = mkdtempSync(join(tmpdir(), 'record-'));
  try {
    const codes = assemble(directory, cases);
    const records = cases.map(({ state }, i) => {
      const bytes = Buffer.alloc(CASE_SIZE);
      writeCase(bytes, codes[i], state);
      return bytes;
    });
    const results = run(directory, buildHarness(directory), records);
    const lines = cases.map((one, i) => {
      const { mnemonic, asm, state } = one;
      const hex = codes[i].toString('hex').replace(/(0000)+$/, '');
      const result = corrected(one, codes[i], readResult(results[i], codes[i], state));
      return JSON.stringify([mnemonic, asm.replaceAll('\n', '; '), hex, state, ...result]);
    });
    writeFileSync(join(FIXTURES, `${family}.json`), `[\n${lines.join(',\n')}\n]\n`);
  } catch (error) {
    if (typeof error.cause === 'number') console.error(cases[error.cause]);
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
