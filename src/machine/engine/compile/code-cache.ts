/**
 * The compiled code of a machine, by the absolute address and the bytes that it was made from. Each processor can execute it.
 *
 * The code is checked against storage before its first use in a run, since a host may store anywhere between two runs. In a run,
 * stores of the processor to compiled code are reported, and everything is checked again.
 */

import type { CodeWatch } from '../../cpu/access.ts';
import type { Processor } from '../../cpu/processor.ts';
import { InternalError } from '../../internal-error.ts';
import { FRAME_SIZE, type LinearMemory, type Storage } from '../../storage.ts';
import { CodeBytes } from './code-bytes.ts';
import { CODE_TYPE, codeFunction } from './condition-code.ts';
import type { Decoded } from './decoded.ts';
import { enterFunction, jumpFunction, REGION_TYPE, TO_REGION_TYPE } from './emitter.ts';
import { type Block, findFlow } from './flow.ts';
import { formOf } from './forms/index.ts';
import { type FunctionTable, instantiate, type Linked, newTable } from './module.ts';
import { emitRegion } from './region.ts';
import type { WasmFunction } from './wasm.ts';

/**
 * Executes the region at a place in the table, and those that it leads to, on the processor whose block is at an absolute
 * address. Returns a `REASON`.
 */
export type Enter = (block: number, index: number) => number;

/** A piece of code that was compiled, or cannot be. */
export interface Region {
  /** Absolute address of its first instruction. */
  readonly address: number;
  /** Its place in the table of functions; -1 if the code cannot be compiled. */
  readonly index: number;
  /** Whether it needs the AFP-register control. */
  readonly afp: boolean;
  /** What it was made from. */
  readonly source: CodeBytes;
  /** The value of the cache's epoch when it was last checked. */
  checked: number;
}

/** A region under way. */
interface Piece {
  readonly address: number;
  /** Where its instructions are: offsets [from, to[ in the page. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Null if it cannot be compiled. */
  readonly code: WasmFunction | null;
  readonly afp: boolean;
  /** As `Region.index`. */
  index: number;
}

/** Regions that are made at most. When there are more, all are dropped: what is hot is soon back. */
const MAX_REGIONS = 4000;
/** Counters of how often an address was branched to, by a hash of the address. */
const COUNTERS = 1 << 17;
/** Returns the place of the counter of an absolute address. */
const counterOf = (address: number) => (address >>> 1) & (COUNTERS - 1);
/** Regions that are made at a time at most: a module of several costs little more than a module of one. */
const MAX_BATCH = 32;
/** Bytes in a line. Whether a store hits code or data in the same page is decided by line. */
const LINE = 64;

/** Returns where the instructions of a block are, and the targets of EXECUTE. */
function rangesOf({ offset, next, instructions }: Block): (readonly [number, number])[] {
  const targets = instructions.flatMap(({ target }) => target ?? []);
  return [
    [offset, Math.max(next, offset + 2)],
    ...targets.map(({ offset: at, length }) => [at, at + length] as const),
  ];
}

/** What regions are reached through: the table of functions, and functions of one module. */
interface Linkage {
  readonly table: FunctionTable;
  readonly enter: Enter;
  /** What the modules of regions import. */
  readonly imports: NonNullable<Linked['imports']>;
}

function link(memory: LinearMemory): Linkage {
  const table = newTable(MAX_REGIONS);
  const functions = [codeFunction(), enterFunction(), jumpFunction()];
  const linked = instantiate(functions, { memory, table, types: [REGION_TYPE] });
  if (linked === null) throw new InternalError('the module that reaches regions is refused');
  const [code, enter, jump] = linked;
  const imports = [
    { type: TO_REGION_TYPE, code: jump },
    { type: CODE_TYPE, code },
  ];
  return { table, enter: enter as Enter, imports };
}

/** Compiled code. */
export class CodeCache implements CodeWatch {
  readonly #storage: Storage;
  /** Absolute storage. */
  readonly #words: Int32Array;
  readonly #threshold: number;
  /** Addresses that were branched to half as often as it takes: they are compiled together with the next one. */
  readonly #warm: number[] = [];
  readonly #regions = new Map<number, Region>();
  /** The last region that was found for each counter: a region is looked for at each entry, and a map is slower. */
  readonly #recent: (Region | null)[] = new Array(COUNTERS).fill(null);
  readonly #counts = new Uint16Array(COUNTERS);
  /** Which of the counters belong to addresses with a region. */
  readonly #known = new Uint8Array(COUNTERS);
  /** For each frame with code, which of its lines have any. */
  readonly #lines = new Map<number, Uint8Array>();
  readonly #processors: readonly Processor[];
  /** What regions are reached through, once there are any. */
  #link: Linkage | null = null;
  /** The next free place in the table. */
  #next = 0;
  #epoch = 0;

  /** @param threshold branches to an address after which the code there is compiled */
  constructor(storage: Storage, processors: readonly Processor[], threshold: number) {
    this.#storage = storage;
    const { buffer, byteOffset, byteLength } = storage.bytes;
    this.#words = new Int32Array(buffer, byteOffset, byteLength / 4);
    this.#processors = processors;
    this.#threshold = threshold;
  }

  /** Changes whenever regions may have become invalid. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Executes regions. Preconditions: there is one. */
  get enter(): Enter {
    return this.#linkage.enter;
  }

