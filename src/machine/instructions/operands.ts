/**
 * Operands. A storage or immediate operand is copied to a scratch operand behind the general registers, so that one
 * function implements an operation for the register, storage and immediate forms of an instruction.
 *
 * Functions for 64 bits return the index of an operand in `op`; functions for 32 bits return the index of a half in
 * `op32`, where register r has its low half at 2r and its high half at 2r + 1. A storage operand is at the effective
 * address. Every function unwinds on the access exceptions of its operand.
 */

import { type AbsolutePage, logicalPage, realPage } from '../addresses.ts';
import { type Access, FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';

/** Scratch operand for the second operand. */
export const X = 16;
/** Scratch operands for intermediate results. */
export const Y = 17;
export const Z = 18;
/** The low half of `X`. */
export const XL = X * 2;
export const YL = Y * 2;

const LAST_DOUBLEWORD = 0xff8;

/** Fetches eight bytes into operand `r`. */
export function fetch64(c: Processor, r: number): void {
  const { eaLo } = c;
  const offset = eaLo & 0xfff;
  if (offset > LAST_DOUBLEWORD) {
    c.op[r] = c.load64(c.eaHi, eaLo);
    return;
  }
  const at = c.operandAddress(c.eaHi, eaLo, FETCH, 8);
  const { view } = c.storage;
  c.op32[r * 2 + 1] = view.getUint32(at);
  c.op32[r * 2] = view.getUint32(at + 4);
}

/** Stores operand `r`, eight bytes. */
export function put64(c: Processor, r: number): void {
  const { eaLo } = c;
  const offset = eaLo & 0xfff;
  if (offset > LAST_DOUBLEWORD) {
    c.store64(c.eaHi, eaLo, c.op[r] as bigint);
    return;
  }
  const at = c.operandAddress(c.eaHi, eaLo, STORE, 8);
  const { view } = c.storage;
  view.setUint32(at, c.op32[r * 2 + 1] as number);
  view.setUint32(at + 4, c.op32[r * 2] as number);
}

/** Sets operand `r` from a number, sign-extended. */
export function setSigned(c: Processor, r: number, value: number): number {
  c.op32s[r * 2] = value;
  c.op32s[r * 2 + 1] = value >> 31;
  return r;
}

/** Sets operand `r` from an unsigned number of 32 bits. */
export function setUnsigned(c: Processor, r: number, value: number): number {
  c.op32[r * 2] = value;
  c.op32[r * 2 + 1] = 0;
  return r;
}

// 64-bit operands: each function returns the index of an operand.

/** Eight bytes of storage. */
export function m64(c: Processor): number {
  fetch64(c, X);
  return X;
}

/** Four bytes of storage, sign-extended. */
export const m32x = (c: Processor) => setSigned(c, X, c.load32(c.eaHi, c.eaLo));
/** Four bytes of storage, zero-extended. */
export const m32z = (c: Processor) => setUnsigned(c, X, c.load32(c.eaHi, c.eaLo));
/** Two bytes of storage, sign-extended. */
export const m16x = (c: Processor) => setSigned(c, X, load16s(c));
/** Two bytes of storage, zero-extended. */
export const m16z = (c: Processor) => setUnsigned(c, X, c.load16(c.eaHi, c.eaLo));
/** A signed number of 32 bits. */
export const i64 = (c: Processor, value: number) => setSigned(c, X, value);
/** An unsigned number of 32 bits. */
export const u64 = (c: Processor, value: number) => setUnsigned(c, X, value);
/** The low half of a register, sign-extended. */
export const r32x = (c: Processor, r: number) => setSigned(c, X, c.signedLow(r));
/** The low half of a register, zero-extended. */
export const r32z = (c: Processor, r: number) => setUnsigned(c, X, c.low(r));

// 32-bit operands: each function returns the index of a half.

/** Four bytes of storage. */
export function m32(c: Processor): number {
  c.op32[XL] = c.load32(c.eaHi, c.eaLo);
  return XL;
}

/** Two bytes of storage, sign-extended to 32 bits. */
export function m16(c: Processor): number {
  c.op32s[XL] = load16s(c);
  return XL;
}

/** Two bytes of storage, zero-extended to 32 bits. */
export function m16u(c: Processor): number {
  c.op32[XL] = c.load16(c.eaHi, c.eaLo);
  return XL;
}

/** A number: its low 32 bits. */
export function i32(c: Processor, value: number): number {
  c.op32s[XL] = value;
  return XL;
}

/** Two bytes of storage as a signed number. */
export function load16s(c: Processor): number {
  return (c.load16(c.eaHi, c.eaLo) << 16) >> 16;
}

/** Two bytes of storage as an unsigned number. */
export function load16(c: Processor): number {
  return c.load16(c.eaHi, c.eaLo);
}

/** One byte of storage as an unsigned number. */
export function load8(c: Processor): number {
  return c.load8(c.eaHi, c.eaLo);
}

/** One byte of storage as a signed number. */
export function load8s(c: Processor): number {
  return (c.load8(c.eaHi, c.eaLo) << 24) >> 24;
}

/** Four bytes of storage as an unsigned number. */
export function load32(c: Processor): number {
  return c.load32(c.eaHi, c.eaLo);
}

// Restrictions on operands. A violation is a specification exception.

/** Requires the effective address to be a multiple of `size`, a power of two. */
export function aligned(c: Processor, size: number): Processor {
  if (c.eaLo & (size - 1)) c.program(PGM.SPECIFICATION);
  return c;
}

/** Requires register `r` to be even: it designates an even-odd pair. */
export function pair(c: Processor, r: number): number {
  if (r & 1) c.program(PGM.SPECIFICATION);
  return r;
}

/** Sets the effective address to `halfwords` from the instruction, and requires it to be a multiple of `size`. */
export function relative(c: Processor, halfwords: number, size: number): Processor {
  c.addressRelative(halfwords);
  return aligned(c, size);
}

/** Sets the effective address, wrapped by the addressing mode. */
export function setEffective(c: Processor, hi: number, lo: number): void {
  c.eaHi = c.addressing === ADDRESSING.BITS_64 ? hi : 0;
  c.eaLo = (lo & c.addressMask) >>> 0;
}

/** Adds `bytes`, which may be negative, to the effective address, wrapped by the addressing mode. */
export function advance(c: Processor, bytes: number): void {
  const lo = c.eaLo + bytes;
  if (c.addressing === ADDRESSING.BITS_64) {
    if (lo > 0xffff_ffff) c.eaHi = (c.eaHi + 1) >>> 0;
    else if (lo < 0) c.eaHi = (c.eaHi - 1) >>> 0;
  }
  c.eaLo = (lo & c.addressMask) >>> 0;
}

/**
 * Loads an address into register `r`, as LOAD ADDRESS does: into the whole register in the 64-bit mode, into its low half
 * in the other modes.
 */
export function setAddress(c: Processor, r: number, hi: number, lo: number): void {
  c.gr32[r * 2] = lo;
  if (c.addressing === ADDRESSING.BITS_64) c.gr32[r * 2 + 1] = hi;
}

/** Adds `bytes`, which may be negative, to the address in register `r`, wrapped by the addressing mode. */
export function advanceRegister(c: Processor, r: number, bytes: number): void {
  c.effectiveRegister(r);
  const lo = c.eaLo + bytes;
  const hi = lo > 0xffff_ffff ? (c.eaHi + 1) >>> 0 : lo < 0 ? (c.eaHi - 1) >>> 0 : c.eaHi;
  setAddress(c, r, hi, (lo & c.addressMask) >>> 0);
}

/** Subtracts `bytes` from the length in register `r`: 64 bits in the 64-bit mode, 32 bits in the other modes. */
export function reduceLength(c: Processor, r: number, bytes: number): void {
  if (c.addressing === ADDRESSING.BITS_64) c.gr[r] = (c.gr[r] as bigint) - BigInt(bytes);
  else c.gr32[r * 2] = c.low(r) - bytes;
}

/** The page number of an address. */
export const pageOf = (hi: number, lo: number) => hi * 0x10_0000 + (lo >>> 12);

/** The page of the effective address. */
export const effectivePage = (c: Processor) => logicalPage(pageOf(c.eaHi, c.eaLo));

/** Returns the absolute byte address of a real operand of `size` bytes, all in one page. Protection applies. */
export function realOperand(c: Processor, hi: number, lo: number, size: number, access: Access): number {
  const offset = lo & 0xfff;
  return c.realOperandFrame(realPage(pageOf(hi, lo)), offset, access, size) + offset;
}

/**
 * Returns the absolute byte address of an assigned storage location that the machine itself stores into. `location` is a
 * real address below 4096. No protection applies.
 */
export function assigned(c: Processor, location: number): number {
  return c.realFrame(realPage(0), STORE) + location;
}

/**
 * Returns the frame number of an absolute page of the running program. No protection applies, and no reference is recorded.
 * @param logical the page that an addressing exception names
 */
export function frameNumber(c: Processor, page: AbsolutePage, logical: number): number {
  if (c.sie !== null) return c.walkHost(page, logical).frame;
  if (page >= c.storage.keys.length) c.program(PGM.ADDRESSING);
  return page;
}
