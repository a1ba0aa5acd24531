/** Prints a sequence that differs: its instructions, its registers, and the outcomes side by side. */

import { disassemble, instructionLength } from '../../src/machine/instructions/disassemble.ts';
import type { Compared } from './compare.ts';
import { CODE, type Outcome } from './layout.ts';
import { TARGET } from './state.ts';

function at(code: Buffer, offset: number): string {
  const w = code.readUInt32BE(offset);
  const x = offset + 6 <= code.length ? code.readUInt16BE(offset + 4) : 0;
  return `    ${(CODE + offset).toString(16)}  ${disassemble(w, x, BigInt(CODE + offset))}`;
}

/** Returns the mnemonic of the instruction at an address of the code, in capitals. */
export function mnemonicAt(code: Buffer, address: number): string {
  return (
    at(code, address - CODE)
      .trim()
      .split(/\s+/)[1] ?? ''
  ).toUpperCase();
}

function instructions(code: Buffer): string[] {
  const lines: string[] = [];
  let offset = 0;
  while (code.readUInt16BE(offset) !== 0 && CODE + offset < TARGET) {
    lines.push(at(code, offset));
    offset += instructionLength(code[offset] as number);
  }
  lines.push(at(code, TARGET - CODE));
  return lines;
}

/** Returns the mnemonic of the last instruction, EXECUTE's target and branches that repeat an instruction aside. */
export function lastOf({ code }: { readonly code: Buffer }): string {
  const [last = ''] = instructions(code)
    .slice(0, -1)
    .filter((line) => !line.includes(' jo '))
    .slice(-1);
  return (last.trim().split(/\s+/)[1] ?? '').toUpperCase();
}

/** Returns the text for a sequence that differs. */
export function describe({ seed, code, state, here, first, second }: Compared): string {
  const fields = new Set([here, first ?? {}, second ?? {}].flatMap((outcome) => Object.keys(outcome)));
  const value = (outcome: Outcome | null, field: string) =>
    outcome === null ? 'loops' : (outcome[field] ?? '-');
  const different = [...fields]
    .filter(
      (field) => value(here, field) !== value(first, field) || value(here, field) !== value(second, field),
    )
    .map((field) => `    ${field}: ${value(here, field)} | ${value(first, field)} | ${value(second, field)}`);
  const registers = state.general.map((number, n) => `r${n}=${number.toString(16)}`).join(' ');
  const psw = `psw=${state.psw.toString(16)} fpc=${state.fpc.toString(16)}`;
  return [
    `  seed ${seed}: ${psw} ${registers}`,
    ...instructions(code),
    '    here | on the first machine | on the second',
    ...different,
  ].join('\n');
}
