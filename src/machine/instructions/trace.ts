/**
 * Tracing: entries in the trace table, which control register 12 designates by a real address. Principles of Operation,
 * chapter 4, "Tracing".
 *
 * An instruction first adds its entries, which recognizes the exceptions of tracing, and commits them when no other exception
 * can follow: only then the table and control register 12 change.
 */

import { realPage } from '../addresses.ts';
import { CR0 } from '../control-registers.ts';
import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { lowAddressProtected } from '../cpu/protection.ts';
import { ADDRESSING } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';
import { registers } from './load.ts';
import { aligned, load32, pageOf } from './operands.ts';

/** Controls in control register 12: branch and mode tracing in its high half, ASN and explicit tracing in its low half. */
const CONTROL = { BRANCH: 0x8000_0000, MODE: 0x4000_0000, ASN: 2, EXPLICIT: 1 } as const;
/** Its high and low half among the halves of the control registers. */
const HI = 25;
const LO = 24;

/** Whether successful branches with linkage are traced. */
export const tracesBranches = (c: Processor) => ((c.cr32[HI] as number) & CONTROL.BRANCH) !== 0;
/** Whether switches into and out of the 64-bit mode are traced. */
const tracesModes = (c: Processor) => ((c.cr32[HI] as number) & CONTROL.MODE) !== 0;
/** Whether program calls, transfers and returns, and changes of the secondary ASN, are traced. */
const tracesAsns = (c: Processor) => ((c.cr32[LO] as number) & CONTROL.ASN) !== 0;

/** The largest entry, of TRACE LONG with sixteen registers, and the number of entries of one instruction, in bytes. */
const LARGEST = 144;
const ENTRIES = 2;

/** The entries of the instruction under way. */
class TraceEntries {
  readonly #bytes = new Uint8Array(LARGEST * ENTRIES);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #addresses = [0, 0];
  readonly #lengths = [0, 0];
  #count = 0;
  /** Address of the next entry, in halves. */
  #hi = 0;
  #lo = 0;

  /** Begins an instruction: it has no entry yet. */
  begin(c: Processor): this {
    this.#count = 0;
    this.#hi = (c.cr32[HI] as number) & 0x3fff_ffff;
    this.#lo = ((c.cr32[LO] as number) & ~3) >>> 0;
    return this;
  }

