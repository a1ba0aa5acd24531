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
import { type Block, findFlow } from './flow.ts';
import { formOf } from './forms/index.ts';
import { enterFunction, jumpFunction } from './jump-table.ts';
import { type FunctionTable, instantiate, type Linked, newTable } from './module.ts';
import { type CodeSpace, NearbyCode } from './nearby-code.ts';
import { emitRegion } from './region.ts';
import { REGION_TYPE } from './region-call.ts';
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
  /** What it was made from, by frame. */
  readonly sources: readonly CodeBytes[];
  /** The other pages that it has code in. */
  readonly others: readonly OtherPage[];
  /** How often in succession it could not be used because one of those pages was not known to be there. */
  absences: number;
  /** The value of the cache's epoch when it was last checked. */
  checked: number;
}

/** A page that a region has code in, besides that of its first instruction. */
export interface OtherPage {
  /** By how many pages it is behind that one; negative if before. */
  readonly distance: number;
  /** The absolute address of its frame. */
  readonly frame: number;
}

/** Where a region begins. */
interface Place {
  /** Absolute address. */
  readonly address: number;
  /** The number of the page by which the program reaches it. */
  readonly page: number;
}

/** Offsets [from, to[ in a frame. */
type Range = readonly [from: number, to: number];

/** A region under way. */
interface Piece {
  readonly address: number;
  /** Where its instructions are, for each frame. */
  readonly ranges: ReadonlyMap<number, Range[]>;
  readonly others: readonly OtherPage[];
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
/** Places for regions that were found last. */
const RECENT = 1 << 12;
/** Returns the place for the region at an absolute address. */
const recentOf = (address: number) => (address >>> 1) & (RECENT - 1);
/** How often in succession a region is not used because a page is not known to be there, before it is made without other pages. */
const MAX_ABSENCES = 100;
/** Regions that are made at a time at most: a module of several costs little more than a module of one. */
const MAX_BATCH = 32;
/** Instructions from which on a region is jumped to. A smaller one is compiled into each region that leads to it. */
const LARGE = 40;
/** Bytes in a line. Whether a store hits code or data in the same page is decided by line. */
const LINE = 64;

/** Returns where the instructions of a block are, and the targets of EXECUTE, by offsets from the start of the first page. */
function rangesOf({ offset, next, instructions }: Block): Range[] {
  const targets = instructions.flatMap(({ target }) => target ?? []);
  return [
    [offset, Math.max(next, offset + 2)],
    ...targets.map(({ offset: at, length }) => [at, at + length] as const),
  ];
}

/** Divides ranges of offsets by page: the ranges within each, by its distance from the first. */
function byPage(ranges: readonly Range[]): Map<number, Range[]> {
  const pages = new Map<number, Range[]>();
  for (const [from, to] of ranges) {
    for (let at = from; at < to; ) {
      const distance = Math.floor(at / FRAME_SIZE);
      const start = distance * FRAME_SIZE;
      const end = Math.min(to, start + FRAME_SIZE);
      const found = pages.get(distance) ?? [];
      pages.set(distance, found);
      found.push([at - start, end - start]);
      at = end;
    }
  }
  return pages;
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
    { type: REGION_TYPE, code: jump },
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
  readonly #warm: Place[] = [];
  readonly #regions = new Map<number, Region>();
  /** The regions that were found last, by `recentOf`: a region is looked for at each entry, and a map is slower. */
  readonly #recent: (Region | null)[] = new Array(RECENT).fill(null);
  readonly #counts = new Uint16Array(COUNTERS);
  /** Which of the counters belong to addresses with a region. */
  readonly #known = new Uint8Array(COUNTERS);
  /** How many instructions the regions have, and those under way, by absolute address. */
  readonly #sizes = new Map<number, number>();
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

  /**
   * Returns the region at an absolute address that the program has branched to, or null if it is not worth compiling yet.
   * @param page the number of the page of the instruction address
   * @param space where the program's other pages are
   */
  find(address: number, page: number, space: CodeSpace): Region | null {
    const counter = counterOf(address);
    const region = this.#regionAt(address, counter);
    if (region !== null) {
      if (region.checked === this.#epoch || this.#isCurrent(region)) {
        if (region.others.length === 0) return region;
        return this.#inSpace(region, page, space);
      }
      this.#regions.delete(address);
      this.#sizes.delete(address);
      this.#recent[recentOf(address)] = null;
    }
    const count = (this.#counts[counter] as number) + 1;
    this.#counts[counter] = count;
    if (count < this.#threshold) {
      if (count === this.#threshold >>> 1 && this.#warm.length < MAX_BATCH - 1)
        this.#warm.push({ address, page });
      return null;
    }
    this.#counts[counter] = 0;
    return this.#compile({ address, page }, space);
  }

  /** Returns a region if its other pages are where they were, another region without them if they are not, or null. */
  #inSpace(region: Region, page: number, space: CodeSpace): Region | null {
    for (const { distance, frame } of region.others) {
      const found = space.frameOf(page + distance);
      if (found === frame) continue;
      // The interpreter may get there soon.
      if (found < 0 && ++region.absences < MAX_ABSENCES) return null;
      return this.#compile({ address: region.address, page }, null);
    }
    region.absences = 0;
    return region;
  }

  #regionAt(address: number, counter: number): Region | null {
    if (this.#known[counter] === 0) return null;
    const place = recentOf(address);
    const recent = this.#recent[place] as Region | null;
    if (recent !== null && recent.address === address) return recent;
    const region = this.#regions.get(address) ?? null;
    if (region !== null) this.#recent[place] = region;
    return region;
  }

  #isCurrent(region: Region): boolean {
    for (const source of region.sources) if (!source.isIn(this.#words)) return false;
    region.checked = this.#epoch;
    return true;
  }

  /**
   * Compiles the code at a place, and at those that will be compiled soon.
   * @param space null to compile the first alone, and only its own page
   */
  #compile(place: Place, space: CodeSpace | null): Region {
    const { address } = place;
    const batch = [place];
    if (space !== null) {
      const isNew = (warm: Place) => warm.address !== address && !this.#regions.has(warm.address);
      batch.push(...this.#warm.filter(isNew));
      this.#warm.length = 0;
    }
    if (this.#next + batch.length > MAX_REGIONS) this.#clear();
    const pieces = batch.map((one) => this.#emit(one, space));
    this.#instantiate(pieces.filter(({ code }) => code !== null));
    for (const piece of pieces) this.#enter(piece);
    return this.#regions.get(address) as Region;
  }

  #emit({ address, page }: Place, space: CodeSpace | null): Piece {
    const frame = address - (address % FRAME_SIZE);
    // A place that was reached in another address space is compiled without its other pages.
    const near = space?.frameOf(page) === frame ? space : null;
    const code = new NearbyCode(this.#storage.view, page, frame, near);
    const isKnown = (instruction: Decoded) => formOf(instruction) !== undefined;
    const isReached = (offset: number) => {
      const at = code.addressOf(offset);
      return this.#counts[counterOf(at)] !== 0 || this.#regions.has(at);
    };
    const isElsewhere = (offset: number) => (this.#sizes.get(code.addressOf(offset)) ?? 0) >= LARGE;
    const flow = findFlow(code, address % FRAME_SIZE, isKnown, { isReached, isElsewhere });
    this.#sizes.set(
      address,
      flow.blocks.reduce((sum, { instructions }) => sum + instructions.length, 0),
    );
    const compilable = (flow.blocks[0]?.instructions.length ?? 0) > 0 && this.#storage.memory !== null;
    const emitted = compilable ? emitRegion(flow) : null;
    const pages = byPage(flow.blocks.flatMap(rangesOf));
    const others = [...pages.keys()]
      .filter((distance) => distance !== 0)
      .map((distance) => ({ distance, frame: code.frameAt(distance) }));
    const ranges = new Map<number, Range[]>();
    for (const [distance, found] of pages) {
      const at = code.frameAt(distance);
      ranges.set(at, [...(ranges.get(at) ?? []), ...found]);
    }
    return { address, ranges, others, code: emitted?.code ?? null, afp: emitted?.afp ?? false, index: -1 };
  }

  /** Makes the functions of pieces, and puts them into the table. */
  #instantiate(pieces: Piece[]): void {
    if (pieces.length === 0) return;
    const { table, imports } = this.#linkage;
    const memory = this.#storage.memory as LinearMemory;
    const codes = pieces.map(({ code }) => code as WasmFunction);
    const functions = instantiate(codes, { memory, table, imports });
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

  #enter({ address, index, afp, ranges, others }: Piece): void {
    const sources = [...ranges].map(([frame, found]) => new CodeBytes(this.#words, frame, found));
    const region = { address, index, afp, sources, others, absences: 0, checked: this.#epoch };
    this.#regions.set(address, region);
    this.#known[counterOf(address)] = 1;
    this.#recent[recentOf(address)] = null;
    for (const [frame, found] of ranges) this.#mark(frame / FRAME_SIZE, found);
  }

  /** Notes where code is, so that stores to it are reported. */
  #mark(frame: number, ranges: readonly Range[]): void {
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
    this.#sizes.clear();
    this.#lines.clear();
    this.#counts.fill(0);
    this.#known.fill(0);
    this.#recent.fill(null);
    this.#warm.length = 0;
  }
}
