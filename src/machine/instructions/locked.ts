/**
 * PERFORM LOCKED OPERATION: comparisons, swaps and stores of several operands under a lock. Principles of Operation, chapter 7.
 *
 * The function code in register 0 consists of a kind of operation and a form. The form says how long values are, and
 * whether the values that the program supplies are in registers or in the parameter list at the fourth-operand address.
 * No other processor runs during an instruction, so the lock that register 1 designates is always free.
 */

import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';
import { advance, pair, setEffective } from './operands.ts';

/** The kinds of operation: function code divided by 4. STORE_1 and the kinds after it store up to three operands. */
const KIND = { LOAD: 0, SWAP: 1, DOUBLE_SWAP: 2, STORE_1: 3, STORE_2: 4, STORE_3: 5 } as const;
/** Number of functions: each kind has four forms. */
const FUNCTIONS = 24;
/** The length of a value in each form. Forms 1 and 3 have their values in the parameter list. */
const SIZES = [4, 8, 8, 16] as const;

/** Bit of register 0: only tests whether the function is there. */
const TEST = 0x100;
/** Bits of register 0 that must be zero. */
const RESERVED = 0xffff_fe00;

/**
 * Offsets in the parameter list. Values are at the right of sixteen bytes, addresses have eight bytes; each operand to
 * store has both.
 */
const FIRST_COMPARISON = 0;
const FIRST_REPLACEMENT = 16;
const THIRD_COMPARISON = 32;
const THIRD_REPLACEMENT = 48;
const STORED_VALUES = [48, 80, 112] as const;
const STORED_ADDRESSES = [72, 104, 136] as const;

/** The address of an operand in halves, and its access register. */
interface Address {
  hi: number;
  lo: number;
  register: number;
  /** In the access-register mode: the ALET in the parameter list, which access register R3 holds during an access; otherwise `NONE`. */
  alet: number;
}

const NONE = -1;

/** The function under way. */
const NOW = { r1: 0, r3: 0, kind: 0, size: 4, inList: false, alets: false };
/** The address of the second operand, and the fourth-operand address: of an operand or of the parameter list. */
const OPERAND_2: Address = { hi: 0, lo: 0, register: 0, alet: NONE };
const ADDRESS_4: Address = { hi: 0, lo: 0, register: 0, alet: NONE };
/** The addresses of the fourth operand and of further operands to store. */
const TARGETS: readonly Address[] = [0, 1, 2].map(() => ({ hi: 0, lo: 0, register: 0, alet: NONE }));
const OPERAND_4 = TARGETS[0] as Address;

const BYTES = new Uint8Array(16);

/** Begins an access. Returns what access register R3 contains, for `leave`. */
function enter(c: Processor, { register, alet }: Address): number {
  const { r3 } = NOW;
  const before = c.ar[r3] as number;
  c.operandRegister = register;
  if (alet !== NONE) c.ar[r3] = alet;
  return before;
}

function leave(c: Processor, before: number): void {
  c.ar[NOW.r3] = before;
}

/** Returns the number in `size` bytes of storage. */
function fetchValue(c: Processor, address: Address, size: number): bigint {
  const before = enter(c, address);
  c.fetchBytes(address.hi, address.lo, size, BYTES);
  leave(c, before);
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(BYTES[i] as number);
  return value;
}

/** Stores a value at an address. */
function storeValue(c: Processor, address: Address, value: bigint): void {
  const { size } = NOW;
  for (let i = size - 1, rest = value; i >= 0; i--, rest >>= 8n) BYTES[i] = Number(rest & 0xffn);
  const before = enter(c, address);
  c.storeBytes(address.hi, address.lo, size, BYTES);
  leave(c, before);
}

/** Recognizes the access exceptions of storing a value. */
function probeStore(c: Processor, address: Address): void {
  const before = enter(c, address);
  c.probe(address.hi, address.lo, NOW.size, STORE);
  leave(c, before);
}

