/**
 * From region to region: a table in the processor's block says where the code of an instruction address is. A region that is left
 * jumps there without JavaScript.
 */

import { BLOCK, JUMP_ENTRIES, JUMP_FOLD, type ProcessorBlock } from '../../processor-block.ts';
import { REASON, REGION_TYPE } from './region-call.ts';
import { Body, type FunctionType, I32, I64, OP, type WasmFunction } from './wasm.ts';

/** Words of an entry: the address (low and high), the version, and the place of the code in the table of functions. */
const ENTRY_WORDS = 4;
const ENTRY_SIZE = ENTRY_WORDS * 4;
const VERSION = BLOCK.VERSION / 4;

/** The entries of one processor. Each address has two places, of which the first is that of the address that came last. */
export class JumpTable {
  readonly #words: Uint32Array;
  readonly #entries: Uint32Array;

  constructor({ buffer, offset }: ProcessorBlock) {
    this.#words = new Uint32Array(buffer, offset, BLOCK.BUFFERS / 4);
    this.#entries = new Uint32Array(buffer, offset + BLOCK.JUMPS, JUMP_ENTRIES * ENTRY_WORDS);
  }

  /** Makes all entries invalid. */
  clear(): void {
    const words = this.#words;
    words[VERSION] = (words[VERSION] as number) + 1;
    if (words[VERSION] !== 0) return;
    this.#entries.fill(0);
    words[VERSION] = 1;
  }

  /** Enters the place in the table of functions of the code at an address, which is given by its halves. */
  enter(hi: number, lo: number, index: number): void {
    const entries = this.#entries;
    const at = (((lo >>> 1) ^ (lo >>> JUMP_FOLD)) & (JUMP_ENTRIES - 1)) * ENTRY_WORDS;
    const version = this.#words[VERSION] as number;
    if (entries[at + 2] === version) entries.copyWithin(at ^ ENTRY_WORDS, at, at + ENTRY_WORDS);
    entries[at] = lo;
    entries[at + 1] = hi;
    entries[at + 2] = version;
    entries[at + 3] = index;
  }
}

/**
 * The functions that reach the regions are a module of their own, since WebAssembly implementations keep a copy of the table for each module
 * that uses it. They are `codeFunction`, `enterFunction` and `jumpFunction`, and the module's further type is `REGION_TYPE`.
 */
const CODE_OF_ENTER = 0;
const REGION_TYPE_INDEX = 3;
/** The type of `enterFunction`: the address of the block, and the region's place in the table of functions. */
export const ENTER_TYPE: FunctionType = { parameters: [I32, I32], results: [I32] };

/** Executes a region, and those that it leads to, and computes the condition code that they leave. Returns a `REASON`. */
export function enterFunction(): WasmFunction {
  const body = new Body();
  body.get(0).get(1).indirect(OP.CALL_INDIRECT, REGION_TYPE_INDEX);
  body.get(0);
  body.get(0).memory(OP.I32_LOAD, BLOCK.CODE_KIND).get(0).memory(OP.I64_LOAD, BLOCK.CODE_A);
  body.get(0).memory(OP.I64_LOAD, BLOCK.CODE_B).call(CODE_OF_ENTER).memory(OP.I32_STORE, BLOCK.CC);
  return { ...ENTER_TYPE, locals: [], body };
}

/** The locals of `jumpFunction`, whose parameter is the block. */
const JUMP = { BLOCK: 0, ADDRESS: 1, OFFSET: 2, ENTRY: 3 } as const;

/** Continues with the code at the instruction address in the block, in place of the region that calls this; or returns LEFT. */
export function jumpFunction(): WasmFunction {
  const body = new Body();
  body.get(JUMP.BLOCK).memory(OP.I64_LOAD, BLOCK.ADDRESS).tee(JUMP.ADDRESS).op(OP.I32_WRAP).tee(JUMP.ENTRY);
  // The low bit of the address is zero, so that of its number in the table is the one above it.
  body.i32(3).op(OP.I32_SHL).get(JUMP.ENTRY);
  body.i32(JUMP_FOLD).op(OP.I32_SHR_U).i32(4).op(OP.I32_SHL, OP.I32_XOR);
  body
    .i32((JUMP_ENTRIES - 1) * ENTRY_SIZE)
    .op(OP.I32_AND)
    .set(JUMP.OFFSET);
  tryEntry(body);
  body.get(JUMP.OFFSET).i32(ENTRY_SIZE).op(OP.I32_XOR).set(JUMP.OFFSET);
  tryEntry(body);
  body.i32(REASON.LEFT);
  return { ...REGION_TYPE, locals: [I64, I32, I32], body };
}

/** Continues with the code that the entry at the offset designates if that is valid and of the address. */
function tryEntry(body: Body): void {
  const { BLOCK: block, ENTRY: entry } = JUMP;
  body.get(block).get(JUMP.OFFSET).op(OP.I32_ADD).tee(entry).memory(OP.I64_LOAD, BLOCK.JUMPS);
  body.get(JUMP.ADDRESS).op(OP.I64_EQ);
  body.get(entry).memory(OP.I32_LOAD, BLOCK.JUMPS + 8);
  body.get(block).memory(OP.I32_LOAD, BLOCK.VERSION).op(OP.I32_EQ, OP.I32_AND).begin(OP.IF);
  body
    .get(block)
    .get(entry)
    .memory(OP.I32_LOAD, BLOCK.JUMPS + 12);
  body.indirect(OP.RETURN_CALL_INDIRECT, REGION_TYPE_INDEX).end();
}
