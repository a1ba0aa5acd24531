/**
 * The control flow of a region: the code that is reached from its first instruction, in its page and those near it, as basic
 * blocks, and what the emitter needs to make loops of WebAssembly from its loops: an order, dominators, loop heads and joins.
 */

import { type Branch, branchOf } from './branches.ts';
import { type Decoded, decode } from './decoded.ts';
import type { Code } from './nearby-code.ts';

/** Limits of a region. */
const MAX_INSTRUCTIONS = 400;
const MAX_BLOCKS = 60;
const PAGE_SIZE = 0x1000;
/** Return addresses that an indirect branch is compared with. */
const MAX_RETURNS = 4;

const pageOf = (offset: number) => Math.floor(offset / PAGE_SIZE);

/** A basic block. */
export interface Block {
  /** Byte offset of its first instruction from the start of the region's first page. */
  readonly offset: number;
  /** Its instructions, without those that only end it because the compiler does not know them. */
  readonly instructions: readonly Decoded[];
  /** What the last instruction does, if it is a branch. */
  readonly branch: Branch | null;
  /** Byte offset of what follows its last instruction. */
  readonly next: number;
  /** Blocks that it may continue with, each by its place in `Flow.blocks`. */
  successors: number[];
}

/** A region, in reverse postorder: every block follows its immediate dominator. */
export interface Flow {
  /** The blocks; the first is the entry. */
  readonly blocks: readonly Block[];
  /** Places of blocks by offset. */
  readonly places: ReadonlyMap<number, number>;
  /** For each block the immediate dominator; the entry's is itself. */
  readonly dominators: readonly number[];
  /** Whether a block is the head of a loop. */
  readonly heads: readonly boolean[];
  /** Whether several forward branches lead to a block. */
  readonly joins: readonly boolean[];
  /** Return addresses of calls within the region, by offset. */
  readonly returns: readonly number[];
  /** Offsets of the instructions that are reached, but not known to the compiler. */
  readonly unknown: ReadonlySet<number>;
}

/** Whether the compiler knows an instruction that is no branch. */
export type IsKnown = (instruction: Decoded) => boolean;

/** What is known of byte offsets. */
export interface Offsets {
  /** Whether the program has branched to one. */
  isReached(offset: number): boolean;
  /** Whether a region begins there that is better jumped to than compiled once more. */
  isElsewhere(offset: number): boolean;
}
const ALL_HERE: Offsets = { isReached: () => true, isElsewhere: () => false };

/**
 * Finds the region that begins at a byte offset, 0 to 4094. It has no code that only a conditional branch leads to that was never taken,
 * of the functions that it calls those in the page of the call, and none that is elsewhere.
 */
export function findFlow(code: Code, start: number, isKnown: IsKnown, offsets: Offsets = ALL_HERE): Flow {
  const finder = new Finder(code, isKnown, offsets);
  finder.explore(start);
  return { ...ordered(finder.blocks(), start, finder.returns), unknown: finder.unknown };
}

/** Finds the instructions of a region, then its blocks. */
class Finder {
  readonly returns: number[] = [];
  readonly unknown = new Set<number>();
  readonly #code: Code;
  readonly #isKnown: IsKnown;
  readonly #offsets: Offsets;
  readonly #instructions = new Map<number, Decoded>();
  /** Offsets at which blocks begin. */
  readonly #leaders = new Set<number>();

  constructor(code: Code, isKnown: IsKnown, offsets: Offsets) {
    this.#code = code;
    this.#isKnown = isKnown;
    this.#offsets = offsets;
  }

