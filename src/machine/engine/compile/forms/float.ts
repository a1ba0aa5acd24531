/**
 * Loads, stores and copies of floating-point registers, and arithmetic of the long format. Compiled code does arithmetic as the
 * interpreter's fast way does it (`../../../bfp/native.ts`): with operands and results far from overflow and underflow, and once
 * the inexact flag is on, so that no flag can change. All else is for the interpreter.
 */

import type { Address } from '../../../instructions/fields.ts';
import { CC } from '../condition-code.ts';
import type { Decoded } from '../decoded.ts';
import type { Emitter } from '../emitter.ts';
import { OP } from '../wasm.ts';
import { type Form, type FormTable, operand } from './form.ts';

/** Pushes the bits of an operand. Returns the number of lookups. */
type Bits = (e: Emitter, i: Decoded) => number;

const inRegister =
  (n: number): Bits =>
  (e, i) => {
    e.float(operand(i, n));
    return 0;
  };

const inStorage: Bits = (e, i) => {
  e.address(i.address as Address);
  e.load(8);
  return 1;
};

function loadLong(source: Bits): Form {
  return (e, i) => {
    const lookups = source(e, i);
    e.setFloat(operand(i, 0));
    return lookups;
  };
}

/** Loads a short operand into the high half. */
function loadShort(e: Emitter, i: Decoded): number {
  e.address(i.address as Address);
  e.load(4);
  setHigh(e, operand(i, 0));
  return 1;
}

/** Pops 64 bits, whose low half becomes the high half of a register. */
function setHigh(e: Emitter, r: number): void {
  e.body.i64(32).op(OP.I64_SHL);
  e.float(r);
  e.body.op(OP.I32_WRAP, OP.I64_EXTEND_U, OP.I64_OR);
  e.setFloat(r);
}

function copyShort(e: Emitter, i: Decoded): number {
  e.float(operand(i, 1));
  e.body.i64(32).op(OP.I64_SHR_U);
  setHigh(e, operand(i, 0));
  return 0;
}

/** Stores `length` bytes of a register, from the left. */
function store(length: 4 | 8): Form {
  return (e, i) => {
    e.address(i.address as Address);
    e.store(length, () => {
      e.float(operand(i, 0));
      if (length === 4) e.body.i64(32).op(OP.I64_SHR_U);
    });
    return 1;
  };
}

const SIGN = -0x8000_0000_0000_0000n;

/** Copies a register with another sign. */
function withSign(code: number, mask: bigint): Form {
  return (e, i) => {
    e.float(operand(i, 1));
    e.body.i64(mask).op(code);
    e.setFloat(operand(i, 0));
    return 0;
  };
}

/** Exponents of numbers that are neither near overflow nor near underflow: from 2^-900 to below 2^900. */
const LEAST_EXPONENT = 1023 - 900;
const EXPONENTS = 1800;

/** With the bits of a number on the stack: leaves the instruction to the interpreter if it is not usable. */
function demandUsable(e: Emitter): void {
  e.body.i64(52).op(OP.I64_SHR_U).i64(0x7ff).op(OP.I64_AND).i64(LEAST_EXPONENT).op(OP.I64_SUB);
  e.body.i64(EXPONENTS).op(OP.I64_GE_U);
  e.interpretIf();
}

/** r1 = r1 op operand. */
function arithmetic(code: number, source: Bits): Form {
  return (e, i) => {
    const { body } = e;
    e.demandArithmetic();
    const lookups = source(e, i);
    body.op(OP.F64_REINTERPRET_I64).set(e.number(0));
    e.float(operand(i, 0));
    body.op(OP.F64_REINTERPRET_I64).get(e.number(0)).op(code, OP.I64_REINTERPRET_F64).tee(e.t);
    demandUsable(e);
    body.get(e.t);
    e.setFloat(operand(i, 0));
    return lookups;
  };
}

/** A sum or difference. Whether it is exact is easy to tell. */
function sum(source: Bits, minus: boolean): Form {
  return (e, i) => {
    const { body } = e;
    const [x, y, result, scratch] = [e.number(0), e.number(1), e.number(2), e.number(3)];
    e.needsAfp();
    const lookups = source(e, i);
    body.op(OP.F64_REINTERPRET_I64);
    if (minus) body.op(OP.F64_NEG);
    body.set(y);
    e.float(operand(i, 0));
    body.op(OP.F64_REINTERPRET_I64).tee(x).get(y).op(OP.F64_ADD).tee(result);
    body.op(OP.I64_REINTERPRET_F64).tee(e.t);
    demandUsable(e);
    e.demandExact(() => {
      pushSumError(e, x, y, result, scratch);
      body.f64(0).op(OP.F64_NE);
    });
    body.get(e.t).tee(e.a);
    e.setFloat(operand(i, 0));
    e.setKind(CC.SIGN);
    return lookups;
  };
}

