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

const low31 = (value: string | undefined) => (value === undefined ? undefined : BigInt(`0x${value}`) & 0xff_ffffn);

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
    applies: ({ here, there, last }) => here['pgm'] === '6' && there['pgm'] === undefined && last.endsWith('RL'),
  },
  {
    name: 'what was stored before an exception is not undone',
    machine: 'qemu',
    applies: ({ here, there, fields, last }) =>
      /^(STM|STAM|STCT|UNPK|ED|CDSG|STPQ)/.test(last) &&
      ACCESS.has(here['pgm'] ?? '') &&
      here['pgm'] === there['pgm'] &&
      fields.every((field) => field.startsWith('m') || field === 'sum'),
  },
  {
    name: 'the operand of a load or store on condition is accessed although the condition is not met',
    machine: 'qemu',
    applies: ({ there, last }) => /^(LOC|STOC)/.test(last) && ACCESS.has(there['pgm'] ?? ''),
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
