/**
 * STORE THEN AND SYSTEM MASK and STORE THEN OR SYSTEM MASK as kernels use them: to disable and enable interruptions. Nothing else depends
 * on the bits that they change.
 */

import type { Address } from '../../../instructions/fields.ts';
import { NO_MASK } from '../../../processor-block.ts';
import { OP } from '../wasm.ts';
import { type Form, type FormTable, operand } from './form.ts';

/** All but the masks for I/O and external interruptions. */
const OTHERS = 0xfc;

const storeThenAnd: Form = (e, i) => {
  const { body } = e;
  const kept = operand(i, 0) & 0xff;
  if ((kept & OTHERS) !== OTHERS) e.interpret();
  e.systemMask();
  body.tee(e.t).i64(NO_MASK).op(OP.I64_EQ);
  e.interpretIf();
  e.address(i.address as Address);
  e.store(1, () => void body.get(e.t));
  e.setSystemMask(() => void body.get(e.t).i64(kept).op(OP.I64_AND));
  return 1;
};

/** Compiled code may do it only while no interruption can be pending: it ends before the next one is. */
const storeThenOr: Form = (e, i) => {
  const { body } = e;
  const set = operand(i, 0) & 0xff;
  if ((set & OTHERS) !== 0) e.interpret();
  e.demandUnmasking();
  e.systemMask();
  body.set(e.t);
  e.address(i.address as Address);
  e.store(1, () => void body.get(e.t));
  e.setSystemMask(() => void body.get(e.t).i64(set).op(OP.I64_OR));
  return 1;
};

export const MASKS: FormTable = { STNSM: storeThenAnd, STOSM: storeThenOr };