function squareRoot(source: Bits): Form {
  return (e, i) => {
    const { body } = e;
    e.demandArithmetic();
    const lookups = source(e, i);
    body.op(OP.F64_REINTERPRET_I64, OP.F64_SQRT, OP.I64_REINTERPRET_F64).tee(e.t);
    demandUsable(e);
    body.get(e.t);
    e.setFloat(operand(i, 0));
    return lookups;
  };
}

/** Compares r1 with an operand. A NaN is for the interpreter. */
function compare(source: Bits): Form {
  return (e, i) => {
    const { body } = e;
    const [x, y] = [e.number(0), e.number(1)];
    e.needsAfp();
    const lookups = source(e, i);
    body.op(OP.F64_REINTERPRET_I64).set(y);
    e.float(operand(i, 0));
    body.op(OP.F64_REINTERPRET_I64).set(x);
    body.get(x).get(x).op(OP.F64_NE).get(y).get(y).op(OP.F64_NE, OP.I32_OR);
    e.interpretIf();
    body.get(x).get(y).op(OP.F64_GT, OP.I64_EXTEND_U);
    body.get(x).get(y).op(OP.F64_LT, OP.I64_EXTEND_U, OP.I64_SUB).set(e.a);
    e.setKind(CC.SIGN);
    return lookups;
  };
}

const EXACT = 2 ** 53;

/** CONVERT FROM FIXED. 32 bits are always exact. */
function fromFixed(bits: 32 | 64): Form {
  return (e, i) => {
    e.needsAfp();
    // The modifiers, which can suppress exceptions and choose a rounding, are for the interpreter.
    if (operand(i, 2) !== 0 || operand(i, 3) !== 0) {
      e.interpret();
    }
    const push = () => {
      if (bits === 64) e.register(operand(i, 1));
      else e.low(operand(i, 1), 'signed');
    };
    if (bits === 64) {
      e.demandExact(() => {
        // Not from -2^53 to 2^53.
        push();
        e.body
          .i64(EXACT)
          .op(OP.I64_ADD)
          .i64(2 * EXACT)
          .op(OP.I64_GT_U);
      });
    }
    push();
    e.body.op(OP.F64_CONVERT_I64_S, OP.I64_REINTERPRET_F64);
    e.setFloat(operand(i, 0));
    return 0;
  };
}

/** Pushes the rounding error of the sum `sum` of x and y, all numbers in locals; `scratch` is overwritten. Knuth. */
function pushSumError(e: Emitter, x: number, y: number, sum: number, scratch: number): void {
  const { body } = e;
  body.get(sum).get(x).op(OP.F64_SUB).set(scratch);
  body.get(x).get(sum).get(scratch).op(OP.F64_SUB, OP.F64_SUB);
  body.get(y).get(scratch).op(OP.F64_SUB, OP.F64_ADD);
}

const SPLITTER = 2 ** 27 + 1;
const HIGH = 2 ** 900;

/** MULTIPLY AND ADD or SUBTRACT: r3 times an operand plus or minus r1, rounded once. Boldo and Melquiond, as in `native.ts`. */
function fused(source: Bits, minus: boolean): Form {
  return (e, i) => {
    const { body } = e;
    const n = (index: number) => e.number(index);
    const [x, y, z, product, error, middle, high, p, q, s] = [
      n(0),
      n(1),
      n(2),
      n(3),
      n(4),
      n(5),
      n(6),
      n(7),
      n(8),
      n(9),
    ];
    e.demandArithmetic();
    const lookups = source(e, i);
    body.op(OP.F64_REINTERPRET_I64).set(x);
    e.float(operand(i, 1));
    body.op(OP.F64_REINTERPRET_I64).set(y);
    e.float(operand(i, 0));
    body.op(OP.F64_REINTERPRET_I64);
    if (minus) body.op(OP.F64_NEG);
    body.set(z);
    body.get(x).get(y).op(OP.F64_MUL).tee(product).op(OP.I64_REINTERPRET_F64);
    demandUsable(e);
    // Not |z| <= 2^900, which a NaN is not either.
    body.f64(HIGH).get(z).op(OP.F64_ABS, OP.F64_LT).get(z).get(z).op(OP.F64_NE, OP.I32_OR);
    e.interpretIf();
    // Dekker's product: p and q are the high halves of x and y.
    for (const [whole, half] of [
      [x, p],
      [y, q],
    ] as const) {
      body
        .get(whole)
        .f64(SPLITTER)
        .op(OP.F64_MUL)
        .tee(s)
        .get(s)
        .get(whole)
        .op(OP.F64_SUB, OP.F64_SUB)
        .set(half);
    }
    const lowX = () => body.get(x).get(p).op(OP.F64_SUB);
    const lowY = () => body.get(y).get(q).op(OP.F64_SUB);
    lowX();
    lowY();
    body.op(OP.F64_MUL);
    body.get(product).get(p).get(q).op(OP.F64_MUL, OP.F64_SUB);
    lowX();
    body.get(q).op(OP.F64_MUL, OP.F64_SUB).get(p);
    lowY();
    body.op(OP.F64_MUL, OP.F64_SUB, OP.F64_SUB).set(error);
    // x, y, p, q and s are free now.
    body.get(z).get(error).op(OP.F64_ADD).set(middle);
    pushSumError(e, z, error, middle, s);
    body.set(p);
    body.get(product).get(middle).op(OP.F64_ADD).set(high);
    pushSumError(e, product, middle, high, s);
    body.set(q);
    body.get(p).get(q).op(OP.F64_ADD).set(x);
    pushSumError(e, p, q, x, s);
    body.set(y);
    // Rounded to odd: x, with error y, gets a last bit of one unless it is exact.
    body.get(x).op(OP.I64_REINTERPRET_F64).set(e.t);
    body.get(e.t).i64(1).get(x).f64(0).op(OP.F64_GT).get(y).f64(0).op(OP.F64_GT, OP.I32_EQ);
    // One more if error and sum have the same sign, else one less: 1 or -1.
    body.op(OP.I32_EQZ, OP.I64_EXTEND_U).i64(1).op(OP.I64_SHL, OP.I64_SUB, OP.I64_ADD);
    body.get(e.t);
    body.get(y).f64(0).op(OP.F64_NE).get(e.t).op(OP.I32_WRAP).i32(1).op(OP.I32_AND, OP.I32_EQZ, OP.I32_AND);
    body.op(OP.SELECT, OP.F64_REINTERPRET_I64);
    body.get(high).op(OP.F64_ADD, OP.I64_REINTERPRET_F64).tee(e.t);
    demandUsable(e);
    body.get(e.t);
    e.setFloat(operand(i, 0));
    return lookups;
  };
}

