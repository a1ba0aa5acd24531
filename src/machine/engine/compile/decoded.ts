/** Instructions as the compiler sees them: with their fields taken apart once. */

import type { Processor } from '../../cpu/processor.ts';
import { lineOf } from '../../instructions/decode.ts';
import { FORMATS } from '../../instructions/formats.ts';

/** Base register, index register (0: none) and signed displacement of an address. */
export interface Address {
  readonly base: number;
  readonly index: number;
  readonly displacement: number;
}

/** An instruction with its operands. */
export interface Decoded {
  /** Byte offset in the page. */
  readonly offset: number;
  readonly length: number;
  readonly mnemonic: string;
  /** The operands in the order in which the format passes them to the interpreter's function. */
  readonly operands: readonly number[];
  /** The address of the first storage operand; null for an instruction without one. */
  readonly address: Address | null;
  /** The address of the second storage operand; null for an instruction with less than two. */
  readonly address2: Address | null;
}

/** Stands for the processor while the interpreter's own decoder takes an instruction apart. */
class Recorder {
  operands: number[] = [];
  address: Address | null = null;
  address2: Address | null = null;

  effective(base: number, displacement: number): void {
    this.address = { base, index: 0, displacement };
  }

  effectiveIndexed(index: number, base: number, displacement: number): void {
    this.address = { base, index, displacement };
  }

  effective2(base: number, displacement: number): void {
    this.address2 = { base, index: 0, displacement };
  }
}

const record = (c: Processor, ...operands: number[]) => {
  (c as unknown as Recorder).operands = operands;
};

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
  const recorder = new Recorder();
  FORMATS[line[1]].bind(record)(recorder as unknown as Processor, w, x);
  const { operands, address, address2 } = recorder;
  return { offset, length, mnemonic: line[0], operands, address, address2 };
}