const LISTED: Address = { hi: 0, lo: 0, register: 0, alet: NONE };

/** Sets an address to the effective address. */
function place(c: Processor, address: Address, register: number, alet = NONE): Address {
  address.hi = c.eaHi;
  address.lo = c.eaLo;
  address.register = register;
  address.alet = alet;
  return address;
}

/** Returns the address `offset` bytes into the parameter list. */
function inList(c: Processor, offset: number): Address {
  setEffective(c, ADDRESS_4.hi, ADDRESS_4.lo);
  advance(c, offset);
  return place(c, LISTED, ADDRESS_4.register);
}

/** Returns the address of the value in sixteen bytes of the parameter list. */
const valueInList = (c: Processor, offset: number) => inList(c, offset + 16 - NOW.size);

/** Returns a value that the program supplies: in a register, or in the parameter list. */
function supplied(c: Processor, r: number, offset: number): bigint {
  if (NOW.inList) return fetchValue(c, valueInList(c, offset), NOW.size);
  return NOW.size === 4 ? BigInt(c.low(r)) : (c.gr[r] as bigint);
}

/** Replaces a value that the program supplied. */
function replace(c: Processor, r: number, offset: number, value: bigint): void {
  if (NOW.inList) storeValue(c, valueInList(c, offset), value);
  else if (NOW.size === 4) c.gr32[r * 2] = Number(value);
  else c.gr[r] = value;
}

/** Requires an address to be a multiple of `size`. */
function boundary(c: Processor, { lo }: Address, size: number): void {
  if (lo & (size - 1)) c.program(PGM.SPECIFICATION);
}

/** Sets the addresses of the operands, and checks registers and boundaries. */
function prepare(c: Processor): void {
  const { r1, r3, kind, size } = NOW;
  if (!NOW.inList && kind !== KIND.LOAD) pair(c, r1);
  if (!NOW.inList && kind === KIND.DOUBLE_SWAP) pair(c, r3);
  boundary(c, place(c, OPERAND_2, c.operandRegister), size);
  c.exchangeOperands();
  place(c, ADDRESS_4, c.operandRegister);
  const direct = !NOW.inList && kind <= KIND.STORE_1;
  if (direct) place(c, OPERAND_4, c.operandRegister);
  else boundary(c, ADDRESS_4, 8);
  NOW.alets = !direct && operandsIn(kind) > 0 && c.dat && c.space === SPACE.ACCESS_REGISTER;
  if (NOW.alets && r3 === 0) c.program(PGM.SPECIFICATION);
  for (let i = 0; i < operandsIn(kind); i++) {
    if (!direct) addressInList(c, i);
    boundary(c, TARGETS[i] as Address, size);
  }
}

/** Returns the number of operands in storage besides the second one. */
function operandsIn(kind: number): number {
  return kind === KIND.SWAP ? 0 : kind < KIND.STORE_1 ? 1 : kind - KIND.STORE_1 + 1;
}

/**
 * Sets the address of the fourth, sixth or eighth operand from the parameter list, cut by the addressing mode. In the
 * access-register mode the list has its ALET, too.
 */
function addressInList(c: Processor, i: number): void {
  const at = STORED_ADDRESSES[i] as number;
  const alet = NOW.alets ? Number(fetchValue(c, inList(c, at - 4), 4)) : NONE;
  const address = fetchValue(c, inList(c, at), 8);
  setEffective(c, Number(address >> 32n), Number(address & 0xffff_ffffn));
  place(c, TARGETS[i] as Address, NOW.r3, alet);
}

/**
 * Compares a value that the program supplied with an operand. If they differ, the operand replaces the value, and
 * `code` is the condition code. Returns whether they are equal.
 */
function compare(c: Processor, r: number, offset: number, operand: Address, code: number): boolean {
  const value = fetchValue(c, operand, NOW.size);
  if (supplied(c, r, offset) === value) return true;
  replace(c, r, offset, value);
  c.cc = code;
  return false;
}

