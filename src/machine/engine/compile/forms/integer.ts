/** Binary arithmetic, logic, comparisons, shifts and multiplication of general registers. */

import type { Address } from '../../../instructions/fields.ts';
import { CC, type Cc } from '../condition-code.ts';
import type { Decoded } from '../decoded.ts';
import type { Emitter } from '../emitter.ts';
import { OP } from '../wasm.ts';
import { type Form, type FormTable, operand } from './form.ts';
import {
  immediate,
  immediate16,
  immediate32,
  lowSigned,
  lowUnsigned,
  m8u,
  m16s,
  m16u,
  m32s,
  m32u,
  m64,
  relative,
  type Source,
  whole,
} from './operands.ts';

/** r1 = a + b or a - b, 64 bits, signed or logical. `a`: which operand the first register is. */
function sum64(code: number, kind: Cc, source: Source, a = 0): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.t);
    e.register(operand(i, a));
    body.set(e.a).get(e.t).set(e.b);
    body.get(e.a).get(e.b).op(code);
    if (kind === CC.ADD_LOGICAL) body.tee(e.a);
    e.setRegister(operand(i, 0));
    e.setKind(kind);
    return lookups;
  };
}

/** The low half of r1 = a + b or a - b. The operands are extended, so that the result is exact. */
function sum32(code: number, kind: Cc, source: Source, a = 0): Form {
  const extension = kind === CC.EXACT_32 ? 'signed' : 'unsigned';
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.t);
    e.low(operand(i, a), extension);
    body.get(e.t).op(code).tee(e.a);
    e.setLow(operand(i, 0));
    e.setKind(kind);
    return lookups;
  };
}

const add64 = (source: Source, a = 0) => sum64(OP.I64_ADD, CC.ADD, source, a);
const sub64 = (source: Source, a = 0) => sum64(OP.I64_SUB, CC.SUBTRACT, source, a);
const addLogical64 = (source: Source, a = 0) => sum64(OP.I64_ADD, CC.ADD_LOGICAL, source, a);
const subLogical64 = (source: Source, a = 0) => sum64(OP.I64_SUB, CC.SUBTRACT_LOGICAL, source, a);
const add32 = (source: Source, a = 0) => sum32(OP.I64_ADD, CC.EXACT_32, source, a);
const sub32 = (source: Source, a = 0) => sum32(OP.I64_SUB, CC.EXACT_32, source, a);
const addLogical32 = (source: Source, a = 0) => sum32(OP.I64_ADD, CC.ADD_LOGICAL_32, source, a);
const subLogical32 = (source: Source, a = 0) => sum32(OP.I64_SUB, CC.SUBTRACT_LOGICAL_32, source, a);

/** r1 = a op b, 64 bits; condition code 1 for a nonzero result. */
function bitwise64(code: number, source: Source, a = 0): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.t);
    e.register(operand(i, a));
    body.get(e.t).op(code).tee(e.a);
    e.setRegister(operand(i, 0));
    e.setKind(CC.NONZERO);
    return lookups;
  };
}

/** As `bitwise64`, for the low halves. */
function bitwise32(code: number, source: Source, a = 0): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.t);
    e.low(operand(i, a), 'unsigned');
    body.get(e.t).op(code, OP.I32_WRAP, OP.I64_EXTEND_U).tee(e.a);
    e.setLow(operand(i, 0));
    e.setKind(CC.NONZERO);
    return lookups;
  };
}

const { I64_AND: AND, I64_OR: OR, I64_XOR: XOR } = OP;

/**
 * An operation with an immediate on `bits` bits of r1 from bit `shift` (counted from the right) on; the others do not change.
 */
function onPart(code: number, shift: number, bits: 16 | 32): Form {
  const mask = (bits === 16 ? 0xffffn : 0xffff_ffffn) << BigInt(shift);
  return (e, i) => {
    const { body } = e;
    const r = operand(i, 0);
    const value = BigInt.asUintN(bits, BigInt(operand(i, 1))) << BigInt(shift);
    e.register(r);
    body.i64(code === OP.I64_AND ? value | ~mask : value).op(code);
    body.tee(e.t);
    e.setRegister(r);
    body.get(e.t).i64(mask).op(OP.I64_AND).set(e.a);
    e.setKind(CC.NONZERO);
    return 0;
  };
}

