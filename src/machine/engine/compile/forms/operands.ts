/** Second operands: registers, storage and immediates, as 64-bit numbers. */

import type { Address } from '../../../instructions/fields.ts';
import type { Decoded } from '../decoded.ts';
import type { Emitter } from '../emitter.ts';
import { operand } from './form.ts';

/** Pushes an operand. Returns the number of lookups that it makes. */
export type Source = (e: Emitter, i: Decoded) => number;

const quiet =
  (push: (e: Emitter, i: Decoded) => void): Source =>
  (e, i) => {
    push(e, i);
    return 0;
  };

/** Register operand `n`: whole; or its low half extended. */
export const whole = (n: number) => quiet((e, i) => e.register(operand(i, n)));
export const lowSigned = (n: number) => quiet((e, i) => e.low(operand(i, n), 'signed'));
export const lowUnsigned = (n: number) => quiet((e, i) => e.low(operand(i, n), 'unsigned'));

/** Immediate operand `n`: as it is, signed; or its low 8, 16 or 32 bits unsigned. */
export const immediate = (n: number) => quiet((e, i) => void e.body.i64(operand(i, n)));
export const immediate32 = (n: number) => quiet((e, i) => void e.body.i64(operand(i, n) >>> 0));
export const immediate16 = (n: number) => quiet((e, i) => void e.body.i64(operand(i, n) & 0xffff));
/** Bytes in storage at the instruction's address. */
function memory(length: number, extension: 'signed' | 'unsigned'): Source {
  return (e, i) => {
    e.address(i.address as Address);
    e.load(length, extension);
    return 1;
  };
}

export const m64 = memory(8, 'unsigned');
export const m32s = memory(4, 'signed');
export const m32u = memory(4, 'unsigned');
export const m16s = memory(2, 'signed');
export const m16u = memory(2, 'unsigned');
export const m8s = memory(1, 'signed');
export const m8u = memory(1, 'unsigned');

/** Pushes a relative address, operand `n` in halfwords. A misaligned one is an exception, for the interpreter. */
export function relativeAddress(e: Emitter, i: Decoded, length: number, n = 1): void {
  const offset = i.offset + operand(i, n) * 2;
  if (offset % length !== 0) {
    e.interpret();
  }
  e.pageAddress(offset);
}

/** Bytes in storage at a relative address. */
export function relative(length: number, extension: 'signed' | 'unsigned'): Source {
  return (e, i) => {
    relativeAddress(e, i, length);
    e.load(length, extension);
    return 1;
  };
}
