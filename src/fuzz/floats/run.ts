/**
 * The fuzzer of binary floating point: single instructions with random operands, whose results a model of rational arithmetic
 * works out (`model.ts`). Registers, condition code, flags and data-exception code must agree.
 */

import { type Cpu, FORMATS, INSTRUCTIONS, Machine, PGM, setOpcode } from '../../machine/index.ts';
import { type CaseFinding, type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { Random } from '../random.ts';
import { BY_CONTROL, BY_FIELD, generateStep } from './generate.ts';
import { DIVISION_BY_ZERO, INEXACT, INVALID, type Outcome, OVERFLOW, UNDERFLOW } from './model.ts';
import type { NumberFormat } from './number.ts';
import { type Expected, type Input, OPERATIONS } from './operations.ts';
import type { FloatStep } from './steps.ts';

/** Instructions in a case. */
const STEPS = 200;
const CODE = 0x1000;
/** Registers: r1, r2 and r3 begin pairs. The general register of conversions. */
const R1 = 1;
const R2 = 4;
const R3 = 8;
const GENERAL = 5;
const SUPPRESS_INEXACT = 4;

/** Nothing: a case needs no setup. */
export type FloatSetup = Record<string, never>;

/** What an instruction leaves: everything that is compared. */
interface State {
  readonly registers: readonly bigint[];
  readonly general: bigint;
  readonly code: number;
  readonly fpc: number;
  /** The data-exception code, or null. */
  readonly dxc: number | null;
}

const NAMES = [...OPERATIONS.keys()];

/** The fuzzer of binary floating point. */
export class FloatsFuzzer implements Fuzzer<FloatSetup, FloatStep> {
  readonly what = 'floats';
  readonly #cpu: Cpu;

  constructor() {
    this.#cpu = new Machine({ storageSize: 0x1_0000 }).cpu(0);
    this.#cpu.interruptions = 'report';
  }

  generate(seed: number): FuzzCase<FloatSetup, FloatStep> {
    const random = new Random(seed);
    const steps = Array.from({ length: STEPS }, () => {
      const name = random.pick(NAMES);
      const { operand, modes = false } = OPERATIONS.get(name)!;
      return generateStep(random, name, operand, modes);
    });
    return { setup: {}, steps };
  }

  run({ steps }: FuzzCase<FloatSetup, FloatStep>): CaseResult {
    let performed = 0;
    try {
      for (const step of steps) {
        performed++;
        const finding = this.#perform(step);
        if (finding) return { finding, performed };
      }
      return { finding: null, performed };
    } catch (error) {
      return { finding: { kind: 'breakdown', message: describeError(error) }, performed };
    }
  }

  *simpler(step: FloatStep): Iterable<FloatStep> {
    for (const name of ['first', 'second', 'third', 'integer'] as const) {
      if (step[name] !== '0') yield { ...step, [name]: '0' };
    }
    for (const name of ['fpc', 'm3', 'm4'] as const) if (step[name] !== 0) yield { ...step, [name]: 0 };
  }

  #perform(step: FloatStep): CaseFinding | null {
    const operation = OPERATIONS.get(step.name);
    if (operation === undefined) return { kind: 'breakdown', message: `no operation ${step.name}` };
    const input = inputOf(step);
    prepare(this.#cpu, step, operation.operand);
    const before = stateOf(this.#cpu, null);
    const expected = after(before, step, operation.expected(input));
    const actual = execute(this.#cpu);
    const difference = differenceOf(actual, expected);
    return difference === null ? null : { kind: step.name, message: difference };
  }
}

function inputOf({ first, second, third, integer, fpc, m3 }: FloatStep): Input {
  const bits = (hex: string) => BigInt(`0x${hex}`);
  const mode = BY_CONTROL[fpc & 7] ?? 'even';
  return {
    first: bits(first),
    second: bits(second),
    third: bits(third),
    integer: bits(integer),
    mode,
    own: BY_FIELD[m3] ?? mode,
    traps: fpc >>> 24,
  };
}

const LINES = new Map(INSTRUCTIONS.map((line) => [line[0], line]));

/** Returns the bytes of an instruction. */
function encode({ name, m3, m4 }: FloatStep): Uint8Array {
  const [, format, opcode] = LINES.get(name)!;
  const bytes = new Uint8Array(FORMATS[format].length);
  setOpcode(bytes, format, opcode);
  const division = name === 'DIEBR' || name === 'DIDBR';
  if (format === 'RRD') {
    bytes[2] = R1 << 4;
    bytes[3] = (R3 << 4) | R2;
  } else {
    const toInteger = /^C(F|G|LF|LG)[EDX]BR$/.test(name);
    const fromInteger = /^C[EDX](F|G|LF|LG)BR$/.test(name);
    // The quotient's mode of DIVIDE TO INTEGER is in the field that M4 has in other instructions.
    if (format === 'RRF') bytes[2] = division ? (R3 << 4) | m3 : (m3 << 4) | m4;
    bytes[3] = ((toInteger ? GENERAL : R1) << 4) | (fromInteger ? GENERAL : R2);
  }
  return bytes;
}

function write(cpu: Cpu, r: number, format: NumberFormat, bits: bigint): void {
  if (format.width === 128) {
    cpu.fr[r] = bits >> 64n;
    cpu.fr[r + 2] = BigInt.asUintN(64, bits);
  } else {
    cpu.fr[r] = format.width === 64 ? bits : (bits << 32n) | 0x1234_5678n;
  }
}

function prepare(cpu: Cpu, step: FloatStep, format: NumberFormat): void {
  const bits = (hex: string) => BigInt(`0x${hex}`);
  cpu.setControl(0, 0x4_0000n);
  cpu.fr.fill(0x1111_2222_3333_4444n);
  write(cpu, R1, format, bits(step.first));
  write(cpu, R2, format, bits(step.second));
  write(cpu, R3, format, bits(step.third));
  cpu.gr[GENERAL] = bits(step.integer);
  cpu.fpc = step.fpc;
  cpu.storage.write(CODE, encode(step));
  cpu.setPsw(0x1_8000_0000n, BigInt(CODE));
}

function execute(cpu: Cpu): State {
  const stop = cpu.run(1);
  const data = stop.reason === 'interruption' && stop.interruption.code === PGM.DATA;
  return stateOf(cpu, data ? cpu.dataExceptionCode : null);
}

function stateOf(cpu: Cpu, dxc: number | null): State {
  return { registers: [...cpu.fr], general: cpu.gr[GENERAL]!, code: cpu.cc, fpc: cpu.fpc, dxc };
}

/** Returns the state that an instruction must leave. */
function after(before: State, step: FloatStep, expected: Expected): State {
  const { outcome } = expected;
  const traps = step.fpc >>> 24;
  if (outcome.exceptions & traps & INVALID) return { ...before, dxc: INVALID };
  if (outcome.exceptions & traps & DIVISION_BY_ZERO) return { ...before, dxc: DIVISION_BY_ZERO };
  const { registers, general } = stored(before, expected);
  const code = expected.code ?? before.code;
  return { registers, general, code, ...ended(step, outcome) };
}

function stored(before: State, { outcome, format, quotient, general, compares }: Expected) {
  const registers = [...before.registers];
  if (general === 64) return { registers, general: BigInt.asUintN(64, outcome.bits) };
  if (general === 32) {
    return { registers, general: ((before.general >> 32n) << 32n) | BigInt.asUintN(32, outcome.bits) };
  }
  if (!compares) place(registers, R1, format, outcome.bits);
  if (quotient !== undefined) place(registers, R3, format, quotient);
  return { registers, general: before.general };
}

function place(registers: bigint[], r: number, { width }: NumberFormat, bits: bigint): void {
  if (width === 128) {
    registers[r] = bits >> 64n;
    registers[r + 2] = BigInt.asUintN(64, bits);
  } else {
    registers[r] = width === 64 ? bits : (bits << 32n) | (registers[r]! & 0xffff_ffffn);
  }
}

/** Returns the control register and the data-exception code of an instruction whose result is stored. */
function ended(step: FloatStep, { exceptions, incremented }: Outcome): { fpc: number; dxc: number | null } {
  const traps = step.fpc >>> 24;
  const detail = exceptions & INEXACT ? INEXACT + (incremented ? 4 : 0) : 0;
  const suppressed = step.m4 === SUPPRESS_INEXACT && !step.name.startsWith('DI');
  const seen = suppressed ? exceptions & ~INEXACT : exceptions;
  for (const exception of [OVERFLOW, UNDERFLOW]) {
    if (seen & traps & exception) return { fpc: step.fpc, dxc: exception | detail };
  }
  const trapped = (seen & traps & INEXACT) !== 0;
  const flags = trapped ? seen & ~INEXACT : seen;
  return { fpc: (step.fpc | (flags << 16)) >>> 0, dxc: trapped ? detail : null };
}

function differenceOf(actual: State, expected: State): string | null {
  const lines: string[] = [];
  const compare = (name: string, is: bigint | number | null, should: bigint | number | null) => {
    if (is !== should) lines.push(`${name} is ${is?.toString(16)}, not ${should?.toString(16)}`);
  };
  expected.registers.forEach((value, r) => {
    compare(`f${r}`, actual.registers[r]!, value);
  });
  compare(`r${GENERAL}`, actual.general, expected.general);
  compare('the condition code', actual.code, expected.code);
  compare('the control register', actual.fpc, expected.fpc);
  compare('the data-exception code', actual.dxc, expected.dxc);
  return lines.length === 0 ? null : lines.join('; ');
}
