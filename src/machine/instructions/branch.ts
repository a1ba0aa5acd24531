/** Branching. Principles of Operation, chapter 7; addressing modes: chapter 5. */

import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { order, order32, order64, orderLogical32, orderLogical64 } from './binary.ts';
import { holds, outcome } from './condition.ts';
import type { InstructionLine } from './line.ts';
import { fetch64, i32, i64, m32, m64, u64, X, XL } from './operands.ts';
import { traceBranch, traceMode, traceModeBranch, tracesBranches } from './trace.ts';

/** Loads the link information of BRANCH AND SAVE: the instruction address, in the 31-bit mode with the mode bit. */
function saveLink(c: Processor, r: number): void {
  if (c.addressing === ADDRESSING.BITS_64) c.gr32[r * 2 + 1] = c.iaHi;
  c.gr32[r * 2] = c.addressing === ADDRESSING.BITS_31 ? c.iaLo | 0x8000_0000 : c.iaLo;
}

/** Loads the link information of BRANCH AND LINK: in the 24-bit mode with instruction length, condition code and program mask. */
function link(c: Processor, r: number): void {
  if (c.addressing !== ADDRESSING.BITS_24) saveLink(c, r);
  else c.gr32[r * 2] = (c.length << 29) | (c.cc << 28) | (c.programMask << 24) | c.iaLo;
}

/** Links by `save`, then branches to the address that register `b` held before; register 0 means no branch. */
function linkRegister(save: (c: Processor, r: number) => void) {
  return (c: Processor, a: number, b: number): void => {
    const hi = c.high(b);
    const lo = c.low(b);
    if (b !== 0 && tracesBranches(c)) traceBranch(c, hi, lo);
    save(c, a);
    if (b !== 0) c.branchTo(hi, lo);
  };
}

const balr = linkRegister(link);
const basr = linkRegister(saveLink);

/** Returns the addressing mode that the low half of an address selects. */
function modeOf(lo: number): number {
  if (lo & 1) return ADDRESSING.BITS_64;
  return lo >>> 31 ? ADDRESSING.BITS_31 : ADDRESSING.BITS_24;
}

/** Sets the addressing mode from an address, and branches to it. */
function setMode(c: Processor, hi: number, lo: number): void {
  c.addressing = modeOf(lo);
  c.branchTo(hi, (lo & ~1) >>> 0);
}

/** BRANCH AND SAVE AND SET MODE. */
function bassm(c: Processor, a: number, b: number): void {
  const hi = c.high(b);
  const lo = c.low(b);
  if (b !== 0) traceModeBranch(c, hi, (lo & ~1) >>> 0, modeOf(lo));
  saveLink(c, a);
  if (c.addressing === ADDRESSING.BITS_64) c.gr32[a * 2]! |= 1;
  if (b !== 0) setMode(c, hi, lo);
}

/** BRANCH AND SET MODE. */
function bsm(c: Processor, a: number, b: number): void {
  const hi = c.high(b);
  const lo = c.low(b);
  if (b !== 0) traceMode(c, modeOf(lo));
  if (a !== 0) {
    const old = c.low(a);
    if (c.addressing === ADDRESSING.BITS_64) c.gr32[a * 2] = old | 1;
    else c.gr32[a * 2] = c.addressing === ADDRESSING.BITS_31 ? old | 0x8000_0000 : old & 0x7fff_ffff;
  }
  if (b !== 0) setMode(c, hi, lo);
}

/** Decrements half `h`. Returns whether it is nonzero then. */
function count32(c: Processor, h: number): boolean {
  c.op32[h] = (c.op32[h] as number) - 1;
  return c.op32[h] !== 0;
}

function count64(c: Processor, r: number): boolean {
  c.op[r] = (c.op[r] as bigint) - 1n;
  return c.op[r] !== 0n;
}

/** BRANCH ON COUNT to a register. The branch address is the register's value before the count. */
function countRegister(
  c: Processor,
  b: number,
  count: (c: Processor, n: number) => boolean,
  n: number,
): void {
  const hi = c.high(b);
  const lo = c.low(b);
  if (count(c, n) && b !== 0) c.branchTo(hi, lo);
}

