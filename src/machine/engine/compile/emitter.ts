/**
 * Emits the code of one region: the registers that it uses in locals, its loops as loops, and an exit for whatever the
 * interpreter has to do.
 *
 * Compiled code does an instruction as a whole or not at all. Before it changes anything, an instruction makes sure that it
 * can complete; if not, the code leaves the region with all registers as they are before the instruction, and the interpreter
 * executes it. An exit is a `br` to the end of a block that surrounds the region's code, so that it costs little on
 * the way that is not taken:
 *
 *     block $end
 *       block $exit1
 *         block $exit0
 *           … the region …
 *         end
 *         exit 0: where the program is, how many instructions were done; br $end
 *       end
 *       exit 1
 *     end
 *
 * A register is loaded into its local where it is read first. Changed registers are stored at the end of their basic block, and
 * before anything that may leave it: at an exit, all are in the processor's block. So a short way through a region
 * costs only the registers on that way. The condition code and the count of instructions are written where several ways join, and
 * at exits.
 */

import type { Address } from '../../instructions/fields.ts';
import { ARITHMETIC, BLOCK, BUFFER_ENTRIES, STORE_BUFFER } from '../../processor-block.ts';
import { CC, type Cc, dependsOnB, pushCode, pushCondition, pushSelected } from './condition-code.ts';
import type { Decoded } from './decoded.ts';
import { tryJump } from './jump-table.ts';
import { PARAMETER, pushParameters, REASON, REGION_TYPE, type Reason } from './region-call.ts';
import { Body, F64, I32, I64, OP, V128, type WasmFunction } from './wasm.ts';

/** The functions that a region's module imports, by index: `jumpFunction` and `codeFunction`. */
const JUMP = 0;
const CODE = 1;
/** The index of `REGION_TYPE`: that of the first import. */
const REGION_TYPE_INDEX = 0;

/** The locals of a region. */
const LOCAL = {
  ...PARAMETER,
  /** Where the program is, at an exit: the parameter is not needed any more. */
  TARGET: PARAMETER.ADDRESS,
  /** Virtual address of the page of the region's first instruction. */
  PAGE: 5,
  /** The operands of the condition code. */
  A: 6,
  B: 7,
  /** Address of the last branch taken, as `BLOCK.BREAKING`. */
  BREAKING: 8,
  /** An effective address. */
  OPERAND: 9,
  /** A buffer entry; then an absolute address. */
  ENTRY: 10,
  REASON: 11,
  /** Scratch. */
  T: 12,
  U: 13,
  V: 14,
  GENERAL: 15,
  FLOATING: 31,
  /** Scratch numbers. */
  NUMBERS: 47,
  /** The absolute address of the second storage operand. */
  SECOND: 57,
  /** Numbers of the bytes of 64 bits in reverse order, and of 32 bits. */
  REVERSED64: 58,
  REVERSED32: 59,
} as const;
const NUMBER_LOCALS = 10;

const LOCAL_TYPES = [
  ...new Array(5).fill(I64),
  I32,
  I32,
  ...new Array(3 + 32).fill(I64),
  ...new Array(NUMBER_LOCALS).fill(F64),
  I32,
  V128,
  V128,
];

/** The bytes of the low 64 bits of a vector in reverse order, in each half. */
const REVERSED64 = [7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0];
/** The bytes of the low 32 bits in reverse order, and zeros. */
const REVERSED32 = [3, 2, 1, 0, ...new Array<number>(12).fill(0x80)];

/** An extension of a loaded value to 64 bits. */
export type Extension = 'signed' | 'unsigned';

/** Floating-point registers that need the AFP-register control: all but 0, 2, 4 and 6. */
const ADDITIONAL_REGISTERS = 0xffaa_0000 | 0;
const PAGE_MASK = -4096;
const PAGE_SIZE = 4096;

/** As the offset of an exit: the local TARGET has the address. */
const AT_TARGET = -1;

