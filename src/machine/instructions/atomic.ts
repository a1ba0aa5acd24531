/**
 * Interlocked updates. Principles of Operation, chapter 7. Processors take turns, an instruction at a time, so every access
 * is interlocked.
 */

import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import {
  addLogical32,
  addLogical64,
  addQuiet32,
  addQuiet64,
  and32,
  and64,
  or32,
  or64,
  overflowed,
  xor32,
  xor64,
} from './binary.ts';
import type { InstructionLine } from './line.ts';
import { advance, aligned, fetch64, load8, load32, pair, put64, X, XL, Y, YL } from './operands.ts';

/** Requires the operand to be aligned, and recognizes access exceptions of a store even if nothing will be stored. */
function target(c: Processor, size: number): void {
  aligned(c, size);
  c.probe(c.eaHi, c.eaLo, size, STORE);
}

/** COMPARE AND SWAP, 32 bits. */
function cs(c: Processor, r1: number, r3: number): void {
  target(c, 4);
  const old = load32(c);
  if (old === c.gr32[r1 * 2]) {
    c.store32(c.eaHi, c.eaLo, c.low(r3));
    c.cc = 0;
  } else {
    c.gr32[r1 * 2] = old;
    c.cc = 1;
  }
}

function csg(c: Processor, r1: number, r3: number): void {
  target(c, 8);
  fetch64(c, X);
  if (c.op[X] === c.op[r1]) {
    put64(c, r3);
    c.cc = 0;
  } else {
    c.op[r1] = c.op[X] as bigint;
    c.cc = 1;
  }
}

/** COMPARE DOUBLE AND SWAP: the low halves of two pairs. */
function cds(c: Processor, r1: number, r3: number): void {
  pair(c, r1);
  pair(c, r3);
  target(c, 8);
  fetch64(c, X);
  const { gr32, op32 } = c;
  if (op32[XL + 1] === gr32[r1 * 2] && op32[XL] === gr32[r1 * 2 + 2]) {
    op32[YL + 1] = gr32[r3 * 2] as number;
    op32[YL] = gr32[r3 * 2 + 2] as number;
    put64(c, Y);
    c.cc = 0;
  } else {
    gr32[r1 * 2] = op32[XL + 1] as number;
    gr32[r1 * 2 + 2] = op32[XL] as number;
    c.cc = 1;
  }
}

/** Fetches sixteen bytes into operands X and Y; the effective address is then at the second eight. */
function fetch128(c: Processor): void {
  fetch64(c, X);
  advance(c, 8);
  fetch64(c, Y);
}

function cdsg(c: Processor, r1: number, r3: number): void {
  pair(c, r1);
  pair(c, r3);
  target(c, 16);
  const { eaHi, eaLo } = c;
  fetch128(c);
  if (c.op[X] === c.op[r1] && c.op[Y] === c.op[r1 + 1]) {
    put64(c, r3 + 1);
    c.eaHi = eaHi;
    c.eaLo = eaLo;
    put64(c, r3);
    c.cc = 0;
  } else {
    c.op[r1] = c.op[X] as bigint;
    c.op[r1 + 1] = c.op[Y] as bigint;
    c.cc = 1;
  }
}

/** TEST AND SET. */
function ts(c: Processor): void {
  c.probe(c.eaHi, c.eaLo, 1, STORE);
  const old = load8(c);
  c.store8(c.eaHi, c.eaLo, 0xff);
  c.cc = old >>> 7;
}

type Operation = (c: Processor, d: number, a: number, b: number) => void;

/** LOAD AND ADD, AND, OR, …: loads the operand into r1, and stores the result of the operation on it and r3. */
function update32(operation: Operation) {
  return (c: Processor, r1: number, r3: number): void => {
    target(c, 4);
    c.op32[XL] = load32(c);
    operation(c, YL, XL, r3 * 2);
    c.store32(c.eaHi, c.eaLo, c.op32[YL] as number);
    c.gr32[r1 * 2] = c.op32[XL] as number;
  };
}

function update64(operation: Operation) {
  return (c: Processor, r1: number, r3: number): void => {
    target(c, 8);
    fetch64(c, X);
    operation(c, Y, X, r3);
    put64(c, Y);
    c.op[r1] = c.op[X] as bigint;
  };
}

const laa32 = update32(addQuiet32);
const laa64 = update64(addQuiet64);

function laa(c: Processor, r1: number, r3: number): void {
  laa32(c, r1, r3);
  overflowed(c);
}

function laag(c: Processor, r1: number, r3: number): void {
  laa64(c, r1, r3);
  overflowed(c);
}