/** Comparison of operand 0 with another. */
function compare(kind: Cc, first: Source, second: Source): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = first(e, i);
    body.set(e.t);
    const more = second(e, i);
    body.set(e.b).get(e.t).set(e.a);
    e.setKind(kind);
    return lookups + more;
  };
}

const compare64 = (source: Source) => compare(CC.COMPARE, whole(0), source);
const compare32 = (source: Source) => compare(CC.COMPARE, lowSigned(0), source);
const compareLogical64 = (source: Source) => compare(CC.COMPARE_LOGICAL, whole(0), source);
const compareLogical32 = (source: Source) => compare(CC.COMPARE_LOGICAL, lowUnsigned(0), source);

/** Loads a value whose sign is the condition code. */
function signed(bits: 32 | 64, source: Source): Form {
  return (e, i) => {
    const lookups = source(e, i);
    e.body.tee(e.a);
    e.setBits(operand(i, 0), bits);
    e.setKind(CC.SIGN);
    return lookups;
  };
}

/** LOAD COMPLEMENT: 0 - operand. */
function complement64(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.b).i64(0).tee(e.a).get(e.b).op(OP.I64_SUB);
    e.setRegister(operand(i, 0));
    e.setKind(CC.SUBTRACT);
    return lookups;
  };
}

function complement32(e: Emitter, i: Decoded): number {
  const { body } = e;
  body.i64(0);
  e.low(operand(i, 1), 'signed');
  body.op(OP.I64_SUB).tee(e.a);
  e.setLow(operand(i, 0));
  e.setKind(CC.EXACT_32);
  return 0;
}

/** LOAD POSITIVE. The greatest negative number overflows. */
function positive64(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    // A is the operand if it is positive, B if it is negative; the other is zero.
    body.set(e.t).get(e.t).i64(63).op(OP.I64_SHR_S).set(e.u);
    body.get(e.t).get(e.u).op(OP.I64_AND).set(e.b);
    body.get(e.t).get(e.b).op(OP.I64_XOR).tee(e.a).get(e.b).op(OP.I64_SUB);
    e.setRegister(operand(i, 0));
    e.setKind(CC.SUBTRACT);
    return lookups;
  };
}

/** Pushes the absolute value of the signed low half of r2, or the negative of it. It has 33 bits. */
function absolute32(e: Emitter, i: Decoded, negative: boolean): void {
  const { body } = e;
  e.low(operand(i, 1), 'signed');
  body.tee(e.t).i64(63).op(OP.I64_SHR_S).tee(e.u).get(e.t).op(OP.I64_XOR).get(e.u).op(OP.I64_SUB);
  if (negative) body.set(e.t).i64(0).get(e.t).op(OP.I64_SUB);
}

/** LOAD POSITIVE and LOAD NEGATIVE, 32 bits. */
function withSign32(negative: boolean): Form {
  return (e, i) => {
    absolute32(e, i, negative);
    e.body.tee(e.a);
    e.setLow(operand(i, 0));
    e.setKind(CC.EXACT_32);
    return 0;
  };
}

/** LOAD NEGATIVE. */
function negative64(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.t).get(e.t).i64(63).op(OP.I64_SHR_S).set(e.u);
    body.get(e.u).get(e.u).get(e.t).op(OP.I64_XOR, OP.I64_SUB).tee(e.a);
    e.setRegister(operand(i, 0));
    e.setKind(CC.SIGN);
    return lookups;
  };
}

/** TEST UNDER MASK of a halfword of r1. */
function testPart(shift: number): Form {
  return (e, i) => {
    const mask = operand(i, 1) & 0xffff;
    e.register(operand(i, 0));
    if (shift !== 0) e.body.i64(shift).op(OP.I64_SHR_U);
    e.body.i64(mask).op(OP.I64_AND).set(e.a).i64(mask).set(e.b);
    e.setKind(CC.UNDER_MASK_LEFT);
    return 0;
  };
}

/** TEST UNDER MASK of a byte in storage. */
function testByte(e: Emitter, i: Decoded): number {
  const mask = operand(i, 0) & 0xff;
  const lookups = m8u(e, i);
  e.body.i64(mask).op(OP.I64_AND).set(e.a).i64(mask).set(e.b);
  e.setKind(CC.UNDER_MASK);
  return lookups;
}