/** A load, or a load with another sign, that sets the condition code by the value. A NaN is for the interpreter. */
function signed(code: number | null, mask: bigint): Form {
  return (e, i) => {
    const { body } = e;
    e.needsAfp();
    e.float(operand(i, 1));
    body.set(e.t).get(e.t).op(OP.F64_REINTERPRET_I64).tee(e.number(0)).get(e.number(0)).op(OP.F64_NE);
    e.interpretIf();
    body.get(e.t);
    if (code !== null) body.i64(mask).op(code);
    body.tee(e.t);
    e.setFloat(operand(i, 0));
    // Zero has a sign, too.
    body.i64(0).get(e.t).get(e.t).i64(1).op(OP.I64_SHL, OP.I64_EQZ, OP.SELECT).set(e.a);
    e.setKind(CC.SIGN);
    return 0;
  };
}

export const FLOAT: FormTable = {
  LTDBR: signed(null, 0n),
  LCDBR: signed(OP.I64_XOR, SIGN),
  LPDBR: signed(OP.I64_AND, ~SIGN),
  LNDBR: signed(OP.I64_OR, SIGN),
  LD: loadLong(inStorage),
  LDY: loadLong(inStorage),
  LDR: loadLong(inRegister(1)),
  LE: loadShort,
  LEY: loadShort,
  LER: copyShort,
  STD: store(8),
  STDY: store(8),
  STE: store(4),
  STEY: store(4),
  LZDR: loadLong((e) => {
    e.body.i64(0);
    return 0;
  }),
  LDGR: loadLong((e, i) => {
    e.register(operand(i, 1));
    return 0;
  }),
  LGDR: (e, i) => {
    e.float(operand(i, 1));
    e.setRegister(operand(i, 0));
    return 0;
  },
  LPDFR: withSign(OP.I64_AND, ~SIGN),
  LNDFR: withSign(OP.I64_OR, SIGN),
  LCDFR: withSign(OP.I64_XOR, SIGN),
  ADBR: sum(inRegister(1), false),
  ADB: sum(inStorage, false),
  SDBR: sum(inRegister(1), true),
  SDB: sum(inStorage, true),
  MDBR: arithmetic(OP.F64_MUL, inRegister(1)),
  MDB: arithmetic(OP.F64_MUL, inStorage),
  DDBR: arithmetic(OP.F64_DIV, inRegister(1)),
  DDB: arithmetic(OP.F64_DIV, inStorage),
  SQDBR: squareRoot(inRegister(1)),
  SQDB: squareRoot(inStorage),
  MADBR: fused(inRegister(2), false),
  MADB: fused(inStorage, false),
  MSDBR: fused(inRegister(2), true),
  MSDB: fused(inStorage, true),
  CDBR: compare(inRegister(1)),
  CDB: compare(inStorage),
  KDBR: compare(inRegister(1)),
  KDB: compare(inStorage),
  CDFBR: fromFixed(32),
  CDGBR: fromFixed(64),
};
