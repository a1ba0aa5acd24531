/**
 * Moves, comparisons and bitwise operations of two storage operands, and EXECUTE RELATIVE LONG of them. The interpreter looks up each
 * operand once, if it is all in one page; other operands are for the interpreter.
 */

import type { Address } from '../../../instructions/fields.ts';
import { CC } from '../condition-code.ts';
import type { Decoded } from '../decoded.ts';
import type { Emitter } from '../emitter.ts';
import { OP } from '../wasm.ts';
import { type Form, type FormTable, operand } from './form.ts';

const LOOKUPS = 2;
/** Lookups that fetch the target of EXECUTE: one for each halfword. */
const TARGET_LOOKUPS = 3;
/** Operands up to this length are processed by loads and stores of registers. */
const SHORT = 32;

/** The length of both operands: 1 to 256, or null if it is in the local V. */
type Length = number | null;
/** Emits an operation on two operands. */
type Operation = (e: Emitter, i: Decoded, length: Length) => void;

const isShort = (length: Length): length is number => length !== null && length <= SHORT;

/** Pushes a length, 32 bits. */
function pushLength({ body, v }: Emitter, length: Length): void {
  if (length === null) body.get(v).op(OP.I32_WRAP);
  else body.i32(length);
}

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
function prepare(e: Emitter, i: Decoded, length: Length, store: boolean): void {
  const { body } = e;
  e.address(i.address2 as Address);
  e.prepareSecond(length);
  e.address(i.address as Address);
  e.prepare(length, store);
  if (!store || length === 1) return;
  // 0 < first - second < length, unsigned.
  body.get(e.first).get(e.second).op(OP.I32_SUB).i32(1).op(OP.I32_SUB);
  pushLength(e, length);
  body.i32(1).op(OP.I32_SUB, OP.I32_LT_U);
  e.interpretIf();
}

const sameAddress = (a: Address, b: Address) => a.base === b.base && a.displacement === b.displacement;

/** Advances both operands by `step` bytes, and the number of bytes that are left, in the local V. */
function advance({ body, first, second, v }: Emitter, step: number): void {
  for (const local of [first, second]) body.get(local).i32(step).op(OP.I32_ADD).set(local);
  body.get(v).i64(step).op(OP.I64_SUB).set(v);
}

/**
 * Emits a loop over operands whose length is in the local V, `step` bytes at a time, that ends when fewer are left. `round` may branch
 * out of it, by one level.
 */
function forEach(e: Emitter, step: number, round: () => void): void {
  const { body } = e;
  e.begin(OP.BLOCK);
  e.begin(OP.LOOP);
  body.get(e.v).i64(step).op(OP.I64_LT_U).brIf(1);
  round();
  advance(e, step);
  body.br(0);
  e.end();
  e.end();
}

function move(e: Emitter, i: Decoded, length: Length): void {
  const { body } = e;
  prepare(e, i, length, true);
  if (isShort(length)) {
    for (const part of parts(length)) {
      body.get(e.first).get(e.second).memory(LOADS[part.length], part.offset);
      body.memory(STORES[part.length], part.offset);
    }
    return;
  }
  body.get(e.first).get(e.second);
  pushLength(e, length);
  body.copy();
}

/** EXCLUSIVE OR of an operand with itself clears it. */
function clear(e: Emitter, i: Decoded, length: Length): void {
  const { body } = e;
  e.address(i.address as Address);
  e.prepare(length, true);
  if (isShort(length)) {
    for (const part of parts(length)) body.get(e.first).i64(0).memory(STORES[part.length], part.offset);
  } else {
    body.get(e.first).i32(0);
    pushLength(e, length);
    body.fill();
  }
  body.i64(0).set(e.a);
  e.setKind(CC.VALUE);
}

/** AND, OR, EXCLUSIVE OR: condition code 1 if the result is not zero. */
function bitwise(code: number): Operation {
  return (e, i, length) => {
    const { body } = e;
    if (code === OP.I64_XOR && sameAddress(i.address as Address, i.address2 as Address)) {
      clear(e, i, length);
      return;
    }
    prepare(e, i, length, true);
    body.i64(0).set(e.t);
    const one = (part: Part) => {
      body.get(e.first);
      body.get(e.first).memory(LOADS[part.length], part.offset);
      body.get(e.second).memory(LOADS[part.length], part.offset).op(code).tee(e.u);
      body.memory(STORES[part.length], part.offset);
      body.get(e.t).get(e.u).op(OP.I64_OR).set(e.t);
    };
    if (isShort(length)) {
      for (const part of parts(length)) one(part);
    } else {
      if (length !== null) body.i64(length).set(e.v);
      forEach(e, 1, () => one({ offset: 0, length: 1 }));
    }
    body.get(e.t).set(e.a);
    e.setKind(CC.NONZERO);
  };
}

/** COMPARE LOGICAL: the first parts that differ decide. */
function compare(e: Emitter, i: Decoded, length: Length): void {
  prepare(e, i, length, false);
  if (isShort(length)) compareShort(e, length);
  else compareLong(e, length);
  e.setKind(CC.COMPARE_LOGICAL);
}

function compareShort(e: Emitter, length: number): void {
  const { body } = e;
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
}

/** Skips eight bytes at a time that are equal, then looks for the byte that differs. */
function compareLong(e: Emitter, length: Length): void {
  const { body } = e;
  if (length !== null) body.i64(length).set(e.v);
  const differ = (size: 1 | 8) => {
    body.get(e.first).memory(LOADS[size], 0).tee(e.t);
    body.get(e.second).memory(LOADS[size], 0).tee(e.u).op(OP.I64_NE).brIf(1);
  };
  forEach(e, 8, () => differ(8));
  body.i64(0).tee(e.t).set(e.u);
  forEach(e, 1, () => differ(1));
  body.get(e.t).set(e.a).get(e.u).set(e.b);
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  MVC: move,
  CLC: compare,
  XC: bitwise(OP.I64_XOR),
  OC: bitwise(OP.I64_OR),
  NC: bitwise(OP.I64_AND),
};

const alone =
  (operation: Operation): Form =>
  (e, i) => {
    operation(e, i, operand(i, 0) + 1);
    return LOOKUPS;
  };

/** EXECUTE: the length of the target is combined with bits of r1, by OR. */
function execute(e: Emitter, i: Decoded): number {
  const target = i.target as Decoded;
  const operation = OPERATIONS[target.mnemonic] as Operation;
  const r1 = operand(i, 0);
  const length = operand(target, 0);
  if (r1 === 0 || length === 0xff) {
    operation(e, target, length + 1);
  } else {
    e.register(r1);
    e.body.i64(0xff).op(OP.I64_AND);
    if (length !== 0) e.body.i64(length).op(OP.I64_OR);
    e.body.i64(1).op(OP.I64_ADD).set(e.v);
    operation(e, target, null);
  }
  return TARGET_LOOKUPS + LOOKUPS;
}

/** Whether EXECUTE of an instruction can be compiled. */
export const isExecutable = ({ mnemonic }: Decoded): boolean => OPERATIONS[mnemonic] !== undefined;

export const STORAGE: FormTable = {
  ...Object.fromEntries(Object.entries(OPERATIONS).map(([name, operation]) => [name, alone(operation)])),
  EXRL: execute,
};
