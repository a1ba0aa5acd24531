/**
 * TRAP saves the state of the program in the trap save area of its dispatchable unit, and gives control to the trap program;
 * RESUME PROGRAM returns. Principles of Operation, chapter 10. The trap control block and the save area are in the home space.
 */

import { logicalPage } from '../addresses.ts';
import { FETCH, INSTRUCTION, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING, isValidPsw, SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { DUCT, ductOf, homeSwitch } from './asn.ts';
import type { InstructionLine } from './line.ts';
import { advance } from './operands.ts';
import { FIRST } from './span.ts';
import { addBranch, TRACE, traceModeBranch, tracesBranches } from './trace.ts';

/** The word of the DUCT about traps: whether they are enabled, and the address of the trap control block. */
const ENABLED = 1;
const CONTROL_BLOCK = 0x7fff_fff8;

/** Offsets in the trap control block, its size, and bits of its first word. */
const BLOCK = { SAVE_AREA: 12, PROGRAM: 20, SIZE: 24 } as const;
const FLAG = {
  /** The whole PSW is saved, of sixteen bytes. */
  WHOLE_PSW: 0x0004_0000,
  /** The whole registers are saved. */
  WHOLE_REGISTERS: 0x0002_0000,
} as const;

/** Offsets in the trap save area, and bits of its first word. */
const SAVED = { OPERAND: 8, ACCESS_REGISTER: 12, PSW: 16, REGISTERS: 32 } as const;
const BY_EXECUTE = 0x8000_0000;
const BY_TRAP4 = 0x4000_0000;
/** Bit 12 of a short PSW. */
const SHORT_PSW = 0x0008_0000;

/** The words of a save area that are stored when all exceptions are over. */
const WORDS = new Uint32Array(40);

/** @param trap4 whether the instruction is TRAP4, whose operand address is saved */
function trap(trap4: boolean) {
  return (c: Processor): void => {
    if (!c.dat || c.space & SPACE.SECONDARY) c.program(PGM.SPECIAL_OPERATION);
    const enabled = c.realWord(ductOf(c) + DUCT.TRAP);
    if (!(enabled & ENABLED)) c.program(PGM.SPECIAL_OPERATION);
    const block = enabled & CONTROL_BLOCK;
    FIRST.atHome(c, BigInt(block), BLOCK.SIZE, FETCH, c.key);
    const word = (offset: number) => c.storage.get32(FIRST.address(offset));
    const flags = word(0);
    const area = word(BLOCK.SAVE_AREA) & CONTROL_BLOCK;
    const program = word(BLOCK.PROGRAM) & 0x7fff_ffff;
    if (!(flags & FLAG.WHOLE_PSW) && c.addressing === ADDRESSING.BITS_64) c.program(PGM.SPECIAL_OPERATION);
    const words = saveWords(c, flags, trap4);
    FIRST.atHome(c, BigInt(area), words * 4, STORE, c.key);
    TRACE.begin(c);
    if (tracesBranches(c)) addBranch(c, 0, program, ADDRESSING.BITS_31);
    TRACE.commit(c);
    for (let i = 0; i < words; i++) c.storage.set32(FIRST.address(i * 4), WORDS[i] as number);
    if (c.addressing === ADDRESSING.BITS_64) c.gr32[15 * 2 + 1] = 0;
    c.gr32[15 * 2] = block;
    c.addressing = ADDRESSING.BITS_31;
    c.setSpace(SPACE.PRIMARY);
    c.branchTo(0, program);
  };
}

/** Sets `WORDS` to what the save area gets. Returns the number of words. */
function saveWords(c: Processor, flags: number, trap4: boolean): number {
  WORDS.fill(0);
  WORDS[0] = (c.executing ? BY_EXECUTE : 0) | (trap4 ? BY_TRAP4 : 0) | ((c.length / 2) << 17);
  WORDS[SAVED.OPERAND / 4] = trap4 ? c.eaLo & 0x7fff_ffff : 0;
  WORDS[SAVED.ACCESS_REGISTER / 4] = c.ar[15] as number;
  const psw = SAVED.PSW / 4;
  if (flags & FLAG.WHOLE_PSW) WORDS.set([c.pswHi, c.pswLo, c.iaHi, c.iaLo], psw);
  else WORDS.set([c.pswHi | SHORT_PSW, c.pswLo | c.iaLo], psw);
  const whole = (flags & FLAG.WHOLE_REGISTERS) !== 0;
  let at = SAVED.REGISTERS / 4;
  for (let r = 0; r < 16; r++) {
    if (whole) WORDS[at++] = c.high(r);
    WORDS[at++] = c.low(r);
  }
  return at;
}

/** Flags of the parameter list of RESUME PROGRAM: sizes of the PSW and of the register, and whether the register has two fields. */
const LIST = { RESERVED: 0xfff8, WHOLE_PSW: 4, WHOLE_REGISTER: 2, DISJOINT: 1 } as const;
/** Offset of the parameter list from the instruction that it follows. */
const LIST_OFFSET = 4;

/** Returns halfword `n` of the parameter list. It is fetched as instructions are. */
function listed(c: Processor, n: number): number {
  const lo = c.insLo + LIST_OFFSET + n * 2;
  const page = logicalPage((c.insHi * 0x10_0000 + Math.floor(lo / 0x1000)) % c.pageLimit);
  const offset = lo & 0xfff;
  return c.storage.get16(c.frame(page, offset, INSTRUCTION, 2) + offset);
}

const FIELD = new Uint8Array(16);
const FIELD_VIEW = new DataView(FIELD.buffer);

/** Fetches a field of the operand into `FIELD`. */
function fetchField(c: Processor, offset: number, length: number): DataView {
  const { eaHi, eaLo } = c;
  advance(c, offset);
  c.fetchBytes(c.eaHi, c.eaLo, length, FIELD);
  c.eaHi = eaHi;
  c.eaLo = eaLo;
  return FIELD_VIEW;
}

/** Bits of the PSW that RESUME PROGRAM loads: space, condition code, program mask, and addressing mode. */
const RESUMED = 0x0000_ff01;
const HOME_BITS = 0x0000_c000;

/** RESUME PROGRAM: the parameter list behind it has the offsets, in the operand, of PSW, access register and general register. */
function rp(c: Processor, b2: number): void {
  const flags = listed(c, 0);
  if (flags & LIST.RESERVED) c.program(PGM.SPECIFICATION);
  const whole = (flags & LIST.WHOLE_REGISTER) !== 0;
  const disjoint = whole && (flags & LIST.DISJOINT) !== 0;
  const offsets = [listed(c, 1), listed(c, 2), listed(c, 3), disjoint ? listed(c, 4) : 0] as const;
  const wide = (flags & LIST.WHOLE_PSW) !== 0;
  const psw = fetchField(c, offsets[0], wide ? 16 : 8);
  const hi = (psw.getUint32(0) & RESUMED) >>> 0;
  const second = psw.getUint32(4);
  const lo = wide ? second : (second & 0x8000_0000) >>> 0;
  const iaHi = wide ? psw.getUint32(8) : 0;
  const iaLo = wide ? psw.getUint32(12) : second & 0x7fff_ffff;
  const access = fetchField(c, offsets[1], 4).getUint32(0);
  const first = fetchField(c, offsets[2], whole && !disjoint ? 8 : 4).getUint32(0);
  const low = whole && !disjoint ? FIELD_VIEW.getUint32(4) : first;
  const high = disjoint ? fetchField(c, offsets[3], 4).getUint32(0) : first;
  if (c.dat && c.problem && (hi & HOME_BITS) === HOME_BITS) c.program(PGM.PRIVILEGED_OPERATION);
  if (!isValidPsw(hi, lo, iaHi, iaLo) || iaLo & 1) c.program(PGM.SPECIFICATION);
  const addressing = ((hi & 1) << 1) | (lo >>> 31);
  traceModeBranch(c, iaHi, iaLo, addressing);
  c.ar[b2] = access;
  if (whole) c.gr32[b2 * 2 + 1] = high;
  c.gr32[b2 * 2] = low;
  c.cc = (hi >>> 12) & 3;
  c.programMask = (hi >>> 8) & 15;
  c.addressing = addressing;
  const from = c.space;
  c.setSpace((hi >>> 14) & 3);
  c.branchTo(iaHi, iaLo);
  if (c.dat) homeSwitch(c, from);
}

// biome-ignore format: a line each
export const TRAP: readonly InstructionLine[] = [
  ['TRAP2', 'E', 0x01ff, 'base', trap(false)],
  ['TRAP4', 'S', 0xb2ff, 'base', trap(true)],
  ['RP', 'S', 0xb277, 'base', rp],
];