  get #linkage(): Linkage {
    this.#link ??= link(this.#storage.memory as LinearMemory);
    return this.#link;
  }

  /** Checks all code again before it is used. The host may have stored to it. */
  newEpoch(): void {
    this.#epoch++;
  }

  stored(frame: number, first: number, last: number): boolean {
    const lines = this.#lines.get(frame);
    if (lines === undefined) return false;
    for (let line = Math.floor(first / LINE); line <= Math.floor(last / LINE); line++) {
      if (lines[line] === 0) continue;
      this.#epoch++;
      break;
    }
    return true;
  }

  holds(frame: number): boolean {
    return this.#lines.has(frame);
  }

  /**
   * Counts that the program has branched to an absolute address, and returns true, if there is nothing but to count: `find` would
   * return null. Most branches of code that is executed once or twice end here.
   */
  isCold(address: number): boolean {
    const counter = counterOf(address);
    const count = (this.#counts[counter] as number) + 1;
    if (this.#known[counter] !== 0 || count >= this.#threshold || count === this.#threshold >>> 1)
      return false;
    this.#counts[counter] = count;
    return true;
  }

  /** Returns the region at an absolute address that the program has branched to, or null if it is not worth compiling yet. */
  find(address: number): Region | null {
    const counter = counterOf(address);
    const region = this.#regionAt(address, counter);
    if (region !== null) {
      if (region.checked === this.#epoch || this.#isCurrent(region)) return region;
      this.#regions.delete(address);
      this.#recent[counter] = null;
    }
    const count = (this.#counts[counter] as number) + 1;
    this.#counts[counter] = count;
    if (count < this.#threshold) {
      if (count === this.#threshold >>> 1 && this.#warm.length < MAX_BATCH - 1) this.#warm.push(address);
      return null;
    }
    this.#counts[counter] = 0;
    return this.#compile(address);
  }

  #regionAt(address: number, counter: number): Region | null {
    if (this.#known[counter] === 0) return null;
    const recent = this.#recent[counter] as Region | null;
    if (recent !== null && recent.address === address) return recent;
    const region = this.#regions.get(address) ?? null;
    if (region !== null) this.#recent[counter] = region;
    return region;
  }

  #isCurrent(region: Region): boolean {
    if (!region.source.isIn(this.#words)) return false;
    region.checked = this.#epoch;
    return true;
  }

  /** Compiles the code at an address, and at those that will be compiled soon. */
  #compile(address: number): Region {
    const batch = [address, ...this.#warm.filter((warm) => warm !== address && !this.#regions.has(warm))];
    this.#warm.length = 0;
    if (this.#next + batch.length > MAX_REGIONS) this.#clear();
    const pieces = batch.map((at) => this.#emit(at));
    this.#instantiate(pieces.filter(({ code }) => code !== null));
    for (const piece of pieces) this.#enter(piece);
    return this.#regions.get(address) as Region;
  }

  #emit(address: number): Piece {
    const frame = address - (address % FRAME_SIZE);
    const page = new DataView(this.#storage.bytes.buffer, frame, FRAME_SIZE);
    const isKnown = (instruction: Decoded) => formOf(instruction) !== undefined;
    const isReached = (offset: number) =>
      this.#counts[counterOf(frame + offset)] !== 0 || this.#regions.has(frame + offset);
    const flow = findFlow(page, address % FRAME_SIZE, isKnown, isReached);
    const ranges = flow.blocks.flatMap(rangesOf);
    const compilable = (flow.blocks[0]?.instructions.length ?? 0) > 0 && this.#storage.memory !== null;
    const emitted = compilable ? emitRegion(flow) : null;
    return { address, ranges, code: emitted?.code ?? null, afp: emitted?.afp ?? false, index: -1 };
  }

  /** Makes the functions of pieces, and puts them into the table. */
  #instantiate(pieces: Piece[]): void {
    if (pieces.length === 0) return;
    const { table, imports } = this.#linkage;
    const codes = pieces.map(({ code }) => code as WasmFunction);
    const functions = instantiate(codes, { memory: this.#storage.memory as LinearMemory, imports });
    if (functions !== null) {
      pieces.forEach((piece, i) => {
        piece.index = this.#next++;
        table.set(piece.index, functions[i]);
      });
    } else if (pieces.length > 1) {
      // The module is too large for the main thread of a page: one of a single function may not be.
      for (const piece of pieces) this.#instantiate([piece]);
    }
  }

  #enter({ address, index, afp, ranges }: Piece): void {
    const frame = address - (address % FRAME_SIZE);
    const source = new CodeBytes(this.#words, frame, ranges);
    this.#regions.set(address, { address, index, afp, source, checked: this.#epoch });
    this.#known[counterOf(address)] = 1;
    this.#recent[counterOf(address)] = null;
    this.#mark(frame / FRAME_SIZE, ranges);
  }

  /** Notes where code is, so that stores to it are reported. */
  #mark(frame: number, ranges: readonly (readonly [number, number])[]): void {
    let lines = this.#lines.get(frame);
    if (lines === undefined) {
      lines = new Uint8Array(FRAME_SIZE / LINE);
      this.#lines.set(frame, lines);
      for (const { tlb } of this.#processors) tlb.forgetChange(frame);
    }
    for (const [from, to] of ranges) {
      for (let line = Math.floor(from / LINE); line * LINE < to; line++) lines[line] = 1;
    }
  }

  #clear(): void {
    this.#epoch++;
    this.#next = 0;
    this.#regions.clear();
    this.#lines.clear();
    this.#counts.fill(0);
    this.#known.fill(0);
    this.#recent.fill(null);
    this.#warm.length = 0;
  }
}
