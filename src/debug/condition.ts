/**
 * Conditions of breakpoints: comparisons of registers with numbers, such as `r3 == 0x10` or `psw.mask & 256P != 0`, joined
 * by `and`. Registers are unsigned.
 */

import type { GuestRegisters } from '../inspect/internal.ts';
import { parseNumber, ScenarioSyntaxError } from '../scenario/index.ts';

/** A breakpoint that cannot be set. The message is one line, and names the bad word. */
export class BreakpointError extends Error {
  override readonly name = 'BreakpointError';
}

const COMPARISONS = {
  '==': (a: bigint, b: bigint) => a === b,
  '!=': (a: bigint, b: bigint) => a !== b,
  '<=': (a: bigint, b: bigint) => a <= b,
  '>=': (a: bigint, b: bigint) => a >= b,
  '<': (a: bigint, b: bigint) => a < b,
  '>': (a: bigint, b: bigint) => a > b,
} as const;
type Comparison = keyof typeof COMPARISONS;

/** One comparison: of the bits of a register that a mask selects. */
export interface Comparand {
  /** The name of the register: `r0` to `r15`, `c0`, `a0`, `f0` and so on, or one of `NAMED`. */
  readonly register: string;
  readonly mask: bigint;
  readonly comparison: Comparison;
  readonly value: bigint;
}

/** A condition: all comparisons must hold. */
export type Condition = readonly Comparand[];

const NAMED: Readonly<Record<string, (registers: GuestRegisters, cpu: number) => bigint>> = {
  'psw.mask': ({ pswMask }) => pswMask,
  'psw.address': ({ pswAddress }) => pswAddress,
  'psw.cc': ({ pswMask }) => (pswMask >> 44n) & 3n,
  'psw.key': ({ pswMask }) => (pswMask >> 52n) & 15n,
  prefix: ({ prefix }) => BigInt(prefix),
  fpc: ({ fpc }) => BigInt(fpc),
  cpu: (_, cpu) => BigInt(cpu),
};

const FILES: Readonly<Record<string, (registers: GuestRegisters, n: number) => bigint>> = {
  r: (registers, n) => registers.general(n),
  c: (registers, n) => registers.control(n),
  a: (registers, n) => BigInt(registers.access(n)),
  f: (registers, n) => registers.floating(n),
};

const NUMBERED = /^([rcaf])(1[0-5]|[0-9])$/;
const COMPARAND = /^([\w.]+)\s*(?:&\s*(\w+)\s*)?(==|!=|<=|>=|<|>)\s*(\w+)$/;

/** Parses a condition. @throws BreakpointError */
export function parseCondition(text: string): Condition {
  return text.split(/\s+and\s+/).map((part) => parseComparand(part.trim()));
}

function parseComparand(text: string): Comparand {
  const match = COMPARAND.exec(text);
  if (match === null) {
    throw new BreakpointError(`"${text}" is not a condition such as r3 == 0x10 or psw.mask & 256P != 0`);
  }
  const [, register, mask, comparison, value] = match as unknown as [
    string,
    string,
    string,
    Comparison,
    string,
  ];
  if (!Object.hasOwn(NAMED, register) && !NUMBERED.test(register)) {
    const names = Object.keys(NAMED).join(', ');
    throw new BreakpointError(`"${register}" is not a register: r0 to r15, c0, a0, f0 to f15, ${names}`);
  }
  const all = (1n << 64n) - 1n;
  return { register, mask: mask === undefined ? all : number(mask), comparison, value: number(value) };
}

/** Parses a number as in a scenario. @throws BreakpointError */
export function number(text: string): bigint {
  try {
    return parseNumber(text);
  } catch (error) {
    if (error instanceof ScenarioSyntaxError) throw new BreakpointError(error.message);
    throw error;
  }
}

/** Whether a condition holds. @param cpu the CPU address of the virtual CPU */
export function holds(condition: Condition, registers: GuestRegisters, cpu: number): boolean {
  return condition.every(({ register, mask, comparison, value }) =>
    COMPARISONS[comparison](registerOf(register, registers, cpu) & mask, value),
  );
}

function registerOf(name: string, registers: GuestRegisters, cpu: number): bigint {
  const named = NAMED[name];
  if (named !== undefined) return named(registers, cpu);
  return (FILES[name[0] as string] as (typeof FILES)[string])(registers, Number(name.slice(1)));
}
