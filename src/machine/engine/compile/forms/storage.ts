/**
 * Moves, comparisons and bitwise operations of two storage operands. The interpreter looks up each operand once, if it is all in
 * one page; other operands are for the interpreter.
 */

import type { Address } from '../../../instructions/fields.ts';
import { CC } from '../condition-code.ts';
import type { Decoded } from '../decoded.ts';
import type { Emitter } from '../emitter.ts';
import { OP } from '../wasm.ts';
import { type Form, type FormTable, operand } from './form.ts';

const LOOKUPS = 2;
/** Operands up to this length are processed by loads and stores of registers. */
const SHORT = 32;

/** A part of an operand. */
interface Part {
  readonly offset: number;
  readonly length: 1 | 2 | 4 | 8;
}

/** Divides an operand into parts. */
function parts(length: number): Part[] {
  const found: Part[] = [];
  for (let offset = 0; offset < length; ) {
    const left = length - offset;
    const size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    found.push({ offset, length: size });
    offset += size;
  }
  return found;
}

const LOADS = { 1: OP.I64_LOAD8_U, 2: OP.I64_LOAD16_U, 4: OP.I64_LOAD32_U, 8: OP.I64_LOAD } as const;
const STORES = { 1: OP.I64_STORE8, 2: OP.I64_STORE16, 4: OP.I64_STORE32, 8: OP.I64_STORE } as const;

/**
 * Prepares both operands, the second one first. Leaves to the interpreter operands of which the first begins within the
 * second: bytes that were stored are fetched again.
 */
function prepare(e: Emitter, i: Decoded, length: number, store: boolean): void {
  const { body } = e;
  e.address(i.address2 as Address);
  e.prepareSecond(length);
  e.address(i.address as Address);
  e.prepare(length, store);
  if (!store || length === 1) return;
  // 0 < first - second < length, unsigned.
  body
    .get(e.first)
    .get(e.second)
    .op(OP.I32_SUB)
    .i32(1)
    .op(OP.I32_SUB)
    .i32(length - 1)
    .op(OP.I32_LT_U);
  e.interpretIf();
}

const sameAddress = (a: Address, b: Address) => a.base === b.base && a.displacement === b.displacement;

function move(e: Emitter, i: Decoded): number {
  const { body } = e;
  const length = operand(i, 0) + 1;
  prepare(e, i, length, true);
  if (length > SHORT) {
    body.get(e.first).get(e.second).i32(length).copy();
    return LOOKUPS;
  }
  for (const part of parts(length)) {
    body.get(e.first).get(e.second).memory(LOADS[part.length], part.offset);
    body.memory(STORES[part.length], part.offset);
  }
  return LOOKUPS;
}

/** EXCLUSIVE OR of an operand with itself clears it. */
function clear(e: Emitter, i: Decoded, length: number): number {
  const { body } = e;
  e.address(i.address as Address);
  e.prepare(length, true);
  if (length > SHORT) body.get(e.first).i32(0).i32(length).fill();
  else for (const part of parts(length)) body.get(e.first).i64(0).memory(STORES[part.length], part.offset);
  body.i64(0).set(e.a);
  e.setKind(CC.VALUE);
  return LOOKUPS;
}

/** AND, OR, EXCLUSIVE OR: condition code 1 if the result is not zero. */
function bitwise(code: number): Form {
  return (e, i) => {
    const { body } = e;
    const length = operand(i, 0) + 1;
    if (code === OP.I64_XOR && sameAddress(i.address as Address, i.address2 as Address))
      return clear(e, i, length);
    if (length > SHORT) {
      e.interpret();
      return LOOKUPS;
    }
    prepare(e, i, length, true);
    body.i64(0).set(e.t);
    for (const part of parts(length)) {
      body.get(e.first);
      body.get(e.first).memory(LOADS[part.length], part.offset);
      body.get(e.second).memory(LOADS[part.length], part.offset).op(code).tee(e.u);
      body.memory(STORES[part.length], part.offset);
      body.get(e.t).get(e.u).op(OP.I64_OR).set(e.t);
    }
    body.get(e.t).set(e.a);
    e.setKind(CC.NONZERO);
    return LOOKUPS;
  };
}

/** COMPARE LOGICAL: the first parts that differ decide. */
function compare(e: Emitter, i: Decoded): number {
  const { body } = e;
  const length = operand(i, 0) + 1;
  if (length > SHORT) {
    e.interpret();
    return LOOKUPS;
  }
  prepare(e, i, length, false);
  body.i64(0).set(e.t).i64(0).set(e.u);
  for (const part of parts(length).reverse()) {
    e.loadAt(part.offset, part.length);
    body.set(e.a);
    e.loadSecondAt(part.offset, part.length);
    body.set(e.b);
    const differ = () => body.get(e.a).get(e.b).op(OP.I64_NE);
    body.get(e.a).get(e.t);
    differ();
    body.op(OP.SELECT).set(e.t);
    body.get(e.b).get(e.u);
    differ();
    body.op(OP.SELECT).set(e.u);
  }
  body.get(e.t).set(e.a).get(e.u).set(e.b);
  e.setKind(CC.COMPARE_LOGICAL);
  return LOOKUPS;
}

export const STORAGE: FormTable = {
  MVC: move,
  CLC: compare,
  XC: bitwise(OP.I64_XOR),
  OC: bitwise(OP.I64_OR),
  NC: bitwise(OP.I64_AND),
};
