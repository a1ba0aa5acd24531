/**
 * Deviations of QEMU's TCG (7.2) and of Hercules (3.13) from the Principles of Operation. The architecture decides: a recorded result that
 * deviates is corrected, and the name of the deviation is added to the case in the fixture as its last element.
 */

import type { RecordedCase } from './generate.ts';
import type { Result } from './layout.ts';
import type { MachineName } from './machines.ts';

interface Deviation {
  readonly name: string;
  applies(one: RecordedCase, out: Result): unknown;
  correct(out: Result, length: number, one: RecordedCase): Result;
}

const SIGNED_ARITHMETIC = new Set(
  `A AR AH AHI AY AHY AFI ARK AHIK ASI AG AGR AGF AGFR AGHI AGFI AGRK AGHIK AGSI AHHHR AHHLR AIH
   S SR SH SY SHY SRK SG SGR SGF SGFR SGRK SHHHR SHHLR LCR LCGR LCGFR LPR LPGR LPGFR
   SLA SLAK SLAG SLDA AGH SGH MSC MSGC MSRKC MSGRKC`.split(/\s+/),
);

/** By boundary in bytes: instructions with a relative operand that must be aligned on that boundary. */
const RELATIVE = { 4: /^(CRL|CLRL|CGFRL|CLGFRL|LRL|LGFRL|LLGFRL|STRL)$/, 8: /^(CGRL|CLGRL|LGRL|STGRL)$/ };

function misaligned({ mnemonic, asm }: RecordedCase): boolean {
  const match = /\.\+(\d+)/.exec(asm);
  if (!match) return false;
  return Object.entries(RELATIVE).some(
    ([size, names]) => names.test(mnemonic) && Number(match[1]) % Number(size) !== 0,
  );
}

const OF_QEMU: readonly Deviation[] = [
  {
    name: 'fixed-point overflow is never an exception',
    applies: ({ mnemonic, state }, out) =>
      SIGNED_ARITHMETIC.has(mnemonic) &&
      ((state.pm ?? 0) & 8) !== 0 &&
      (out.cc ?? state.cc) === 3 &&
      !out.pgm,
    correct: (out, length) => ({ ...out, pgm: 8, ilc: length }),
  },
  {
    name: 'relative operands are not checked for alignment',
    applies: (one, out) => misaligned(one) && out.pgm !== 6,
    correct: ({ at = '' }, length) => ({ pgm: 6, ilc: length, at }),
  },
  {
    name: 'CDSG accepts odd registers',
    applies: ({ mnemonic, patch }, out) => mnemonic === 'CDSG' && patch && out.pgm !== 6,
    correct: ({ at = '' }, length) => ({ pgm: 6, ilc: length, at }),
  },
  {
    name: 'CLST accepts bits next to the ending character',
    applies: ({ mnemonic, state }, out) => mnemonic === 'CLST' && state.r0 === '10000' && out.pgm !== 6,
    correct: (_out, length) => ({ pgm: 6, ilc: length, at: '20e04' }),
  },
  {
    name: 'LOAD ADDRESS changes the high half of the register outside the 64-bit mode',
    applies: ({ mnemonic, state }) => /^LA(Y|RL)?$/.test(mnemonic) && (state.mode ?? 64) !== 64,
    correct: (out, _length, { state }) => {
      const mask = state.mode === 31 ? 0x7fff_ffffn : 0x00ff_ffffn;
      const before = BigInt(`0x${state.r2 ?? '2222222222222222'}`);
      const after = (before & ~0xffff_ffffn) | (BigInt(`0x${out.r2}`) & mask);
      return { ...out, r2: after.toString(16) };
    },
  },
];

const OF_HERCULES: readonly Deviation[] = [
  {
    name: 'a data exception comes before the access exception of another operand',
    applies: ({ state }, out) =>
      out.pgm === 7 && state.mode !== 24 && [state.r8, state.r9].includes('70000000'),
    correct: (_out, length) => ({ pgm: 5, ilc: length, at: '20e06' }),
  },
  {
    name: 'EDIT keeps what it stored before an exception',
    applies: ({ mnemonic }, out) => /^ED(MK)?$/.test(mnemonic) && out.pgm && (out.m || out.r1),
    correct: ({ m: _m, r1: _r1, ...rest }) => rest,
  },
];

const DEVIATIONS: Readonly<Record<MachineName, readonly Deviation[]>> = {
  qemu: OF_QEMU,
  hercules: OF_HERCULES,
};

/** Returns the result that the architecture demands, followed by the name of the deviation if there is one. */
export function corrected(
  machine: MachineName,
  one: RecordedCase,
  code: Uint8Array,
  out: Result,
): [Result] | [Result, deviation: string] {
  const [first = 0] = code;
  const length = first < 0x40 ? 2 : first < 0xc0 ? 4 : 6;
  const deviation = DEVIATIONS[machine].find(({ applies }) => applies(one, out));
  return deviation ? [deviation.correct(out, length, one), deviation.name] : [out];
}
