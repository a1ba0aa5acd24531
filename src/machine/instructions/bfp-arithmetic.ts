/**
 * Binary-floating-point arithmetic and comparison. Principles of Operation, chapter 19.
 *
 * Instructions of the short and long formats use the engine's own arithmetic where it is exact (`../bfp/native.ts`), and
 * `../bfp/arithmetic.ts` otherwise.
 */

import {
  add,
  compare,
  divide,
  multiply,
  multiplyAndAdd,
  squareRoot,
  subtract,
  widenedProduct,
} from '../bfp/arithmetic.ts';
import * as native from '../bfp/native.ts';
import { divideToInteger } from '../bfp/remainder.ts';
import type { Environment, Target } from '../bfp/rounding.ts';
import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import {
  begin,
  codeOf,
  demandResult,
  EXTENDED_REGISTER,
  INEXACT_FLAG,
  isNative,
  LONG_REGISTER,
  type RegisterFormat,
  report,
  roundOf,
  SHORT_REGISTER,
} from './bfp-result.ts';
import { control, extended, inRegister, longStorage, m32f, m64f, shortStorage } from './fpr.ts';
import type { InstructionLine } from './line.ts';

/** An operation of two operands, or of the second alone. */
interface Arithmetic {
  readonly exact: (env: Environment, target: Target, x: bigint, y: bigint) => bigint;
  readonly long: native.NativeOperation;
  readonly short: native.ShortOperation;
  /** Whether the instruction sets the condition code. */
  readonly code: boolean;
}

const SUM: Arithmetic = { exact: add, long: native.ADD, short: native.SHORT_ADD, code: true };
const DIFFERENCE: Arithmetic = {
  exact: subtract,
  long: native.SUBTRACT,
  short: native.SHORT_SUBTRACT,
  code: true,
};
const PRODUCT: Arithmetic = {
  exact: multiply,
  long: native.MULTIPLY,
  short: native.SHORT_MULTIPLY,
  code: false,
};
const QUOTIENT: Arithmetic = {
  exact: divide,
  long: native.DIVIDE,
  short: native.SHORT_DIVIDE,
  code: false,
};
const ROOT: Arithmetic = {
  exact: (env, target, _x, y) => squareRoot(env, target, y),
  long: native.SQUARE_ROOT,
  short: native.SHORT_SQUARE_ROOT,
  code: false,
};

/** Performs an operation of a register `r` and an operand of any kind. */
function general(
  c: Processor,
  { exact, code }: Arithmetic,
  kind: RegisterFormat,
  r: number,
  operand: number,
): void {
  const bits = exact(begin(c), kind.target, kind.read(c, r), kind.read(c, operand));
  demandResult(c);
  kind.write(c, r, bits);
  if (code) c.cc = codeOf(kind.format, bits);
  report(c);
}

const signCode = (result: number) => (result > 0 ? 2 : result < 0 ? 1 : 0);

/** Returns an operation on long operands: register r1, and a register or the scratch operand. */
function long(operation: Arithmetic) {
  const { long: own, code } = operation;
  return (c: Processor, r1: number, operand: number): void => {
    const { fopLong, fpc } = c;
    if (isNative(fpc)) {
      const x = fopLong[r1] as number;
      const y = fopLong[operand] as number;
      const result = own.result(x, y);
      if (native.isUsable(result)) {
        const error = fpc & INEXACT_FLAG ? 0 : own.error(x, y, result);
        if (!Number.isNaN(error)) {
          if (error !== 0) c.fpc = (fpc | INEXACT_FLAG) >>> 0;
          fopLong[r1] = result;
          if (code) c.cc = signCode(result);
          return;
        }
      }
    }
    general(c, operation, LONG_REGISTER, r1, operand);
  };
}

/** As `long`, on short operands. */
function short(operation: Arithmetic) {
  const { long: wide, short: own, code } = operation;
  return (c: Processor, r1: number, operand: number): void => {
    const { fopShort, fpc } = c;
    if (isNative(fpc)) {
      const x = fopShort[r1 * 2 + 1] as number;
      const y = fopShort[operand * 2 + 1] as number;
      const result = Math.fround(wide.result(x, y));
      if (native.isUsableShort(result)) {
        if ((fpc & INEXACT_FLAG) === 0 && own.isInexact(x, y, result)) c.fpc = (fpc | INEXACT_FLAG) >>> 0;
        fopShort[r1 * 2 + 1] = result;
        if (code) c.cc = signCode(result);
        return;
      }
    }
    general(c, operation, SHORT_REGISTER, r1, operand);
  };
}

/** As `long`, on extended operands. */
function extendedPair(operation: Arithmetic) {
  return (c: Processor, r1: number, r2: number): void => {
    extended(control(c), r1);
    general(c, operation, EXTENDED_REGISTER, r1, extended(c, r2));
  };
}

/** Returns a multiplication into a longer format. */
function widening(from: RegisterFormat, to: RegisterFormat) {
  return (c: Processor, r1: number, operand: number): void => {
    const bits = widenedProduct(begin(c), to.target, from.format, [from.read(c, r1), from.read(c, operand)]);
    demandResult(c);
    to.write(c, r1, bits);
    report(c);
  };
}

