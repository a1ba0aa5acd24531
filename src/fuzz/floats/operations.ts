/** The operations of the campaign: what each instruction does, as the model has it. */

import {
  add,
  compare,
  convert,
  divide,
  divideToInteger,
  fromInteger,
  INVALID,
  integral,
  multiply,
  multiplyAndAdd,
  type Outcome,
  type Settings,
  squareRoot,
  subtract,
  toInteger,
} from './model.ts';
import { EXTENDED, infinityOf, LONG, type Mode, type NumberFormat, operandOf, SHORT } from './number.ts';

/** What an instruction is given: the bits of its operands, and its environment. */
export interface Input {
  /** Operands in r1, r2 and r3. */
  readonly first: bigint;
  readonly second: bigint;
  readonly third: bigint;
  /** The general register of a conversion from an integer. */
  readonly integer: bigint;
  /** Mode of the control register, and of the instruction. */
  readonly mode: Mode;
  readonly own: Mode;
  readonly traps: number;
}

/** What an instruction does, before it is decided what an exception does. */
export interface Expected {
  readonly outcome: Outcome;
  /** The format of the result in r1. */
  readonly format: NumberFormat;
  /** The condition code, if the instruction sets it. */
  readonly code?: number;
  /** The quotient of DIVIDE TO INTEGER in r3. */
  readonly quotient?: bigint;
  /** Width of a result in the general register. */
  readonly general?: 32 | 64;
  /** Whether there is no result but the condition code. */
  readonly compares?: boolean;
}

/** An operation, and the formats of its operands. */
export interface Operation {
  readonly operand: NumberFormat;
  /** Whether M3 and M4 are fields of the instruction. */
  readonly modes?: boolean;
  readonly expected: (input: Input) => Expected;
}

/** Returns the condition code of a result. */
function codeOf(format: NumberFormat, bits: bigint): number {
  const magnitude = bits & ((1n << BigInt(format.width - 1)) - 1n);
  if (magnitude === 0n) return 0;
  return magnitude > infinityOf(format) ? 3 : magnitude === bits ? 2 : 1;
}

const FORMATS = { E: SHORT, D: LONG, X: EXTENDED } as const;
type Letter = keyof typeof FORMATS;

const settings = (format: NumberFormat, { mode, traps }: Input): Settings => ({ format, mode, traps });
const own = (format: NumberFormat, input: Input): Settings => ({
  format,
  mode: input.own,
  traps: input.traps,
});

type TwoOperands = typeof add;

function dyadic(format: NumberFormat, run: TwoOperands, code: boolean): Operation {
  return {
    operand: format,
    expected: (input) => {
      const outcome = run(
        settings(format, input),
        operandOf(format, input.first),
        operandOf(format, input.second),
      );
      return code ? { outcome, format, code: codeOf(format, outcome.bits) } : { outcome, format };
    },
  };
}

function widening(from: NumberFormat, format: NumberFormat): Operation {
  return {
    operand: from,
    expected: (input) => ({
      outcome: multiply(
        settings(format, input),
        operandOf(from, input.first),
        operandOf(from, input.second),
        from,
      ),
      format,
    }),
  };
}

function fused(format: NumberFormat, minus: boolean): Operation {
  return {
    operand: format,
    expected: (input) => {
      const operands = [input.second, input.third, input.first].map((bits) => operandOf(format, bits));
      const [a, b, c] = operands as [
        ReturnType<typeof operandOf>,
        ReturnType<typeof operandOf>,
        ReturnType<typeof operandOf>,
      ];
      return { outcome: multiplyAndAdd(settings(format, input), [a, b, c], minus), format };
    },
  };
}

function comparison(format: NumberFormat, signal: boolean): Operation {
  return {
    operand: format,
    expected: (input) => {
      const { code, invalid } = compare(
        operandOf(format, input.first),
        operandOf(format, input.second),
        signal,
      );
      const outcome = { bits: 0n, exceptions: invalid ? INVALID : 0, incremented: false, adjusted: false };
      return { outcome, format, code, compares: true };
    },
  };
}

/** LOAD LENGTHENED. */
function lengthened(from: NumberFormat, format: NumberFormat): Operation {
  return {
    operand: from,
    expected: (input) => {
      const outcome = convert(settings(format, input), operandOf(from, input.second), from);
      return { outcome, format };
    },
  };
}

/** LOAD AND TEST: a subnormal number is loaded unchanged, so that only an invalid operation can trap. */
function loadAndTest(format: NumberFormat): Operation {
  return {
    operand: format,
    expected: (input) => {
      const environment = { ...settings(format, input), traps: input.traps & INVALID };
      const outcome = convert(environment, operandOf(format, input.second), format);
      return { outcome, format, code: codeOf(format, outcome.bits) };
    },
  };
}

