/**
 * Interlocked updates. Operands must be aligned, so they are in one page. The interpreter makes sure that it can store, loads, and
 * stores: two or three lookups.
 */

import type { Address } from '../../../instructions/fields.ts';
import { CC } from '../condition-code.ts';
import type { Decoded } from '../decoded.ts';
import type { Emitter } from '../emitter.ts';
import { OP } from '../wasm.ts';
import { type Form, type FormTable, operand } from './form.ts';

const CHECK_AND_LOAD = 2;
const CHECK_LOAD_AND_STORE = 3;

/** Prepares the operand. A misaligned one is an exception, for the interpreter. */
function prepare(e: Emitter, i: Decoded, length: 4 | 8): void {
  const { body } = e;
  e.address(i.address as Address);
  body
    .set(e.t)
    .get(e.t)
    .op(OP.I32_WRAP)
    .i32(length - 1)
    .op(OP.I32_AND);
  e.interpretIf();
  body.get(e.t);
  e.prepare(length, true);
}

/** COMPARE AND SWAP. */
function compareAndSwap(length: 4 | 8): Form {
  return (e, i) => {
    const { body } = e;
    const r1 = operand(i, 0);
    prepare(e, i, length);
    e.loadAt(0, length);
    body.set(e.t).get(e.t);
    if (length === 8) e.register(r1);
    else e.low(r1, 'unsigned');
    body.op(OP.I64_EQ);
    e.begin(OP.IF);
    e.storeAt(0, length, () => e.register(operand(i, 1)));
    e.countLookup();
    body.i64(0).set(e.a);
    e.otherwise();
    body.get(e.t);
    e.setBits(r1, length * 8);
    body.i64(1).set(e.a);
    e.end();
    e.setKind(CC.VALUE);
    return CHECK_AND_LOAD;
  };
}

/** LOAD AND ADD: r1 gets the operand, which r3 is added to. */
function loadAndAdd(length: 4 | 8, logical: boolean): Form {
  return (e, i) => {
    const { body } = e;
    prepare(e, i, length);
    e.loadAt(0, length, logical ? 'unsigned' : 'signed');
    body.set(e.a);
    if (length === 8) e.register(operand(i, 1));
    else e.low(operand(i, 1), logical ? 'unsigned' : 'signed');
    body.set(e.b);
    body.get(e.a).get(e.b).op(OP.I64_ADD).set(e.t);
    e.storeAt(0, length, () => body.get(e.t));
    body.get(e.a);
    e.setBits(operand(i, 0), length * 8);
    if (length === 4 || logical) body.get(e.t).set(e.a);
    if (length === 4) e.setKind(logical ? CC.ADD_LOGICAL_32 : CC.EXACT_32);
    else e.setKind(logical ? CC.ADD_LOGICAL : CC.ADD);
    return CHECK_LOAD_AND_STORE;
  };
}

/** LOAD AND AND, OR, EXCLUSIVE OR: condition code 1 if the result is not zero. */
function loadAndChange(length: 4 | 8, code: number): Form {
  return (e, i) => {
    const { body } = e;
    prepare(e, i, length);
    e.loadAt(0, length);
    body.set(e.t).get(e.t);
    if (length === 8) e.register(operand(i, 1));
    else e.low(operand(i, 1), 'unsigned');
    body.op(code).set(e.a);
    e.storeAt(0, length, () => body.get(e.a));
    body.get(e.t);
    e.setBits(operand(i, 0), length * 8);
    e.setKind(CC.NONZERO);
    return CHECK_LOAD_AND_STORE;
  };
}

export const ATOMIC: FormTable = {
  CS: compareAndSwap(4),
  CSY: compareAndSwap(4),
  CSG: compareAndSwap(8),
  LAA: loadAndAdd(4, false),
  LAAG: loadAndAdd(8, false),
  LAAL: loadAndAdd(4, true),
  LAALG: loadAndAdd(8, true),
  LAN: loadAndChange(4, OP.I64_AND),
  LANG: loadAndChange(8, OP.I64_AND),
  LAO: loadAndChange(4, OP.I64_OR),
  LAOG: loadAndChange(8, OP.I64_OR),
  LAX: loadAndChange(4, OP.I64_XOR),
  LAXG: loadAndChange(8, OP.I64_XOR),
};
