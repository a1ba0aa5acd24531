/**
 * From region to region: a table in the processor's block says where the code of an instruction address is. A region that is left
 * jumps there without JavaScript.
 */

import { BLOCK, JUMP_ENTRIES, JUMP_FOLD, type ProcessorBlock } from '../../processor-block.ts';
import { PARAMETER, pushParameters, REASON, REGION_TYPE } from './region-call.ts';
import { Body, type FunctionType, I32, OP, type WasmFunction } from './wasm.ts';

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

  /**
   * Enters the place in the table of functions of the code at an address, which is given by its halves. Returns where the entry is, for
   * `drop`.
   */
  enter(hi: number, lo: number, index: number): number {
    const entries = this.#entries;
    const at = (((lo >>> 1) ^ (lo >>> JUMP_FOLD)) & (JUMP_ENTRIES - 1)) * ENTRY_WORDS;
    const version = this.#words[VERSION] as number;
    if (entries[at + 2] === version) entries.copyWithin(at ^ ENTRY_WORDS, at, at + ENTRY_WORDS);
    entries[at] = lo;
    entries[at + 1] = hi;
    entries[at + 2] = version;
    entries[at + 3] = index;
    return at;
  }

  /** Makes an entry invalid, and the one in the other place for its address. */
  drop(entry: number): void {
    this.#entries[entry + 2] = 0;
    this.#entries[(entry ^ ENTRY_WORDS) + 2] = 0;
  }
}

/**
 * The functions that reach the regions first are a module of their own: `codeFunction`, `enterFunction` and `jumpFunction`. The module's further
 * type is `REGION_TYPE`.
 */
const CODE_OF_ENTER = 0;
const REGION_TYPE_INDEX = 3;
/** The type of `enterFunction`: the address of the block, and the region's place in the table of functions. */
export const ENTER_TYPE: FunctionType = { parameters: [I32, I32], results: [I32] };

/** Executes a region, and those that it leads to, and computes the condition code that they leave. Returns a `REASON`. */
export function enterFunction(): WasmFunction {
  const body = new Body();
  body.get(0).i64(0).get(0).memory(OP.I32_LOAD, BLOCK.LIMIT).get(0).memory(OP.I32_LOAD, BLOCK.CONTEXT);
  body.get(0).memory(OP.I64_LOAD, BLOCK.ADDRESS).get(1).indirect(OP.CALL_INDIRECT, REGION_TYPE_INDEX);
  body.get(0);
  body.get(0).memory(OP.I32_LOAD, BLOCK.CODE_KIND).get(0).memory(OP.I64_LOAD, BLOCK.CODE_A);
  body.get(0).memory(OP.I64_LOAD, BLOCK.CODE_B).call(CODE_OF_ENTER).memory(OP.I32_STORE, BLOCK.CC);
  return { ...ENTER_TYPE, locals: [], body };
}

/** The local of `jumpFunction` behind the parameters. */
const ENTRY = 5;

/**
 * Continues with the code at the instruction address, in place of the region that calls this and has tried the first place for it; or returns
 * LEFT, with where the program is and what was done in the block.
 */
export function jumpFunction(): WasmFunction {
  const body = new Body();
  pushOffset(body, ENTRY);
  body.i32(ENTRY_SIZE).op(OP.I32_XOR);
  tryEntry(body, ENTRY, REGION_TYPE_INDEX);
  body.get(PARAMETER.BLOCK).get(PARAMETER.COUNT).memory(OP.I64_STORE, BLOCK.COUNT);
  body.get(PARAMETER.BLOCK).get(PARAMETER.ADDRESS).memory(OP.I64_STORE, BLOCK.ADDRESS);
  body.i32(REASON.LEFT);
  return { ...REGION_TYPE, locals: [I32], body };
}

/**
 * Continues with the code at the instruction address, in place of a region, if the first place for it has that code. The parameters' locals have
 * what the code is to be called with.
 * @param scratch a local of 32 bits
 * @param type the index of `REGION_TYPE`
 */
export function tryJump(body: Body, scratch: number, type: number): void {
  pushOffset(body, scratch);
  tryEntry(body, scratch, type);
}

/** Pushes the offset of the first entry for the instruction address in the table. */
function pushOffset(body: Body, scratch: number): void {
  body.get(PARAMETER.ADDRESS).op(OP.I32_WRAP).tee(scratch);
  // The low bit of the address is zero, so that of its number in the table is the one above it.
  body.i32(3).op(OP.I32_SHL).get(scratch);
  body.i32(JUMP_FOLD).op(OP.I32_SHR_U).i32(4).op(OP.I32_SHL, OP.I32_XOR);
  body.i32((JUMP_ENTRIES - 1) * ENTRY_SIZE).op(OP.I32_AND);
}

/** Continues with the code that the entry at the offset on the stack designates if that is valid and of the address. */
function tryEntry(body: Body, entry: number, type: number): void {
  body.get(PARAMETER.BLOCK).op(OP.I32_ADD).set(entry);
  body.begin(OP.BLOCK);
  body.get(entry).memory(OP.I64_LOAD, BLOCK.JUMPS).get(PARAMETER.ADDRESS).op(OP.I64_NE).brIf(0);
  body.get(entry).memory(OP.I32_LOAD, BLOCK.JUMPS + 8);
  body.get(PARAMETER.BLOCK).memory(OP.I32_LOAD, BLOCK.VERSION).op(OP.I32_NE).brIf(0);
  pushParameters(body);
  body
    .get(entry)
    .memory(OP.I32_LOAD, BLOCK.JUMPS + 12)
    .indirect(OP.RETURN_CALL_INDIRECT, type);
  body.end();
}