function loadRounded(from: NumberFormat, to: NumberFormat): Operation {
  const trapped = { format: from, adjustment: from === LONG ? 512 : 8192 };
  return {
    operand: from,
    modes: true,
    expected: (input) => {
      const outcome = convert({ ...own(to, input), trapped }, operandOf(from, input.second), from);
      return { outcome, format: outcome.adjusted ? from : to };
    },
  };
}

function toIntegral(format: NumberFormat): Operation {
  return {
    operand: format,
    modes: true,
    expected: (input) => ({ outcome: integral(own(format, input), operandOf(format, input.second)), format }),
  };
}

function division(format: NumberFormat): Operation {
  return {
    operand: format,
    modes: true,
    expected: (input) => {
      const [a, b] = [operandOf(format, input.first), operandOf(format, input.second)];
      const { quotient, remainder, code } = divideToInteger(settings(format, input), a, b, input.own);
      return { outcome: remainder, format, code, quotient };
    },
  };
}

/** Reads and limits of integers, by the letters of mnemonics: fixed or logical, 32 or 64 bits. */
const INTEGERS = {
  F: { width: 32, signed: true },
  G: { width: 64, signed: true },
  LF: { width: 32, signed: false },
  LG: { width: 64, signed: false },
} as const;
type IntegerName = keyof typeof INTEGERS;

function fromFixed(name: IntegerName, format: NumberFormat): Operation {
  const { width, signed } = INTEGERS[name];
  return {
    operand: format,
    modes: true,
    expected: (input) => {
      const value = signed ? BigInt.asIntN(width, input.integer) : BigInt.asUintN(width, input.integer);
      return { outcome: fromInteger(own(format, input), value), format };
    },
  };
}

function toFixed(name: IntegerName, format: NumberFormat): Operation {
  const { width, signed } = INTEGERS[name];
  const least = signed ? -(1n << BigInt(width - 1)) : 0n;
  const most = (1n << BigInt(signed ? width - 1 : width)) - 1n;
  return {
    operand: format,
    modes: true,
    expected: (input) => {
      const outcome = toInteger(input.own, operandOf(format, input.second), least, most);
      const code = outcome.exceptions & INVALID ? 3 : codeOf(format, input.second);
      return { outcome, format, code, general: width };
    },
  };
}

function eachFormat(names: string, make: (format: NumberFormat) => Operation): [string, Operation][] {
  return (['E', 'D', 'X'] as const).map((letter) => [names.replace('?', letter), make(FORMATS[letter])]);
}

const squareRootOf: TwoOperands = (environment, _a, b) => squareRoot(environment, b);

/** The operations by mnemonic. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ...eachFormat('A?BR', (format) => dyadic(format, add, true)),
  ...eachFormat('S?BR', (format) => dyadic(format, subtract, true)),
  ...eachFormat('D?BR', (format) => dyadic(format, divide, false)),
  ...eachFormat('SQ?BR', (format) => dyadic(format, squareRootOf, false)),
  ...eachFormat('C?BR', (format) => comparison(format, false)),
  ...eachFormat('K?BR', (format) => comparison(format, true)),
  ...eachFormat('LT?BR', loadAndTest),
  ...eachFormat('FI?BR', toIntegral),
  ...Object.entries({ MEEBR: SHORT, MDBR: LONG, MXBR: EXTENDED }).map(
    ([name, format]): [string, Operation] => [name, dyadic(format, multiply, false)],
  ),
  ['MDEBR', widening(SHORT, LONG)],
  ['MXDBR', widening(LONG, EXTENDED)],
  ['MAEBR', fused(SHORT, false)],
  ['MADBR', fused(LONG, false)],
  ['MSEBR', fused(SHORT, true)],
  ['MSDBR', fused(LONG, true)],
  ['LDEBR', lengthened(SHORT, LONG)],
  ['LXEBR', lengthened(SHORT, EXTENDED)],
  ['LXDBR', lengthened(LONG, EXTENDED)],
  ['LEDBR', loadRounded(LONG, SHORT)],
  ['LEXBR', loadRounded(EXTENDED, SHORT)],
  ['LDXBR', loadRounded(EXTENDED, LONG)],
  ['DIEBR', division(SHORT)],
  ['DIDBR', division(LONG)],
  ...(Object.keys(INTEGERS) as IntegerName[]).flatMap((integer) =>
    (Object.keys(FORMATS) as Letter[]).flatMap((letter): [string, Operation][] => [
      [`C${letter}${integer}BR`, fromFixed(integer, FORMATS[letter])],
      [`C${integer}${letter}BR`, toFixed(integer, FORMATS[letter])],
    ]),
  ),
]);
