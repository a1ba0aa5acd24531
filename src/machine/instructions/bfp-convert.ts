/**
 * Conversions of binary-floating-point numbers between formats, to and from binary integers; loads that test or change the
 * sign; TEST DATA CLASS. Principles of Operation, chapter 19.
 *
 * The rounding mode and the control of the inexact exception of the floating-point-extension facility are always available.
 */

import {
  classOf,
  convert,
  fromInteger,
  INT32,
  INT64,
  type IntegerRange,
  tested,
  toInteger,
  toIntegral,
  UINT32,
  UINT64,
} from '../bfp/convert.ts';
import { isUsableShort } from '../bfp/native.ts';
import { roundedFrom } from '../bfp/rounding.ts';
import type { Processor } from '../cpu/processor.ts';
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
import { control, extended, inRegister, m32f, m64f, SIGN, shortStorage } from './fpr.ts';
import type { InstructionLine } from './line.ts';

/** Requires the registers of extended operands to designate pairs. */
function pairs(c: Processor, kind: RegisterFormat, r: number): void {
  if (kind === EXTENDED_REGISTER) extended(c, r);
}

/** LOAD AND TEST. */
function loadAndTest(kind: RegisterFormat) {
  return (c: Processor, r1: number, r2: number): void => {
    pairs(control(c), kind, r1);
    pairs(c, kind, r2);
    const bits = tested(begin(c), kind.format, kind.read(c, r2));
    demandResult(c);
    kind.write(c, r1, bits);
    c.cc = codeOf(kind.format, bits);
    report(c);
  };
}

/** LOAD COMPLEMENT, NEGATIVE and POSITIVE: no exceptions, whatever the operand. `sign` returns the new sign for the old one. */
function withSign(kind: RegisterFormat, sign: (hi: number) => number) {
  return (c: Processor, r1: number, r2: number): void => {
    pairs(control(c), kind, r1);
    pairs(c, kind, r2);
    const high = BigInt(kind.format.width - 32);
    const bits = kind.read(c, r2);
    const changed = BigInt((sign(Number(bits >> high)) & SIGN) >>> 0) << high;
    const result = BigInt.asUintN(kind.format.width - 1, bits) | changed;
    kind.write(c, r1, result);
    c.cc = codeOf(kind.format, result);
  };
}

const complement = (kind: RegisterFormat) => withSign(kind, (hi) => ~hi);
const negative = (kind: RegisterFormat) => withSign(kind, () => SIGN);
const positive = (kind: RegisterFormat) => withSign(kind, () => 0);

/** LOAD LENGTHENED of a register or the scratch operand. */
function lengthened(from: RegisterFormat, to: RegisterFormat) {
  return (c: Processor, r1: number, operand: number): void => {
    pairs(c, to, r1);
    const bits = convert(begin(c), to.target, from.format, from.read(c, operand));
    demandResult(c);
    to.write(c, r1, bits);
    report(c);
  };
}

const ldeGeneral = lengthened(SHORT_REGISTER, LONG_REGISTER);

/** LOAD LENGTHENED, short to long. */
function lde(c: Processor, r1: number, operand: number): void {
  const number = c.fopShort[operand * 2 + 1] as number;
  if (Number.isNaN(number)) ldeGeneral(c, r1, operand);
  else c.fopLong[r1] = number;
}

const lxd = lengthened(LONG_REGISTER, EXTENDED_REGISTER);
const lxe = lengthened(SHORT_REGISTER, EXTENDED_REGISTER);

/** LOAD ROUNDED. A trapped overflow or underflow leaves its result in the longer format. */
function loadRounded(from: RegisterFormat, to: RegisterFormat) {
  const target = roundedFrom(from.format, to.format);
  return (c: Processor, r1: number, r2: number, m3: number, m4: number): void => {
    control(c);
    const round = roundOf(c, m3);
    pairs(c, from, r1);
    pairs(c, from, r2);
    const env = begin(c, round);
    const bits = convert(env, target, from.format, from.read(c, r2));
    demandResult(c);
    if (env.isAdjusted) from.write(c, r1, bits);
    else to.write(c, r1, bits);
    report(c, m4);
  };
}