  /**
   * Adds an entry. Unwinds with a protection, addressing or trace-table exception if it cannot be stored.
   * @param words its contents
   * @param space bytes that must be left in the 4 KiB of the table, more than the entry for TRACE
   */
  add(c: Processor, words: ArrayLike<number>, space = words.length * 4): void {
    const page = pageOf(this.#hi, this.#lo);
    const offset = this.#lo & 0xfff;
    if (lowAddressProtected(c.cr0, page, offset, false)) c.lowAddressException(page);
    const frame = c.realFrame(realPage(page), STORE);
    if (offset + space >= 0x1000) c.program(PGM.TRACE_TABLE);
    const n = this.#count++;
    this.#addresses[n] = frame + offset;
    this.#lengths[n] = words.length * 4;
    for (let i = 0; i < words.length; i++) this.#view.setUint32(n * LARGEST + i * 4, words[i] as number);
    this.#lo += words.length * 4;
  }

  /** Stores the entries, and sets control register 12 to the address of the next one. */
  commit(c: Processor): void {
    for (let n = 0; n < this.#count; n++) {
      const entry = this.#bytes.subarray(n * LARGEST, n * LARGEST + (this.#lengths[n] as number));
      c.storage.bytes.set(entry, this.#addresses[n] as number);
    }
    // The run loop does not depend on this control register.
    if (this.#count > 0) c.cr32[LO] = ((c.cr32[LO] as number) & 3) | this.#lo;
  }
}

/** The entries that all instructions use: no instruction executes inside another. */
export const TRACE = new TraceEntries();

/** An instruction address of 24 or 31 bits, with the mode in its leftmost bit. */
function short(addressing: number, lo: number): number {
  return addressing === ADDRESSING.BITS_31 ? lo | 0x8000_0000 : lo & 0x00ff_ffff;
}

/**
 * Adds the entry of a branch.
 * @param hi @param lo the branch address
 * @param addressing the addressing mode after the branch
 */
export function addBranch(c: Processor, hi: number, lo: number, addressing: number): void {
  if (addressing !== ADDRESSING.BITS_64) TRACE.add(c, [short(addressing, lo)]);
  else if (hi === 0 && lo < 0x8000_0000) TRACE.add(c, [lo | 0x8000_0000]);
  else TRACE.add(c, [0x52c0_0000, hi, lo]);
}

/** Adds the entry of a switch into or out of the 64-bit mode: it has the updated instruction address. */
export function addModeSwitch(c: Processor): void {
  const { addressing, iaHi, iaLo } = c;
  if (addressing !== ADDRESSING.BITS_64) TRACE.add(c, [0x5130_0000, short(addressing, iaLo)]);
  else if (iaHi === 0) TRACE.add(c, [0x5120_0000, iaLo]);
  else TRACE.add(c, [0x5260_0000, iaHi, iaLo]);
}

/** Adds the entry of a branch that switches into or out of the 64-bit mode: it has the branch address. */
function addModeSwitchingBranch(c: Processor, hi: number, lo: number, addressing: number): void {
  if (addressing !== ADDRESSING.BITS_64) TRACE.add(c, [0x51a0_0000, short(addressing, lo)]);
  else if (hi === 0) TRACE.add(c, [0x51b0_0000, lo]);
  else TRACE.add(c, [0x52f0_0000, hi, lo]);
}

/** Bit of an addressing mode: extended addressing, which the 64-bit mode has. */
const EXTENDED = 2;

/** Whether the mode `addressing` is traced as a switch from the current one. */
export function tracesSwitch(c: Processor, addressing: number): boolean {
  return tracesModes(c) && ((addressing ^ c.addressing) & EXTENDED) !== 0;
}

/** Traces a branch in the current mode. */
export function traceBranch(c: Processor, hi: number, lo: number): void {
  TRACE.begin(c);
  addBranch(c, hi, lo, c.addressing);
  TRACE.commit(c);
}

/** Traces a switch to another addressing mode, if that is a switch into or out of the 64-bit mode. */
export function traceMode(c: Processor, addressing: number): void {
  if (!tracesSwitch(c, addressing)) return;
  TRACE.begin(c);
  addModeSwitch(c);
  TRACE.commit(c);
}

/**
 * Traces a branch that sets the addressing mode, as BRANCH AND SAVE AND SET MODE does: as a switch, as a switching branch or as
 * a branch.
 */
export function traceModeBranch(c: Processor, hi: number, lo: number, addressing: number): void {
  const branches = tracesBranches(c);
  const switches = tracesSwitch(c, addressing);
  if (!branches && !switches) return;
  TRACE.begin(c);
  if (switches && branches) addModeSwitchingBranch(c, hi, lo, addressing);
  else if (switches) addModeSwitch(c);
  else addBranch(c, hi, lo, addressing);
  TRACE.commit(c);
}

/** Adds the entry of a branch to an address in the current mode, or outside the 64-bit mode in that of its leftmost bit. */
export function addBranchWithMode(c: Processor, hi: number, lo: number): void {
  if (!tracesBranches(c)) return;
  const { addressing } = c;
  const set = lo >>> 31 ? ADDRESSING.BITS_31 : ADDRESSING.BITS_24;
  addBranch(c, hi, lo, addressing === ADDRESSING.BITS_64 ? addressing : set);
}

/**
 * Adds the entry of PROGRAM CALL, if ASNs are traced. It has the return address.
 * @param number the PC number, as an exception identifies it
 * @param long whether it has more than 20 bits
 */
export function addCall(c: Processor, number: number, long: boolean): void {
  if (!tracesAsns(c)) return;
  const { iaHi, iaLo } = c;
  const key = c.key << 20;
  const state = c.problem ? 1 : 0;
  const wide = c.addressing === ADDRESSING.BITS_64;
  const low = (wide ? iaLo : short(c.addressing, iaLo)) | state;
  if (!long) {
    const first = (wide ? 0x2200_0000 : 0x2100_0000) | key | number;
    TRACE.add(c, wide ? [first, iaHi, low] : [first, low]);
  } else if (!wide) TRACE.add(c, [0x2208_0000 | key, low, number]);
  else if (iaHi === 0) TRACE.add(c, [0x220b_0000 | key, low, number]);
  else TRACE.add(c, [0x230f_0000 | key, iaHi, low, number]);
}

/** The program to which PROGRAM RETURN returns. */
export interface ReturnTarget {
  /** The new primary ASN; null if BRANCH AND STACK formed the state entry. */
  readonly asn: number | null;
  readonly hi: number;
  readonly lo: number;
  readonly addressing: number;
  readonly problem: boolean;
}

/** An address in an entry of PROGRAM RETURN: its words, and its two format bits: 64-bit mode, and doubleword. */
function returnAddress(addressing: number, hi: number, lo: number): { words: number[]; bits: number } {
  if (addressing !== ADDRESSING.BITS_64) return { words: [short(addressing, lo)], bits: 0 };
  return hi === 0 ? { words: [lo], bits: 2 } : { words: [hi, lo], bits: 3 };
}

/** Adds the entry of PROGRAM RETURN, if ASNs are traced, or that of a switch of the mode. */
export function addReturn(c: Processor, { asn, hi, lo, addressing, problem }: ReturnTarget): void {
  if (asn === null || !tracesAsns(c)) {
    if (tracesSwitch(c, addressing)) addModeSwitch(c);
    return;
  }
  const to = returnAddress(addressing, hi, (lo | (problem ? 1 : 0)) >>> 0);
  const own = returnAddress(c.addressing, c.iaHi, c.iaLo);
  // The format counts the words: 0x32 for two short addresses to 0x34 for two long ones.
  const format = (0x30 + to.words.length + own.words.length) << 24;
  const bits = (to.bits << 2) | own.bits;
  TRACE.add(c, [format | (c.key << 20) | (bits << 16) | asn, ...to.words, ...own.words]);
}

/** Adds the entry of PROGRAM TRANSFER, if ASNs are traced. @param r2 the register of the address */
export function addTransfer(c: Processor, instance: boolean, asn: number, r2: number): void {
  if (!tracesAsns(c)) return;
  const first = (c.key << 20) | (instance ? 0x1_0000 : 0) | asn;
  const [hi, lo] = [c.high(r2), c.low(r2)];
  if (c.addressing !== ADDRESSING.BITS_64) TRACE.add(c, [0x3100_0000 | first, lo]);
  else if (hi === 0) TRACE.add(c, [0x3108_0000 | first, lo]);
  else TRACE.add(c, [0x320c_0000 | first, hi, lo]);
}

/** Adds the entry of SET SECONDARY ASN, if ASNs are traced. */
export function addSecondary(c: Processor, instance: boolean, asn: number): void {
  if (tracesAsns(c)) TRACE.add(c, [(instance ? 0x1001_0000 : 0x1000_0000) | asn]);
}

/** Adds the entry of BRANCH IN SUBSPACE GROUP: its own if ASNs are traced, or that of a branch. */
export function addSubspaceBranch(c: Processor, alet: number, hi: number, lo: number): void {
  if (!tracesAsns(c)) {
    addBranchWithMode(c, hi, lo);
    return;
  }
  const list = ((alet >>> 1) & 0x80_0000) | (alet & 0x7f_ffff);
  if (c.addressing === ADDRESSING.BITS_64) TRACE.add(c, [0x4200_0000 | list, hi, lo]);
  else TRACE.add(c, [0x4100_0000 | list, lo >>> 31 ? lo : lo & 0x00ff_ffff]);
}

/** Space that TRACE and TRACE LONG need, whatever the number of registers. */
const SPACE_TRACE = 76;
const SPACE_TRACG = 144;
/** Bit of the operand: no entry is made. */
const SUPPRESSED = 0x8000_0000;
/** Bits of the operand that the trace time control replaces by a number of the model, which is zero. */
const MODEL = 0x00ff_0000;

/** The operand of TRACE as its entry has it. */
function tracedOperand(c: Processor, operand: number): number {
  return c.cr0 & CR0.TRACE_TIME ? (operand & ~MODEL) >>> 0 : operand;
}

/** TRACE: the clock, the operand, and the low halves of registers; TRACE LONG: all bits of the registers. */
function trace(long: boolean) {
  return (c: Processor, first: number, last: number): void => {
    aligned(c, 4);
    if (!((c.cr32[LO] as number) & CONTROL.EXPLICIT)) return;
    const operand = load32(c);
    if (operand & SUPPRESSED) return;
    const count = registers(first, last);
    const tod = c.tod;
    const high = Number(tod >> 48n);
    const middle = Number((tod >> 16n) & 0xffff_ffffn);
    const low = Number(tod & 0xffffn);
    const format = 0x7000_0000 + (count - 1) * 0x100_0000;
    const words = long
      ? [format | 0x80_0000 | high, middle, low * 0x1_0000]
      : [format | (middle >>> 16), ((middle & 0xffff) * 0x1_0000 + low) >>> 0];
    words.push(tracedOperand(c, operand));
    for (let i = 0; i < count; i++) {
      const r = (first + i) & 15;
      if (long) words.push(c.high(r));
      words.push(c.low(r));
    }
    TRACE.begin(c).add(c, words, long ? SPACE_TRACG : SPACE_TRACE);
    TRACE.commit(c);
  };
}

// biome-ignore format: a line each
export const TRACING: readonly InstructionLine[] = [
  ['TRACE', 'RS', 0x99, 'base', trace(false), { privileged: true }],
  ['TRACG', 'RSY', 0xeb0f, 'zarch', trace(true), { privileged: true }],
];
