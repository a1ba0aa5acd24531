/**
 * Records the results of instructions on a bare machine under QEMU or Hercules, for the replay in
 * src/machine/instructions/recorded.test.ts.
 *
 *     npx tsx scripts/record-instructions/record.ts [FAMILY...]
 *
 * Needs s390x-linux-gnu-gcc, qemu-system-s390x and hercules; the replay needs none of them. Writes one JSON file per family to
 * src/machine/instructions/fixtures/, with one case per line. The cases are pseudo-random and always the same: recording
 * twice gives the same files.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { corrected } from './deviations.ts';
import { FAMILIES, machineOf } from './families.ts';
import type { RecordedCase } from './generate.ts';
import { CASE_SIZE, CODE_SIZE, readResult, writeCase } from './layout.ts';
import { MACHINES } from './machines.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const FIXTURES = join(HERE, '../../src/machine/instructions/fixtures');
const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';

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

/** Records one family and writes its fixture. Returns the number of cases. */
async function record(family: string, cases: readonly RecordedCase[]): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'record-'));
  try {
    const codes = assemble(directory, cases);
    const records = cases.map(({ state }, i) => {
      const bytes = Buffer.alloc(CASE_SIZE);
      writeCase(bytes, codes[i] as Buffer, state);
      return bytes;
    });
    const machine = machineOf(family);
    const results = await MACHINES[machine](directory, join(HERE, 'harness.S'), records);
    const lines = cases.map((one, i) => {
      const { mnemonic, asm, state } = one;
      const code = codes[i] as Buffer;
      const hex = code.toString('hex').replace(/(0000)+$/, '');
      const result = corrected(machine, one, code, readResult(results[i] as Buffer, code, state));
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
  console.log(`${family}: ${await record(family, cases())} cases`);
}