/** Pushes a shift amount, 0 to 63: the low six bits of the address. */
function amount(e: Emitter, { address }: Decoded): void {
  const { base, displacement } = address as Address;
  if (base === 0) {
    e.body.i64(displacement & 63);
    return;
  }
  e.address(address as Address);
  e.body.i64(63).op(OP.I64_AND);
}

/** Shifts 64 bits of operand `a` into r1. */
function shift64(code: number, setsCode: boolean): Form {
  return (e, i) => {
    e.register(operand(i, 1));
    amount(e, i);
    e.body.op(code);
    if (setsCode) e.body.tee(e.a);
    e.setRegister(operand(i, 0));
    if (setsCode) e.setKind(CC.SIGN);
    return 0;
  };
}

/** Shifts the low half of operand `a` into that of r1. An amount above 31 shifts all bits out. */
function shift32(code: number, a: 0 | 1): Form {
  return (e, i) => {
    e.low(operand(i, a), 'unsigned');
    amount(e, i);
    e.body.op(code);
    e.setLow(operand(i, 0));
    return 0;
  };
}

function shiftSigned32(a: 0 | 1): Form {
  return (e, i) => {
    e.low(operand(i, a), 'signed');
    amount(e, i);
    e.body.op(OP.I64_SHR_S).tee(e.a);
    e.setLow(operand(i, 0));
    e.setKind(CC.SIGN);
    return 0;
  };
}

function rotate32(e: Emitter, i: Decoded): number {
  e.register(operand(i, 1));
  e.body.op(OP.I32_WRAP);
  amount(e, i);
  e.body.op(OP.I32_WRAP, OP.I32_ROTL, OP.I64_EXTEND_U);
  e.setLow(operand(i, 0));
  return 0;
}

/** MULTIPLY SINGLE: the low bits of a product. */
function multiply(bits: 32 | 64, source: Source): Form {
  return (e, i) => {
    const lookups = source(e, i);
    e.register(operand(i, 0));
    e.body.op(OP.I64_MUL);
    e.setBits(operand(i, 0), bits);
    return lookups;
  };
}

/** MULTIPLY LOGICAL, 64 bits: the product of 128 bits, from four products of halves. */
function multiplyLogical64(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const r = even(e, i);
    const lookups = source(e, i);
    body.set(e.t);
    e.register(r + 1);
    body.set(e.u);
    const half = (local: number, high: boolean) => {
      body.get(local);
      if (high) body.i64(32).op(OP.I64_SHR_U);
      else body.i64(0xffff_ffff).op(OP.I64_AND);
    };
    // middle = high(t) * low(u) + carry of low(t) * low(u); no sum of these exceeds 64 bits.
    half(e.t, true);
    half(e.u, false);
    body.op(OP.I64_MUL);
    half(e.t, false);
    half(e.u, false);
    body.op(OP.I64_MUL).i64(32).op(OP.I64_SHR_U, OP.I64_ADD).set(e.v);
    half(e.t, true);
    half(e.u, true);
    body.op(OP.I64_MUL);
    half(e.v, true);
    body.op(OP.I64_ADD);
    half(e.t, false);
    half(e.u, true);
    body.op(OP.I64_MUL);
    half(e.v, false);
    body.op(OP.I64_ADD).i64(32).op(OP.I64_SHR_U, OP.I64_ADD);
    e.setRegister(r);
    body.get(e.t).get(e.u).op(OP.I64_MUL);
    e.setRegister(r + 1);
    return lookups;
  };
}

/** Leaves the instruction to the interpreter if r1 is odd: a specification exception. Returns the even register. */
function even(e: Emitter, i: Decoded): number {
  const r = operand(i, 0);
  if (r & 1) {
    e.interpret();
  }
  return r & 14;
}

/** Divides U by T: the remainder goes to r, the quotient to r + 1. */
function divide(e: Emitter, r: number, bits: 32 | 64, remainder: number, quotient: number): void {
  e.body.get(e.u).get(e.t).op(remainder);
  e.setBits(r, bits);
  e.body.get(e.u).get(e.t).op(quotient);
  e.setBits(r + 1, bits);
}