interface Exit {
  readonly reason: Reason;
  /** Offset of the instruction that the program is at, or `AT_TARGET`. */
  readonly offset: number;
  /** What has been done since the count was last written. */
  readonly instructions: number;
  readonly lookups: number;
  /** The kind of the condition code, whose operands are in locals; or null if it is in the processor's block. */
  readonly kind: Cc | null;
}

/** A set of registers: bit r is general register r, and bit 16 + r floating-point register r. */
export type RegisterSet = number;

/** What is known at a point of a region, whatever way the program has come. */
interface Point {
  /** Registers whose locals are valid. */
  readonly available: RegisterSet;
  /** Those of them that the loop around this point expects to be loaded before it. */
  readonly expected: RegisterSet;
  /** The kind of the condition code, whose operands are in locals then; or null if only the processor's block has it. */
  readonly kind: Cc | null;
  /** Whether the processor's block has the condition code. */
  readonly kindIsStored: boolean;
  /** What was done since the count was last written. */
  readonly instructions: number;
  readonly lookups: number;
}

/** A loop under way. */
export interface Loop {
  /** Where in the code it begins. */
  readonly at: number;
  /** Registers that it needs loaded before it begins. */
  needed: RegisterSet;
}

/** All registers. */
export const ALL_REGISTERS: RegisterSet = -1;
const REGISTERS = 32;

/** Returns the local of the register that bit `n` of a set stands for. */
const localOf = (n: number) => (n < 16 ? LOCAL.GENERAL + n : LOCAL.FLOATING + n - 16);
/** Returns the set of the register of a local. */
const setOf = (local: number): RegisterSet =>
  1 << (local >= LOCAL.FLOATING ? local - LOCAL.FLOATING + 16 : local - LOCAL.GENERAL);

/** Returns the locals of a set of registers. */
function localsOf(set: RegisterSet): number[] {
  const locals: number[] = [];
  for (let n = 0; n < REGISTERS; n++) if (set & (1 << n)) locals.push(localOf(n));
  return locals;
}

/** Emits a region. */
export class Emitter {
  readonly body = new Body();
  /** Number of blocks, loops and ifs around the code that is emitted now. */
  #depth = 0;
  readonly #exits: Exit[] = [];
  /** What is known where code is emitted now: the fields of `Point`. */
  #available: RegisterSet = 0;
  #expected: RegisterSet = 0;
  #kind: Cc | null = null;
  #kindIsStored = true;
  /** The outermost loop around the code that is emitted now. */
  #loop: Loop | null = null;
  /** Where the enclosing blocks, loops and ifs began. */
  readonly #outer: Point[] = [];
  /** Registers whose locals are newer than the processor's block. */
  #changed = 0;
  /** Registers that the region uses. */
  #used = 0;
  /** Instructions and lookups on all ways to here since the count was last written. */
  #instructions = 0;
  #lookups = 0;
  #instruction: Decoded | null = null;
  #afp = false;

  // Structure

  /** Begins a block, a loop, or an if of the number on the stack. What is known behind it is what is known here. */
  begin(code: number): void {
    this.#store();
    this.#outer.push(this.#point());
    this.body.begin(code);
    this.#depth++;
  }

  otherwise(): void {
    this.#store();
    this.#return(this.#outer.at(-1) as Point);
    this.body.op(OP.ELSE);
  }

  end(): void {
    this.#store();
    this.#return(this.#outer.pop() as Point);
    this.body.end();
    this.#depth--;
  }

