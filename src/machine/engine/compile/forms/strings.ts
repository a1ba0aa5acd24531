/**
 * COMPARE LOGICAL STRING and SEARCH STRING, as far as they end within the pages in which their operands begin: the operands of most
 * programs do. What goes on behind a page is for the interpreter, which begins again.
 */

import { CC } from '../condition-code.ts';
import type { Emitter } from '../emitter.ts';
import { OP } from '../wasm.ts';
import { type Form, type FormTable, operand } from './form.ts';

const MAX_CHARACTER = 255;
const IN_PAGE = 0xfff;

/** Sets the local T to the ending character in register 0. Other bits there are an exception. */
function ending(e: Emitter): void {
  e.low(0, 'unsigned');
  e.body.tee(e.t).i64(MAX_CHARACTER).op(OP.I64_GT_U);
  e.interpretIf();
}

/** Advances an absolute address by a byte, and pushes whether it has left its page. */
function advance({ body }: Emitter, local: number): void {
  body.get(local).i32(1).op(OP.I32_ADD).tee(local).i32(IN_PAGE).op(OP.I32_AND, OP.I32_EQZ);
}

/** Pushes the address in register `r` with the byte offset in the page of the absolute address in a local. */
function moved(e: Emitter, r: number, local: number): void {
  e.register(r);
  e.body.i64(~IN_PAGE).op(OP.I64_AND);
  e.body.get(local).i32(IN_PAGE).op(OP.I32_AND, OP.I64_EXTEND_U, OP.I64_OR);
}

const compareString: Form = (e, i) => {
  const { body } = e;
  const [r1, r2] = [operand(i, 0), operand(i, 1)];
  ending(e);
  e.register(r2);
  e.prepareSecond(1);
  e.register(r1);
  e.prepare(1, false);
  e.begin(OP.BLOCK);
  e.begin(OP.LOOP);
  e.loadAt(0, 1);
  body.tee(e.u);
  e.loadSecondAt(0, 1);
  body.tee(e.v).op(OP.I64_NE);
  body.get(e.u).get(e.t).op(OP.I64_EQ, OP.I32_OR).brIf(1);
  advance(e, e.first);
  advance(e, e.second);
  body.op(OP.I32_OR);
  e.interpretIf();
  body.br(0);
  e.end();
  e.end();
  // 2 minus whether the first operand is low: the ending character is lower than any other.
  body.i32(2).get(e.u).get(e.t).op(OP.I64_EQ);
  body.get(e.v).get(e.t).op(OP.I64_NE).get(e.u).get(e.v).op(OP.I64_LT_U);
  body.op(OP.I32_AND, OP.I32_OR, OP.I32_SUB);
  body.i32(0).get(e.u).get(e.v).op(OP.I64_NE, OP.SELECT, OP.I64_EXTEND_U).set(e.a);
  e.setKind(CC.VALUE);
  body.get(e.u).get(e.v).op(OP.I64_NE);
  e.begin(OP.IF);
  moved(e, r1, e.first);
  e.setRegister(r1);
  moved(e, r2, e.second);
  e.setRegister(r2);
  e.end();
  return 2;
};

const searchString: Form = (e, i) => {
  const { body } = e;
  const [r1, r2] = [operand(i, 0), operand(i, 1)];
  if (r1 === 0 || r2 === 0) e.interpret();
  ending(e);
  e.register(r2);
  e.prepare(1, false);
  // V: the absolute address of the end, if that is in the same page.
  e.register(r1);
  e.register(r2);
  body.op(OP.I64_SUB).tee(e.v).op(OP.I64_EQZ);
  e.interpretIf();
  body.get(e.v).get(e.first).op(OP.I64_EXTEND_U, OP.I64_ADD).set(e.v);
  e.begin(OP.BLOCK);
  e.begin(OP.LOOP);
  e.loadAt(0, 1);
  body.get(e.t).op(OP.I64_EQ).brIf(1);
  advance(e, e.first);
  e.interpretIf();
  body.get(e.first).op(OP.I64_EXTEND_U).get(e.v).op(OP.I64_NE).brIf(0);
  e.end();
  e.end();
  const found = () => body.get(e.first).op(OP.I64_EXTEND_U).get(e.v).op(OP.I64_NE);
  body.i64(2);
  found().op(OP.I64_EXTEND_U, OP.I64_SUB).set(e.a);
  e.setKind(CC.VALUE);
  found();
  e.begin(OP.IF);
  moved(e, r2, e.first);
  e.setRegister(r1);
  e.end();
  return 1;
};

export const STRINGS: FormTable = { CLST: compareString, SRST: searchString };