const mde = widening(SHORT_REGISTER, LONG_REGISTER);
const mxd = widening(LONG_REGISTER, EXTENDED_REGISTER);

/** Multiplies r3 by an operand and adds r1, or subtracts it. */
function fused(kind: RegisterFormat, minus: boolean) {
  return (c: Processor, r1: number, r3: number, operand: number): void => {
    const operands = [kind.read(c, operand), kind.read(c, r3), kind.read(c, r1)] as const;
    const bits = multiplyAndAdd(begin(c), kind.target, operands, minus);
    demandResult(c);
    kind.write(c, r1, bits);
    report(c);
  };
}

/** Returns MULTIPLY AND ADD, or MULTIPLY AND SUBTRACT, of long operands. */
function fusedLong(minus: boolean) {
  const exact = fused(LONG_REGISTER, minus);
  return (c: Processor, r1: number, r3: number, operand: number): void => {
    const { fopLong, fpc } = c;
    if (isNative(fpc)) {
      const z = fopLong[r1] as number;
      native.multiplyAndAddLong(fopLong[operand] as number, fopLong[r3] as number, minus ? -z : z);
      const { result, isInexact } = native.SUM;
      if (native.isUsable(result)) {
        if (isInexact) c.fpc = (fpc | INEXACT_FLAG) >>> 0;
        fopLong[r1] = result;
        return;
      }
    }
    exact(c, r1, r3, operand);
  };
}

/** As `fusedLong`, of short operands. */
function fusedShort(minus: boolean) {
  const exact = fused(SHORT_REGISTER, minus);
  return (c: Processor, r1: number, r3: number, operand: number): void => {
    const { fopShort, fpc } = c;
    if (isNative(fpc)) {
      const z = fopShort[r1 * 2 + 1] as number;
      const x = fopShort[operand * 2 + 1] as number;
      native.multiplyAndAddShort(x, fopShort[r3 * 2 + 1] as number, minus ? -z : z);
      const { result, isInexact } = native.SUM;
      if (native.isUsableShort(result)) {
        if (isInexact) c.fpc = (fpc | INEXACT_FLAG) >>> 0;
        fopShort[r1 * 2 + 1] = result;
        return;
      }
    }
    exact(c, r1, r3, operand);
  };
}

/** Compares register r1 with an operand. `signal` makes quiet NaNs invalid too. */
function comparison(kind: RegisterFormat, signal: boolean) {
  return (c: Processor, r1: number, operand: number): void => {
    const code = compare(begin(c), kind.format, [kind.read(c, r1), kind.read(c, operand)], signal);
    demandResult(c);
    c.cc = code;
    report(c);
  };
}

const order = (x: number, y: number) => (x === y ? 0 : x < y ? 1 : x > y ? 2 : 3);

function compareLong(signal: boolean) {
  const exact = comparison(LONG_REGISTER, signal);
  return (c: Processor, r1: number, operand: number): void => {
    const code = order(c.fopLong[r1] as number, c.fopLong[operand] as number);
    if (code === 3) exact(c, r1, operand);
    else c.cc = code;
  };
}

function compareShort(signal: boolean) {
  const exact = comparison(SHORT_REGISTER, signal);
  return (c: Processor, r1: number, operand: number): void => {
    const code = order(c.fopShort[r1 * 2 + 1] as number, c.fopShort[operand * 2 + 1] as number);
    if (code === 3) exact(c, r1, operand);
    else c.cc = code;
  };
}

function compareExtended(signal: boolean) {
  const exact = comparison(EXTENDED_REGISTER, signal);
  return (c: Processor, r1: number, r2: number): void => {
    extended(control(c), r1);
    exact(c, r1, extended(c, r2));
  };
}

/** DIVIDE TO INTEGER: the remainder replaces the dividend in r1, the quotient goes to r3. */
function integerDivision(kind: RegisterFormat) {
  return (c: Processor, r1: number, r2: number, r3: number, m4: number): void => {
    control(c);
    const round = roundOf(c, m4);
    if (r1 === r2 || r1 === r3 || r2 === r3) c.program(PGM.SPECIFICATION);
    const operands = [kind.read(c, r1), kind.read(c, r2)] as const;
    const { quotient, remainder, code } = divideToInteger(begin(c), kind.target, operands, round);
    demandResult(c);
    kind.write(c, r1, remainder);
    kind.write(c, r3, quotient);
    c.cc = code;
    report(c);
  };
}

type OfTwo = (c: Processor, r1: number, r3: number, operand: number) => void;

const fusedRegister = (run: OfTwo) => (c: Processor, r1: number, r3: number, r2: number) =>
  run(control(c), r1, r3, r2);
const fusedLongStorage = (run: OfTwo) => (c: Processor, r1: number, r3: number) =>
  run(c, r1, r3, m64f(control(c)));
const fusedShortStorage = (run: OfTwo) => (c: Processor, r1: number, r3: number) =>
  run(c, r1, r3, m32f(control(c)));

