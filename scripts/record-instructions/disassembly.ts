/**
 * Records objdump's output for the test of the disassembler: for every recorded case, and for compiled C (programs/),
 * whose instructions are also the list of instructions that compiled C needs.
 *
 *     npx tsx scripts/record-instructions/disassembly.ts
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { casesSource, digest, OPTIONS, PROGRAM } from './disassembly-source.ts';

const OUTPUT = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../src/machine/instructions/fixtures/objdump',
);
const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';
/** Maximum number of examples per mnemonic. */
const EXAMPLES = 2;

/** An instruction of an object file. */
type Instruction = [address: string, bytes: string, text: string];

function dump(file: string): Instruction[] {
  const text = execFileSync(`${PREFIX}objdump`, ['-d', '-w', file], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const lines = text.matchAll(/^ *([0-9a-f]+):\t([0-9a-f ]+?) *\t(.*)$/gm);
  return [...lines].map(([, address = '', bytes = '', line = '']) => [
    address,
    bytes.replaceAll(' ', ''),
    line
      .replace(/\s*<.*>/, '')
      .replace('\t', ' ')
      .trim(),
  ]);
}

/** Returns the first `count` instructions of each mnemonic that objdump disassembles as code. */
function examples(instructions: readonly Instruction[], count: number): Instruction[] {
  const seen = new Map<string, number>();
  const chosen = instructions.filter(([, bytes, text]) => {
    const [mnemonic = ''] = text.split(' ');
    const n = seen.get(mnemonic) ?? 0;
    seen.set(mnemonic, n + 1);
    return n < count && !mnemonic.startsWith('.') && mnemonic !== 'unknown' && bytes !== '0000';
  });
  return chosen.sort(([, , a], [, , b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function write(name: string, instructions: readonly Instruction[]): void {
  const lines = instructions.map((one) => JSON.stringify(one));
  writeFileSync(join(OUTPUT, `${name}.json`), `[\n${lines.join(',\n')}\n]\n`);
  console.log(`${name}: ${lines.length} instructions`);
}

const directory = mkdtempSync(join(tmpdir(), 'objdump-'));
try {
  mkdirSync(OUTPUT, { recursive: true });
  const file = join(directory, 'cases');
  writeFileSync(`${file}.s`, casesSource());
  execFileSync(`${PREFIX}as`, ['-march=all', '-o', `${file}.o`, `${file}.s`], { stdio: 'inherit' });
  write('cases', examples(dump(`${file}.o`), EXAMPLES));

  const compiled = OPTIONS.flatMap((options) => {
    const flags = [...options.split(' '), '-msoft-float', '-fno-tree-vectorize', '-ffreestanding', '-c'];
    execFileSync(`${PREFIX}gcc`, [...flags, '-o', `${file}.o`, PROGRAM]);
    return dump(`${file}.o`);
  });
  write('compiled', examples(compiled, 1));
  writeFileSync(join(OUTPUT, 'source.json'), `${JSON.stringify({ sha256: digest() })}\n`);
} finally {
  rmSync(directory, { recursive: true });
}