/**
 * COMPARE AND SWAP AND STORE: register 0 holds the function codes, register 1 the address of the parameter list, whose low
 * four bits are ignored.
 */
function csst(c: Processor, r3: number): void {
  const function_ = (c.gr32[0] as number) & 0xff;
  const storing = ((c.gr32[0] as number) >>> 8) & 0xff;
  if (function_ > 2 || storing > 4) c.program(PGM.SPECIFICATION);
  if (function_ === 2) pair(c, r3);
  const { eaHi, eaLo, ea2Lo, operandRegister } = c;
  const size = 4 << function_;
  const stored = 1 << storing;
  if (eaLo & (size - 1) || ea2Lo & (stored - 1)) c.program(PGM.SPECIFICATION);
  c.probe(eaHi, eaLo, size, STORE);
  c.exchangeOperands();
  c.probe(c.eaHi, c.eaLo, stored, STORE);
  c.exchangeOperands();
  c.effectiveRegister(1);
  c.eaLo = (c.eaLo & -16) >>> 0;
  c.fetchBytes(c.eaHi, c.eaLo, size, REPLACEMENT);
  advance(c, 16);
  c.fetchBytes(c.eaHi, c.eaLo, stored, STORED);
  c.eaHi = eaHi;
  c.eaLo = eaLo;
  c.operandRegister = operandRegister;
  swapParameters(c, function_, r3);
  c.exchangeOperands();
  if (c.cc === 0) c.storeBytes(c.eaHi, c.eaLo, stored, STORED);
}

/** What CSST stores: the replacement value, sixteen bytes in the parameter list, and the store value behind it. */
const REPLACEMENT = new Uint8Array(16);
const STORED = new Uint8Array(16);

/** The compare-and-swap part of CSST. */
function swapParameters(c: Processor, kind: number, r3: number): void {
  if (kind === 0) {
    target(c, 4);
    const old = load32(c);
    if (old !== c.gr32[r3 * 2]) unequal32(c, r3, old);
    else swapped(c, 4);
    return;
  }
  target(c, kind === 1 ? 8 : 16);
  const { eaHi, eaLo } = c;
  fetch64(c, X);
  if (kind === 2) {
    advance(c, 8);
    fetch64(c, Y);
    c.eaHi = eaHi;
    c.eaLo = eaLo;
  }
  if (c.op[X] === c.op[r3] && (kind === 1 || c.op[Y] === c.op[r3 + 1])) {
    swapped(c, kind === 1 ? 8 : 16);
    return;
  }
  c.op[r3] = c.op[X] as bigint;
  if (kind === 2) c.op[r3 + 1] = c.op[Y] as bigint;
  c.cc = 1;
}

function unequal32(c: Processor, r3: number, old: number): void {
  c.gr32[r3 * 2] = old;
  c.cc = 1;
}

function swapped(c: Processor, size: number): void {
  c.storeBytes(c.eaHi, c.eaLo, size, REPLACEMENT);
  c.cc = 0;
}

// biome-ignore format: a line each
export const ATOMIC: readonly InstructionLine[] = [
  ['CS', 'RS', 0xba, 'base', cs],
  ['CSY', 'RSY', 0xeb14, 'ld', cs],
  ['CSG', 'RSY', 0xeb30, 'zarch', csg],
  ['CDS', 'RS', 0xbb, 'base', cds],
  ['CDSY', 'RSY', 0xeb31, 'ld', cds],
  ['CDSG', 'RSY', 0xeb3e, 'zarch', cdsg],
  ['TS', 'SI', 0x93, 'base', ts],
  ['CSST', 'SSF', 0xc82, 'csst', csst],
  ['LAA', 'RSY', 0xebf8, 'z196', laa],
  ['LAAG', 'RSY', 0xebe8, 'z196', laag],
  ['LAAL', 'RSY', 0xebfa, 'z196', update32(addLogical32)],
  ['LAALG', 'RSY', 0xebea, 'z196', update64(addLogical64)],
  ['LAN', 'RSY', 0xebf4, 'z196', update32(and32)],
  ['LANG', 'RSY', 0xebe4, 'z196', update64(and64)],
  ['LAX', 'RSY', 0xebf7, 'z196', update32(xor32)],
  ['LAXG', 'RSY', 0xebe7, 'z196', update64(xor64)],
  ['LAO', 'RSY', 0xebf6, 'z196', update32(or32)],
  ['LAOG', 'RSY', 0xebe6, 'z196', update64(or64)],
];