  explore(start: number): void {
    const todo = [start];
    while (todo.length > 0 && this.#instructions.size < MAX_INSTRUCTIONS && this.#leaders.size < MAX_BLOCKS) {
      const leader = todo.shift() as number;
      if (this.#leaders.has(leader) || (leader !== start && this.#offsets.isElsewhere(leader))) continue;
      this.#leaders.add(leader);
      this.#follow(leader, todo);
    }
  }

  /** Reads instructions up to one that ends a block, and notes where it leads to. */
  #follow(leader: number, todo: number[]): void {
    for (let offset = leader; ; ) {
      if (this.#instructions.has(offset) || this.#instructions.size >= MAX_INSTRUCTIONS) return;
      if (!this.#isThere(offset)) return;
      const instruction = this.#read(offset);
      if (instruction === null) {
        this.unknown.add(offset);
        return;
      }
      this.#instructions.set(offset, instruction);
      const branch = branchOf(instruction);
      offset += instruction.length;
      if (branch === null || branch === 'never') continue;
      this.#targets(branch, instruction.offset, offset, todo);
      return;
    }
  }

  #targets({ target, condition, link }: Branch, at: number, next: number, todo: number[]): void {
    const always = condition.kind === 'always';
    if ('at' in target && this.#isThere(target.at) && (always || this.#offsets.isReached(target.at))) {
      if (link === null) {
        todo.push(target.at);
      } else if (pageOf(target.at) === pageOf(at)) {
        todo.push(target.at);
        if (this.#isThere(next) && this.returns.length < MAX_RETURNS) {
          this.returns.push(next);
          todo.push(next);
        }
      }
    }
    if (!always && this.#isThere(next)) todo.push(next);
  }

  #isThere(offset: number): boolean {
    return offset % 2 === 0 && this.#code.halfword(offset) >= 0;
  }

  /** Returns the instruction at an offset, or null if it cannot be compiled. */
  #read(offset: number): Decoded | null {
    let instruction = decode(this.#code, offset);
    if (instruction === null) return null;
    if (instruction.mnemonic === 'EXRL') instruction = this.#withTarget(instruction);
    return branchOf(instruction) !== null || this.#isKnown(instruction) ? instruction : null;
  }

  /** Returns EXECUTE RELATIVE LONG with its target, if that can be decoded. */
  #withTarget(execute: Decoded): Decoded {
    const at = execute.offset + (execute.operands[1] as number) * 2;
    return { ...execute, target: decode(this.#code, at) ?? undefined };
  }

  blocks(): Block[] {
    return [...this.#leaders].map((leader) => this.#block(leader));
  }

  #block(leader: number): Block {
    const instructions: Decoded[] = [];
    let offset = leader;
    let branch: Branch | null = null;
    for (;;) {
      const instruction = this.#instructions.get(offset);
      if (!instruction) break;
      instructions.push(instruction);
      offset += instruction.length;
      const found = branchOf(instruction);
      if (found !== null && found !== 'never') {
        branch = found;
        break;
      }
      if (this.#leaders.has(offset)) break;
    }
    return { offset: leader, instructions, branch, next: offset, successors: [] };
  }
}

/** Returns the offsets that a block may continue with. */
function continuations(block: Block, returns: readonly number[]): number[] {
  const { branch, next } = block;
  if (branch === null) return [next];
  const to =
    'at' in branch.target ? [branch.target.at] : branch.condition.kind === 'always' ? [...returns] : [];
  return branch.condition.kind === 'always' ? to : [...to, next];
}

/** Puts blocks into reverse postorder and computes dominators. */
function ordered(found: readonly Block[], start: number, returns: readonly number[]): Omit<Flow, 'unknown'> {
  const byOffset = new Map(found.map((block) => [block.offset, block]));
  const postorder: Block[] = [];
  const seen = new Set<number>();
  const visit = (offset: number) => {
    const block = byOffset.get(offset);
    if (block === undefined || seen.has(offset)) return;
    seen.add(offset);
    // The first continuation is laid out last, hence nearest.
    for (const to of continuations(block, returns)) visit(to);
    postorder.push(block);
  };
  visit(start);
  const blocks = postorder.reverse();
  const places = new Map(blocks.map((block, place) => [block.offset, place]));
  for (const block of blocks) {
    block.successors = continuations(block, returns)
      .map((offset) => places.get(offset))
      .filter((place) => place !== undefined);
  }
  cutIrreducible(blocks, immediateDominators(blocks));
  const dominators = immediateDominators(blocks);
  const heads = blocks.map(() => false);
  const forward = blocks.map(() => 0);
  blocks.forEach((block, from) => {
    for (const to of new Set(block.successors)) {
      if (to <= from) heads[to] = true;
      else forward[to]!++;
    }
  });
  return { blocks, places, dominators, heads, joins: forward.map((n) => n > 1), returns };
}

/** Cooper, Harvey and Kennedy: "A Simple, Fast Dominance Algorithm". */
function immediateDominators(blocks: readonly Block[]): number[] {
  const predecessors = predecessorsOf(blocks);
  const dominators: number[] = blocks.map((_, place) => (place === 0 ? 0 : -1));
  const common = (a: number, b: number): number => {
    let [x, y] = [a, b];
    while (x !== y) {
      if (x > y) x = dominators[x] as number;
      else y = dominators[y] as number;
    }
    return x;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (let place = 1; place < blocks.length; place++) {
      let found = -1;
      for (const from of predecessors[place] as number[]) {
        if (dominators[from] === -1) continue;
        found = found === -1 ? from : common(from, found);
      }
      if (dominators[place] === found) continue;
      dominators[place] = found;
      changed = true;
    }
  }
  return dominators;
}

/** Removes the edges that enter a loop other than at its head: the code leaves the region there. */
function cutIrreducible(blocks: readonly Block[], dominators: readonly number[]): void {
  const dominates = (a: number, b: number): boolean => {
    let at = b;
    while (at > a) at = dominators[at] as number;
    return at === a;
  };
  blocks.forEach((block, from) => {
    block.successors = block.successors.filter((to) => to > from || dominates(to, from));
  });
}

/** Returns the blocks of the loop with a head, which is one of them, by their places. */
export function loopOf({ blocks, heads }: Flow, head: number): Set<number> {
  const members = new Set([head]);
  if (!heads[head]) return members;
  const predecessors = predecessorsOf(blocks);
  // Only ways back lead from a later block to an earlier one.
  const todo = (predecessors[head] as number[]).filter((from) => from >= head);
  while (todo.length > 0) {
    const at = todo.pop() as number;
    if (members.has(at)) continue;
    members.add(at);
    todo.push(...(predecessors[at] as number[]));
  }
  return members;
}

/** Returns, for each block, the places of those that may continue with it. */
function predecessorsOf(blocks: readonly Block[]): number[][] {
  const predecessors: number[][] = blocks.map(() => []);
  blocks.forEach((block, from) => {
    for (const to of block.successors) predecessors[to]?.push(from);
  });
  return predecessors;
}