/** DIVIDE SINGLE, 64 bits. The exceptions are for the interpreter. */
function divideSingle64(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const r = even(e, i);
    const lookups = source(e, i);
    body.set(e.t);
    // A divisor of 0 or -1: 0 is an exception, and -1 may be.
    body.get(e.t).i64(1).op(OP.I64_ADD).i64(2).op(OP.I64_LT_U);
    e.interpretIf();
    e.register(r + 1);
    body.set(e.u);
    divide(e, r, 64, OP.I64_REM_S, OP.I64_DIV_S);
    return lookups;
  };
}

/** DIVIDE LOGICAL, 128 by 64 bits: compiled for a dividend below 2^64. */
function divideLogical64(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const r = even(e, i);
    const lookups = source(e, i);
    body.set(e.t);
    e.register(r);
    body.i64(0).op(OP.I64_NE).get(e.t).op(OP.I64_EQZ, OP.I32_OR);
    e.interpretIf();
    e.register(r + 1);
    body.set(e.u);
    divide(e, r, 64, OP.I64_REM_U, OP.I64_DIV_U);
    return lookups;
  };
}

/** DIVIDE LOGICAL, 64 by 32 bits. */
function divideLogical32(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const r = even(e, i);
    const lookups = source(e, i);
    body.set(e.t);
    body.get(e.t);
    e.low(r, 'unsigned');
    body.op(OP.I64_LE_U);
    e.interpretIf();
    e.low(r, 'unsigned');
    body.i64(32).op(OP.I64_SHL);
    e.low(r + 1, 'unsigned');
    body.op(OP.I64_OR).set(e.u);
    divide(e, r, 32, OP.I64_REM_U, OP.I64_DIV_U);
    return lookups;
  };
}

/** Returns the mask of bits `first` to `last`, counted from the left; the range wraps around. */
function selection(first: number, last: number): bigint {
  const ones = (1n << 64n) - 1n;
  const after = ones >> BigInt(first);
  const until = (ones << BigInt(63 - last)) & ones;
  return first <= last ? after & until : after | until;
}

/** Pushes r2, rotated left by i5. */
function rotated(e: Emitter, i: Decoded): void {
  e.register(operand(i, 1));
  const by = operand(i, 4) & 63;
  if (by !== 0) e.body.i64(by).op(OP.I64_ROTL);
}

/** ROTATE THEN INSERT SELECTED BITS, into `half` of r1 or all of it. */
function insertSelected(setsCode: boolean): Form {
  return (e, i) => {
    const { body } = e;
    const mask = selection(operand(i, 2) & 63, operand(i, 3) & 63);
    rotated(e, i);
    body.i64(BigInt.asIntN(64, mask)).op(OP.I64_AND);
    if (!(operand(i, 3) & 0x80)) {
      e.register(operand(i, 0));
      body.i64(BigInt.asIntN(64, ~mask)).op(OP.I64_AND, OP.I64_OR);
    }
    if (setsCode) body.tee(e.a);
    e.setRegister(operand(i, 0));
    if (setsCode) e.setKind(CC.SIGN);
    return 0;
  };
}

/** ROTATE THEN AND, OR, EXCLUSIVE OR SELECTED BITS. */
function selected(code: number): Form {
  return (e, i) => {
    const { body } = e;
    const mask = BigInt.asIntN(64, selection(operand(i, 2) & 63, operand(i, 3) & 63));
    rotated(e, i);
    if (code === OP.I64_AND) body.i64(~mask).op(OP.I64_OR);
    else body.i64(mask).op(OP.I64_AND);
    e.register(operand(i, 0));
    body.op(code).set(e.t);
    body.get(e.t).i64(mask).op(OP.I64_AND).set(e.a);
    if (!(operand(i, 2) & 0x80)) {
      body.get(e.t);
      e.setRegister(operand(i, 0));
    }
    e.setKind(CC.NONZERO);
    return 0;
  };
}