/**
 * BRANCH ON INDEX: adds r3 to r1 and compares the sum with the odd register of r3 and r3 + 1, as it was before. Returns
 * whether the sum is high.
 */
function index32(c: Processor, r: number, r3: number): boolean {
  c.op32[XL] = c.op32[(r3 | 1) * 2] as number;
  c.gr32[r * 2] = c.low(r) + c.low(r3);
  return order32(c, r * 2, XL) === 2;
}

function index64(c: Processor, r: number, r3: number): boolean {
  c.op[X] = c.op[r3 | 1] as bigint;
  c.gr[r] = (c.gr[r] as bigint) + (c.gr[r3] as bigint);
  return order64(c, r, X) === 2;
}

/** Branches to the effective address if the condition is met. */
function goWhen(c: Processor, met: boolean): void {
  if (met) c.branchEffective();
}

/** Branches by halfwords if the condition is met. */
function jumpWhen(c: Processor, met: boolean, halfwords: number): void {
  if (met) c.branchRelative(halfwords);
}

/** COMPARE AND TRAP: a data exception with a DXC of its own if the condition is met. */
function trapWhen(c: Processor, met: boolean): void {
  if (met) c.dataException(0xff);
}

// Comparisons of registers with registers and immediates: 0 equal, 1 low, 2 high.
const signed32 = (c: Processor, a: number, b: number) => order32(c, a * 2, b * 2);
const logical32 = (c: Processor, a: number, b: number) => orderLogical32(c, a * 2, b * 2);
const signedI32 = (c: Processor, a: number, i: number) => order32(c, a * 2, i32(c, i));
const signedI64 = (c: Processor, a: number, i: number) => order64(c, a, i64(c, i));
const logicalI32 = (c: Processor, a: number, i: number) => order(c.low(a), i);
const logicalI64 = (c: Processor, a: number, i: number) => orderLogical64(c, a, u64(c, i));

type Order = (c: Processor, a: number, b: number) => number;

const jump = (of: Order) => (c: Processor, a: number, b: number, m: number, i: number) =>
  jumpWhen(c, outcome(of(c, a, b), m), i);
const go = (of: Order) => (c: Processor, a: number, b: number, m: number) =>
  goWhen(c, outcome(of(c, a, b), m));
const trap = (of: Order) => (c: Processor, a: number, b: number, m: number) =>
  trapWhen(c, outcome(of(c, a, b), m));
/** Makes the 8-bit immediate of compare-and-branch unsigned. */
const byte = (of: Order) => (c: Processor, a: number, i: number) => of(c, a, i & 0xff);

/** COMPARE IMMEDIATE AND TRAP: its format passes the mask before the immediate. */
const trapImmediate = (of: Order) => (c: Processor, a: number, m: number, i: number) =>
  trapWhen(c, outcome(of(c, a, i), m));
const trapLogicalImmediate = (of: Order) => (c: Processor, a: number, m: number, i: number) =>
  trapWhen(c, outcome(of(c, a, i & 0xffff), m));

/**
 * BRANCH INDIRECT ON CONDITION. The operand, eight bytes, is fetched even if the instruction does not branch, which the
 * architecture leaves open.
 */
function bic(c: Processor, mask: number): void {
  fetch64(c, X);
  if (holds(c, mask)) c.branchTo(c.op32[XL + 1] as number, c.op32[XL] as number);
}

// biome-ignore format: a line each
const CONDITIONAL: readonly InstructionLine[] = [
  ['BCR', 'RR', 0x07, 'base', (c, m1, r2) => void (r2 !== 0 && holds(c, m1) && c.branchRegister(r2))],
  ['BC', 'RX', 0x47, 'base', (c, m1) => goWhen(c, holds(c, m1))],
  ['BIC', 'RXY', 0xe347, 'mie2', bic],
  ['BRC', 'RI', 0xa74, 'base', (c, m1, i2) => jumpWhen(c, holds(c, m1), i2)],
  ['BRCL', 'RIL', 0xc04, 'zarch', (c, m1, i2) => jumpWhen(c, holds(c, m1), i2)],
];

