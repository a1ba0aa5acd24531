/**
 * The linkage stack: state entries that BRANCH AND STACK and stacking PROGRAM CALL form, and PROGRAM RETURN takes from it.
 * Principles of Operation, chapter 5, "Linkage-Stack Operations".
 *
 *     section: header entry (16 bytes), state entries (296 bytes each), free space, trailer entry (16 bytes)
 *
 * Each entry ends with an entry descriptor of 8 bytes; a header entry begins with the address of the last descriptor of the
 * section before it, and a trailer entry with that of the header's descriptor in the section behind it. Control register 15
 * has the address of the current entry's descriptor. The stack is in the home space.
 */

import { FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING, SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { primaryInstance, reuse, secondaryInstance } from './asn.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { pair } from './operands.ts';
import { Span } from './span.ts';
import { addBranch, TRACE, tracesBranches } from './trace.ts';

/** Entry types. */
const TYPE = { HEADER: 0x09, BRANCH: 0x0c, CALL: 0x0d } as const;
const UNSTACK_SUPPRESSION = 0x80;
/** Offsets in an entry descriptor. */
const REMAINING = 2;
const NEXT_SIZE = 4;
const DESCRIPTOR_SIZE = 8;

/** Byte offsets in a state entry. */
export const STATE = {
  KEY_MASK: 128,
  SECONDARY_ASN: 130,
  EXTENDED_INDEX: 132,
  PRIMARY_ASN: 134,
  PSW: 136,
  /** The branch address of BRANCH AND STACK, or called-space identification and number of PROGRAM CALL. */
  CALLED: 144,
  MODIFIABLE: 152,
  ADDRESS: 168,
  SECONDARY_INSTANCE: 176,
  PRIMARY_INSTANCE: 180,
  ACCESS_REGISTERS: 224,
  DESCRIPTOR: 288,
} as const;
/** Bytes of a state entry. */
const SIZE = 296;
const EMPTY_FIELDS = 160;

/** Validity bit of the addresses in header and trailer entries; bits of addresses. */
const VALID = 1n;
const ADDRESS = 0xffff_ffff_ffff_fff8n;
const wrapped = (address: bigint) => BigInt.asUintN(64, address);

/** Parts of the stack: of the entry before, of a header, and of the state entry. */
const BEFORE = new Span();
const HEADER = new Span();
/** The state entry under way. */
export const ENTRY = new Span();

/** The address of the current entry's descriptor. */
const currentEntry = (c: Processor) => (c.cr[15] as bigint) & ADDRESS;

/** Returns the doubleword at an address of the stack. */
function doubleword(c: Processor, address: bigint): bigint {
  return c.storage.get64(HEADER.atHome(c, address, 8, FETCH).at);
}

/** What a new state entry records beside the registers. */
export interface StateRecord {
  readonly type: 'branch' | 'call';
  /** The return address, and its addressing mode, see `ADDRESSING`. */
  readonly addressing: number;
  readonly address: bigint;
  /** See `STATE.CALLED`. */
  readonly called: bigint;
}

/** Adds a state entry to the stack. Unwinds before anything has changed. */
export function formEntry(c: Processor, record: StateRecord): void {
  let current = currentEntry(c);
  let before = 0n;
  let room = remaining(c, current);
  if (room < SIZE) {
    if (room & 7) c.program(PGM.STACK_SPECIFICATION);
    const forward = doubleword(c, wrapped(current + BigInt(DESCRIPTOR_SIZE + room)));
    if (!(forward & VALID)) c.program(PGM.STACK_FULL);
    before = current | VALID;
    current = forward & ADDRESS;
    room = remaining(c, current);
    if (room < SIZE) c.program(PGM.STACK_SPECIFICATION);
    HEADER.atHome(c, wrapped(current - 8n), 8, STORE);
  }
  BEFORE.atHome(c, current, DESCRIPTOR_SIZE, STORE);
  ENTRY.atHome(c, wrapped(current + BigInt(DESCRIPTOR_SIZE)), SIZE, STORE);
  if (before !== 0n) c.storage.set64(HEADER.at, before);
  writeState(c, record);
  writeDescriptor(c, record.type === 'call' ? TYPE.CALL : TYPE.BRANCH, room - SIZE);
  c.storage.set16(BEFORE.at + NEXT_SIZE, SIZE);
  c.setControl(15, wrapped(current + BigInt(SIZE)));
}

/** Returns the size of the free space behind an entry. */
function remaining(c: Processor, descriptor: bigint): number {
  return c.storage.get16(BEFORE.atHome(c, descriptor, DESCRIPTOR_SIZE, FETCH).at + REMAINING);
}

const at = (offset: number) => ENTRY.address(offset);

function writeState(c: Processor, { addressing, address, called }: StateRecord): void {
  const { storage } = c;
  for (let r = 0; r < 16; r++) storage.set64(at(r * 8), c.gr[r] as bigint);
  for (let r = 0; r < 16; r++) storage.set32(at(STATE.ACCESS_REGISTERS + r * 4), c.ar[r] as number);
  // The PSW-key mask and the secondary ASN are as in control register 3.
  storage.set32(at(STATE.KEY_MASK), c.cr32[6] as number);
  storage.set16(at(STATE.EXTENDED_INDEX), c.extendedAuthorizationIndex);
  storage.set16(at(STATE.PRIMARY_ASN), (c.cr32[8] as number) & 0xffff);
  storage.set32(at(STATE.PSW), ((c.pswHi & ~1) | (addressing >>> 1)) >>> 0);
  storage.set32(at(STATE.PSW + 4), addressing & 1 ? 0x8000_0000 : 0);
  storage.set64(at(STATE.CALLED), called);
  storage.set64(at(STATE.MODIFIABLE), 0n);
  storage.set64(at(EMPTY_FIELDS), 0n);
  storage.set64(at(STATE.ADDRESS), address);
  if (!reuse(c)) return;
  storage.set32(at(STATE.SECONDARY_INSTANCE), secondaryInstance(c));
  storage.set32(at(STATE.PRIMARY_INSTANCE), primaryInstance(c));
}

/** Writes the descriptor of the new entry: in the section of the one before it, with nothing behind it. */
function writeDescriptor(c: Processor, type: number, room: number): void {
  const { storage } = c;
  const section = storage.get8(BEFORE.at + 1);
  storage.set32(at(STATE.DESCRIPTOR), (type << 24) | (section << 16) | room);
  storage.set32(at(STATE.DESCRIPTOR + 4), 0);
}

/** A state entry that was found. */
export interface FoundEntry {
  /** Address of the entry, and of the descriptor of the entry before it. */
  readonly address: bigint;
  readonly previous: bigint;
  /** Whether PROGRAM CALL formed it. */
  readonly call: boolean;
}

/**
 * Finds the current state entry, which is in the section before if the current entry is a header.
 * @param unstacks whether the instruction is PROGRAM RETURN, which entries may suppress
 */
export function findEntry(c: Processor, unstacks: boolean): FoundEntry {
  let descriptor = currentEntry(c);
  let type = typeAt(c, descriptor);
  if ((type & ~UNSTACK_SUPPRESSION) === TYPE.HEADER) {
    if (unstacks && type & UNSTACK_SUPPRESSION) c.program(PGM.STACK_OPERATION);
    const backward = doubleword(c, wrapped(descriptor - 8n));
    if (!(backward & VALID)) c.program(PGM.STACK_EMPTY);
    descriptor = backward & ADDRESS;
    type = typeAt(c, descriptor);
    if ((type & ~UNSTACK_SUPPRESSION) === TYPE.HEADER) c.program(PGM.STACK_SPECIFICATION);
  }
  const kind = type & ~UNSTACK_SUPPRESSION;
  if (kind !== TYPE.BRANCH && kind !== TYPE.CALL) c.program(PGM.STACK_TYPE);
  if (unstacks && type & UNSTACK_SUPPRESSION) c.program(PGM.STACK_OPERATION);
  const address = wrapped(descriptor - BigInt(STATE.DESCRIPTOR));
  return { address, previous: wrapped(descriptor - BigInt(SIZE)), call: kind === TYPE.CALL };
}

const typeAt = (c: Processor, descriptor: bigint) =>
  c.storage.get8(BEFORE.atHome(c, descriptor, DESCRIPTOR_SIZE, FETCH).at);

/** Takes the current state entry from the stack. Preconditions: the descriptor of the entry before it can be stored into. */
export function removeEntry(c: Processor, { previous }: FoundEntry): void {
  c.storage.set16(BEFORE.at + NEXT_SIZE, 0);
  c.setControl(15, previous);
}

/** Recognizes the access exceptions of removing an entry. */
export function probeRemoval(c: Processor, { previous }: FoundEntry): void {
  BEFORE.atHome(c, previous, DESCRIPTOR_SIZE, STORE);
}

/** Loads registers `first` to `last` from a state entry: general registers, whole or their low halves, and access registers. */
export function restoreRegisters(
  c: Processor,
  entry: FoundEntry,
  first: number,
  last: number,
  whole: boolean,
): void {
  // Registers 15 and 0 follow one another.
  const from = first > last ? 0 : first;
  const to = first > last ? 15 : last;
  const start = from * 8;
  ENTRY.atHome(c, wrapped(entry.address + BigInt(start)), STATE.ACCESS_REGISTERS + to * 4 + 4 - start, FETCH);
  const { storage } = c;
  for (let n = 0; n <= ((last - first) & 15); n++) {
    const r = (first + n) & 15;
    const general = at(r * 8 - start);
    if (whole) c.gr[r] = storage.get64(general);
    else c.gr32[r * 2] = storage.get32(general + 4);
    c.ar[r] = storage.get32(at(STATE.ACCESS_REGISTERS + r * 4 - start));
  }
}

/** Requires DAT and a mode other than the secondary-space mode. */
function demandStackMode(c: Processor): void {
  if (!c.dat || c.space === SPACE.SECONDARY) c.program(PGM.SPECIAL_OPERATION);
}

/** EXTRACT STACKED REGISTERS. */
function extractRegisters(whole: boolean) {
  return (c: Processor, r1: number, r2: number): void => {
    demandStackMode(c);
    restoreRegisters(c, findEntry(c, false), r1, r2, whole);
  };
}

/** Codes of EXTRACT STACKED STATE. Codes 0 to 3 select a doubleword, from that of the PSW-key mask on. */
const CODE = { SHORT_PSW: 1, WHOLE_PSW: 4, INSTANCES: 5 } as const;
/** Bit 12 of a short PSW, which is one; and the bit that says that its address does not fit. */
const SHORT_PSW = 0x0008_0000;
const TOO_LONG = 1;

/** EXTRACT STACKED STATE. Condition code 0: BRANCH AND STACK formed the entry; 1: PROGRAM CALL. */
function esta(c: Processor, r1: number, r2: number): void {
  demandStackMode(c);
  const code = c.low(r2) & 0xff;
  pair(c, r1);
  if (code > CODE.INSTANCES) c.program(PGM.SPECIFICATION);
  const entry = findEntry(c, false);
  if (code === CODE.SHORT_PSW || code === CODE.WHOLE_PSW) extractPsw(c, entry, r1, code);
  else {
    const offset = code === CODE.INSTANCES ? STATE.SECONDARY_INSTANCE : STATE.KEY_MASK + code * 8;
    const half = code === CODE.INSTANCES ? 1 : 0;
    const from = ENTRY.atHome(c, wrapped(entry.address + BigInt(offset)), 8, FETCH).at;
    c.gr32[r1 * 2 + half] = c.storage.get32(from);
    c.gr32[r1 * 2 + 2 + half] = c.storage.get32(from + 4);
  }
  c.cc = entry.call ? 1 : 0;
}

function extractPsw(c: Processor, entry: FoundEntry, r1: number, code: number): void {
  ENTRY.atHome(c, wrapped(entry.address + BigInt(STATE.PSW)), STATE.ADDRESS + 8 - STATE.PSW, FETCH);
  const mask = c.storage.get64(at(0));
  const address = c.storage.get64(at(STATE.ADDRESS - STATE.PSW));
  if (code === CODE.WHOLE_PSW) {
    c.gr[r1] = mask;
    c.gr[r1 + 1] = address;
    return;
  }
  c.gr32[r1 * 2] = Number(mask >> 32n) | SHORT_PSW;
  const low = Number(mask & 0x8000_0000n) | Number(address & 0x7fff_ffffn);
  c.gr32[r1 * 2 + 2] = address > 0x7fff_ffffn ? low | TOO_LONG : low;
}

/** MODIFY STACKED STATE: stores the low halves of a pair of registers into the modifiable area. */
function msta(c: Processor, r1: number): void {
  demandStackMode(c);
  pair(c, r1);
  const { address } = findEntry(c, false);
  const to = ENTRY.atHome(c, wrapped(address + BigInt(STATE.MODIFIABLE)), 8, STORE).at;
  c.storage.set32(to, c.low(r1));
  c.storage.set32(to + 4, c.low(r1 + 1));
}

/** The addressing mode and the address in a register, as BRANCH AND STACK takes them: bit 63 says 64 bits, bit 32 31 bits. */
function returnIn(value: bigint): { addressing: number; address: bigint } {
  if (value & 1n) return { addressing: ADDRESSING.BITS_64, address: value & ~1n };
  if (value & 0x8000_0000n) return { addressing: ADDRESSING.BITS_31, address: value & 0x7fff_ffffn };
  return { addressing: ADDRESSING.BITS_24, address: value & 0x00ff_ffffn };
}

/** Returns an address of the current mode, with the bit that says so. */
export function withMode(c: Processor, address: bigint): bigint {
  if (c.addressing === ADDRESSING.BITS_64) return address | 1n;
  return c.addressing === ADDRESSING.BITS_31 ? address | 0x8000_0000n : address;
}

/** BRANCH AND STACK: r1 has the return address, r2 the branch address; register 0 stands for the next instruction. */
function bakr(c: Processor, r1: number, r2: number): void {
  if (!c.dat || c.space & SPACE.SECONDARY) c.program(PGM.SPECIAL_OPERATION);
  const own = { addressing: c.addressing, address: c.pswAddress };
  if (r2 !== 0) c.effectiveRegister(r2);
  const { eaHi, eaLo } = c;
  const to = r2 === 0 ? c.pswAddress : (BigInt(eaHi) << 32n) | BigInt(eaLo);
  TRACE.begin(c);
  if (r2 !== 0 && tracesBranches(c)) addBranch(c, eaHi, eaLo, c.addressing);
  const back = r1 === 0 ? own : returnIn(c.gr[r1] as bigint);
  formEntry(c, { type: 'branch', ...back, called: withMode(c, to) });
  TRACE.commit(c);
  if (r2 !== 0) c.branchTo(eaHi, eaLo);
}

// biome-ignore format: a line each
export const LINKAGE_STACK: readonly InstructionLine[] = [
  ['BAKR', 'RRE', 0xb240, 'base', bakr, { intercept: ICTL.BAKR }],
  ['EREG', 'RRE', 0xb249, 'base', extractRegisters(false)],
  ['EREGG', 'RRE', 0xb90e, 'zarch', extractRegisters(true)],
  ['ESTA', 'RRE', 0xb24a, 'base', esta],
  ['MSTA', 'RRE', 0xb247, 'base', msta],
];
