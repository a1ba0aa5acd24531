/**
 * COMPARE AND FORM CODEWORD and UPDATE TREE: the steps of sorting with a tree of codewords. Principles of Operation,
 * chapter 7. They work in units of operation, and registers show the units that are completed.
 *
 * Outside the 64-bit mode they use the low halves of registers.
 */

import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';
import { advance, setEffective } from './operands.ts';

const in64 = (c: Processor) => c.addressing === ADDRESSING.BITS_64;

/** Returns what an instruction uses of a register. */
const value = (c: Processor, r: number) => (in64(c) ? (c.gr[r] as bigint) : BigInt(c.low(r)));

function setValue(c: Processor, r: number, to: bigint): void {
  if (in64(c)) c.gr[r] = to;
  else c.gr32[r * 2] = Number(to);
}

/** The leftmost bit of what an instruction uses of a register. */
const leftmost = (c: Processor) => (in64(c) ? 1n << 63n : 1n << 31n);

/** Maximum number of units of COMPARE AND FORM CODEWORD in one execution. */
const UNITS = 0x100;
/** Bits of its second-operand address: the index limit, and whether the codeword is formed from the low operand. */
const LIMIT = 0x7ffe;
const FROM_LOW = 1;

/** Returns the part of a field that one unit compares, six bytes or two, at an index from the base in register `r`. */
function part(c: Processor, r: number, index: number): number {
  c.effectiveRegister(r);
  // Access register 1 designates the space of both fields.
  c.operandRegister = 1;
  advance(c, index);
  const first = c.load16(c.eaHi, c.eaLo);
  if (!in64(c)) return first;
  advance(c, 2);
  return first * 0x1_0000_0000 + c.load32(c.eaHi, c.eaLo);
}

/**
 * Compares two fields, whose bases are in registers 1 and 3, from the index in register 2 on. Condition code 0: they are
 * equal up to the index limit; 1 or 2: they are not, and register 2 has a codeword.
 */
function cfc(c: Processor): void {
  const limit = c.eaLo & LIMIT;
  const fromLow = (c.eaLo & FROM_LOW) !== 0;
  if ((c.low(1) | c.low(2) | c.low(3)) & 1) c.program(PGM.SPECIFICATION);
  const size = in64(c) ? 6 : 2;
  for (let n = 0; n < UNITS; n++) {
    const index = c.low(2) & 0xffff;
    if (index > limit) {
      setValue(c, 2, value(c, 3) | leftmost(c));
      c.cc = 0;
      return;
    }
    const a = part(c, 1, index);
    const b = part(c, 3, index);
    if (a !== b) {
      const chosen = fromLow ? Math.min(a, b) : 2 ** (size * 8) - 1 - Math.max(a, b);
      setValue(c, 2, (BigInt(index + size) << BigInt(size * 8)) | BigInt(chosen));
      ordered(c, fromLow ? b < a : a < b);
      return;
    }
    c.gr32[4] = (c.low(2) & ~0xffff) | (index + size);
  }
  c.repeat();
}

/** Ends a comparison: the bases are exchanged if the operands are not in order. */
function ordered(c: Processor, inOrder: boolean): void {
  c.cc = inOrder ? 1 : 2;
  if (inOrder) return;
  const first = value(c, 1);
  setValue(c, 1, value(c, 3));
  setValue(c, 3, first);
}

/**
 * Goes from the node whose index is in register 5 towards the root of the tree at register 4, and exchanges registers 0
 * and 1 with each node whose codeword is higher. Condition code 0: a node has the same codeword, and is loaded into
 * registers 2 and 3; 1: the path ended; 3: register 0 is negative.
 */
function upt(c: Processor): void {
  const size = in64(c) ? 16 : 8;
  if ((c.low(4) | c.low(5)) & (size - 1)) c.program(PGM.SPECIFICATION);
  while (true) {
    const index = (value(c, 5) >> 1n) & -BigInt(size);
    const negative = (value(c, 0) & leftmost(c)) !== 0n;
    const code = index === 0n ? 1 : negative ? 3 : visit(c, index, size / 2);
    setValue(c, 5, index);
    c.events.unitCompleted();
    if (code === null) continue;
    c.cc = code;
    return;
  }
}

/** Compares register 0 with a node of two values of `size` bytes. Returns condition code 0 if they are equal, null if not. */
function visit(c: Processor, index: bigint, size: number): 0 | null {
  const address = value(c, 4) + index;
  c.operandRegister = 4;
  setEffective(c, Number((address >> 32n) & 0xffff_ffffn), Number(address & 0xffff_ffffn));
  const codeword = nodeValue(c, 0);
  const other = nodeValue(c, size);
  if (codeword === value(c, 0)) {
    setValue(c, 2, codeword);
    setValue(c, 3, other);
    return 0;
  }
  if (codeword > value(c, 0)) {
    setNodeValue(c, 0, value(c, 0));
    setNodeValue(c, size, value(c, 1));
    setValue(c, 0, codeword);
    setValue(c, 1, other);
  }
  return null;
}

/** Returns the value at an offset in the node at the effective address. A node is on a boundary, so it lies in one page. */
function nodeValue(c: Processor, offset: number): bigint {
  const { eaHi, eaLo } = c;
  return in64(c) ? c.load64(eaHi, eaLo + offset) : BigInt(c.load32(eaHi, eaLo + offset));
}

function setNodeValue(c: Processor, offset: number, to: bigint): void {
  const { eaHi, eaLo } = c;
  if (in64(c)) c.store64(eaHi, eaLo + offset, to);
  else c.store32(eaHi, eaLo + offset, Number(to));
}

// biome-ignore format: a line each
export const SORT: readonly InstructionLine[] = [
  ['CFC', 'S', 0xb21a, 'base', cfc, { units: true }],
  ['UPT', 'E', 0x0102, 'base', upt, { units: true }],
];
