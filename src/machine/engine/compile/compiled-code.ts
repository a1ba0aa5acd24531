/** Runs compiled code on a processor: puts the processor's state where the code expects it, and takes it back. */

import { logicalPage } from '../../addresses.ts';
import { CR0 } from '../../control-registers.ts';
import { INSTRUCTION } from '../../cpu/access.ts';
import type { CpuInterruptions } from '../../cpu/interruptions.ts';
import { ADDRESSING, SPACE } from '../../cpu/state.ts';
import { INEXACT_FLAG, isNative } from '../../instructions/bfp-result.ts';
import { ICTL } from '../../instructions/line.ts';
import { tracesBranches } from '../../instructions/trace.ts';
import { ARITHMETIC, BLOCK, NO_MASK } from '../../processor-block.ts';
import { FRAME_SIZE } from '../../storage.ts';
import { AccessBuffers } from './access-buffers.ts';
import type { CodeCache, Region } from './code-cache.ts';
import { CC } from './condition-code.ts';
import { JumpTable } from './jump-table.ts';
import type { CodeSpace } from './nearby-code.ts';
import { REASON } from './region-call.ts';

/** Instructions that one call does at most: a call is what replaces code by better code of the browser's compiler. */
const SLICE = 100_000;
/** With fewer instructions to go, the interpreter is as fast. */
const LEAST = 16;
/** Program mask: fixed-point overflow. Compiled code does not look for these exceptions. */
const FIXED_POINT_OVERFLOW = 8;

/** Pages of an address space. */
const PAGES = 2 ** 52;

const WORD = (offset: number) => offset / 4;

/** Returns what floating-point arithmetic compiled code may do with a floating-point-control register: an `ARITHMETIC`. */
function arithmeticOf(fpc: number): number {
  if (!isNative(fpc)) return ARITHMETIC.NONE;
  return (fpc & INEXACT_FLAG) !== 0 ? ARITHMETIC.ALL : ARITHMETIC.EXACT;
}

/** Compiled code on one processor. */
export class CompiledCode implements CodeSpace {
  readonly #cpu: CpuInterruptions;
  readonly #cache: CodeCache;
  readonly #buffers: AccessBuffers;
  /** The processor's block, word by word. */
  readonly #words: Uint32Array;
  readonly #block: number;
  readonly #jumps: JumpTable;
  /** What the interpreter has to do for compiled code, and the page of the operand that missed. */
  #reason: number = REASON.LEFT;
  #missPage = 0;
  /** What entries for jumps depend on, as it was when they were last valid. */
  #epoch = -1;
  #buffersOfJumps = -1;
  #afp = false;

  constructor(cpu: CpuInterruptions, cache: CodeCache) {
    this.#cpu = cpu;
    this.#cache = cache;
    this.#block = cpu.block.offset;
    this.#words = new Uint32Array(cpu.block.buffer, this.#block, BLOCK.BUFFERS / 4);
    this.#jumps = new JumpTable(cpu.block);
    this.#buffers = new AccessBuffers(cpu, cpu.block, this.#jumps);
    // The version of storage that was used by a former machine: its entries are invalid with the next.
  }

  /** Notes that a run begins: the host may have changed the code. */
  beginRun(): void {
    this.#cache.newEpoch();
  }

  /**
   * Executes compiled code from the instruction address on, as long as there is any.
   * @param end value of `executed` at which to stop; compiled code may stop before
   * @returns whether the next instruction is to be executed by the interpreter, and `interpreted` to be called then
   */
  run(end: number): boolean {
    const cpu = this.#cpu;
    let address = this.#address();
    if (address < 0 || this.#cache.isCold(address) || !this.#isCompilable()) return false;
    for (let from = false; ; address = this.#address()) {
      const left = end - cpu.executed;
      if (left < LEAST || address < 0) return false;
      const region = this.#cache.find(address, this.#page(), this);
      if (region === null) return false;
      if (region.index < 0) {
        this.#reason = REASON.INTERPRET;
        return true;
      }
      // Compiling purges: the context is selected only now.
      const buffers = this.#buffers.select();
      this.#validateJumps(buffers);
      if (region.afp && !this.#afp) return false;
      if (from) this.#enterJump(region);
      this.#give(Math.min(left, SLICE), buffers);
      const reason = this.#cache.enter(this.#block, region.index);
      const done = this.#take();
      if (reason === REASON.LIMIT) {
        if (done === 0) return false;
      } else if (reason !== REASON.LEFT) {
        this.#reason = reason;
        return true;
      }
      from = reason === REASON.LEFT;
    }
  }

  /**
   * Returns the absolute address of the instruction, whose page is in the window then; or -1 if its address is odd, or it cannot be
   * fetched without a check.
   */
  #address(): number {
    const cpu = this.#cpu;
    const { window, iaHi, iaLo } = cpu;
    if ((iaLo & 1) !== 0) return -1;
    if (iaHi !== window.codeHi || ((iaLo ^ window.codeLo) & ~0xfff) !== 0) {
      const frame = cpu.cachedFrame(logicalPage(this.#page()), INSTRUCTION);
      if (frame < 0) return -1;
      window.setCode(iaHi, iaLo, frame / FRAME_SIZE);
    }
    return window.codeFrame * FRAME_SIZE + (iaLo & 0xfff);
  }

  /** Makes all entries for jumps invalid if something has changed that they depend on. */
  #validateJumps(buffers: number): void {
    const { epoch } = this.#cache;
    const afp = (this.#cpu.cr0 & CR0.AFP_REGISTERS) !== 0;
    if (
      epoch === this.#epoch &&
      buffers === this.#buffersOfJumps &&
      afp === this.#afp &&
      !this.#buffers.codeMoved
    ) {
      return;
    }
    this.#epoch = epoch;
    this.#buffersOfJumps = buffers;
    this.#afp = afp;
    this.#buffers.dropJumps();
  }

  frameOf(page: number): number {
    return page < 0 || page >= PAGES ? -1 : this.#cpu.cachedFrame(logicalPage(page), INSTRUCTION);
  }

  /** The number of the page of the instruction address. */
  #page(): number {
    return this.#cpu.iaHi * 0x10_0000 + (this.#cpu.iaLo >>> 12);
  }

  /** Notes where the code at the instruction address is. */
  #enterJump({ index, others }: Region): void {
    const entry = this.#jumps.enter(this.#cpu.iaHi, this.#cpu.iaLo, index);
    const page = this.#page();
    this.#buffers.watchCode(logicalPage(page), entry);
    for (const { distance } of others) this.#buffers.watchCode(logicalPage(page + distance), entry);
  }

  /** Whether the processor is in a state that compiled code is made for. */
  #isCompilable(): boolean {
    const cpu = this.#cpu;
    return (
      cpu.addressing === ADDRESSING.BITS_64 &&
      cpu.key === 0 &&
      (!cpu.dat || cpu.space === SPACE.PRIMARY || cpu.space === SPACE.HOME) &&
      (cpu.programMask & FIXED_POINT_OVERFLOW) === 0 &&
      !tracesBranches(cpu)
    );
  }

