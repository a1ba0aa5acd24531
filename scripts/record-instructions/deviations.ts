/**
 * Deviations of QEMU's TCG (7.2) and of Hercules (3.13) from the Principles of Operation. The architecture decides: a recorded result that
 * deviates is corrected, and the name of the deviation is added to the case in the fixture as its last element.
 */

import type { MachineName } from '../machines.ts';
import type { RecordedCase } from './generate.ts';
import { type InitialState, pswMask, type Result } from './layout.ts';

interface Deviation {
  readonly name: string;
  applies(one: RecordedCase, out: Result): unknown;
  correct(out: Result, length: number, one: RecordedCase): Result;
}

const SIGNED_ARITHMETIC = new Set(
  `A AR AH AHI AY AHY AFI ARK AHIK ASI AG AGR AGF AGFR AGHI AGFI AGRK AGHIK AGSI AHHHR AHHLR AIH
   S SR SH SY SHY SRK SG SGR SGF SGFR SGRK SHHHR SHHLR LCR LCGR LCGFR LPR LPGR LPGFR
   SLA SLAK SLAG SLDA AGH SGH MSC MSGC MSRKC MSGRKC LAA LAAG`.split(/\s+/),
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

/** CONVERT TO FIXED and CONVERT TO LOGICAL. */
const TO_INTEGER = /^C(F|G|LF|LG)[EDX]BR$/;
const INEXACT_FLAG = 0x0008_0000n;

/** Returns a result with more flags in the floating-point-control register. */
function withFlags(out: Result, state: InitialState, flags: bigint): Result {
  const before = BigInt(`0x${state.fpc ?? '0'}`);
  const after = BigInt(`0x${out.fpc ?? before.toString(16)}`) | flags;
  const { fpc: _recorded, ...rest } = out;
  return after === before ? rest : { ...rest, fpc: after.toString(16) };
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
  {
    name: 'MULTIPLY AND ADD prefers a quiet NaN to a signaling one that follows it',
    applies: ({ mnemonic, asm }, { f1 }) =>
      mnemonic === 'MADB' && asm.endsWith(',1579(%r9)') && f1 === '7ff8257d94ef8ab9',
    correct: (out, _length, { state }) => ({
      ...out,
      f1: (BigInt(`0x${state.f3}`) | (1n << 51n)).toString(16),
    }),
  },
  {
    name: 'the data-exception code of an invalid conversion to an integer reports an inexact result too',
    applies: ({ mnemonic }, { dxc }) => TO_INTEGER.test(mnemonic) && dxc === 0x88,
    correct: (out) => ({ ...out, dxc: 0x80 }),
  },
  {
    name: 'an invalid conversion to an integer does not set the inexact flag',
    applies: ({ mnemonic, asm, state }, out) =>
      TO_INTEGER.test(mnemonic) && !out.pgm && (out.cc ?? state.cc) === 3 && asm.endsWith(',0'),
    correct: (out, _length, { state }) => withFlags(out, state, INEXACT_FLAG),
  },
  {
    name: 'an exception of the fetch of an EXECUTE target stores a length of 2',
    applies: ({ mnemonic }, { pgm, ilc }) => mnemonic === 'EX' && pgm === 4 && ilc === 2,
    correct: (out, length) => ({ ...out, ilc: length, at: '20e04' }),
  },
];

/** The trace table of the cases of address spaces. */
const TRACE_TABLE = '211c0';

/** A correction, after which another deviation of Hercules is corrected if there is one. */
const further =
  (correct: (out: Result) => Result): Deviation['correct'] =>
  (out, length, one) => {
    const changed = correct(out);
    const other = OF_HERCULES.find(({ applies }) => applies(one, changed));
    return other === undefined ? changed : other.correct(changed, length, one);
  };

/** Returns a result with another trace entry. */
function withTrace(out: Result, change: (entry: string) => string): Result {
  const { [TRACE_TABLE]: entry = '', ...others } = out.m ?? {};
  return { ...out, m: { ...others, [TRACE_TABLE]: change(entry) } };
}

/** Control register 9 with the mask of instruction fetching. */
const FETCH_EVENT = /^[4-7c-f].{7}$/;

/** The interruption for an event of the first instruction of a case, in the 64-bit mode. */
const eventOf = (code: string, length: number): Result => ({
  pgm: 0x80,
  ilc: length,
  per: `${code}e0`,
  perAt: '20e00',
});

/** Returns the length of the instruction whose events are indicated; `length` is that of the first one of the case. */
function watchedLength({ at = '', perAt = '' }: Result, length: number): number {
  return perAt === '20e00' ? length : Number.parseInt(at, 16) - Number.parseInt(perAt, 16);
}

const OF_HERCULES: readonly Deviation[] = [
  {
    name: 'a data exception comes before the access exception of another operand',
    applies: ({ state }, out) => out.pgm === 7 && [state.r8, state.r9].includes('70000000'),
    correct: (_out, length) => ({ pgm: 5, ilc: length, at: '20e06' }),
  },
  {
    name: 'an operand of two-byte characters may have an odd length',
    applies: ({ mnemonic, asm, state }, out) =>
      /^TRTR?E$/.test(mnemonic) &&
      Number(/,(\d+)/.exec(asm)?.[1] ?? 0) & 8 &&
      Number.parseInt(state.r5 ?? '', 16) & 1 &&
      out.pgm !== 6,
    correct: (_out, length) => ({ pgm: 6, ilc: length, at: '20e04' }),
  },
  {
    name: 'STORE REAL ADDRESS does not say that a translation exception is that of a fetch',
    applies: ({ mnemonic }, { teid }) => mnemonic === 'STRAG' && teid?.endsWith('000'),
    correct: (out) => ({ ...out, teid: (BigInt(`0x${out.teid}`) | 0x800n).toString(16) }),
  },
  {
    name: 'the trace entry of an instruction that ends with an exception stays in storage',
    applies: ({ state }, { pgm, c12, m }) =>
      state.c12 !== undefined && pgm !== undefined && c12 === undefined && m?.[TRACE_TABLE] !== undefined,
    correct: further(({ m, ...rest }) => {
      const { [TRACE_TABLE]: _entry, ...others } = m ?? {};
      return Object.keys(others).length > 0 ? { ...rest, m: others } : rest;
    }),
  },
  {
    name: 'in the 64-bit mode the trace entry of a branch between spaces is that of the 24-bit mode',
    applies: ({ mnemonic, state }, { m }) =>
      /^BS[AG]$/.test(mnemonic) && (state.mode ?? 64) === 64 && m?.[TRACE_TABLE]?.startsWith('000'),
    correct: further((out) => withTrace(out, (entry) => `8${entry.slice(1)}`)),
  },
  {
    name: 'the long trace entry of BRANCH IN SUBSPACE GROUP does not have the primary-list bit of the ALET',
    applies: ({ mnemonic, state }, { m }) =>
      mnemonic === 'BSG' && /^1[0-9a-f]{6}$/.test(state.a5 ?? '') && m?.[TRACE_TABLE]?.startsWith('420'),
    correct: further((out) => withTrace(out, (entry) => `428${entry.slice(3)}`)),
  },
  {
    name: 'the trace entry of a RESUME PROGRAM out of the 64-bit mode does not have the bit of the 31-bit mode',
    applies: ({ mnemonic, state }, { m }) =>
      mnemonic === 'RP' && state.m?.['20e80']?.[8] === '8' && m?.[TRACE_TABLE]?.startsWith('51a000000'),
    correct: further((out) => withTrace(out, (entry) => `51a000008${entry.slice(9)}`)),
  },
  {
    name: 'an instruction that turns program-event recording off has no event',
    applies: ({ mnemonic, state }, out) =>
      /^(LPSWE|STNSM|SSM|LCTLG)$/.test(mnemonic) &&
      FETCH_EVENT.test(state.c9 ?? '') &&
      state.system === 0x40 &&
      out.pgm === undefined,
    correct: (out, length) => ({ ...out, ...eventOf('40', length) }),
  },
  {
    name: 'the last bytes of a long operand are not watched',
    applies: ({ mnemonic, state }, out) =>
      /^(XC|STMG|STAM|STCTG)$/.test(mnemonic) && state.c10 === state.c11 && out.pgm === undefined,
    correct: (out, length) => ({ ...out, ...eventOf('20', length) }),
  },
  {
    name: 'after the nullification of its target EXECUTE is not designated',
    applies: ({ mnemonic }, { per, at }) => mnemonic === 'EX' && per === '41e0' && at !== '20e00',
    correct: (out, length) => ({ ...out, ilc: length, at: '20e00' }),
  },
  {
    name: 'the instruction length of a program event is that of another instruction',
    applies: (_one, { pgm, per }) => pgm === 0x80 && per !== undefined,
    correct: (out, length) => ({ ...out, ilc: watchedLength(out, length) }),
  },
  {
    name: 'EDIT keeps what it stored before an exception',
    applies: ({ mnemonic }, out) => /^ED(MK)?$/.test(mnemonic) && out.pgm && (out.m || out.r1),
    correct: ({ m: _m, r1: _r1, ...rest }) => rest,
  },
  {
    name: 'BRANCH IN SUBSPACE GROUP does not say which ALET is invalid',
    applies: ({ mnemonic }, out) => mnemonic === 'BSG' && out.pgm === 0x28,
    correct: (out) => ({ ...out, access: 5 }),
  },
  {
    name: 'BRANCH IN SUBSPACE GROUP leaves the 64-bit mode for an addressing mode that does not exist',
    applies: ({ mnemonic }, out) => mnemonic === 'BSG' && out.psw?.endsWith('100000000'),
    correct: ({ psw: _psw, ...rest }) => rest,
  },
  {
    name: 'PROGRAM RETURN to an invalid PSW stores no instruction length with a space-switch event',
    applies: ({ mnemonic }, out) => mnemonic === 'PR' && out.pgm === 0x1c && out.ilc === 0,
    correct: (out, length) => ({ ...out, ilc: length }),
  },
  {
    name: 'TRAP does not set the 31-bit mode in the 64-bit mode',
    applies: ({ asm, state, mnemonic }, out) =>
      (/^TRAP/.test(mnemonic) || /^ex %r0,0/.test(asm)) && out.r15 && (state.mode ?? 64) === 64,
    correct: (out, _length, { state }) => {
      const mask = out.psw === undefined ? pswMask(state) : BigInt(`0x${out.psw}`);
      return { ...out, psw: (mask & ~(1n << 32n)).toString(16) };
    },
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