/** Stores up to three operands, and then the replacement of the second one. */
function storeAll(c: Processor): void {
  const { r1, r3, kind } = NOW;
  const replacement = supplied(c, r1 + 1, FIRST_REPLACEMENT);
  const count = kind >= KIND.STORE_1 ? operandsIn(kind) : 0;
  probeStore(c, OPERAND_2);
  for (let i = 0; i < count; i++) probeStore(c, TARGETS[i] as Address);
  VALUES.length = 0;
  for (let i = 0; i < count; i++) {
    const offset = STORED_VALUES[i] as number;
    if (kind === KIND.STORE_1) VALUES.push(supplied(c, r3, offset));
    else VALUES.push(fetchValue(c, valueInList(c, offset), NOW.size));
  }
  VALUES.forEach((value, i) => {
    storeValue(c, TARGETS[i] as Address, value);
  });
  storeValue(c, OPERAND_2, replacement);
}

/** The values that are stored at TARGETS. */
const VALUES: bigint[] = [];

/** The double compare and swap: both operands are replaced, or neither. */
function swapBoth(c: Processor): boolean {
  const { r1, r3 } = NOW;
  if (!compare(c, r3, THIRD_COMPARISON, OPERAND_4, 2)) return false;
  const first = supplied(c, r1 + 1, FIRST_REPLACEMENT);
  const third = supplied(c, r3 + 1, THIRD_REPLACEMENT);
  probeStore(c, OPERAND_2);
  probeStore(c, OPERAND_4);
  storeValue(c, OPERAND_4, third);
  storeValue(c, OPERAND_2, first);
  return true;
}

function perform(c: Processor): void {
  const { r1, r3, kind } = NOW;
  prepare(c);
  if (!compare(c, r1, FIRST_COMPARISON, OPERAND_2, 1)) return;
  performEqual(c);
  // The program sees the last ALET that was used.
  if (NOW.alets) c.ar[r3] = (TARGETS[operandsIn(kind) - 1] as Address).alet;
}

/** Performs the operation after an equal first comparison. */
function performEqual(c: Processor): void {
  const { r3, kind, size } = NOW;
  if (kind === KIND.LOAD) replace(c, r3, THIRD_COMPARISON, fetchValue(c, OPERAND_4, size));
  else if (kind === KIND.DOUBLE_SWAP) {
    if (!swapBoth(c)) return;
  } else storeAll(c);
  c.cc = 0;
}

/** The number of function codes: eight bits of register 0. */
const CODES = 256;

/** Returns which functions PERFORM LOCKED OPERATION has: a bit for each of the 256 codes, from the left, as its test of a function says. */
export function lockedFunctions(): Uint8Array {
  const bits = new Uint8Array(CODES / 8);
  for (let code = 0; code < FUNCTIONS; code++)
    bits[code >>> 3] = (bits[code >>> 3] as number) | (0x80 >>> (code & 7));
  return bits;
}

function plo(c: Processor, r1: number, r3: number): void {
  const control = c.low(0);
  const code = control & 0xff;
  if (control & RESERVED) c.program(PGM.SPECIFICATION);
  if (control & TEST) {
    c.cc = code < FUNCTIONS ? 0 : 3;
    return;
  }
  if (code >= FUNCTIONS) c.program(PGM.SPECIFICATION);
  NOW.r1 = r1;
  NOW.r3 = r3;
  NOW.kind = code >> 2;
  NOW.size = SIZES[code & 3] as number;
  NOW.inList = (code & 1) !== 0;
  const alet = c.ar[r3] as number;
  try {
    perform(c);
  } catch (thrown) {
    c.ar[r3] = alet;
    throw thrown;
  }
}

// biome-ignore format: a line each
export const LOCKED: readonly InstructionLine[] = [
  ['PLO', 'SSb', 0xee, 'base', plo],
];