  #point(): Point {
    return {
      available: this.#available,
      expected: this.#expected,
      kind: this.#kind,
      kindIsStored: this.#kindIsStored,
      instructions: this.#instructions,
      lookups: this.#lookups,
    };
  }

  /** Goes on with what was known at a point. */
  #return(point: Point): void {
    this.#available = point.available;
    this.#expected = point.expected;
    this.#kind = point.kind;
    this.#kindIsStored = point.kindIsStored;
    this.#instructions = point.instructions;
    this.#lookups = point.lookups;
  }

  /**
   * Begins code that is reached on several ways.
   * @param available registers whose locals are valid on all of them
   * @param expected those of them that the loop is to load on one of them
   */
  beginJoined(available: RegisterSet, expected: RegisterSet): void {
    this.#return({ available, expected, kind: null, kindIsStored: true, instructions: 0, lookups: 0 });
  }

  /**
   * Begins a loop that is in no other one. All registers count as available in it. Those that it reads, and has not set, are loaded before it:
   * `endLoop` does that, when they are known.
   */
  beginLoop(): Loop {
    this.#loop = { at: this.body.length, needed: 0 };
    this.#expected = ~this.#available;
    this.#available = ALL_REGISTERS;
    return this.#loop;
  }

  /** Begins or ends code that is not part of the loop around it. */
  set loop(loop: Loop | null) {
    this.#loop = loop;
    if (loop !== null) return;
    this.#available &= ~this.#expected;
    this.#expected = 0;
  }

  /** Ends a loop, whose code has been ended. */
  endLoop({ at, needed }: Loop): void {
    const loads = new Body();
    for (const local of localsOf(needed)) loads.get(LOCAL.BLOCK).memory(OP.I64_LOAD, place(local)).set(local);
    this.body.insert(at, loads);
  }

  get depth(): number {
    return this.#depth;
  }

  /** Leaves if fewer than `count` instructions may be done from an offset on. */
  demandLimit(offset: number, count: number): void {
    this.body
      .get(LOCAL.COUNT)
      .op(OP.I32_WRAP)
      .i32(this.#instructions + count)
      .op(OP.I32_ADD);
    this.body.get(LOCAL.LIMIT).op(OP.I32_GT_S);
    this.#exitIf({ reason: REASON.LIMIT, offset });
  }

  /** Begins an instruction. */
  beginInstruction(instruction: Decoded): void {
    this.#instruction = instruction;
  }

  /** Ends an instruction. @param lookups of the TLB that its fetch and its operands make */
  endInstruction(lookups: number): void {
    this.#instructions++;
    this.#lookups += lookups;
  }

  /** Writes what code that is reached on several ways expects: the registers and the condition code in the processor's block, and the count. */
  flush(): void {
    this.#store();
    this.#storeCode();
    if (this.#instructions === 0) return;
    this.body.get(LOCAL.COUNT).i64(packed(this.#instructions, this.#lookups)).op(OP.I64_ADD).set(LOCAL.COUNT);
    this.#instructions = 0;
    this.#lookups = 0;
  }

  /** Stores the condition code. */
  #storeCode(): void {
    if (this.#kind === null || this.#kindIsStored) return;
    appendStoringCode(this.body, this.#kind);
    this.#kindIsStored = true;
  }

  /** Notes that the instruction under way branches. */
  branches(): void {
    this.pageAddress((this.#instruction as Decoded).offset);
    this.body.set(LOCAL.BREAKING);
  }

  // Exits

  /** Leaves for an offset from the page. The program has got there by itself. */
  leaveFor(offset: number): void {
    this.#exit({ reason: REASON.LEFT, offset });
  }

  /** Leaves for the address on the stack. */
  leaveForAddress(): void {
    this.body.set(LOCAL.TARGET);
    this.#exit({ reason: REASON.LEFT, offset: AT_TARGET });
  }

  /** Leaves for the interpreter, at an offset of the page. */
  interpretAt(offset: number): void {
    this.#exit({ reason: REASON.INTERPRET, offset });
  }

  /** Leaves the instruction under way to the interpreter if the number on the stack is not zero. */
  interpretIf(): void {
    this.#exitIf({ reason: REASON.INTERPRET, offset: (this.#instruction as Decoded).offset });
  }

  /** Leaves the instruction under way to the interpreter, always: it has an exception, or no compiled form with its operands. */
  interpret(): void {
    this.body.i32(1);
    this.interpretIf();
  }

  #exit(exit: Pick<Exit, 'reason' | 'offset'>): void {
    this.#store();
    this.body.br(this.#depth + this.#newExit(exit));
  }

  #exitIf(exit: Pick<Exit, 'reason' | 'offset'>): void {
    this.#store();
    this.body.brIf(this.#depth + this.#newExit(exit));
  }

  #newExit({ reason, offset }: Pick<Exit, 'reason' | 'offset'>): number {
    const { length } = this.#exits;
    this.#exits.push({
      reason,
      offset,
      instructions: this.#instructions,
      lookups: this.#lookups,
      kind: this.#kindIsStored ? null : this.#kind,
    });
    return length;
  }

  // Registers

  /** Registers whose locals are valid. */
  get available(): RegisterSet {
    return this.#available;
  }

  /** Those of them that the loop is to load. */
  get expected(): RegisterSet {
    return this.#expected;
  }

  /** Notes that the local of a register is valid. */
  #isValid(local: number): void {
    const register = setOf(local);
    this.#used |= register;
    this.#available |= register;
    this.#expected &= ~register;
  }

  #push(local: number): void {
    const register = setOf(local);
    if (this.#available & register) {
      this.body.get(local);
      if (this.#expected & register) {
        (this.#loop as Loop).needed |= register;
        this.#isValid(local);
      }
      return;
    }
    this.body.get(LOCAL.BLOCK).memory(OP.I64_LOAD, place(local)).tee(local);
    this.#isValid(local);
  }

  #pop(local: number): void {
    this.body.set(local);
    this.#isValid(local);
    this.#changed |= setOf(local);
  }

  /** Stores the registers that have changed. */
  #store(): void {
    for (const local of localsOf(this.#changed))
      this.body.get(LOCAL.BLOCK).get(local).memory(OP.I64_STORE, place(local));
    this.#changed = 0;
  }

  /** Pushes general register `r`. */
  register(r: number): void {
    this.#push(LOCAL.GENERAL + r);
  }

  /** Pops general register `r`. */
  setRegister(r: number): void {
    this.#pop(LOCAL.GENERAL + r);
  }

  /** Pushes the low half of a general register, extended to 64 bits. */
  low(r: number, extension: Extension): void {
    this.register(r);
    this.#extend32(extension);
  }

  #extend32(extension: Extension): void {
    if (extension === 'signed') this.body.op(OP.I64_EXTEND32_S);
    else this.body.op(OP.I32_WRAP, OP.I64_EXTEND_U);
  }

  /** Pops 64 bits, whose low half becomes the low half of a general register. */
  setLow(r: number): void {
    const { body } = this;
    body.op(OP.I32_WRAP, OP.I64_EXTEND_U);
    this.register(r);
    body.i64(-0x1_0000_0000).op(OP.I64_AND, OP.I64_OR);
    this.setRegister(r);
  }

  /** Pops 64 bits, which become a general register or, of 32 bits, its low half. */
  setBits(r: number, bits: number): void {
    if (bits === 64) this.setRegister(r);
    else this.setLow(r);
  }

  /** Pushes floating-point register `r`. */
  float(r: number): void {
    this.#push(LOCAL.FLOATING + r);
  }

  /** Pops floating-point register `r`. */
  setFloat(r: number): void {
    this.#pop(LOCAL.FLOATING + r);
  }

  /** Scratch local `n`, 0 to 9, a number of the long format, free at the beginning of an instruction. */
  number(n: number): number {
    return LOCAL.NUMBERS + n;
  }

  /** Leaves the instruction under way to the interpreter unless compiled code may do all floating-point arithmetic. */
  demandArithmetic(): void {
    this.#arithmetic();
    this.body.i32(ARITHMETIC.ALL).op(OP.I32_NE);
    this.interpretIf();
  }

  /** As `demandArithmetic`, if `push` pushes that the result is not exact; else unless exact arithmetic may be done. */
  demandExact(push: () => void): void {
    this.#arithmetic();
    this.body.i32(ARITHMETIC.ALL).op(OP.I32_NE);
    this.begin(OP.IF);
    this.#arithmetic();
    this.body.op(OP.I32_EQZ);
    push();
    this.body.op(OP.I32_OR);
    this.interpretIf();
    this.end();
  }

  #arithmetic(): void {
    this.needsAfp();
    this.body.get(LOCAL.BLOCK).memory(OP.I32_LOAD, BLOCK.ARITHMETIC);
  }

  /** Notes that the instruction under way needs the AFP-register control, as all arithmetic does. */
  needsAfp(): void {
    this.#afp = true;
  }

  /** Whether the region needs the AFP-register control. Without it, four registers can be loaded, stored and copied. */
  get afp(): boolean {
    return this.#afp || (this.#used & ADDITIONAL_REGISTERS) !== 0;
  }

  /** Pushes access register `r`, zero-extended to 64 bits. */
  accessRegister(r: number): void {
    this.body.get(LOCAL.BLOCK).memory(OP.I64_LOAD32_U, BLOCK.ACCESS + r * 4);
  }

  /** Makes the low half of what `push` pushes access register `r`. */
  setAccessRegister(r: number, push: () => void): void {
    this.body.get(LOCAL.BLOCK);
    push();
    this.body.memory(OP.I64_STORE32, BLOCK.ACCESS + r * 4);
  }

  /** Scratch locals of 64 bits, free at the beginning of an instruction. */
  readonly t = LOCAL.T;
  readonly u = LOCAL.U;
  readonly v = LOCAL.V;
  /** The locals that hold the operands of the condition code. Their old values are lost when they are set. */
  readonly a = LOCAL.A;
  readonly b = LOCAL.B;

  /** Pushes the address of the page of the code plus a constant. */
  pageAddress(offset: number): void {
    this.body.get(LOCAL.PAGE);
    if (offset !== 0) this.body.i64(offset).op(OP.I64_ADD);
  }

  // Condition code

  /** The condition code is now of a kind; its operands are in the locals. */
  setKind(kind: Cc): void {
    this.#kind = kind;
    this.#kindIsStored = false;
  }

  /** Pushes the condition code, 32 bits. */
  code(): void {
    const { body } = this;
    const kind = this.#kind;
    if (kind !== null) {
      pushCode(body, kind, LOCAL.A, LOCAL.B);
      return;
    }
    body
      .get(LOCAL.BLOCK)
      .memory(OP.I32_LOAD, BLOCK.CODE_KIND)
      .get(LOCAL.BLOCK)
      .memory(OP.I64_LOAD, BLOCK.CODE_A);
    body.get(LOCAL.BLOCK).memory(OP.I64_LOAD, BLOCK.CODE_B).call(CODE);
  }

  /** Pushes whether a mask, 1 to 14, selects the condition code. */
  condition(mask: number): void {
    const kind = this.#kind;
    if (kind !== null) pushCondition(this.body, kind, LOCAL.A, LOCAL.B, mask);
    else pushSelected(this.body, mask, () => this.code());
  }

  // Storage

  /** Pushes an effective address. */
  address({ base, index, displacement }: Address): void {
    const { body } = this;
    if (base === 0 && index === 0) {
      body.i64(displacement);
      return;
    }
    if (index !== 0) this.register(index);
    if (base !== 0) this.register(base);
    if (base !== 0 && index !== 0) body.op(OP.I64_ADD);
    if (displacement !== 0) body.i64(displacement).op(OP.I64_ADD);
  }

  /**
   * Pops the effective address of `length` bytes that can be loaded or stored then, by `loadAt` and `storeAt`: sets the local
   * `first` to the absolute address. Leaves the instruction to the interpreter if the buffer does not have the page for this
   * access, or the operand is not all in one page.
   * @param length 1 to 256, or null if the local V has it
   */
  prepare(length: number | null, store: boolean): void {
    const { body } = this;
    const base = store ? STORE_BUFFER : 0;
    body.tee(LOCAL.OPERAND).get(LOCAL.OPERAND);
    body
      .op(OP.I32_WRAP)
      .i32(8)
      .op(OP.I32_SHR_U)
      .i32((BUFFER_ENTRIES - 1) * 16)
      .op(OP.I32_AND);
    body.get(LOCAL.BUFFERS).op(OP.I32_ADD).tee(LOCAL.ENTRY).memory(OP.I64_LOAD, base);
    // The offset from the page in the entry: too large if that is another page, or if the operand goes on behind it.
    body.op(OP.I64_SUB);
    if (length === null) body.i64(PAGE_SIZE).get(LOCAL.V).op(OP.I64_SUB);
    else body.i64(PAGE_SIZE - length);
    body.op(OP.I64_GT_U);
    this.#exitIf({
      reason: store ? REASON.STORE_MISS : REASON.LOAD_MISS,
      offset: (this.#instruction as Decoded).offset,
    });
    body
      .get(LOCAL.ENTRY)
      .memory(OP.I32_LOAD, base + 8)
      .get(LOCAL.OPERAND)
      .op(OP.I32_WRAP, OP.I32_ADD);
    body.set(LOCAL.ENTRY);
  }

  /** Pops an effective address; pushes `length` bytes, 1, 2, 4 or 8, extended to 64 bits. */
  load(length: number, extension: Extension = 'unsigned'): void {
    this.prepare(length, false);
    this.loadAt(0, length, extension);
  }

  /** As `prepare` for a fetch of the second operand. `first` and `second` are the locals with their absolute addresses. */
  prepareSecond(length: number | null): void {
    this.prepare(length, false);
    this.body.get(LOCAL.ENTRY).set(LOCAL.SECOND);
  }

  readonly first = LOCAL.ENTRY;
  readonly second = LOCAL.SECOND;

  /** Counts a lookup of an operand that is not always accessed, where it is accessed. */
  countLookup(): void {
    this.body.get(LOCAL.COUNT).i64(packed(0, 1)).op(OP.I64_ADD).set(LOCAL.COUNT);
  }

  /** Pushes the program mask, 32 bits, where INSERT PROGRAM MASK inserts it. */
  programMask(): void {
    this.body.get(LOCAL.BLOCK).memory(OP.I32_LOAD, BLOCK.PROGRAM_MASK);
  }

  /** Pushes the system mask, 64 bits, or `NO_MASK`. */
  systemMask(): void {
    this.body.get(LOCAL.BLOCK).memory(OP.I64_LOAD32_U, BLOCK.SYSTEM_MASK);
  }

  /** Leaves the instruction under way to the interpreter unless it may unmask interruptions. */
  demandUnmasking(): void {
    this.body.get(LOCAL.BLOCK).memory(OP.I32_LOAD, BLOCK.UNMASK).op(OP.I32_EQZ);
    this.interpretIf();
  }

  /** Makes what `push` pushes the system mask. */
  setSystemMask(push: () => void): void {
    this.body.get(LOCAL.BLOCK);
    push();
    this.body.memory(OP.I64_STORE32, BLOCK.SYSTEM_MASK);
  }

  /** Pushes `length` bytes at `offset` from the operand that was prepared. */
  loadAt(offset: number, length: number, extension: Extension = 'unsigned'): void {
    this.body.get(LOCAL.ENTRY);
    this.#loadFrom(offset, length, extension);
  }

  /** As `loadAt`, from the second operand. */
  loadSecondAt(offset: number, length: number): void {
    this.body.get(LOCAL.SECOND);
    this.#loadFrom(offset, length, 'unsigned');
  }

  #loadFrom(offset: number, length: number, extension: Extension): void {
    const { body } = this;
    const signed = extension === 'signed';
    if (length === 1) {
      body.memory(signed ? OP.I64_LOAD8_S : OP.I64_LOAD8_U, offset);
    } else if (length === 2) {
      body.memory(OP.I64_LOAD16_U, offset);
      this.#swap16();
      if (signed) body.op(OP.I64_EXTEND16_S);
    } else if (length === 4) {
      body.memory(OP.I32_LOAD, offset);
      this.#swap32();
      body.op(signed ? OP.I64_EXTEND_S : OP.I64_EXTEND_U);
    } else {
      body.loadVector64(offset).get(LOCAL.REVERSED64).swizzle();
      body.low64().op(OP.I64_REINTERPRET_F64);
    }
  }

  /** Stores the low `length` bytes of what `push` pushes at the address on the stack. */
  store(length: number, push: () => void): void {
    this.prepare(length, true);
    this.storeAt(0, length, push);
  }

  /** As `store`, at `offset` from the operand that was prepared. */
  storeAt(offset: number, length: number, push: () => void): void {
    const { body } = this;
    body.get(LOCAL.ENTRY);
    push();
    if (length === 1) {
      body.memory(OP.I64_STORE8, offset);
    } else if (length === 2) {
      this.#swap16();
      body.memory(OP.I64_STORE16, offset);
    } else {
      body.op(OP.F64_REINTERPRET_I64).splat64();
      body.get(length === 4 ? LOCAL.REVERSED32 : LOCAL.REVERSED64).swizzle();
      body.storeVector(length === 4 ? 32 : 64, offset);
    }
  }

  /** Exchanges the two low bytes of 64 bits, and clears the others but the third. */
  #swap16(): void {
    const { body } = this;
    body.tee(LOCAL.V).i64(8).op(OP.I64_SHR_U).i64(0xff).op(OP.I64_AND);
    body.get(LOCAL.V).i64(0xff).op(OP.I64_AND).i64(8).op(OP.I64_SHL, OP.I64_OR);
  }

  /** Reverses the four bytes of 32 bits. What is loaded is often an address: this is slower than a vector instruction, but sooner done. */
  #swap32(): void {
    const { body } = this;
    body.tee(LOCAL.REASON).i32(8).op(OP.I32_ROTL).i32(0x00ff_00ff).op(OP.I32_AND);
    body
      .get(LOCAL.REASON)
      .i32(24)
      .op(OP.I32_ROTL)
      .i32(0xff00_ff00 | 0)
      .op(OP.I32_AND, OP.I32_OR);
  }

  /** Reverses the eight bytes of 64 bits. WebAssembly has this for vectors only. */
  swap64(): void {
    this.body.op(OP.F64_REINTERPRET_I64).splat64().get(LOCAL.REVERSED64).swizzle();
    this.body.low64().op(OP.I64_REINTERPRET_F64);
  }

  /** Returns the function. */
  finish(): WasmFunction {
    const whole = new Body();
    whole.get(LOCAL.ADDRESS).i64(PAGE_MASK).op(OP.I64_AND).set(LOCAL.PAGE);
    whole.get(LOCAL.BLOCK).memory(OP.I64_LOAD, BLOCK.BREAKING).set(LOCAL.BREAKING);
    whole.vector(REVERSED64).set(LOCAL.REVERSED64).vector(REVERSED32).set(LOCAL.REVERSED32);
    whole.begin(OP.BLOCK);
    this.#appendCode(whole);
    const put = (offset: number, local: number) =>
      whole.get(LOCAL.BLOCK).get(local).memory(OP.I64_STORE, offset);
    put(BLOCK.COUNT, LOCAL.COUNT);
    put(BLOCK.ADDRESS, LOCAL.TARGET);
    put(BLOCK.BREAKING, LOCAL.BREAKING);
    put(BLOCK.MISS, LOCAL.OPERAND);
    whole.get(LOCAL.REASON).op(OP.RETURN).end();
    put(BLOCK.BREAKING, LOCAL.BREAKING);
    tryJump(whole, LOCAL.ENTRY, REGION_TYPE_INDEX);
    pushParameters(whole);
    whole.returnCall(JUMP);
    return { ...REGION_TYPE, locals: LOCAL_TYPES, body: whole };
  }

  /** The region's code, and what each exit does. Those to other code leave a block around all of it. */
  #appendCode(whole: Body): void {
    const exits = this.#exits;
    for (let i = 0; i < exits.length + 1; i++) whole.begin(OP.BLOCK);
    whole.append(this.body).op(UNREACHABLE);
    exits.forEach((exit, i) => {
      const decode = exits.length - 1 - i;
      whole.end();
      if (exit.reason === REASON.LEFT) {
        appendLeaving(whole, exit);
        whole.br(decode + 1);
      } else {
        whole.i64(describe(exit)).set(LOCAL.T).br(decode);
      }
    });
    whole.end();
    appendDecoding(whole);
  }
}