// biome-ignore format: a line each
export const BFP_ARITHMETIC: readonly InstructionLine[] = [
  ['AEBR', 'RRE', 0xb30a, 'base', inRegister(short(SUM))],
  ['ADBR', 'RRE', 0xb31a, 'base', inRegister(long(SUM))],
  ['AXBR', 'RRE', 0xb34a, 'base', extendedPair(SUM)],
  ['AEB', 'RXE', 0xed0a, 'base', shortStorage(short(SUM))],
  ['ADB', 'RXE', 0xed1a, 'base', longStorage(long(SUM))],
  ['SEBR', 'RRE', 0xb30b, 'base', inRegister(short(DIFFERENCE))],
  ['SDBR', 'RRE', 0xb31b, 'base', inRegister(long(DIFFERENCE))],
  ['SXBR', 'RRE', 0xb34b, 'base', extendedPair(DIFFERENCE)],
  ['SEB', 'RXE', 0xed0b, 'base', shortStorage(short(DIFFERENCE))],
  ['SDB', 'RXE', 0xed1b, 'base', longStorage(long(DIFFERENCE))],
  ['MEEBR', 'RRE', 0xb317, 'base', inRegister(short(PRODUCT))],
  ['MDBR', 'RRE', 0xb31c, 'base', inRegister(long(PRODUCT))],
  ['MXBR', 'RRE', 0xb34c, 'base', extendedPair(PRODUCT)],
  ['MEEB', 'RXE', 0xed17, 'base', shortStorage(short(PRODUCT))],
  ['MDB', 'RXE', 0xed1c, 'base', longStorage(long(PRODUCT))],
  ['MDEBR', 'RRE', 0xb30c, 'base', inRegister(mde)],
  ['MDEB', 'RXE', 0xed0c, 'base', shortStorage(mde)],
  ['MXDBR', 'RRE', 0xb307, 'base', (c, r1, r2) => mxd(c, extended(control(c), r1), r2)],
  ['MXDB', 'RXE', 0xed07, 'base', (c, r1) => mxd(c, extended(control(c), r1), m64f(c))],
  ['DEBR', 'RRE', 0xb30d, 'base', inRegister(short(QUOTIENT))],
  ['DDBR', 'RRE', 0xb31d, 'base', inRegister(long(QUOTIENT))],
  ['DXBR', 'RRE', 0xb34d, 'base', extendedPair(QUOTIENT)],
  ['DEB', 'RXE', 0xed0d, 'base', shortStorage(short(QUOTIENT))],
  ['DDB', 'RXE', 0xed1d, 'base', longStorage(long(QUOTIENT))],
  ['SQEBR', 'RRE', 0xb314, 'base', inRegister(short(ROOT))],
  ['SQDBR', 'RRE', 0xb315, 'base', inRegister(long(ROOT))],
  ['SQXBR', 'RRE', 0xb316, 'base', extendedPair(ROOT)],
  ['SQEB', 'RXE', 0xed14, 'base', shortStorage(short(ROOT))],
  ['SQDB', 'RXE', 0xed15, 'base', longStorage(long(ROOT))],
  ['MAEBR', 'RRD', 0xb30e, 'base', fusedRegister(fusedShort(false))],
  ['MADBR', 'RRD', 0xb31e, 'base', fusedRegister(fusedLong(false))],
  ['MAEB', 'RXF', 0xed0e, 'base', fusedShortStorage(fusedShort(false))],
  ['MADB', 'RXF', 0xed1e, 'base', fusedLongStorage(fusedLong(false))],
  ['MSEBR', 'RRD', 0xb30f, 'base', fusedRegister(fusedShort(true))],
  ['MSDBR', 'RRD', 0xb31f, 'base', fusedRegister(fusedLong(true))],
  ['MSEB', 'RXF', 0xed0f, 'base', fusedShortStorage(fusedShort(true))],
  ['MSDB', 'RXF', 0xed1f, 'base', fusedLongStorage(fusedLong(true))],
  ['DIEBR', 'RRF', 0xb353, 'base', integerDivision(SHORT_REGISTER)],
  ['DIDBR', 'RRF', 0xb35b, 'base', integerDivision(LONG_REGISTER)],
  ['CEBR', 'RRE', 0xb309, 'base', inRegister(compareShort(false))],
  ['CDBR', 'RRE', 0xb319, 'base', inRegister(compareLong(false))],
  ['CXBR', 'RRE', 0xb349, 'base', compareExtended(false)],
  ['CEB', 'RXE', 0xed09, 'base', shortStorage(compareShort(false))],
  ['CDB', 'RXE', 0xed19, 'base', longStorage(compareLong(false))],
  ['KEBR', 'RRE', 0xb308, 'base', inRegister(compareShort(true))],
  ['KDBR', 'RRE', 0xb318, 'base', inRegister(compareLong(true))],
  ['KXBR', 'RRE', 0xb348, 'base', compareExtended(true)],
  ['KEB', 'RXE', 0xed08, 'base', shortStorage(compareShort(true))],
  ['KDB', 'RXE', 0xed18, 'base', longStorage(compareLong(true))],
];
