/** The input of `disassembly.ts`, and its digest, by which a test detects outdated recordings. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAMILIES } from './families.ts';

/** The compiled program, and the options of each compilation. */
export const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), 'programs/integers.c');
export const OPTIONS = [
  '-O2 -march=z196',
  '-O2 -march=z10',
  '-O0 -march=z196',
  '-O3 -march=z196',
  '-Os -march=z900',
];
/** Instructions that no case has, because QEMU does not implement them. */
const MORE = `bassm %r1,%r2; bsm %r0,%r15; lmd %r1,%r3,8(%r4),16(%r5); stmh %r1,%r3,-8(%r4); csst 0(%r1),8(%r2),%r3
  cvb %r1,8(%r2,%r3); cvby %r1,-8(%r2); cvbg %r1,-8(%r2,%r3); cvdg %r1,8(%r2); ipk; sac 0(%r1); sacf 256; iac %r3
  epar %r1; esar %r2; epair %r1; esair %r2; ssair %r3; pti %r4,%r5; cpya %a1,%a2; mvck 0(%r1,%r2),8(%r3),%r4; mvcp 0(%r1,%r2),8(%r3),%r4
  mvcs 0(%r1,%r2),8(%r3),%r4; mvcsk 0(%r1),8(%r2); mvcdk 0(%r1),8(%r2); mvpg %r1,%r2; palb; pfmf %r1,%r2
  tprot 0(%r1),8(%r2); stcke 8(%r1); stckf 8(%r1); stck 8(%r1); stfle 8(%r1); sske %r1,%r2,1
  ipte %r1,%r2,%r3; ipte %r1,%r2,%r3,1; idte %r1,%r2,%r3,1; bc 0,0; bc 3,8(%r1,%r2); bcr 0,%r1; brcl 0,.; brc 0,.`;

/** Returns the instructions of every case, and those that no case has, as one assembler source. */
export function casesSource(): string {
  const cases = Object.values(FAMILIES).flatMap((make) => make());
  return `.machinemode zarch\n.machine "all"\n${[...cases.map(({ asm }) => asm), MORE].join('\n')}\n`;
}

/** Returns the SHA-256 of the cases, the program and its options, in hexadecimal. */
export function digest(): string {
  const program = readFileSync(PROGRAM, 'utf8');
  return createHash('sha256')
    .update(JSON.stringify([casesSource(), program, OPTIONS]))
    .digest('hex');
}
