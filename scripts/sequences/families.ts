/** The families of sequences: what instructions each is made of, and what it is compared with. */

import { ARITHMETIC } from '../../src/machine/instructions/arithmetic.ts';
import { ATOMIC } from '../../src/machine/instructions/atomic.ts';
import { BFP_ARITHMETIC } from '../../src/machine/instructions/bfp-arithmetic.ts';
import { BFP_CONVERT } from '../../src/machine/instructions/bfp-convert.ts';
import { BRANCH } from '../../src/machine/instructions/branch.ts';
import { COMPARE } from '../../src/machine/instructions/compare.ts';
import { CONVERT } from '../../src/machine/instructions/convert.ts';
import { DECIMAL } from '../../src/machine/instructions/decimal.ts';
import { EDIT } from '../../src/machine/instructions/edit.ts';
import { FLOAT } from '../../src/machine/instructions/float.ts';
import type { InstructionLine } from '../../src/machine/instructions/line.ts';
import { LOAD } from '../../src/machine/instructions/load.ts';
import { LOCKED } from '../../src/machine/instructions/locked.ts';
import { LOGICAL } from '../../src/machine/instructions/logical.ts';
import { LONG } from '../../src/machine/instructions/long.ts';
import { MOVE } from '../../src/machine/instructions/move.ts';
import { MULTIPLY } from '../../src/machine/instructions/multiply.ts';
import { PARSE } from '../../src/machine/instructions/parse.ts';
import { SHIFT } from '../../src/machine/instructions/shift.ts';
import { SORT } from '../../src/machine/instructions/sort.ts';
import { STORES } from '../../src/machine/instructions/store.ts';
import { SUBSTRING } from '../../src/machine/instructions/substring.ts';
import { INSTRUCTIONS } from '../../src/machine/instructions/table.ts';
import { TEXT } from '../../src/machine/instructions/text.ts';
import type { MachineName } from '../machines.ts';
import type { State } from './layout.ts';
import { inSpaces, type Kind, stateOf } from './state.ts';

/** A family. */
export interface Family {
  readonly lines: readonly InstructionLine[];
  readonly kind: Kind;
  /** The machine that it is recorded on; the other one decides when that one differs. */
  readonly machine: MachineName;
  /** Whether half of its sequences run in the supervisor state. */
  readonly supervisor?: boolean;
  /** Whether operands are in different spaces. QEMU does not survive that: no second machine runs them. */
  readonly spaces?: boolean;
}

/**
 * The control instructions whose results depend neither on the time nor on the model, and which cannot change the storage of the
 * harness.
 */
const CONTROL = new Set(
  `EPSW SPKA IPK IAC SAC SACF EPAR ESAR MC EAR SAR CPYA STCTL STCTG LRA LRAY LRAG TPROT MVCP MVCS MVCK MVCSK MVCDK
   MVCOS STPX PFD PFDRL PTLB`.split(/\s+/),
);

/** Instructions that stop QEMU itself, or whose results QEMU and Hercules do not show. */
export const LEFT_OUT: Readonly<Record<MachineName, ReadonlySet<string>>> = {
  // Fail an assertion of QEMU, for some operands.
  qemu: new Set(['TS', 'MVCRL', 'ROSBG', 'RNSBG', 'RXSBG', 'RISBGN', 'RISBG', 'RISBLG', 'RISBHG']),
  hercules: new Set(['RISBGN', 'RISBHG', 'RISBLG', 'POPCNT']),
};

export const FAMILIES: Readonly<Record<string, Family>> = {
  arithmetic: { lines: ARITHMETIC, kind: 'numbers', machine: 'qemu' },
  multiply: { lines: MULTIPLY, kind: 'numbers', machine: 'qemu' },
  compare: { lines: COMPARE, kind: 'numbers', machine: 'qemu' },
  logical: { lines: LOGICAL, kind: 'numbers', machine: 'qemu' },
  shift: { lines: SHIFT, kind: 'numbers', machine: 'qemu' },
  load: { lines: LOAD, kind: 'numbers', machine: 'qemu' },
  store: { lines: STORES, kind: 'numbers', machine: 'qemu' },
  move: { lines: MOVE, kind: 'numbers', machine: 'qemu' },
  long: { lines: LONG, kind: 'text', machine: 'qemu' },
  text: { lines: TEXT, kind: 'text', machine: 'qemu' },
  search: { lines: [...PARSE, ...SUBSTRING, ...SORT], kind: 'text', machine: 'hercules' },
  atomic: { lines: ATOMIC, kind: 'numbers', machine: 'qemu' },
  locked: { lines: LOCKED, kind: 'numbers', machine: 'hercules' },
  convert: { lines: CONVERT, kind: 'decimals', machine: 'qemu' },
  decimal: { lines: [...DECIMAL, ...EDIT], kind: 'decimals', machine: 'hercules' },
  branch: { lines: BRANCH, kind: 'numbers', machine: 'qemu' },
  float: { lines: FLOAT, kind: 'floats', machine: 'qemu' },
  bfp: { lines: BFP_ARITHMETIC, kind: 'floats', machine: 'qemu' },
  'bfp-convert': { lines: BFP_CONVERT, kind: 'floats', machine: 'qemu' },
  control: {
    lines: INSTRUCTIONS.filter(([mnemonic]) => CONTROL.has(mnemonic)),
    kind: 'numbers',
    machine: 'qemu',
    supervisor: true,
  },
  spaces: {
    lines: [...LOAD, ...STORES, ...MOVE, ...LONG, ...ATOMIC, ...LOCKED, ...LOGICAL, ...DECIMAL],
    kind: 'numbers',
    machine: 'hercules',
    spaces: true,
  },
};

/** What a fifth of the instructions of every sequence are chosen from. */
export const OTHERS: readonly InstructionLine[] = [
  ...ARITHMETIC,
  ...COMPARE,
  ...LOGICAL,
  ...SHIFT,
  ...LOAD,
  ...STORES,
  ...MOVE,
  ...BRANCH,
];

/** Returns the state that the sequence of a seed starts from. Of a family with supervisor state, every second seed has it. */
export function stateFor(family: Family, seed: number): State {
  const state = stateOf(family.kind, seed, family.supervisor === true && (seed & 1) === 0);
  return family.spaces === true ? inSpaces(state, seed) : state;
}
