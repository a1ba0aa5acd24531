/**
 * From control flow to WebAssembly: blocks, loops and ifs by Ramsey, "Beyond Relooper" (2022). A block that several branches
 * join is placed behind a WebAssembly block in its dominator, the head of a loop begins a WebAssembly loop, and every other
 * block stands where it is branched to.
 */

import type { Branch, Condition } from './branches.ts';
import { CC, pushCondition } from './condition-code.ts';
import type { Decoded } from './decoded.ts';
import { ALL_REGISTERS, Emitter, type Loop, type RegisterSet } from './emitter.ts';
import { type Block, type Flow, loopOf } from './flow.ts';
import { formOf } from './forms/index.ts';
import { OP, type WasmFunction } from './wasm.ts';

/** A compiled region, before it is a module. */
export interface EmittedRegion {
  readonly code: WasmFunction;
  /** Whether it needs the AFP-register control. */
  readonly afp: boolean;
}

/** Returns the code of a region. */
export function emitRegion(flow: Flow): EmittedRegion {
  const emitter = new Emitter();
  new RegionEmitter(flow, emitter).block(0);
  return { code: emitter.finish(), afp: emitter.afp };
}

/** The last offset in a page at which the interpreter fetches an instruction with one lookup. */
const LAST_WHOLE = 0xffa;
const IN_PAGE = 0xfff;

/** Lookups of the TLB that fetch an instruction. */
function fetches({ offset, length }: Decoded): number {
  return (offset & IN_PAGE) <= LAST_WHOLE ? 1 : length / 2;
}

/** Returns, for each block, the blocks that several ways lead to and that it dominates immediately, from last to first. */
function dominatedBy({ joins, dominators }: Flow): number[][] {
  const dominated: number[][] = dominators.map(() => []);
  for (let at = dominators.length - 1; at > 0; at--)
    if (joins[at]) dominated[dominators[at] as number]?.push(at);
  return dominated;
}

/** Returns, for each block, the instructions on the longest way from it to the head of a loop or out of the region. */
function lengthsOf({ blocks, heads }: Flow): number[] {
  const lengths: number[] = blocks.map(() => 0);
  // Ways from a block lead to later ones, or to heads of loops.
  for (let place = blocks.length - 1; place >= 0; place--) {
    const { instructions, successors } = blocks[place] as Block;
    const rest = successors.map((to) => (to > place && !heads[to] ? (lengths[to] as number) : 0));
    lengths[place] = instructions.length + Math.max(0, ...rest);
  }
  return lengths;
}

/** What is known where ways join: registers that are available on all of them, and those that a loop is to load on one of them. */
interface Joined {
  available: RegisterSet;
  expected: RegisterSet;
}

/** The outermost loop around a block, and the blocks that are part of it. */
interface OuterLoop {
  readonly members: ReadonlySet<number>;
  readonly loop: Loop;
}

class RegionEmitter {
  readonly #flow: Flow;
  readonly #emitter: Emitter;
  /** Where a branch to a block goes: the depth inside of its WebAssembly block or loop. */
  readonly #labels = new Map<number, number>();
  /** What is known at blocks that several ways lead to. */
  readonly #joined = new Map<number, Joined>();
  /** For each block, the instructions on the longest way from it to the head of a loop or out of the region. */
  readonly #lengths: readonly number[];
  /** For each block, the blocks that several ways lead to and that it dominates immediately, from last to first. */
  readonly #dominated: readonly (readonly number[])[];
  #loop: OuterLoop | null = null;

  constructor(flow: Flow, emitter: Emitter) {
    this.#flow = flow;
    this.#emitter = emitter;
    this.#lengths = lengthsOf(flow);
    this.#dominated = dominatedBy(flow);
  }

  /** Emits a block and all that it dominates. */
  block(place: number): void {
    const around = this.#loop;
    if (around === null || around.members.has(place)) {
      this.#block(place);
      return;
    }
    this.#loop = this.#emitter.loop = null;
    this.#block(place);
    this.#loop = around;
    this.#emitter.loop = around.loop;
  }

