/** Instructions as the compiler sees them: with their fields taken apart once. */

import { lineOf } from '../../instructions/decode.ts';
import { type Fields, fieldsOf } from '../../instructions/fields.ts';
import { lengthOf } from '../../instructions/formats.ts';
import type { Code } from './nearby-code.ts';

/** An instruction with its operands. */
export interface Decoded extends Fields {
  /** Byte offset from the start of the page of the region's first instruction. */
  readonly offset: number;
  readonly length: number;
  readonly mnemonic: string;
  /** The target of EXECUTE RELATIVE LONG, if that is in a page near the region's first. */
  readonly target?: Decoded | undefined;
}

/** Returns the instruction at a byte offset, or null if its operation code is invalid or it is not known what is there. */
export function decode(code: Code, offset: number): Decoded | null {
  const first = code.halfword(offset);
  if (first < 0) return null;
  const length = lengthOf(first << 16);
  const second = length > 2 ? code.halfword(offset + 2) : 0;
  const x = length > 4 ? code.halfword(offset + 4) : 0;
  if (second < 0 || x < 0) return null;
  const w = first * 0x1_0000 + second;
  const line = lineOf(w, x);
  if (line === undefined) return null;
  const { operands, address, address2 } = fieldsOf(line[1], w, x);
  return { offset, length, mnemonic: line[0], operands, address, address2 };
}