const ledGeneral = loadRounded(LONG_REGISTER, SHORT_REGISTER);

/** LOAD ROUNDED, long to short. */
function led(c: Processor, r1: number, r2: number, m3: number, m4: number): void {
  const { fpc } = control(c);
  const number = c.fopLong[r2] as number;
  const result = Math.fround(number);
  if ((m3 | m4) !== 0 || !isNative(fpc) || !isUsableShort(result)) {
    ledGeneral(c, r1, r2, m3, m4);
    return;
  }
  if (result !== number) c.fpc = (fpc | INEXACT_FLAG) >>> 0;
  c.fopShort[r1 * 2 + 1] = result;
}

/** LOAD FP INTEGER. */
function integral(kind: RegisterFormat) {
  return (c: Processor, r1: number, r2: number, m3: number, m4: number): void => {
    control(c);
    const round = roundOf(c, m3);
    pairs(c, kind, r1);
    pairs(c, kind, r2);
    const bits = toIntegral(begin(c, round), kind.target, kind.read(c, r2));
    demandResult(c);
    kind.write(c, r1, bits);
    report(c, m4);
  };
}

/** A kind of binary integer in a general register. */
interface RegisterInteger {
  readonly range: IntegerRange;
  read(c: Processor, r: number): bigint;
  write(c: Processor, r: number, value: bigint): void;
}

const write32 = (c: Processor, r: number, value: bigint) =>
  void (c.gr32s[r * 2] = Number(BigInt.asIntN(32, value)));
const write64 = (c: Processor, r: number, value: bigint) => void (c.gr[r] = value);

const S32: RegisterInteger = { range: INT32, read: (c, r) => BigInt(c.signedLow(r)), write: write32 };
const U32: RegisterInteger = { range: UINT32, read: (c, r) => BigInt(c.low(r)), write: write32 };
const S64: RegisterInteger = { range: INT64, read: (c, r) => c.grs[r] as bigint, write: write64 };
const U64: RegisterInteger = { range: UINT64, read: (c, r) => c.gr[r] as bigint, write: write64 };

/** CONVERT FROM FIXED and CONVERT FROM LOGICAL. */
function fromFixed(integer: RegisterInteger, kind: RegisterFormat) {
  return (c: Processor, r1: number, r2: number, m3: number, m4: number): void => {
    control(c);
    const round = roundOf(c, m3);
    pairs(c, kind, r1);
    kind.write(c, r1, fromInteger(begin(c, round), kind.target, integer.read(c, r2)));
    report(c, m4);
  };
}

const cdfGeneral = fromFixed(S32, LONG_REGISTER);
const cdgGeneral = fromFixed(S64, LONG_REGISTER);

/** CONVERT FROM FIXED, 32 bits to long: always exact. */
function cdf(c: Processor, r1: number, r2: number, m3: number, m4: number): void {
  if (m3 === 0) control(c).fopLong[r1] = c.signedLow(r2);
  else cdfGeneral(c, r1, r2, m3, m4);
}

/** The range of integers that the long format has all of: high halves. */
const EXACT_HIGH = 2 ** 20;

/** CONVERT FROM FIXED, 64 bits to long. */
function cdg(c: Processor, r1: number, r2: number, m3: number, m4: number): void {
  const high = c.gr32s[r2 * 2 + 1] as number;
  if (m3 === 0 && high >= -EXACT_HIGH && high < EXACT_HIGH) {
    control(c).fopLong[r1] = high * 2 ** 32 + c.low(r2);
  } else {
    cdgGeneral(c, r1, r2, m3, m4);
  }
}

