/** Instructions as the compiler sees them: with their fields taken apart once. */

import { lineOf } from '../../instructions/decode.ts';
import { type Fields, fieldsOf } from '../../instructions/fields.ts';

/** An instruction with its operands. */
export interface Decoded extends Fields {
  /** Byte offset in the page. */
  readonly offset: number;
  readonly length: number;
  readonly mnemonic: string;
  /** The target of EXECUTE RELATIVE LONG, if it is in the same page. */
  readonly target?: Decoded | undefined;
}

/** Returns the number of bytes of an instruction that begins with byte `first`. */
export function lengthOf(first: number): number {
  return first < 0x40 ? 2 : first < 0xc0 ? 4 : 6;
}

/**
 * Returns the instruction at a byte offset of a page, or null if its operation code is invalid.
 * Preconditions: the whole instruction is in the page.
 * @param view of the page
 */
export function decode(view: DataView, offset: number): Decoded | null {
  const length = lengthOf(view.getUint8(offset));
  const half = (at: number) => (at < length ? view.getUint16(offset + at) : 0);
  const w = half(0) * 0x1_0000 + half(2);
  const x = half(4);
  const line = lineOf(w, x);
  if (line === undefined) return null;
  const { operands, address, address2 } = fieldsOf(line[1], w, x);
  return { offset, length, mnemonic: line[0], operands, address, address2 };
}
