/**
 * TRAP: saves the state of the program in the trap save area of its dispatchable unit, and gives control to the trap program.
 * Principles of Operation, chapter 10. The trap control block and the save area are in the home space.
 */

import { FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING, SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { DUCT, ductOf } from './asn.ts';
import type { InstructionLine } from './line.ts';
import { FIRST } from './span.ts';
import { addBranch, TRACE, tracesBranches } from './trace.ts';

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

// biome-ignore format: a line each
export const TRAP: readonly InstructionLine[] = [
  ['TRAP2', 'E', 0x01ff, 'base', trap(false)],
  ['TRAP4', 'S', 0xb2ff, 'base', trap(true)],
];