/** An exit to other code. There are few of them, and they are taken often. */
function appendLeaving(whole: Body, { offset, instructions, lookups, kind }: Exit): void {
  if (kind !== null) appendStoringCode(whole, kind);
  if (offset !== AT_TARGET) whole.get(LOCAL.PAGE).i64(offset).op(OP.I64_ADD).set(LOCAL.TARGET);
  if (instructions > 0)
    whole.get(LOCAL.COUNT).i64(packed(instructions, lookups)).op(OP.I64_ADD).set(LOCAL.COUNT);
}

/** Stores the operands of a condition code, and its kind. */
function appendStoringCode(body: Body, kind: Cc): void {
  body.get(LOCAL.BLOCK).i32(kind).memory(OP.I32_STORE, BLOCK.CODE_KIND);
  body.get(LOCAL.BLOCK).get(LOCAL.A).memory(OP.I64_STORE, BLOCK.CODE_A);
  if (dependsOnB(kind)) body.get(LOCAL.BLOCK).get(LOCAL.B).memory(OP.I64_STORE, BLOCK.CODE_B);
}

/**
 * Says all of an exit near the first page in one number, so that a region's many exits for the interpreter are short: what to add to
 * the count; in bits 16 to 23 the kind of the condition code, or `ANY_KIND` if it is stored; in bits 24 to 31 the reason; in bits 48 to 63
 * the offset, with a sign.
 */