/** Returns the condition code of a conversion to an integer: that of the source, or 3 if the result is not its integer. */
function conversionCode(kind: RegisterFormat, bits: bigint, isInvalid: boolean): number {
  return isInvalid ? 3 : codeOf(kind.format, bits);
}

/** CONVERT TO FIXED and CONVERT TO LOGICAL. */
function toFixed(integer: RegisterInteger, kind: RegisterFormat) {
  return (c: Processor, r1: number, r2: number, m3: number, m4: number): void => {
    control(c);
    const env = begin(c, roundOf(c, m3));
    pairs(c, kind, r2);
    const bits = kind.read(c, r2);
    const value = toInteger(env, integer.range, kind.format, bits);
    demandResult(c);
    integer.write(c, r1, value);
    c.cc = conversionCode(kind, bits, env.isInvalid);
    report(c, m4);
  };
}

const cfdGeneral = toFixed(S32, LONG_REGISTER);
const cgdGeneral = toFixed(S64, LONG_REGISTER);

/** M3: round toward zero, which compiled programs use. */
const TOWARD_ZERO = 5;

/** Returns whether a truncating conversion of a number can be done here. Sets the inexact flag and the condition code if so. */
function truncates(c: Processor, number: number, m3: number, limit: number): boolean {
  const { fpc } = c;
  if (m3 !== TOWARD_ZERO || !isNative(fpc) || !(Math.abs(number) < limit)) return false;
  if (!Number.isInteger(number)) c.fpc = (fpc | INEXACT_FLAG) >>> 0;
  c.cc = number === 0 ? 0 : number < 0 ? 1 : 2;
  return true;
}

/** CONVERT TO FIXED, long to 32 bits. */
function cfd(c: Processor, r1: number, r2: number, m3: number, m4: number): void {
  const number = c.fopLong[r2] as number;
  if (m4 === 0 && truncates(control(c), number, m3, 2 ** 31)) c.gr32s[r1 * 2] = Math.trunc(number);
  else cfdGeneral(c, r1, r2, m3, m4);
}

/** CONVERT TO FIXED, long to 64 bits. */
function cgd(c: Processor, r1: number, r2: number, m3: number, m4: number): void {
  const number = c.fopLong[r2] as number;
  if (m4 !== 0 || !truncates(control(c), number, m3, 2 ** 53)) {
    cgdGeneral(c, r1, r2, m3, m4);
    return;
  }
  const whole = Math.trunc(number);
  const high = Math.floor(whole / 2 ** 32);
  c.gr32s[r1 * 2 + 1] = high;
  c.gr32[r1 * 2] = whole - high * 2 ** 32;
}

/** TEST DATA CLASS: the condition code is 1 if the last 12 bits of the second-operand address select the operand's class. */
function testClass(kind: RegisterFormat) {
  return (c: Processor, r1: number): void => {
    pairs(control(c), kind, r1);
    c.cc = classOf(kind.format, kind.read(c, r1)) & c.eaLo ? 1 : 0;
  };
}

const E = SHORT_REGISTER;
const D = LONG_REGISTER;
const Q = EXTENDED_REGISTER;