/** ADD IMMEDIATE to storage. The interpreter checks the store, loads, and stores: three lookups. */
function addStorage(length: 4 | 8, logical: boolean): Form {
  return (e, i) => {
    const { body } = e;
    const value = (operand(i, 0) << 24) >> 24;
    e.address(i.address as Address);
    e.prepare(length, true);
    e.loadAt(0, length, length === 4 && !logical ? 'signed' : 'unsigned');
    body.set(e.t);
    const unsigned32 = length === 4 && logical;
    body.i64(unsigned32 ? value >>> 0 : value).set(e.b);
    body.get(e.t).get(e.b).op(OP.I64_ADD).set(e.u);
    e.storeAt(0, length, () => body.get(e.u));
    if (length === 4) body.get(e.u).set(e.a);
    else if (logical) body.get(e.u).set(e.a);
    else body.get(e.t).set(e.a);
    if (length === 4) e.setKind(logical ? CC.ADD_LOGICAL_32 : CC.EXACT_32);
    else e.setKind(logical ? CC.ADD_LOGICAL : CC.ADD);
    return 3;
  };
}

/** AND, OR, EXCLUSIVE OR of an immediate with a byte in storage: three lookups, as `addStorage`. */
function onByte(code: number): Form {
  return (e, i) => {
    const { body } = e;
    e.address(i.address as Address);
    e.prepare(1, true);
    e.loadAt(0, 1);
    body
      .i64(operand(i, 0) & 0xff)
      .op(code)
      .set(e.t);
    e.storeAt(0, 1, () => body.get(e.t));
    body.get(e.t).set(e.a);
    e.setKind(CC.NONZERO);
    return 3;
  };
}

/** FIND LEFTMOST ONE. */
function findLeftmostOne(e: Emitter, i: Decoded): number {
  const { body } = e;
  const r = even(e, i);
  e.register(operand(i, 1));
  body.set(e.t);
  // The operand without its leftmost one: all of it, if there is none.
  body
    .get(e.t)
    .i64(BigInt.asIntN(64, 1n << 63n))
    .get(e.t)
    .op(OP.I64_CLZ, OP.I64_SHR_U);
  body.i64(-1).op(OP.I64_XOR, OP.I64_AND).set(e.u);
  body.get(e.t).op(OP.I64_CLZ);
  e.setRegister(r);
  body.get(e.u);
  e.setRegister(r + 1);
  body.get(e.t).i64(0).op(OP.I64_NE, OP.I64_EXTEND_U).i64(1).op(OP.I64_SHL).set(e.a);
  e.setKind(CC.VALUE);
  return 0;
}

/** r1 - 1, without a condition code. */
function count(bits: 32 | 64): Form {
  return (e, i) => {
    const r = operand(i, 0);
    e.register(r);
    e.body.i64(1).op(OP.I64_SUB);
    e.setBits(r, bits);
    return 0;
  };
}

/** Pushes the carry of an earlier logical addition, 64 bits: 1 or 0. */
function carry(e: Emitter): void {
  e.code();
  e.body.i32(1).op(OP.I32_SHR_U, OP.I64_EXTEND_U);
}

/** ADD LOGICAL WITH CARRY, 64 bits. */
function addCarry64(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.t);
    carry(e);
    body.set(e.v);
    e.register(operand(i, 0));
    body.get(e.t).op(OP.I64_ADD).set(e.u);
    body.get(e.u).get(e.v).op(OP.I64_ADD);
    // A carry out of either addition; both cannot carry.
    body.get(e.u).get(e.t).op(OP.I64_LT_U, OP.I64_EXTEND_U).set(e.t);
    body.set(e.v).get(e.v);
    e.setRegister(operand(i, 0));
    body.get(e.v).get(e.u).op(OP.I64_LT_U, OP.I64_EXTEND_U).get(e.t).op(OP.I64_OR).i64(1).op(OP.I64_SHL);
    body.get(e.v).i64(0).op(OP.I64_NE, OP.I64_EXTEND_U, OP.I64_OR).set(e.a);
    e.setKind(CC.VALUE);
    return lookups;
  };
}