function describe({ offset, instructions, lookups, kind, reason }: Exit): bigint {
  const low = BigInt(instructions | ((kind ?? ANY_KIND) << 16)) | (BigInt(reason) << 24n);
  return low | (BigInt(lookups) << 32n) | (BigInt(offset) << 48n);
}

const ANY_KIND = 0xff;
const COUNTS = 0x0000_ffff_0000_ffffn;

/** Does what the number in the local T, from `describe`, says. */
function appendDecoding(whole: Body): void {
  const field = (from: number) =>
    whole.get(LOCAL.T).i64(from).op(OP.I64_SHR_U, OP.I32_WRAP).i32(0xff).op(OP.I32_AND);
  whole.get(LOCAL.COUNT).get(LOCAL.T).i64(COUNTS).op(OP.I64_AND, OP.I64_ADD).set(LOCAL.COUNT);
  whole.get(LOCAL.PAGE).get(LOCAL.T).i64(48).op(OP.I64_SHR_S, OP.I64_ADD).set(LOCAL.TARGET);
  field(16);
  whole.tee(LOCAL.REASON).i32(ANY_KIND).op(OP.I32_NE).begin(OP.IF);
  whole.get(LOCAL.BLOCK).get(LOCAL.REASON).memory(OP.I32_STORE, BLOCK.CODE_KIND);
  whole.get(LOCAL.BLOCK).get(LOCAL.A).memory(OP.I64_STORE, BLOCK.CODE_A);
  whole.get(LOCAL.BLOCK).get(LOCAL.B).memory(OP.I64_STORE, BLOCK.CODE_B);
  whole.end();
  field(24);
  whole.set(LOCAL.REASON);
}

const UNREACHABLE = 0x00;

/** The packed count of instructions and lookups. */
function packed(instructions: number, lookups: number): bigint {
  return (BigInt(lookups) << 32n) | BigInt(instructions);
}

/** Where in the block a register's local is kept. */
function place(local: number): number {
  return local >= LOCAL.FLOATING
    ? BLOCK.FLOATING + (local - LOCAL.FLOATING) * 8
    : BLOCK.GENERAL + (local - LOCAL.GENERAL) * 8;
}

export { CC };
