/** Storage keys, and moves with keys and between spaces. Principles of Operation, chapters 3 ("Storage Key") and 10. */

import { type AbsolutePage, absolutePage, realPage } from '../addresses.ts';
import { CR0 } from '../control-registers.ts';
import { FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { lowAddressProtected } from '../cpu/protection.ts';
import { ADDRESSING, SPACE } from '../cpu/state.ts';
import { hasFacility } from '../cpu-model.ts';
import { PGM } from '../interruption.ts';
import { KEY_ACC, KEY_CHANGED, KEY_FETCH, KEY_REFERENCED } from '../storage.ts';
import { KEY_PLACE } from './key-place.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { moveSpans } from './move.ts';
import { effectivePage, frameNumber, pageOf, setAddress } from './operands.ts';
import { keyAllowed } from './psw.ts';
import { FIRST, SECOND } from './span.ts';

/** The bits of the first operand of PERFORM FRAME MANAGEMENT FUNCTION, in the low half of the register. */
export const PFMF = {
  RESERVED: 0xfffc_0101,
  SET_KEY: 0x2_0000,
  CLEAR: 0x1_0000,
  SIZE: 0x7000,
  SIZE_1M: 0x1000,
  SIZE_2G: 0x2000,
  NONQUIESCING: 0x800,
  REFERENCE_MASK: 0x400,
  CHANGE_MASK: 0x200,
  KEY: 0xfe,
} as const;

/** Bits of the facility list. */
const CONDITIONAL_SSKE = 10;
const NONQUIESCING = 14;
const EDAT_2 = 78;

/** The bits of a storage key. */
const KEY_BITS = 0xfe;
const FRAMES_PER_SEGMENT = 0x100;
const FRAMES_PER_REGION = 0x8_0000;
/** Number of frames in a unit of operation. */
const FRAMES_PER_UNIT = 16;

/** Returns the key of the page that the real address in register `r` designates. */
function designated(c: Processor, r: number): typeof KEY_PLACE {
  c.effectiveRegister(r);
  const page = pageOf(c.eaHi, c.eaLo);
  return KEY_PLACE.find(c, c.prefixed(realPage(page)), page);
}

/** INSERT STORAGE KEY EXTENDED. */
function iske(c: Processor, r1: number, r2: number): void {
  const key = designated(c, r2).get(c);
  c.gr32[r1 * 2] = (c.low(r1) & ~0xff) | (key & KEY_BITS);
}

/** Controls of SET STORAGE KEY EXTENDED, in its M3 field. The nonquiescing control changes no result. */
const SSKE = { REFERENCE_MASK: 4, CHANGE_MASK: 2, MULTIPLE_BLOCK: 1 } as const;
/** Position of the old key in r1 of a conditional SSKE. */
const OLD_KEY = { SHIFT: 8, BITS: 0xff00 } as const;

/**
 * Returns the bits of a storage key that a conditional instruction compares: if they are as wanted, it does not set the key.
 * The masks exclude the reference and the change bit. With neither of them the instruction is not conditional: 0.
 */
export function comparedKeyBits(referenceMask: boolean, changeMask: boolean): number {
  if (!referenceMask && !changeMask) return 0;
  return KEY_ACC | KEY_FETCH | (referenceMask ? 0 : KEY_REFERENCED) | (changeMask ? 0 : KEY_CHANGED);
}

/** The bits that an instruction with these masks compares. They have no effect without the conditional-SSKE facility. */
function comparedBits(c: Processor, referenceMask: number, changeMask: number): number {
  if (!hasFacility(c.machine.facilities, CONDITIONAL_SSKE)) return 0;
  return comparedKeyBits(referenceMask !== 0, changeMask !== 0);
}

/** Sets a key, unless its bits in `compared` are as wanted already. Returns whether it did. */
function setKey(c: Processor, place: typeof KEY_PLACE, key: number, compared: number): boolean {
  if (compared !== 0 && ((place.get(c) ^ key) & compared) === 0) return false;
  place.set(c, key);
  return true;
}

/**
 * SET STORAGE KEY EXTENDED: of one frame, or of all frames to the end of the segment (multiple-block control). A conditional
 * one loads the old key into bits 48 to 55 of r1, and sets condition code 1 if it has set the key, else 0; of a block it
 * sets 3.
 */
function sske(c: Processor, r1: number, r2: number, m3: number): void {
  const key = c.low(r1) & KEY_BITS;
  const compared = comparedBits(c, m3 & SSKE.REFERENCE_MASK, m3 & SSKE.CHANGE_MASK);
  try {
    if (m3 & SSKE.MULTIPLE_BLOCK) setBlock(c, r2, key, compared);
    else {
      const place = designated(c, r2);
      const old = place.get(c) & KEY_BITS;
      const set = setKey(c, place, key, compared);
      if (compared === 0) return;
      c.gr32[r1 * 2] = (c.low(r1) & ~OLD_KEY.BITS) | (old << OLD_KEY.SHIFT);
      c.cc = set ? 1 : 0;
    }
  } finally {
    c.machine.forgetKeys();
  }
}

/** Sets the keys of a multiple-block operation. Its addresses are absolute. */
function setBlock(c: Processor, r: number, key: number, compared: number): void {
  eachFrame(c, r, FRAMES_PER_SEGMENT, (page) => setKey(c, KEY_PLACE.find(c, page, page), key, compared));
  if (compared !== 0) c.cc = 3;
}

/**
 * Performs an action on each frame from the absolute address in register `r` to the end of its block, in units of operation
 * of `FRAMES_PER_UNIT` frames. After a unit the register designates the next frame, and the instruction is executed
 * again unless an interruption comes first. Bits 52 to 63 of the register do not change.
 * @param block number of frames of a block
 */
function eachFrame(c: Processor, r: number, block: number, action: (page: AbsolutePage) => unknown): void {
  c.effectiveRegister(r);
  let page = pageOf(c.eaHi, c.eaLo);
  const end = (Math.floor(page / block) + 1) * block;
  const unit = Math.min(end, page + FRAMES_PER_UNIT);
  const byte = c.low(r) & 0xfff;
  try {
    for (; page < unit; page++) action(absolutePage(page));
  } finally {
    leaveAt(c, r, page, byte);
  }
  if (page < end) c.repeat();
}

/** Loads the address of a page and a byte in it into register `r`, wrapped by the addressing mode. */
function leaveAt(c: Processor, r: number, page: number, byte: number): void {
  const lo = (((page % 0x10_0000) << 12) | byte) >>> 0;
  const mask = c.addressMask;
  setAddress(c, r, Math.floor(page / 0x10_0000) >>> 0, (lo & mask) >>> 0);
}

/** RESET REFERENCE BIT EXTENDED: the condition code shows the reference and change bits as they were. */
function rrbe(c: Processor, _: number, r2: number): void {
  const place = designated(c, r2);
  const key = place.get(c);
  place.resetReference(c);
  c.machine.forgetKeys();
  c.cc = (key & KEY_REFERENCED ? 2 : 0) | (key & KEY_CHANGED ? 1 : 0);
}

/** PERFORM FRAME MANAGEMENT FUNCTION. Always intercepted: clearing stores into frames that the host may share. */
function pfmf(c: Processor, r1: number, r2: number): void {
  const what = c.low(r1);
  const size = what & PFMF.SIZE;
  if (what & reservedBits(c) || size > largestSize(c)) c.program(PGM.SPECIFICATION);
  c.effectiveRegister(r2);
  const page = pageOf(c.eaHi, c.eaLo);
  if (what & PFMF.CLEAR) lowAddress(c, page);
  // The address of a single frame is real, that of the frames of a segment absolute.
  if (size === 0) manage(c, c.prefixed(realPage(page)), page, what);
  else {
    const block = size === PFMF.SIZE_1M ? FRAMES_PER_SEGMENT : FRAMES_PER_REGION;
    eachFrame(c, r2, block, (frame) => manage(c, frame, frame, what));
  }
}

/** Returns the bits of the first operand that must be zero. The nonquiescing control is a facility of its own. */
function reservedBits(c: Processor): number {
  const available = hasFacility(c.machine.facilities, NONQUIESCING);
  return available ? PFMF.RESERVED : PFMF.RESERVED | PFMF.NONQUIESCING;
}

/** Returns the code of the largest frames: 2 GiB with enhanced DAT 2, but not in the 24-bit addressing mode. */
function largestSize(c: Processor): number {
  const large = hasFacility(c.machine.facilities, EDAT_2) && c.addressing !== ADDRESSING.BITS_24;
  return large ? PFMF.SIZE_2G : PFMF.SIZE_1M;
}

function manage(c: Processor, page: AbsolutePage, logical: number, what: number): void {
  const frame = frameNumber(c, page, logical);
  if (what & PFMF.CLEAR) clearFrame(c, frame);
  if (!(what & PFMF.SET_KEY)) return;
  const compared = comparedBits(c, what & PFMF.REFERENCE_MASK, what & PFMF.CHANGE_MASK);
  const old = c.storage.keys[frame] as number;
  if (compared !== 0 && ((old ^ what) & compared) === 0) return;
  c.storage.keys[frame] = what & KEY_BITS;
  c.machine.forgetKeys();
}

function clearFrame(c: Processor, frame: number): void {
  c.observer?.stored(frame, 0, 0xfff);
  c.storage.bytes.fill(0, frame * 0x1000, (frame + 1) * 0x1000);
  c.storage.keys[frame]! |= KEY_REFERENCED | KEY_CHANGED;
}

/** Low-address protection of a frame, by its real address. */
function lowAddress(c: Processor, page: number): void {
  if (lowAddressProtected(c.cr0, page, 0, false)) {
    c.lowAddressException(page);
  }
}

/**
 * TEST BLOCK: clears the frame at a real address, and reports it as usable, as all frames are. Register 0 becomes zero: outside
 * the 64-bit mode its low half.
 */
function testBlock(c: Processor, _: number, r2: number): void {
  c.effectiveRegister(r2);
  const page = pageOf(c.eaHi, c.eaLo);
  lowAddress(c, page);
  clearFrame(c, frameNumber(c, c.prefixed(realPage(page)), page));
  setAddress(c, 0, 0, 0);
  c.cc = 0;
}

/** Moves up to 4096 bytes. Each operand has a key and a space of its own. */
function moveBy(c: Processor, length: number, to: OperandAccess, from: OperandAccess): void {
  const { key, space } = c;
  try {
    c.key = from.key;
    c.space = from.space;
    SECOND.atSecond(c, length, FETCH);
    c.key = to.key;
    c.space = to.space;
    FIRST.atEffective(c, length, STORE);
  } finally {
    c.key = key;
    c.space = space;
  }
  moveSpans(c, length);
}

/** The key and the space by which an operand is accessed. */
interface OperandAccess {
  key: number;
  space: number;
}

const TO: OperandAccess = { key: 0, space: 0 };
const FROM: OperandAccess = { key: 0, space: 0 };

/** Sets the keys of both operands, and the current space for both. */
function setAccess(c: Processor, toKey: number, fromKey: number): void {
  TO.key = toKey;
  FROM.key = fromKey;
  TO.space = FROM.space = c.space;
}

/**
 * Moves as many bytes as the true length in register `r`, at most `most`: condition code 3 if the length is greater. The
 * condition code changes only if no access exception occurs.
 */
function moveTrue(c: Processor, r: number, most: number): void {
  const length = c.low(r);
  const more = length > most || (c.addressing === ADDRESSING.BITS_64 && c.high(r) !== 0);
  if (more || length > 0) moveBy(c, more ? most : length, TO, FROM);
  c.cc = more ? 3 : 0;
}

/** Maximum lengths of MOVE WITH KEY, TO PRIMARY and TO SECONDARY, and of MOVE WITH OPTIONAL SPECIFICATIONS. */
const MOST = 256;
const MOST_OPTIONAL = 4096;

/** MOVE WITH KEY: the source is fetched by the key in r3. */
function mvck(c: Processor, r1: number, r3: number): void {
  const key = (c.low(r3) >>> 4) & 15;
  keyAllowed(c, key);
  setAccess(c, c.key, key);
  moveTrue(c, r1, MOST);
}

/** MOVE TO PRIMARY and MOVE TO SECONDARY: the key in r3 is for the operand in the secondary space. */
function moveBetween(toPrimary: boolean) {
  return (c: Processor, r1: number, r3: number): void => {
    const allowed = c.dat && c.cr0 & CR0.SECONDARY_SPACE;
    const mode = c.space === SPACE.PRIMARY || c.space === SPACE.SECONDARY;
    if (!allowed || !mode) c.program(PGM.SPECIAL_OPERATION);
    const key = (c.low(r3) >>> 4) & 15;
    keyAllowed(c, key);
    TO.space = toPrimary ? SPACE.PRIMARY : SPACE.SECONDARY;
    FROM.space = toPrimary ? SPACE.SECONDARY : SPACE.PRIMARY;
    TO.key = toPrimary ? c.key : key;
    FROM.key = toPrimary ? key : c.key;
    // An instruction before may have had an operand in the space of instructions.
    c.operandRegister = c.ea2Register = 0;
    moveTrue(c, r1, MOST);
  };
}

/** An operand-access control, in 16 bits: the key and the space, and whether each is used instead of the PSW's. */
const CONTROL = { KEY_SHIFT: 12, SPACE_SHIFT: 6, KEY_VALID: 2, SPACE_VALID: 1 } as const;

/** Sets the access of an operand from its control. A key that the program may not use is a privileged-operation exception. */
function setControlled(c: Processor, access: OperandAccess, control: number): void {
  access.key = control & CONTROL.KEY_VALID ? control >>> CONTROL.KEY_SHIFT : c.key;
  access.space = control & CONTROL.SPACE_VALID ? (control >>> CONTROL.SPACE_SHIFT) & 3 : c.space;
}

/**
 * MOVE WITH OPTIONAL SPECIFICATIONS: register 0 has the operand-access controls of both operands. A control may select the
 * space that the access register `b1` or `b2` designates, in any mode.
 */
function mvcos(c: Processor, r3: number, b1: number, b2: number): void {
  const controls = c.low(0);
  c.operandRegister = b1;
  c.ea2Register = b2;
  if (!c.dat) c.program(PGM.SPECIAL_OPERATION);
  setControlled(c, TO, controls >>> 16);
  setControlled(c, FROM, controls & 0xffff);
  const homeByControl = (controls >>> 16) & CONTROL.SPACE_VALID && TO.space === SPACE.HOME;
  if (homeByControl && c.problem) c.program(PGM.SPECIAL_OPERATION);
  const secondary = TO.space === SPACE.SECONDARY || FROM.space === SPACE.SECONDARY;
  if (secondary && !(c.cr0 & CR0.SECONDARY_SPACE)) c.program(PGM.SPECIAL_OPERATION);
  keyAllowed(c, TO.key);
  keyAllowed(c, FROM.key);
  moveTrue(c, r3, MOST_OPTIONAL);
}

/** MOVE WITH SOURCE KEY and WITH DESTINATION KEY: length code in register 0, key in register 1. */
function moveKeyed(destination: boolean) {
  return (c: Processor): void => {
    const key = ((c.gr32[2] as number) >>> 4) & 15;
    keyAllowed(c, key);
    setAccess(c, destination ? key : c.key, destination ? c.key : key);
    moveBy(c, ((c.gr32[0] as number) & 0xff) + 1, TO, FROM);
  };
}

/** Bit 61 of the identification of a page-translation exception: MOVE PAGE has stored its register numbers. */
const MOVE_PAGE = 4;

const MVPG = {
  RESERVED: 0xf000,
  DESTINATION_KEY: 0x800,
  SOURCE_KEY: 0x400,
  CONDITION_CODE_OPTION: 0x100,
} as const;

/**
 * MOVE PAGE. With the condition-code option an invalid page-table entry gives a condition code instead of an exception: 1 for
 * the first operand's, 2 for the second's.
 */
function mvpg(c: Processor, r1: number, r2: number): void {
  const what = c.gr32[0] as number;
  const both = MVPG.DESTINATION_KEY | MVPG.SOURCE_KEY;
  if (what & MVPG.RESERVED || (what & both) === both) c.program(PGM.SPECIFICATION);
  const key = (what >>> 4) & 15;
  if (what & both) keyAllowed(c, key);
  setAccess(c, what & MVPG.DESTINATION_KEY ? key : c.key, what & MVPG.SOURCE_KEY ? key : c.key);
  c.effectiveRegister2(r2);
  c.ea2Lo = (c.ea2Lo & ~0xfff) >>> 0;
  c.effectiveRegister(r1);
  c.eaLo = (c.eaLo & ~0xfff) >>> 0;
  if (what & MVPG.CONDITION_CODE_OPTION && c.dat) {
    const first = missingPage(c);
    c.exchangeOperands();
    const second = missingPage(c);
    c.exchangeOperands();
    if (first || second) {
      c.cc = second ? 2 : 1;
      return;
    }
  }
  try {
    moveBy(c, 0x1000, TO, FROM);
  } catch (thrown) {
    c.operandAccess = (r1 << 4) | r2;
    if (c.exceptionCode === PGM.PAGE_TRANSLATION) c.teidLo = (c.teidLo | MOVE_PAGE) >>> 0;
    throw thrown;
  }
  c.cc = 0;
}

function missingPage(c: Processor): boolean {
  return c.translate(effectivePage(c), c.space).code === PGM.PAGE_TRANSLATION;
}

// biome-ignore format: a line each
export const KEYS: readonly InstructionLine[] = [
  ['ISKE', 'RRE', 0xb229, 'base', iske, { privileged: true, intercept: ICTL.ISKE }],
  ['SSKE', 'RRF', 0xb22b, 'base', sske, { privileged: true, intercept: ICTL.SSKE }],
  ['RRBE', 'RRE', 0xb22a, 'base', rrbe, { privileged: true, intercept: ICTL.RRBE }],
  ['PFMF', 'RRE', 0xb9af, 'edat1', pfmf, { privileged: true, intercept: ICTL.ALWAYS }],
  ['TB', 'RRE', 0xb22c, 'base', testBlock, { privileged: true, intercept: ICTL.ALWAYS }],
  ['MVCK', 'SSb', 0xd9, 'base', mvck],
  ['MVCP', 'SSb', 0xda, 'base', moveBetween(true)],
  ['MVCS', 'SSb', 0xdb, 'base', moveBetween(false)],
  ['MVCSK', 'SSE', 0xe50e, 'base', moveKeyed(false)],
  ['MVCDK', 'SSE', 0xe50f, 'base', moveKeyed(true)],
  ['MVCOS', 'SSF', 0xc80, 'mvcos', mvcos],
  ['MVPG', 'RRE', 0xb254, 'base', mvpg],
];
