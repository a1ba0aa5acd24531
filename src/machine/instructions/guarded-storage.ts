/**
 * The guarded-storage facility: a load of a pointer into a guarded section of storage branches to a handler instead, which
 * moves the object and repairs the pointer. Principles of Operation, chapter 4, "Guarded-Storage Facility".
 *
 * The guarded area is the 2^characteristic bytes at the origin in the designation register, of which each of 64 sections has a
 * bit in the section mask.
 */

import type { Processor } from '../cpu/processor.ts';
import { SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { aligned, fetch64, load32, X, XL } from './operands.ts';

/** Control register 2, bit 59: the facility is enabled. */
const ENABLED = 0x10;

/** Fields of the guarded-storage designation. */
const SHIFT = { AT: 8n, MASK: 7n } as const;
const CHARACTERISTIC = 0x3fn;
/** The characteristics that are not reserved. With another one no section is guarded. */
const SMALLEST = 25n;
const LARGEST = 56n;
/** The number of sections as a power of two. */
const SECTIONS = 6n;

/** The bytes of a control block, and of an event parameter list. */
const BLOCK_SIZE = 32;
const LIST_SIZE = 48;
const BYTES = new Uint8Array(LIST_SIZE);
const VIEW = new DataView(BYTES.buffer);

const designationOf = (c: Processor) => c.guarded[0] as bigint;
const sectionsOf = (c: Processor) => c.guarded[1] as bigint;

/** Offsets in an event parameter list. */
const LIST = {
  ADDRESSING_MODE: 1,
  CAUSE: 2,
  ACCESS: 3,
  HANDLER: 8,
  INSTRUCTION: 16,
  OPERAND: 24,
  INTERMEDIATE_RESULT: 32,
  RETURN: 40,
} as const;

/** Whether control register 2 enables the facility, and the host lets its guest use it. */
function isEnabled(c: Processor): boolean {
  if (((c.cr32[4] as number) & ENABLED) === 0) return false;
  return c.sie === null || (c.sie.interceptions & ICTL.GUARDED_STORAGE) === 0;
}

/** Requires the facility to be enabled, and the operand to be on a doubleword boundary. */
function controlBlock(c: Processor): void {
  if (!isEnabled(c)) c.program(PGM.SPECIAL_OPERATION);
  aligned(c, 8);
}

/** LOAD GUARDED STORAGE CONTROLS. */
function lgsc(c: Processor): void {
  controlBlock(c);
  c.fetchBytes(c.eaHi, c.eaLo, BLOCK_SIZE, BYTES);
  for (let n = 0; n < 3; n++) c.guarded[n] = VIEW.getBigUint64(8 + n * 8);
}

/** STORE GUARDED STORAGE CONTROLS. */
function stgsc(c: Processor): void {
  controlBlock(c);
  VIEW.setBigUint64(0, 0n);
  for (let n = 0; n < 3; n++) VIEW.setBigUint64(8 + n * 8, c.guarded[n] as bigint);
  c.storeBytes(c.eaHi, c.eaLo, BLOCK_SIZE, BYTES);
}

/** LOAD GUARDED. */
function lgg(c: Processor, r1: number, base: number): void {
  fetch64(c, X);
  loadGuarded(c, r1, base, LOADS.LGG);
}

/** LOAD LOGICAL AND SHIFT GUARDED: a pointer of 32 bits, shifted left by the designation's shift. */
function llgfsg(c: Processor, r1: number, base: number): void {
  const shift = isEnabled(c) ? (designationOf(c) >> SHIFT.AT) & SHIFT.MASK : 0n;
  c.op[X] = BigInt(load32(c)) << shift;
  loadGuarded(c, r1, base, LOADS.LLGFSG);
}

/** The instruction of an event, in bit 7 of its cause. */
const LOADS = { LGG: 0, LLGFSG: 1 } as const;

/** Loads operand X as an address, unless it is in a guarded section. */
function loadGuarded(c: Processor, r1: number, base: number, cause: number): void {
  if (c.addressMask !== 0xffff_ffff) {
    c.op32[XL] = (c.op32[XL] as number) & c.addressMask;
    c.op32[XL + 1] = 0;
  }
  if (isEnabled(c) && sectionsOf(c) !== 0n && isGuarded(c, c.op[X] as bigint)) event(c, base, cause);
  else c.op[r1] = c.op[X] as bigint;
}

function isGuarded(c: Processor, address: bigint): boolean {
  const designation = designationOf(c);
  const characteristic = designation & CHARACTERISTIC;
  if (characteristic < SMALLEST || characteristic > LARGEST) return false;
  if (address >> characteristic !== designation >> characteristic) return false;
  const section = (address >> (characteristic - SECTIONS)) & 63n;
  return ((sectionsOf(c) >> (63n - section)) & 1n) !== 0n;
}

/**
 * A guarded-storage event: stores its parameters into the list, and branches to the handler whose address the list has. In
 * the access-register mode the list is in the primary space.
 */
function event(c: Processor, base: number, cause: number): void {
  const { space } = c;
  const inAccessRegisterMode = c.dat && space === SPACE.ACCESS_REGISTER;
  const list = c.guarded[2] as bigint;
  const hi = c.addressMask === 0xffff_ffff ? Number(list >> 32n) : 0;
  const lo = (Number(list & 0xffff_ffffn) & c.addressMask) >>> 0;
  if (inAccessRegisterMode) c.space = SPACE.PRIMARY;
  try {
    c.sideEffect(() => {
      c.fetchBytes(hi, lo, LIST_SIZE, BYTES);
      describe(c, (space << 4) | (inAccessRegisterMode ? base : 0), cause);
      c.storeBytes(hi, lo, LIST_SIZE, BYTES);
    });
  } finally {
    c.space = space;
  }
  c.branchTo(VIEW.getUint32(LIST.HANDLER), VIEW.getUint32(LIST.HANDLER + 4));
}

/** Sets the fields of the list, except the handler's address. */
function describe(c: Processor, access: number, cause: number): void {
  VIEW.setUint8(0, 0);
  VIEW.setUint8(LIST.ADDRESSING_MODE, c.addressing);
  VIEW.setUint8(LIST.CAUSE, cause);
  VIEW.setUint8(LIST.ACCESS, access | (c.dat ? 0x40 : 0));
  VIEW.setUint32(4, 0);
  setAddress(LIST.INSTRUCTION, c.startHi, c.startLo);
  setAddress(LIST.OPERAND, c.eaHi, c.eaLo);
  setAddress(LIST.INTERMEDIATE_RESULT, c.op32[XL + 1] as number, c.op32[XL] as number);
  setAddress(LIST.RETURN, c.startHi, c.startLo);
}

function setAddress(at: number, hi: number, lo: number): void {
  VIEW.setUint32(at, hi);
  VIEW.setUint32(at + 4, lo);
}

const CONTROLS = { intercept: ICTL.GUARDED_STORAGE } as const;

// biome-ignore format: a line each
export const GUARDED_STORAGE: readonly InstructionLine[] = [
  ['LGSC', 'RXY', 0xe34d, 'guarded', lgsc, CONTROLS],
  ['STGSC', 'RXY', 0xe349, 'guarded', stgsc, CONTROLS],
  ['LGG', 'RXY', 0xe34c, 'guarded', lgg],
  ['LLGFSG', 'RXY', 0xe348, 'guarded', llgfsg],
];
