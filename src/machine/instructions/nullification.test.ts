/**
 * The ends of instructions with an exception: an instruction that is nullified or suppressed has changed nothing, unless
 * its line has `units`. Principles of Operation, chapter 5, "Types of Instruction Ending".
 *
 * Every line of the table is executed with each of its storage operands across the end of a page behind which nothing
 * is mapped, or behind which stores are protected.
 */

import { describe, expect, it } from 'vitest';
import { PGM } from '../interruption.ts';
import { bare, CODE, DAT, MODE_64 } from '../testing/bare.ts';
import { encodeLine } from '../testing/operands.ts';
import type { FormatName } from './formats.ts';
import type { InstructionLine } from './line.ts';
import { INSTRUCTIONS } from './table.ts';

/** The addresses of two operands, each at the end of a page; the pages after them are invalid. */
const FIRST = 0x3_0000;
const SECOND = 0x4_0000;
const PAGES = 0xa000;
const PARAMETERS = 0x6_0000;

/** One machine serves all: it is made once, and put back before each case. */
const cpu = bare();
const REGISTERS = [cpu.gr, cpu.ar, cpu.fr, cpu.cr].map(({ buffer, byteOffset, byteLength }) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
);
const AROUND = [FIRST, SECOND].map((at) => cpu.storage.bytes.subarray(at - 0x40, at + 0x40));
for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
cpu.storage.set64(0x8000, BigInt(PAGES));
for (let i = 0; i < 256; i++) cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000));

/** All that a program can see of the processor, and of storage that these instructions reach. */
function everything(): string {
  const { fpc, prefix, pswMask, clockComparator } = cpu;
  const bytes = [...REGISTERS, ...AROUND.map((part) => Buffer.from(part))].map((part) =>
    part.toString('hex'),
  );
  return [...bytes, fpc, prefix, pswMask, clockComparator].join(' ');
}

const EXCEPTIONS = {
  /** The page after an operand is invalid: nullified. */
  missing: { entry: 0x400n, code: PGM.PAGE_TRANSLATION, moves: false },
  /** The page after an operand is protected: suppressed. */
  protected: { entry: 0x200n, code: PGM.PROTECTION, moves: true },
} as const;

/** Maps virtual storage to the same real addresses, except the page after one operand. */
function prepare(behind: number, entry: bigint, back: number): void {
  cpu.reset();
  cpu.interruptions = 'report';
  for (const at of [FIRST, SECOND]) cpu.storage.set64(PAGES + (at / 0x1000) * 8, BigInt(at));
  cpu.storage.set64(PAGES + (behind / 0x1000) * 8, BigInt(behind) | entry);
  cpu.setControl(1, 0x8000n);
  cpu.setControl(2, 0x10n);
  cpu.setControl(7, 0x8000n);
  cpu.setControl(0, 0x0404_00e0n);
  // ASN translation, for LASP.
  cpu.setControl(14, 0xc208_0000n);
  for (const part of AROUND) part.forEach((_, i) => void (part[i] = 0xf0 | (i % 10)));
  const first = BigInt(FIRST - back);
  const second = BigInt(SECOND - back);
  Object.assign(cpu.gr, { 0: 0xffn, 1: BigInt(PARAMETERS), 2: 0x22n, 3: 0x33n, 5: 0x40n, 7: 0x40n });
  Object.assign(cpu.gr, { 4: first, 6: second, 8: first, 9: second });
}

/** Register 0 of instructions whose function code it holds. */
const FUNCTIONS: Readonly<Record<string, bigint>> = { CSST: 0x0101n, PLO: 9n };

/** Executes an instruction with operands `back` bytes before the ends of their pages. Returns its end. */
function ending(
  line: InstructionLine,
  behind: number,
  how: keyof typeof EXCEPTIONS,
  back: number,
  filler: number,
) {
  const { entry, code, moves } = EXCEPTIONS[how];
  prepare(behind, entry, back);
  const bytes = encodeLine(line, filler);
  // RESUME PROGRAM has a list behind it.
  cpu.storage.fill(CODE, 16, 0);
  cpu.storage.write(CODE, bytes);
  // Condition code 1, which the mask of a conditional load or store selects.
  cpu.setPsw(MODE_64 | DAT | (1n << 44n), BigInt(CODE));
  cpu.gr[0] = FUNCTIONS[line[0]] ?? 0xffn;
  const before = everything();
  const stop = cpu.run(1);
  const met = stop.reason === 'interruption' && stop.interruption.code === code;
  if (!met) return null;
  return {
    before,
    after: everything(),
    address: cpu.pswAddress,
    expected: CODE + (moves ? bytes.length : 0),
  };
}

/**
 * Lines of formats with an address that have no operand there: shifts, addresses themselves, branches, hints; or whose
 * exceptions are condition codes; or that are not executed here at all (input and output).
 */
const WITHOUT_OPERAND = `SLL SLLK SLLG SRL SRLK SRLG SLA SLAK SLAG SRA SRAK SRAG SLDL SRDL SLDA SRDA RLL RLLG LA LAY LAE LAEY
  BC BAL BAS BCT BCTG BXH BXLE BXHG BXLEG SRNM SRNMB SRNMT TCEB TCDB TCXB SPKA IPK SAC SACF MC DIAG PFD ECAG PC TRAP4 TRACE TRACG SIGP LRA LRAY LRAG TPROT PTLB STFL
  STSI CSCH HSCH MSCH SSCH STSCH TSCH TPI SAL RSCH STCRW STCPS RCHP SCHM XSCH`;

/** Lengths and immediates to try, of the formats that have them. */
const FILLERS: Partial<Record<FormatName, readonly number[]>> = {
  SSa: [0x0f, 0x1f, 0x57],
  SSb: [0xff, 0x77, 0xf7],
  RSL: [0x0f, 0x01],
};

/** Lines with a storage operand that met the exception. */
const met = new Map<string, number>();

describe.each(Object.keys(EXCEPTIONS) as (keyof typeof EXCEPTIONS)[])(
  'an operand whose second page is %s',
  (how) => {
    it.each(INSTRUCTIONS.filter((line) => !line[5]?.units).map((line) => [line[0], line] as const))(
      '%s changes nothing',
      (mnemonic, line) => {
        for (const behind of [FIRST, SECOND]) {
          for (const back of [0, 1, 3, 4, 8, 12]) {
            for (const filler of FILLERS[line[1]] ?? [0x1f]) {
              const end = ending(line, behind, how, back, filler);
              if (end === null) continue;
              met.set(mnemonic, (met.get(mnemonic) ?? 0) + 1);
              expect(end.after).toEqual(end.before);
              expect(Number(end.address)).toBe(end.expected);
            }
          }
        }
      },
    );
  },
);

describe('the lines', () => {
  it('that were tested are all those with a storage operand that can cross the end of a page', () => {
    const storage = new Set<FormatName>([
      'RX',
      'RXY',
      'RXE',
      'RXF',
      'RSL',
      'S',
      'SI',
      'SIY',
      'SIL',
      'SSa',
      'SSb',
      'SSE',
      'SSF',
    ]);
    const never = INSTRUCTIONS.filter(([name, format, , , , options]) => {
      return (storage.has(format) || /^RSY?$/.test(format)) && !met.has(name) && !options?.units;
    });
    expect(never.map(([name]) => name)).toEqual(WITHOUT_OPERAND.split(/\s+/));
  });
});
