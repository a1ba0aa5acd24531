/** The fields of an encoded instruction, taken apart by the decoder of its format. */

import type { Processor } from '../cpu/processor.ts';
import { FORMATS, type FormatName } from './formats.ts';

/** Base register, index register (0: none) and signed displacement of an address. */
export interface Address {
  readonly base: number;
  readonly index: number;
  readonly displacement: number;
}

/** The fields of an instruction. */
export interface Fields {
  /** The operands in the order in which the format passes them to the operation. */
  readonly operands: readonly number[];
  /** The address of the first storage operand; null for an instruction without one. */
  readonly address: Address | null;
  /** The address of the second storage operand; null for an instruction with less than two. */
  readonly address2: Address | null;
}

/** Stands for the processor while the decoder of a format takes an instruction apart. */
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

/** Returns the fields of an instruction, given as its format gets it. */
export function fieldsOf(format: FormatName, w: number, x: number): Fields {
  const recorder = new Recorder();
  FORMATS[format].bind(record)(recorder as unknown as Processor, w, x);
  return recorder;
}
