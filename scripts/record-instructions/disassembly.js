/**
 * Records what objdump makes of instructions, for the test of the disassembler: of every recorded case, and of
 * compiled C (programs/), whose instructions are also the list of what compiled C needs.
 *
 *     node scripts/record-instructions/disassembly.js
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAMILIES } from './families.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const OUTPUT = join(HERE, '../../src/machine/cpu/fixtures/objdump');
const PREFIX = process.env.CROSS_PREFIX ?? 's390x-linux-gnu-';
const OPTIONS = [
  '-O2 -march=z196',
  '-O2 -march=z10',
  '-O0 -march=z196',
  '-O3 -march=z196',
  '-Os -march=z900',
];
/** What no case has, as the other machine does not know it. */
const MORE = `bassm %r1,%r2; bsm %r0,%r15; lmd %r1,%r3,8(%r4),16(%r5); stmh %r1,%r3,-8(%r4); csst 0(%r1),8(%r2),%r3
  cvb %r1,8(%r2,%r3); cvby %r1,-8(%r2); cvbg %r1,-8(%r2,%r3); cvdg %r1,8(%r2); ipk; sac 0(%r1); sacf 256; iac %r3
  epar %r1; esar %r2; cpya %a1,%a2; mvck 0(%r1,%r2),8(%r3),%r4; mvcp 0(%r1,%r2),8(%r3),%r4
  mvcs 0(%r1,%r2),8(%r3),%r4; mvcsk 0(%r1),8(%r2); mvcdk 0(%r1),8(%r2); mvpg %r1,%r2; palb; pfmf %r1,%r2
  tprot 0(%r1),8(%r2); stcke 8(%r1); stckf 8(%r1); stck 8(%r1); stfle 8(%r1); sske %r1,%r2,1
  ipte %r1,%r2,%r3; ipte %r1,%r2,%r3,1; idte %r1,%r2,%r3,1; bc 0,0; bc 3,8(%r1,%r2); bcr 0,%r1; brcl 0,.; brc 0,.`;
/** Examples of one mnemonic. */
const EXAMPLES = 2;

/** Each instruction of an object file: address, bytes, text. */
function dump(file) {
  const text = execFileSync(`${PREFIX}objdump`, ['-d', '-w', file], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return [...text.matchAll(/^ *([0-9a-f]+):\t([0-9a-f ]+?) *\t(.*)$/gm)].map(([, address, bytes, line]) => [
    address,
    bytes.replaceAll(' ', ''),
    line
      .replace(/\s*<.*>/, '')
      .replace('\t', ' ')
      .trim(),
  ]);
}

/** The first few of each mnemonic, without what objdump does not know or does not disassemble as code. */
function examples(instructions, count) {
  const seen = new Map();
  const chosen = instructions.filter(([, bytes, text]) => {
    const [mnemonic] = text.split(' ');
    const n = seen.get(mnemonic) ?? 0;
    seen.set(mnemonic, n + 1);
    return n < count && !mnemonic.startsWith('.') && mnemonic !== 'unknown' && bytes !== '0000';
  });
  return chosen.sort(([, , a], [, , b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function write(name, instructions) {
  const lines = instructions.map((one) => JSON.stringify(one));
  writeFileSync(join(OUTPUT, `${name}.json`), `[\n${lines.join(',\n')}\n]\n`);
  console.log(`${name}: ${lines.length} instructions`);
}

const directory = mkdtempSync(join(tmpdir(), 'objdump-'));
try {
  mkdirSync(OUTPUT, { recursive: true });
  const cases = Object.values(FAMILIES).flatMap((make) => make());
  const file = join(directory, 'cases');
  writeFileSync(
    `${file}.s`,
    `.machinemode zarch\n.machine "all"\n${[...cases.map(({ asm }) => asm), MORE].join('\n')}\n`,
  );
  execFileSync(`${PREFIX}as`, ['-march=all', '-o', `${file}.o`, `${file}.s`], { stdio: 'inherit' });
  write('cases', examples(dump(`${file}.o`), EXAMPLES));

  const compiled = OPTIONS.flatMap((options) => {
    const flags = [...options.split(' '), '-msoft-float', '-fno-tree-vectorize', '-ffreestanding', '-c'];
    execFileSync(`${PREFIX}gcc`, [...flags, '-o', `${file}.o`, join(HERE, 'programs/integers.c')]);
    return dump(`${file}.o`);
  });
  write('compiled', examples(compiled, 1));
} finally {
  rmSync(directory, { recursive: true });
}
