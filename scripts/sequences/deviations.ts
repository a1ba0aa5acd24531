/**
 * How QEMU's TCG (7.2) and Hercules (3.13) deviate from the Principles of Operation in ways that sequences meet. A difference that an
 * entry explains does not count; the architecture decides. `../record-instructions/deviations.ts` has those of single instructions.
 */

import type { MachineName } from '../machines.ts';
import type { Outcome, State } from './layout.ts';

/** A sequence of which the last instruction has different outcomes. */
export interface Difference {
  readonly state: State;
  /** Mnemonic of the last instruction. */
  readonly last: string;
  readonly here: Outcome;
  readonly there: Outcome;
  /** The fields that differ. */
  readonly fields: readonly string[];
}

interface Deviation {
  readonly name: string;
  readonly machine?: MachineName;
  applies(difference: Difference): boolean;
}

const ADDRESSING_64 = 0x1_8000_0000n;
const BASIC = 0x8000_0000n;

/** The number of address bits of the mode that a sequence starts in. */
function bits({ psw }: State): 24 | 31 | 64 {
  const mode = psw & ADDRESSING_64;
  return mode === ADDRESSING_64 ? 64 : mode === BASIC ? 31 : 24;
}

const low31 = (value: string | undefined) =>
  value === undefined ? undefined : BigInt(`0x${value}`) & 0xff_ffffn;

/** Exceptions of an access. */
const ACCESS = new Set(['4', '5', '10', '11', '38', '39', '3a', '3b']);

/** Whether a register differs at most in bits that are not of a 24-bit address. */
function sameAddress({ here, there, state }: Difference, field: string): boolean {
  const before = (state.general[Number(field.slice(1))] as bigint).toString(16);
  return low31(here[field] ?? before) === low31(there[field] ?? before);
}