// biome-ignore format: a line each
export const BFP_CONVERT: readonly InstructionLine[] = [
  ['LTEBR', 'RRE', 0xb302, 'base', loadAndTest(E)],
  ['LTDBR', 'RRE', 0xb312, 'base', loadAndTest(D)],
  ['LTXBR', 'RRE', 0xb342, 'base', loadAndTest(Q)],
  ['LCEBR', 'RRE', 0xb303, 'base', complement(E)],
  ['LCDBR', 'RRE', 0xb313, 'base', complement(D)],
  ['LCXBR', 'RRE', 0xb343, 'base', complement(Q)],
  ['LNEBR', 'RRE', 0xb301, 'base', negative(E)],
  ['LNDBR', 'RRE', 0xb311, 'base', negative(D)],
  ['LNXBR', 'RRE', 0xb341, 'base', negative(Q)],
  ['LPEBR', 'RRE', 0xb300, 'base', positive(E)],
  ['LPDBR', 'RRE', 0xb310, 'base', positive(D)],
  ['LPXBR', 'RRE', 0xb340, 'base', positive(Q)],
  ['LDEBR', 'RRE', 0xb304, 'base', inRegister(lde)],
  ['LDEB', 'RXE', 0xed04, 'base', shortStorage(lde)],
  ['LXDBR', 'RRE', 0xb305, 'base', inRegister(lxd)],
  ['LXDB', 'RXE', 0xed05, 'base', (c, r1) => lxd(c, extended(control(c), r1), m64f(c))],
  ['LXEBR', 'RRE', 0xb306, 'base', inRegister(lxe)],
  ['LXEB', 'RXE', 0xed06, 'base', (c, r1) => lxe(c, extended(control(c), r1), m32f(c))],
  ['LEDBR', 'RRF', 0xb344, 'base', led],
  ['LDXBR', 'RRF', 0xb345, 'base', loadRounded(Q, D)],
  ['LEXBR', 'RRF', 0xb346, 'base', loadRounded(Q, E)],
  ['FIEBR', 'RRF', 0xb357, 'base', integral(E)],
  ['FIDBR', 'RRF', 0xb35f, 'base', integral(D)],
  ['FIXBR', 'RRF', 0xb347, 'base', integral(Q)],
  ['CEFBR', 'RRF', 0xb394, 'base', fromFixed(S32, E)],
  ['CDFBR', 'RRF', 0xb395, 'base', cdf],
  ['CXFBR', 'RRF', 0xb396, 'base', fromFixed(S32, Q)],
  ['CEGBR', 'RRF', 0xb3a4, 'base', fromFixed(S64, E)],
  ['CDGBR', 'RRF', 0xb3a5, 'base', cdg],
  ['CXGBR', 'RRF', 0xb3a6, 'base', fromFixed(S64, Q)],
  ['CELFBR', 'RRF', 0xb390, 'fpext', fromFixed(U32, E)],
  ['CDLFBR', 'RRF', 0xb391, 'fpext', fromFixed(U32, D)],
  ['CXLFBR', 'RRF', 0xb392, 'fpext', fromFixed(U32, Q)],
  ['CELGBR', 'RRF', 0xb3a0, 'fpext', fromFixed(U64, E)],
  ['CDLGBR', 'RRF', 0xb3a1, 'fpext', fromFixed(U64, D)],
  ['CXLGBR', 'RRF', 0xb3a2, 'fpext', fromFixed(U64, Q)],
  ['CFEBR', 'RRF', 0xb398, 'base', toFixed(S32, E)],
  ['CFDBR', 'RRF', 0xb399, 'base', cfd],
  ['CFXBR', 'RRF', 0xb39a, 'base', toFixed(S32, Q)],
  ['CGEBR', 'RRF', 0xb3a8, 'base', toFixed(S64, E)],
  ['CGDBR', 'RRF', 0xb3a9, 'base', cgd],
  ['CGXBR', 'RRF', 0xb3aa, 'base', toFixed(S64, Q)],
  ['CLFEBR', 'RRF', 0xb39c, 'fpext', toFixed(U32, E)],
  ['CLFDBR', 'RRF', 0xb39d, 'fpext', toFixed(U32, D)],
  ['CLFXBR', 'RRF', 0xb39e, 'fpext', toFixed(U32, Q)],
  ['CLGEBR', 'RRF', 0xb3ac, 'fpext', toFixed(U64, E)],
  ['CLGDBR', 'RRF', 0xb3ad, 'fpext', toFixed(U64, D)],
  ['CLGXBR', 'RRF', 0xb3ae, 'fpext', toFixed(U64, Q)],
  ['TCEB', 'RXE', 0xed10, 'base', testClass(E)],
  ['TCDB', 'RXE', 0xed11, 'base', testClass(D)],
  ['TCXB', 'RXE', 0xed12, 'base', testClass(Q)],
];
