/** Runs cases on the machine of their family. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Harness, MACHINES } from '../machines.ts';
import { corrected } from './deviations.ts';
import { machineOf } from './families.ts';
import type { RecordedCase } from './generate.ts';
import {
  CASE_SIZE,
  CASES,
  CODE_SIZE,
  type InitialState,
  RESULT_SIZE,
  RESULTS,
  type Result,
  readResult,
  writeCase,
} from './layout.ts';

const HARNESS: Harness = {
  source: join(dirname(fileURLToPath(import.meta.url)), 'harness.S'),
  cases: CASES,
  caseSize: CASE_SIZE,
  results: RESULTS,
  resultSize: RESULT_SIZE,
};
const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';

/** A line of a fixture. */
export type Recording = readonly [
  mnemonic: string,
  asm: string,
  code: string,
  state: InitialState,
  changed: Result,
  deviation?: string,
];

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

/** Returns the recordings of the cases of one family, as the architecture demands them. */
export async function recordingsOf(family: string, cases: readonly RecordedCase[]): Promise<Recording[]> {
  const directory = mkdtempSync(join(tmpdir(), 'record-'));
  try {
    const codes = assemble(directory, cases);
    const records = cases.map(({ state }, i) => {
      const bytes = Buffer.alloc(CASE_SIZE);
      writeCase(bytes, codes[i] as Buffer, state);
      return bytes;
    });
    const machine = machineOf(family);
    const results = await MACHINES[machine](directory, HARNESS, records);
    if (results.length < cases.length) {
      throw new Error(`${machine} stopped in the case ${JSON.stringify(cases[results.length])}`);
    }
    return cases.map((one, i): Recording => {
      const { mnemonic, asm, state } = one;
      const code = codes[i] as Buffer;
      const hex = code.toString('hex').replace(/(0000)+$/, '');
      const result = corrected(machine, one, code, readResult(results[i] as Buffer, code, state));
      return [mnemonic, asm.replaceAll('\n', '; '), hex, state, ...result];
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}