const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'fixed-point overflow is never an exception',
    machine: 'qemu',
    applies: ({ here, there }) => here['pgm'] === '8' && there['pgm'] === undefined,
  },
  {
    name: 'relative operands are not checked for alignment',
    machine: 'qemu',
    applies: ({ here, there, last }) => here['pgm'] === '6' && there['pgm'] !== '6' && last.endsWith('RL'),
  },
  {
    name: 'what was stored or loaded before an exception is not undone',
    applies: ({ here, there, fields, last }) =>
      /^(STM|STAM|STCT|LAM|PACK|UNPK|MVO|TR|ED|CDSG|STPQ)/.test(last) &&
      ACCESS.has(here['pgm'] ?? '') &&
      here['pgm'] === there['pgm'] &&
      fields.every((field) => /^(m|a\d|sum$)/.test(field)),
  },
  {
    name: 'STORE MULTIPLE HIGH stores zeros',
    machine: 'qemu',
    applies: ({ last, fields }) => last === 'STMH' && fields.every((field) => /^(m|sum$)/.test(field)),
  },
  {
    name: 'a branch to an odd address is no specification exception',
    machine: 'qemu',
    applies: ({ here, there }) =>
      here['pgm'] === '6' && there['pgm'] !== '6' && (Number.parseInt(here['at'] ?? '', 16) & 1) === 1,
  },
  {
    name: 'an address to branch to keeps bits that the 24- or the 31-bit mode ignores',
    machine: 'qemu',
    applies: ({ here, there, state }) =>
      bits(state) !== 64 && here['at'] !== there['at'] && low31(here['at']) === low31(there['at']),
  },
  {
    name: 'of several exceptions of operands that are processed from right to left another one is recognized',
    applies: ({ here, there, last }) =>
      /^(PACK|UNPK|MVO|MVZ)$/.test(last) && ACCESS.has(here['pgm'] ?? '') && ACCESS.has(there['pgm'] ?? ''),
  },
  {
    name: 'of exceptions of both operands another one is recognized',
    machine: 'hercules',
    applies: ({ here, there, last }) =>
      /^(MV|[NOX]C$|CP|[ASMD]P$|ZAP|CSST|LPDG?$|LMD|TRE?$|ED)/.test(last) &&
      [here, there].every(({ pgm = '' }) => ACCESS.has(pgm) || pgm === '28' || pgm === '29' || pgm === '7'),
  },
  {
    name: 'the operand of a load or store on condition is accessed although the condition is not met',
    machine: 'qemu',
    applies: ({ there, last }) => /^(LOC|STOC)/.test(last) && ACCESS.has(there['pgm'] ?? ''),
  },
  {
    name: 'LOAD PAIR DISJOINT recognizes access exceptions before a boundary of the second operand',
    applies: ({ here, there, last }) => /^LPDG?$/.test(last) && here['pgm'] === '6' && there['pgm'] !== '6',
  },
  {
    name: 'a data-exception code does not tell an incremented result from a truncated one',
    applies: ({ here, there, fields }) =>
      here['pgm'] === '7' &&
      Number.parseInt(there['dxc'] ?? '', 16) === Number.parseInt(here['dxc'] ?? '', 16) - 4 &&
      fields.every((field) => field === 'dxc' || field === 'fpc'),
  },
  {
    name: 'a result that overflows exactly, and traps, is infinite and inexact',
    applies: ({ here, there, fields }) =>
      here['dxc'] === '20' &&
      there['dxc'] === '28' &&
      fields.every((field) => /^(f\d+|dxc|fpc)$/.test(field)),
  },
  {
    name: 'an exact result that is too small does not trap',
    applies: ({ here, there, fields }) =>
      here['dxc'] === '10' &&
      there['pgm'] === undefined &&
      fields.every((field) => /^(f\d+|dxc|fpc|pgm|ilc)$/.test(field)),
  },
  {
    name: 'a result that is exact with its exponent adjusted traps as an inexact one',
    applies: ({ here, there, fields }) =>
      here['dxc'] === '10' &&
      there['dxc'] === '18' &&
      fields.every((field) => /^(f\d+|dxc|fpc)$/.test(field)),
  },
  {
    name: 'a signaling NaN is not an invalid operation of MULTIPLY with a longer result',
    machine: 'hercules',
    applies: ({ last, fields }) =>
      /^M[DX][ED]BR?$/.test(last) && fields.every((field) => /^(f\d+|dxc|fpc|pgm|ilc)$/.test(field)),
  },
  {
    name: 'MULTIPLY AND ADD or SUBTRACT prefers a quiet NaN to a signaling one that follows it',
    applies: ({ last, fields }) =>
      /^M[AS][ED]BR?$/.test(last) && fields.length === 1 && /^f/.test(fields[0] as string),
  },
  {
    name: 'an invalid conversion to an integer does not set the inexact flag',
    machine: 'qemu',
    applies: ({ last, fields }) =>
      /^C(F|G|LF|LG)[EDX]BR/.test(last) && fields.every((field) => field === 'fpc'),
  },
  {
    name: 'a branch to the next instruction is recorded whether it is taken or not',
    machine: 'qemu',
    applies: ({ fields }) => fields.every((field) => field === 'bea'),
  },
  {
    name: 'PERFORM LOCKED OPERATION accesses an operand only if it is used',
    machine: 'hercules',
    applies: ({ here, there, last }) =>
      last === 'PLO' && ACCESS.has(here['pgm'] ?? '') && there['pgm'] === undefined,
  },
  {
    name: 'an inexact result that traps is not delivered',
    machine: 'qemu',
    applies: ({ here, there, fields }) =>
      here['pgm'] === '7' &&
      there['pgm'] === '7' &&
      (Number.parseInt(here['dxc'] ?? '', 16) & 0x08) !== 0 &&
      fields.every((field) => /^([fr]\d+|dxc|fpc|cc)$/.test(field)),
  },
  {
    name: 'the data-exception code of an invalid conversion to an integer reports an inexact result too',
    machine: 'qemu',
    applies: ({ here, there, last }) =>
      /^C(F|G|LF|LG)[EDX]BR/.test(last) && here['dxc'] === '80' && there['dxc'] === '88',
  },
  {
    name: 'LOAD ROUNDED from the extended format accepts registers that are no pair',
    machine: 'qemu',
    applies: ({ here, there, last }) => /^L[ED]XBR/.test(last) && here['pgm'] === '6' && there['pgm'] !== '6',
  },
  {
    name: 'a data exception comes before the access exception of another operand',
    machine: 'hercules',
    applies: ({ here, there }) => there['pgm'] === '7' && ACCESS.has(here['pgm'] ?? ''),
  },
  {
    name: 'PERFORM LOCKED OPERATION checks the boundary of an operand only if it is used',
    machine: 'hercules',
    applies: ({ here, there, last }) => last === 'PLO' && here['pgm'] === '6' && there['pgm'] !== '6',
  },
  {
    name: 'an operand of two-byte characters may have an odd length',
    machine: 'hercules',
    applies: ({ here, there, last }) => /^TRTR?E$/.test(last) && here['pgm'] === '6' && there['pgm'] !== '6',
  },
  {
    name: 'the operand of LOAD AND ADD and its siblings may cross a boundary',
    machine: 'hercules',
    applies: ({ here, there, last }) =>
      /^LA(A|AL|N|O|X)G?$/.test(last) && here['pgm'] === '6' && there['pgm'] !== '6',
  },
  {
    name: 'TRANSLATE ONE or TWO TO ONE or TWO fetches from the table although the length is zero',
    applies: ({ here, there, last }) =>
      /^TR[OT][OT]$/.test(last) && here['pgm'] === undefined && ACCESS.has(there['pgm'] ?? ''),
  },
  {
    name: 'the address that a search in parts continues from depends on the parts',
    applies: ({ last, fields }) =>
      /^(SRSTU?|MVST)$/.test(last) && fields.every((field) => /^r\d+$/.test(field)),
  },
  {
    name: 'overlapping operands of EDIT, and of PACK and UNPACK ASCII and UNICODE, have unpredictable results',
    applies: ({ last, fields }) =>
      /^((PK|UNPK)[AU]|ED|EDMK)$/.test(last) && fields.every((field) => /^(m|sum$|cc$|r1$)/.test(field)),
  },
  {
    name: 'bits of registers that the 24- and the 31-bit mode keep are changed, or the other way round',
    applies: (difference) =>
      bits(difference.state) !== 64 &&
      difference.fields.every((field) => /^r\d+$/.test(field) && sameAddress(difference, field)),
  },
  {
    name: 'operands do not wrap at the end of the 24- or the 31-bit address space',
    applies: ({ here, there, state }) =>
      bits(state) !== 64 &&
      here['teid'] !== there['teid'] &&
      ['1000000', '80000000'].includes(there['teid'] ?? ''),
  },
];

/** Returns the name of the deviation that explains a difference on a machine, or null. */
export function deviation(machine: MachineName, difference: Difference): string | null {
  const found = DEVIATIONS.find(
    (one) => (one.machine === undefined || one.machine === machine) && one.applies(difference),
  );
  return found?.name ?? null;
}