  #block(place: number): void {
    const { joins, heads } = this.#flow;
    const emitter = this.#emitter;
    const isHead = heads[place] === true;
    if (isHead || joins[place]) {
      const { available, expected } = this.#joined.get(place) ?? emitter;
      emitter.beginJoined(available, expected);
    }
    if (!isHead) {
      this.#contents(place);
    } else if (this.#loop !== null) {
      this.#looped(place);
    } else {
      const loop = emitter.beginLoop();
      this.#loop = { members: loopOf(this.#flow, place), loop };
      this.#looped(place);
      this.#loop = null;
      emitter.endLoop(loop);
    }
  }

  /** Emits the head of a loop, and all that it dominates. */
  #looped(place: number): void {
    const emitter = this.#emitter;
    emitter.begin(OP.LOOP);
    this.#labels.set(place, emitter.depth);
    this.#contents(place);
    emitter.end();
    this.#labels.delete(place);
  }

  /** Emits the code of a block, and all that it dominates. */
  #contents(place: number): void {
    const emitter = this.#emitter;
    const joined = this.#dominated[place] as readonly number[];
    // The one that comes first in the order is innermost.
    for (const at of joined) {
      emitter.begin(OP.BLOCK);
      this.#labels.set(at, emitter.depth);
    }
    this.#straight(this.#flow.blocks[place] as Block, place);
    for (let n = joined.length - 1; n >= 0; n--) {
      const at = joined[n] as number;
      emitter.end();
      this.#labels.delete(at);
      this.block(at);
    }
  }

  /** Emits the instructions of a block, and how it ends. */
  #straight(block: Block, place: number): void {
    const emitter = this.#emitter;
    if (block.instructions.length === 0) {
      emitter.interpretAt(block.offset);
      return;
    }
    if (place === 0 || this.#flow.heads[place])
      emitter.demandLimit(block.offset, this.#lengths[place] as number);
    for (const instruction of block.instructions) {
      emitter.beginInstruction(instruction);
      const isBranch = block.branch !== null && instruction === block.instructions.at(-1);
      const lookups = isBranch ? 0 : (formOf(instruction)?.(emitter, instruction) ?? 0);
      if (!isBranch) emitter.endInstruction(fetches(instruction) + lookups);
    }
    if (block.branch === null) {
      this.#go(place, block.next, false);
      return;
    }
    const last = block.instructions.at(-1) as Decoded;
    this.#branch(block, block.branch, last, place);
  }

  #branch(block: Block, branch: Branch, instruction: Decoded, place: number): void {
    const emitter = this.#emitter;
    const { body } = emitter;
    const { condition, target, link } = branch;
    // The target is read before the link is written: it may be the same register.
    if ('register' in target) {
      emitter.register(target.register);
      // A branch address is taken as it is: an odd one is an exception of the next instruction.
      body.set(emitter.u);
    } else if ('address' in target) {
      emitter.address(target.address);
      body.set(emitter.u);
    }
    if (link !== null) {
      emitter.pageAddress(block.next);
      emitter.setRegister(link);
    }
    if (condition.kind !== 'always') this.#condition(condition);
    emitter.endInstruction(fetches(instruction));
    if (condition.kind === 'always') {
      this.#take(branch, place);
      return;
    }
    emitter.begin(OP.IF);
    this.#take(branch, place);
    emitter.end();
    this.#go(place, block.next, false);
  }

  /** Pushes whether the branch is taken, after what it does besides. */
  #condition(condition: Condition): void {
    const emitter = this.#emitter;
    const { body } = emitter;
    switch (condition.kind) {
      case 'code':
        emitter.condition(condition.mask);
        break;
      case 'count':
        emitter.register(condition.a);
        body.i64(1).op(OP.I64_SUB);
        if (condition.bits === 64) {
          body.tee(emitter.t);
          emitter.setRegister(condition.a);
          body.get(emitter.t).i64(0).op(OP.I64_NE);
        } else {
          body.tee(emitter.t);
          emitter.setLow(condition.a);
          body.get(emitter.t).op(OP.I32_WRAP).i32(0).op(OP.I32_NE);
        }
        break;
      case 'compare': {
        const { a, b, immediate, bits, logical, mask } = condition;
        const push = (r: number) => {
          if (bits === 64) emitter.register(r);
          else emitter.low(r, logical ? 'unsigned' : 'signed');
        };
        push(a);
        body.set(emitter.t);
        if (b !== null) push(b);
        else body.i64(immediate);
        body.set(emitter.v);
        const kind = logical ? CC.COMPARE_LOGICAL : CC.COMPARE;
        if (mask === 14) body.i32(1);
        else pushCondition(body, kind, emitter.t, emitter.v, mask);
        break;
      }
      case 'index': {
        const { a, b, bits, above } = condition;
        if (bits === 64) emitter.register(b | 1);
        else emitter.low(b | 1, 'signed');
        body.set(emitter.t);
        emitter.register(a);
        emitter.register(b);
        body.op(OP.I64_ADD);
        if (bits === 32) body.op(OP.I64_EXTEND32_S);
        body.tee(emitter.v);
        emitter.setBits(a, bits);
        body
          .get(emitter.v)
          .get(emitter.t)
          .op(above ? OP.I64_GT_S : OP.I64_LE_S);
        break;
      }
      default:
        body.i32(1);
    }
  }

  /** Emits a taken branch. Its target, if it is in a register, is in the local U. */
  #take({ target }: Branch, place: number): void {
    const emitter = this.#emitter;
    const { body } = emitter;
    emitter.branches();
    if ('at' in target) {
      this.#go(place, target.at, true);
      return;
    }
    for (const at of new Set(this.#flow.returns)) {
      const to = this.#flow.places.get(at);
      if (to === undefined || !this.#successors(place).includes(to)) continue;
      body.get(emitter.u);
      emitter.pageAddress(at);
      body.op(OP.I64_EQ);
      emitter.begin(OP.IF);
      this.#go(place, at, true);
      emitter.end();
    }
    body.get(emitter.u);
    emitter.leaveForAddress();
  }

  #successors(place: number): readonly number[] {
    return (this.#flow.blocks[place] as Block).successors;
  }

  /** Continues at an offset: within the region, or outside of it. @param branched whether by a branch */
  #go(from: number, offset: number, branched: boolean): void {
    const emitter = this.#emitter;
    const to = this.#flow.places.get(offset);
    if (to === undefined || !this.#successors(from).includes(to)) {
      if (!branched && this.#flow.unknown.has(offset)) emitter.interpretAt(offset);
      else emitter.leaveFor(offset);
      return;
    }
    const label = this.#labels.get(to);
    if (label !== undefined || this.#flow.heads[to]) emitter.flush();
    if (label === undefined) {
      this.block(to);
      return;
    }
    this.#join(to);
    emitter.body.br(emitter.depth - label);
  }
  /** Notes what is known on one of the ways to a block. */
  #join(to: number): void {
    const { available, expected } = this.#emitter;
    const joined = this.#joined.get(to) ?? { available: ALL_REGISTERS, expected: 0 };
    const isMember = this.#loop?.members.has(to) === true;
    joined.available &= isMember ? available : available & ~expected;
    if (isMember) joined.expected |= expected;
    this.#joined.set(to, joined);
  }
}