/** SUBTRACT LOGICAL WITH BORROW, 64 bits. */
function subBorrow64(source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.t);
    carry(e);
    body.i64(1).op(OP.I64_XOR).set(e.v);
    e.register(operand(i, 0));
    body.get(e.t).op(OP.I64_SUB).set(e.u);
    // A borrow of either subtraction; both cannot borrow.
    e.register(operand(i, 0));
    body.get(e.t).op(OP.I64_LT_U, OP.I64_EXTEND_U);
    body.get(e.u).get(e.v).op(OP.I64_LT_U, OP.I64_EXTEND_U, OP.I64_OR).set(e.t);
    body.get(e.u).get(e.v).op(OP.I64_SUB).set(e.v).get(e.v);
    e.setRegister(operand(i, 0));
    body.get(e.t).i64(1).op(OP.I64_XOR).i64(1).op(OP.I64_SHL);
    body.get(e.v).i64(0).op(OP.I64_NE, OP.I64_EXTEND_U, OP.I64_OR).set(e.a);
    e.setKind(CC.VALUE);
    return lookups;
  };
}

/** ADD LOGICAL WITH CARRY and SUBTRACT LOGICAL WITH BORROW, 32 bits. */
function withCarry32(subtract: boolean, source: Source): Form {
  return (e, i) => {
    const { body } = e;
    const lookups = source(e, i);
    body.set(e.t);
    e.low(operand(i, 0), 'unsigned');
    body.get(e.t).op(subtract ? OP.I64_SUB : OP.I64_ADD);
    carry(e);
    if (subtract) body.i64(1).op(OP.I64_XOR, OP.I64_SUB);
    else body.op(OP.I64_ADD);
    body.tee(e.a);
    e.setLow(operand(i, 0));
    e.setKind(subtract ? CC.SUBTRACT_LOGICAL_32 : CC.ADD_LOGICAL_32);
    return lookups;
  };
}

/** INSERT PROGRAM MASK. */
function insertProgramMask(e: Emitter, i: Decoded): number {
  const { body } = e;
  const r = operand(i, 0);
  e.register(r);
  body.i64(0x00ff_ffff).op(OP.I64_AND);
  e.code();
  body.i32(28).op(OP.I32_SHL);
  e.programMask();
  body.op(OP.I32_OR, OP.I64_EXTEND_U, OP.I64_OR);
  e.setLow(r);
  return 0;
}