// biome-ignore format: a line each
const LINKING: readonly InstructionLine[] = [
  ['BALR', 'RR', 0x05, 'base', balr],
  ['BAL', 'RX', 0x45, 'base', (c, r1) => { link(c, r1); c.branchEffective(); }],
  ['BASR', 'RR', 0x0d, 'base', basr],
  ['BAS', 'RX', 0x4d, 'base', (c, r1) => { saveLink(c, r1); c.branchEffective(); }],
  ['BRAS', 'RI', 0xa75, 'base', (c, r1, i2) => { saveLink(c, r1); c.branchRelative(i2); }],
  ['BRASL', 'RIL', 0xc05, 'zarch', (c, r1, i2) => { saveLink(c, r1); c.branchRelative(i2); }],
  ['BASSM', 'RR', 0x0c, 'base', bassm],
  ['BSM', 'RR', 0x0b, 'base', bsm],
];

// biome-ignore format: a line each
const COUNTING: readonly InstructionLine[] = [
  ['BCTR', 'RR', 0x06, 'base', (c, r1, r2) => countRegister(c, r2, count32, r1 * 2)],
  ['BCT', 'RX', 0x46, 'base', (c, r1) => goWhen(c, count32(c, r1 * 2))],
  ['BRCT', 'RI', 0xa76, 'base', (c, r1, i2) => jumpWhen(c, count32(c, r1 * 2), i2)],
  ['BRCTH', 'RIL', 0xcc6, 'z196', (c, r1, i2) => jumpWhen(c, count32(c, r1 * 2 + 1), i2)],
  ['BCTGR', 'RRE', 0xb946, 'zarch', (c, r1, r2) => countRegister(c, r2, count64, r1)],
  ['BCTG', 'RXY', 0xe346, 'zarch', (c, r1) => goWhen(c, count64(c, r1))],
  ['BRCTG', 'RI', 0xa77, 'zarch', (c, r1, i2) => jumpWhen(c, count64(c, r1), i2)],
  ['BXH', 'RS', 0x86, 'base', (c, r1, r3) => goWhen(c, index32(c, r1, r3))],
  ['BXLE', 'RS', 0x87, 'base', (c, r1, r3) => goWhen(c, !index32(c, r1, r3))],
  ['BRXH', 'RSI', 0x84, 'base', (c, r1, r3, ri2) => jumpWhen(c, index32(c, r1, r3), ri2)],
  ['BRXLE', 'RSI', 0x85, 'base', (c, r1, r3, ri2) => jumpWhen(c, !index32(c, r1, r3), ri2)],
  ['BXHG', 'RSY', 0xeb44, 'zarch', (c, r1, r3) => goWhen(c, index64(c, r1, r3))],
  ['BXLEG', 'RSY', 0xeb45, 'zarch', (c, r1, r3) => goWhen(c, !index64(c, r1, r3))],
  ['BRXHG', 'RIEe', 0xec44, 'zarch', (c, r1, r3, ri2) => jumpWhen(c, index64(c, r1, r3), ri2)],
  ['BRXLG', 'RIEe', 0xec45, 'zarch', (c, r1, r3, ri2) => jumpWhen(c, !index64(c, r1, r3), ri2)],
];

// biome-ignore format: a line each
const COMPARE_AND_BRANCH: readonly InstructionLine[] = [
  ['CRJ', 'RIEb', 0xec76, 'gie', jump(signed32)],
  ['CGRJ', 'RIEb', 0xec64, 'gie', jump(order64)],
  ['CIJ', 'RIEc', 0xec7e, 'gie', jump(signedI32)],
  ['CGIJ', 'RIEc', 0xec7c, 'gie', jump(signedI64)],
  ['CLRJ', 'RIEb', 0xec77, 'gie', jump(logical32)],
  ['CLGRJ', 'RIEb', 0xec65, 'gie', jump(orderLogical64)],
  ['CLIJ', 'RIEc', 0xec7f, 'gie', jump(byte(logicalI32))],
  ['CLGIJ', 'RIEc', 0xec7d, 'gie', jump(byte(logicalI64))],
  ['CRB', 'RRS', 0xecf6, 'gie', go(signed32)],
  ['CGRB', 'RRS', 0xece4, 'gie', go(order64)],
  ['CIB', 'RIS', 0xecfe, 'gie', go(signedI32)],
  ['CGIB', 'RIS', 0xecfc, 'gie', go(signedI64)],
  ['CLRB', 'RRS', 0xecf7, 'gie', go(logical32)],
  ['CLGRB', 'RRS', 0xece5, 'gie', go(orderLogical64)],
  ['CLIB', 'RIS', 0xecff, 'gie', go(byte(logicalI32))],
  ['CLGIB', 'RIS', 0xecfd, 'gie', go(byte(logicalI64))],
];

