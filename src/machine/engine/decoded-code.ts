/**
 * Decoded code: instructions that were executed before, with their operands taken apart, by where they are and by their bytes.
 *
 * An instruction has one place, which follows from its absolute address; another instruction takes the place when it is
 * executed. The bytes in storage are compared at each execution, so nothing has to notice stores to code. What is here
 * follows from the bytes and the CPU model alone.
 */

import type { CpuModel } from '../cpu-model.ts';
import { executeTable, keyOf, lineOf } from '../instructions/decode.ts';
import { fieldsOf } from '../instructions/fields.ts';
import type { Execute, Operation } from '../instructions/formats.ts';
import { isPlain } from '../instructions/line.ts';

/** Number of places: 512 KiB of code have places of their own. A power of two. */
export const PLACES = 1 << 18;

/** What is to be done before the operation of an instruction. */
export const ADDRESSES = {
  /** Nothing: it has no operand in storage. */
  NONE: 0,
  /** The address of its operand is base and displacement, or also an index. */
  BASE: 1,
  INDEXED: 2,
  /** It has two such addresses, each of base and displacement. */
  TWO: 3,
  /** Everything: `execute` is called in place of `run`. */
  ENCODED: 4,
} as const;

/** An instruction with its operands. */
export class DecodedInstruction {
  /** A value of `ADDRESSES`. */
  addresses: number = ADDRESSES.ENCODED;
  /** Bytes. */
  length = 2;
  /** The last halfword of 6 bytes; else 0. */
  x = 0;
  run: Operation = nothing;
  a = 0;
  b = 0;
  d = 0;
  e = 0;
  f = 0;
  base = 0;
  index = 0;
  displacement = 0;
  base2 = 0;
  displacement2 = 0;
  /** Executes the encoded instruction; undefined for an invalid operation code. */
  execute: Execute | undefined = undefined;
}

function nothing(): void {}

/** The decoded code of the machines of a CPU model. */
export class DecodedCode {
  /** At each place, the first four bytes of the instruction. Those of a shorter one include bytes that follow it. */
  readonly words = new Uint32Array(PLACES);
  /** At each place, the instruction. Those of zeros are where nothing was decoded. */
  readonly instructions: DecodedInstruction[];
  readonly #model: CpuModel;
  readonly #zeros = new DecodedInstruction();

  constructor(model: CpuModel) {
    this.#model = model;
    this.instructions = new Array(PLACES).fill(this.#zeros);
  }

  /** Decodes the instruction `w`, `x` (see `formats.ts`) into a place, and returns it. */
  decode(place: number, w: number, x: number): DecodedInstruction {
    let into = this.instructions[place] as DecodedInstruction;
    if (into === this.#zeros) {
      into = new DecodedInstruction();
      this.instructions[place] = into;
    }
    this.words[place] = w;
    assign(into, w, x, this.#model);
    return into;
  }
}

function assign(into: DecodedInstruction, w: number, x: number, model: CpuModel): void {
  into.length = w < 0x4000_0000 ? 2 : w < 0xc000_0000 ? 4 : 6;
  into.x = into.length === 6 ? x : 0;
  into.execute = executeTable(model)[keyOf(w, x)];
  into.addresses = ADDRESSES.ENCODED;
  const line = lineOf(w, x);
  if (line === undefined || into.execute === undefined || !isPlain(line)) return;
  const { operands, address, address2 } = fieldsOf(line[1], w, x);
  [into.a, into.b, into.d, into.e, into.f] = operands as [number, number, number, number, number];
  into.run = line[4];
  into.addresses = ADDRESSES.NONE;
  if (address === null) return;
  into.base = address.base;
  into.index = address.index;
  into.displacement = address.displacement;
  into.addresses = address.index === 0 ? ADDRESSES.BASE : ADDRESSES.INDEXED;
  if (address2 === null) return;
  into.base2 = address2.base;
  into.displacement2 = address2.displacement;
  into.addresses = ADDRESSES.TWO;
}

const CODES = new Map<CpuModel, DecodedCode>();

/** Returns the decoded code of a model. */
export function decodedCode(model: CpuModel): DecodedCode {
  let code = CODES.get(model);
  if (code === undefined) {
    code = new DecodedCode(model);
    CODES.set(model, code);
  }
  return code;
}