export const INTEGER: FormTable = {
  BCTR: count(32),
  BCTGR: count(64),
  ALCGR: addCarry64(whole(1)),
  ALCG: addCarry64(m64),
  SLBGR: subBorrow64(whole(1)),
  SLBG: subBorrow64(m64),
  ALCR: withCarry32(false, lowUnsigned(1)),
  ALC: withCarry32(false, m32u),
  SLBR: withCarry32(true, lowUnsigned(1)),
  SLB: withCarry32(true, m32u),
  IPM: insertProgramMask,
  EAR: (e, i) => {
    e.accessRegister(operand(i, 1));
    e.setLow(operand(i, 0));
    return 0;
  },
  SAR: (e, i) => {
    e.setAccessRegister(operand(i, 0), () => e.register(operand(i, 1)));
    return 0;
  },
  CPYA: (e, i) => {
    e.setAccessRegister(operand(i, 0), () => e.accessRegister(operand(i, 1)));
    return 0;
  },
  AR: add32(lowSigned(1)),
  A: add32(m32s),
  AY: add32(m32s),
  AH: add32(m16s),
  AHY: add32(m16s),
  AHI: add32(immediate(1)),
  AFI: add32(immediate(1)),
  ARK: add32(lowSigned(2), 1),
  AHIK: add32(immediate(2), 1),
  AGR: add64(whole(1)),
  AGFR: add64(lowSigned(1)),
  AG: add64(m64),
  AGF: add64(m32s),
  AGH: add64(m16s),
  AGHI: add64(immediate(1)),
  AGFI: add64(immediate(1)),
  AGRK: add64(whole(2), 1),
  AGHIK: add64(immediate(2), 1),
  ALR: addLogical32(lowUnsigned(1)),
  AL: addLogical32(m32u),
  ALY: addLogical32(m32u),
  ALFI: addLogical32(immediate32(1)),
  ALRK: addLogical32(lowUnsigned(2), 1),
  ALHSIK: addLogical32(immediate32(2), 1),
  ALGR: addLogical64(whole(1)),
  ALGFR: addLogical64(lowUnsigned(1)),
  ALG: addLogical64(m64),
  ALGF: addLogical64(m32u),
  ALGFI: addLogical64(immediate32(1)),
  ALGRK: addLogical64(whole(2), 1),
  ALGHSIK: addLogical64(immediate(2), 1),
  SR: sub32(lowSigned(1)),
  S: sub32(m32s),
  SY: sub32(m32s),
  SH: sub32(m16s),
  SHY: sub32(m16s),
  SRK: sub32(lowSigned(2), 1),
  SGR: sub64(whole(1)),
  SGFR: sub64(lowSigned(1)),
  SG: sub64(m64),
  SGF: sub64(m32s),
  SGH: sub64(m16s),
  SGRK: sub64(whole(2), 1),
  SLR: subLogical32(lowUnsigned(1)),
  SL: subLogical32(m32u),
  SLY: subLogical32(m32u),
  SLFI: subLogical32(immediate32(1)),
  SLRK: subLogical32(lowUnsigned(2), 1),
  SLGR: subLogical64(whole(1)),
  SLGFR: subLogical64(lowUnsigned(1)),
  SLG: subLogical64(m64),
  SLGF: subLogical64(m32u),
  SLGFI: subLogical64(immediate32(1)),
  SLGRK: subLogical64(whole(2), 1),
  LTR: signed(32, lowSigned(1)),
  LT: signed(32, m32s),
  LTGR: signed(64, whole(1)),
  LTGFR: signed(64, lowSigned(1)),
  LTG: signed(64, m64),
  LTGF: signed(64, m32s),
  LCR: complement32,
  LCGR: complement64(whole(1)),
  LCGFR: complement64(lowSigned(1)),
  LPR: withSign32(false),
  LPGR: positive64(whole(1)),
  LPGFR: positive64(lowSigned(1)),
  LNR: withSign32(true),
  LNGR: negative64(whole(1)),
  LNGFR: negative64(lowSigned(1)),
  ASI: addStorage(4, false),
  AGSI: addStorage(8, false),
  ALSI: addStorage(4, true),
  ALGSI: addStorage(8, true),

  NR: bitwise32(AND, lowUnsigned(1)),
  N: bitwise32(AND, m32u),
  NY: bitwise32(AND, m32u),
  NRK: bitwise32(AND, lowUnsigned(2), 1),
  NGR: bitwise64(AND, whole(1)),
  NG: bitwise64(AND, m64),
  NGRK: bitwise64(AND, whole(2), 1),
  OR: bitwise32(OR, lowUnsigned(1)),
  O: bitwise32(OR, m32u),
  OY: bitwise32(OR, m32u),
  ORK: bitwise32(OR, lowUnsigned(2), 1),
  OGR: bitwise64(OR, whole(1)),
  OG: bitwise64(OR, m64),
  OGRK: bitwise64(OR, whole(2), 1),
  XR: bitwise32(XOR, lowUnsigned(1)),
  X: bitwise32(XOR, m32u),
  XY: bitwise32(XOR, m32u),
  XRK: bitwise32(XOR, lowUnsigned(2), 1),
  XGR: bitwise64(XOR, whole(1)),
  XG: bitwise64(XOR, m64),
  XGRK: bitwise64(XOR, whole(2), 1),
  NIHF: onPart(OP.I64_AND, 32, 32),
  NILF: onPart(OP.I64_AND, 0, 32),
  NIHH: onPart(OP.I64_AND, 48, 16),
  NIHL: onPart(OP.I64_AND, 32, 16),
  NILH: onPart(OP.I64_AND, 16, 16),
  NILL: onPart(OP.I64_AND, 0, 16),
  OIHF: onPart(OP.I64_OR, 32, 32),
  OILF: onPart(OP.I64_OR, 0, 32),
  OIHH: onPart(OP.I64_OR, 48, 16),
  OIHL: onPart(OP.I64_OR, 32, 16),
  OILH: onPart(OP.I64_OR, 16, 16),
  OILL: onPart(OP.I64_OR, 0, 16),
  XIHF: onPart(OP.I64_XOR, 32, 32),
  XILF: onPart(OP.I64_XOR, 0, 32),
  NI: onByte(OP.I64_AND),
  NIY: onByte(OP.I64_AND),
  OI: onByte(OP.I64_OR),
  OIY: onByte(OP.I64_OR),
  XI: onByte(OP.I64_XOR),
  XIY: onByte(OP.I64_XOR),
  TM: testByte,
  TMY: testByte,
  TMHH: testPart(48),
  TMHL: testPart(32),
  TMLH: testPart(16),
  TMLL: testPart(0),
  RISBG: insertSelected(true),
  RISBGN: insertSelected(false),
  RNSBG: selected(OP.I64_AND),
  ROSBG: selected(OP.I64_OR),
  RXSBG: selected(OP.I64_XOR),
  FLOGR: findLeftmostOne,

  CR: compare32(lowSigned(1)),
  C: compare32(m32s),
  CY: compare32(m32s),
  CH: compare32(m16s),
  CHY: compare32(m16s),
  CHI: compare32(immediate(1)),
  CFI: compare32(immediate(1)),
  CRL: compare32(relative(4, 'signed')),
  CGR: compare64(whole(1)),
  CGFR: compare64(lowSigned(1)),
  CG: compare64(m64),
  CGF: compare64(m32s),
  CGH: compare64(m16s),
  CGHI: compare64(immediate(1)),
  CGFI: compare64(immediate(1)),
  CGRL: compare64(relative(8, 'unsigned')),
  CGFRL: compare64(relative(4, 'signed')),
  CLR: compareLogical32(lowUnsigned(1)),
  CL: compareLogical32(m32u),
  CLY: compareLogical32(m32u),
  CLFI: compareLogical32(immediate32(1)),
  CLRL: compareLogical32(relative(4, 'unsigned')),
  CLGR: compareLogical64(whole(1)),
  CLGFR: compareLogical64(lowUnsigned(1)),
  CLG: compareLogical64(m64),
  CLGF: compareLogical64(m32u),
  CLGFI: compareLogical64(immediate32(1)),
  CLGRL: compareLogical64(relative(8, 'unsigned')),
  CLGFRL: compareLogical64(relative(4, 'unsigned')),
  CLI: compare(CC.COMPARE_LOGICAL, m8u, immediate(0)),
  CLIY: compare(CC.COMPARE_LOGICAL, m8u, immediate(0)),
  CHHSI: compare(CC.COMPARE, m16s, immediate(0)),
  CHSI: compare(CC.COMPARE, m32s, immediate(0)),
  CGHSI: compare(CC.COMPARE, m64, immediate(0)),
  CLHHSI: compare(CC.COMPARE_LOGICAL, m16u, immediate16(0)),
  CLFHSI: compare(CC.COMPARE_LOGICAL, m32u, immediate16(0)),
  CLGHSI: compare(CC.COMPARE_LOGICAL, m64, immediate16(0)),

  SLL: shift32(OP.I64_SHL, 0),
  SLLK: shift32(OP.I64_SHL, 1),
  SRL: shift32(OP.I64_SHR_U, 0),
  SRLK: shift32(OP.I64_SHR_U, 1),
  SRA: shiftSigned32(0),
  SRAK: shiftSigned32(1),
  SLLG: shift64(OP.I64_SHL, false),
  SRLG: shift64(OP.I64_SHR_U, false),
  SRAG: shift64(OP.I64_SHR_S, true),
  RLL: rotate32,
  RLLG: shift64(OP.I64_ROTL, false),

  MSR: multiply(32, whole(1)),
  MS: multiply(32, m32s),
  MSY: multiply(32, m32s),
  MH: multiply(32, m16s),
  MHI: multiply(32, immediate(1)),
  MSFI: multiply(32, immediate(1)),
  MSGR: multiply(64, whole(1)),
  MSGFR: multiply(64, lowSigned(1)),
  MSG: multiply(64, m64),
  MSGF: multiply(64, m32s),
  MGHI: multiply(64, immediate(1)),
  MSGFI: multiply(64, immediate(1)),
  MLGR: multiplyLogical64(whole(1)),
  MLG: multiplyLogical64(m64),
  DSGR: divideSingle64(whole(1)),
  DSG: divideSingle64(m64),
  DSGFR: divideSingle64(lowSigned(1)),
  DSGF: divideSingle64(m32s),
  DLGR: divideLogical64(whole(1)),
  DLG: divideLogical64(m64),
  DLR: divideLogical32(lowUnsigned(1)),
  DL: divideLogical32(m32u),
};