// biome-ignore format: a line each
const COMPARE_AND_TRAP: readonly InstructionLine[] = [
  ['CRT', 'RRF', 0xb972, 'gie', trap(signed32)],
  ['CGRT', 'RRF', 0xb960, 'gie', trap(order64)],
  ['CLRT', 'RRF', 0xb973, 'gie', trap(logical32)],
  ['CLGRT', 'RRF', 0xb961, 'gie', trap(orderLogical64)],
  ['CIT', 'RIEa', 0xec72, 'gie', trapImmediate(signedI32)],
  ['CGIT', 'RIEa', 0xec70, 'gie', trapImmediate(signedI64)],
  ['CLFIT', 'RIEa', 0xec73, 'gie', trapLogicalImmediate(logicalI32)],
  ['CLGIT', 'RIEa', 0xec71, 'gie', trapLogicalImmediate(logicalI64)],
  ['CLT', 'RSY', 0xeb23, 'mie1', (c, r1, m3) => trapWhen(c, outcome(orderLogical32(c, r1 * 2, m32(c)), m3))],
  ['CLGT', 'RSY', 0xeb2b, 'mie1', (c, r1, m3) => trapWhen(c, outcome(orderLogical64(c, r1, m64(c)), m3))],
];

// biome-ignore format: a line each
const EXECUTING: readonly InstructionLine[] = [
  ['EX', 'RX', 0x44, 'base', (c, r1) => c.executeTarget(r1 === 0 ? 0 : c.low(r1))],
  ['EXRL', 'RIL', 0xc60, 'exrl', (c, r1, i2) => { c.addressRelative(i2); c.executeTarget(r1 === 0 ? 0 : c.low(r1)); }],
];

/** INSERT PROGRAM MASK. */
function ipm(c: Processor, r: number): void {
  c.gr32[r * 2] = (c.low(r) & 0x00ff_ffff) | (c.cc << 28) | (c.programMask << 24);
}

/** SET PROGRAM MASK. */
function spm(c: Processor, r: number): void {
  const value = c.low(r);
  c.cc = (value >>> 28) & 3;
  c.programMask = (value >>> 24) & 15;
}

/** TEST ADDRESSING MODE: 0 for 24 bits, 1 for 31, 3 for 64. */
function tam(c: Processor): void {
  c.cc = c.addressing;
}

/** SET ADDRESSING MODE. A specification exception if the new mode cannot address the instruction. */
function sam(addressing: number, limit: number) {
  return (c: Processor): void => {
    if (addressing !== ADDRESSING.BITS_64 && (c.startHi !== 0 || c.startLo > limit))
      c.program(PGM.SPECIFICATION);
    traceMode(c, addressing);
    c.addressing = addressing;
    c.setInstructionAddress(c.iaHi, c.iaLo);
  };
}

// biome-ignore format: a line each
const MODES: readonly InstructionLine[] = [
  ['IPM', 'RRE', 0xb222, 'base', ipm],
  ['SPM', 'RR', 0x04, 'base', spm],
  ['TAM', 'E', 0x010b, 'base', tam],
  ['SAM24', 'E', 0x010c, 'base', sam(ADDRESSING.BITS_24, 0x00ff_ffff)],
  ['SAM31', 'E', 0x010d, 'base', sam(ADDRESSING.BITS_31, 0x7fff_ffff)],
  ['SAM64', 'E', 0x010e, 'zarch', sam(ADDRESSING.BITS_64, 0)],
  ['SVC', 'I', 0x0a, 'base', (c, i) => c.supervisorCall(i)],
];

// biome-ignore format: a line each
export const BRANCH: readonly InstructionLine[] = [
  ...CONDITIONAL,
  ...LINKING,
  ...COUNTING,
  ...COMPARE_AND_BRANCH,
  ...COMPARE_AND_TRAP,
  ...EXECUTING,
  ...MODES,
];