  /** Notes that the interpreter has executed the instruction that compiled code left to it. */
  interpreted(): void {
    if (this.#reason !== REASON.LOAD_MISS && this.#reason !== REASON.STORE_MISS) return;
    this.#buffers.enter(logicalPage(this.#missPage), this.#reason === REASON.STORE_MISS);
  }

  #give(limit: number, buffers: number): void {
    const cpu = this.#cpu;
    const words = this.#words;
    words[WORD(BLOCK.CODE_KIND)] = CC.VALUE;
    words[WORD(BLOCK.CODE_A)] = cpu.cc;
    words[WORD(BLOCK.CODE_A) + 1] = 0;
    words[WORD(BLOCK.LIMIT)] = limit;
    words[WORD(BLOCK.COUNT)] = 0;
    words[WORD(BLOCK.COUNT) + 1] = 0;
    words[WORD(BLOCK.BREAKING)] = 1;
    words[WORD(BLOCK.ADDRESS)] = cpu.iaLo;
    words[WORD(BLOCK.ADDRESS) + 1] = cpu.iaHi;
    words[WORD(BLOCK.CONTEXT)] = buffers;
    words[WORD(BLOCK.PROGRAM_MASK)] = cpu.programMask << 24;
    words[WORD(BLOCK.SYSTEM_MASK)] = this.#mayMask(ICTL.STNSM) ? cpu.systemMask : NO_MASK;
    const mayUnmask = cpu.quietIfUnmasked && this.#mayMask(ICTL.STNSM | ICTL.STOSM);
    words[WORD(BLOCK.UNMASK)] = mayUnmask ? 1 : 0;
    words[WORD(BLOCK.ARITHMETIC)] = arithmeticOf(cpu.fpc);
  }

  /** Whether a privileged instruction has no exception, and no interception by one of the controls. */
  #mayMask(controls: number): boolean {
    const { problem, sie } = this.#cpu;
    return !problem && (sie === null || (sie.interceptions & controls) === 0);
  }

  /** Takes the state back. Returns the number of instructions done. */
  #take(): number {
    const cpu = this.#cpu;
    const words = this.#words;
    const done = words[WORD(BLOCK.COUNT)] as number;
    const lookups = words[WORD(BLOCK.COUNT) + 1] as number;
    cpu.cc = words[WORD(BLOCK.CC)] as number;
    cpu.iaLo = words[WORD(BLOCK.ADDRESS)] as number;
    cpu.iaHi = words[WORD(BLOCK.ADDRESS) + 1] as number;
    const mask = words[WORD(BLOCK.SYSTEM_MASK)] as number;
    if (mask !== NO_MASK && mask !== cpu.systemMask) cpu.systemMask = mask;
    const miss = words[WORD(BLOCK.MISS) + 1] as number;
    this.#missPage = miss * 0x10_0000 + ((words[WORD(BLOCK.MISS)] as number) >>> 12);
    if (done === 0) return 0;
    cpu.executed += done;
    cpu.programInterruptions = 0;
    const breaking = words[WORD(BLOCK.BREAKING)] as number;
    if ((breaking & 1) === 0) {
      cpu.breakingLo = breaking;
      cpu.breakingHi = words[WORD(BLOCK.BREAKING) + 1] as number;
    }
    if (cpu.dat || cpu.sie !== null) cpu.tlb.hits += lookups;
    if (cpu.dat && cpu.sie !== null) cpu.guestTlb.hits += lookups;
    return done;
  }
}
